"""Configuration profiles: kept here, installed on devices, removed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.service.answer import PROFILE
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.profiles import ProfileView
from mdm_server.web.operations import Desk, Download, Operations
from mdm_server.web.subjects.commands import Enqueued
from mdm_server.web.subjects.parameters import Behind, Limit, ProfileId, Udids

profiles = Operations("Profiles", "Configuration profiles: keep them here, install them on devices.")


class ProfilePage(Struct, omit_defaults=True):
    """Some stored profiles, by identifier."""

    profiles: Sequence[ProfileView]
    next: str | None = None


class Recipients(Struct, kw_only=True, forbid_unknown_fields=True):
    """Devices to act on."""

    udids: Udids
    force: Annotated[bool, Meta(description="Queue it even if a device is known to refuse it.")] = False
    push: Annotated[bool, Meta(description="Wake the devices.")] = True


@profiles.get("/profiles")
async def list_profiles(desk: Desk, limit: Limit = 100, after: Behind = "") -> ProfilePage:
    """List profiles."""
    found = await desk.suite.profiles.list(after=after, limit=limit)
    return ProfilePage(found, next=found[-1].profile_id if len(found) == limit else None)


@profiles.post("/profiles", status=201, uploads=PROFILE)
async def store_profile(desk: Desk, body: bytes) -> ProfileView:
    """Store a profile.

    The body is the `.mobileconfig` file as it is: XML or binary, signed or not. The same identifier again replaces it.
    """
    return await desk.suite.profiles.store(body, desk.facts)


@profiles.get("/profiles/{profile_id}", refusals=(404,))
async def show_profile(desk: Desk, profile_id: ProfileId) -> ProfileView:
    """Show a profile."""
    return await desk.suite.profiles.find(profile_id)


@profiles.get("/profiles/{profile_id}/content", refusals=(404,), downloads=PROFILE)
async def download_profile(desk: Desk, profile_id: ProfileId, signed: bool = False) -> Download:
    """Download a profile.

    As it came, or signed by this server.
    """
    content = await (desk.suite.profiles.signed(profile_id) if signed else desk.suite.profiles.content(profile_id))
    return Download(content, PROFILE, f"{profile_id}.mobileconfig")


@profiles.delete("/profiles/{profile_id}", status=204, refusals=(404,))
async def forget_profile(desk: Desk, profile_id: ProfileId) -> None:
    """Forget a profile.

    What is installed on devices stays there.
    """
    await desk.suite.profiles.remove(profile_id, desk.facts)


@profiles.post("/profiles/{profile_id}/install", refusals=(404,))
async def install_profile(desk: Desk, profile_id: ProfileId, body: Recipients) -> Enqueued:
    """Install a profile on devices.

    Queues InstallProfile for each of them, with the profile signed by this server.
    """
    await desk.suite.profiles.find(profile_id)
    order = CommandOrder(
        request_type="InstallProfile", fields={}, profile_id=profile_id, force=body.force, push=body.push
    )
    return Enqueued(await desk.suite.commanding.enqueue_many(body.udids, order, desk.facts))


@profiles.post("/profiles/{profile_id}/uninstall", refusals=(404,))
async def uninstall_profile(desk: Desk, profile_id: ProfileId, body: Recipients) -> Enqueued:
    """Remove a profile from devices.

    Queues RemoveProfile for each of them; the profile need not be stored here.
    """
    order = CommandOrder(
        request_type="RemoveProfile", fields={"Identifier": profile_id}, force=body.force, push=body.push
    )
    return Enqueued(await desk.suite.commanding.enqueue_many(body.udids, order, desk.facts))
