"""Configuration profiles: kept here, installed on devices, removed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.service.answer import PROFILE
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.profiles import ProfileView
from mdm_server.service.suite import ServiceSuite
from mdm_server.web.operations import Download, Operations
from mdm_server.web.subjects.commands import Enqueued
from mdm_server.web.subjects.parameters import ProfileId, Udids

profiles = Operations("Profiles", "Configuration profiles: keep them here, install them on devices.")


class ProfileList(Struct):
    """The stored profiles, by identifier."""

    profiles: Sequence[ProfileView]


class Recipients(Struct, kw_only=True, forbid_unknown_fields=True):
    """Devices to act on."""

    udids: Udids
    force: Annotated[bool, Meta(description="Queue it even if a device is known to refuse it.")] = False
    push: Annotated[bool, Meta(description="Wake the devices.")] = True


@profiles.get("/profiles")
async def list_profiles(suite: ServiceSuite) -> ProfileList:
    """List the stored profiles."""
    return ProfileList(await suite.profiles.list())


@profiles.post("/profiles", status=201, uploads=PROFILE)
async def store_profile(suite: ServiceSuite, body: bytes) -> ProfileView:
    """Store a profile.

    The body is the `.mobileconfig` file as it is: XML or binary, signed or not. The same identifier again replaces it.
    """
    return await suite.profiles.store(body)


@profiles.get("/profiles/{profile_id}", refusals=(404,))
async def show_profile(suite: ServiceSuite, profile_id: ProfileId) -> ProfileView:
    """Show one stored profile."""
    return await suite.profiles.find(profile_id)


@profiles.get("/profiles/{profile_id}/content", refusals=(404,), downloads=PROFILE)
async def download_profile(suite: ServiceSuite, profile_id: ProfileId, signed: bool = False) -> Download:
    """Download a stored profile, as it came or signed by this server."""
    content = await (suite.profiles.signed(profile_id) if signed else suite.profiles.content(profile_id))
    return Download(content, PROFILE, f"{profile_id}.mobileconfig")


@profiles.delete("/profiles/{profile_id}", status=204, refusals=(404,))
async def forget_profile(suite: ServiceSuite, profile_id: ProfileId) -> None:
    """Forget a stored profile; what is installed on devices stays there."""
    await suite.profiles.remove(profile_id)


@profiles.post("/profiles/{profile_id}/install", refusals=(404,))
async def install_profile(suite: ServiceSuite, profile_id: ProfileId, body: Recipients) -> Enqueued:
    """Install a stored profile on devices: queues InstallProfile for each."""
    await suite.profiles.find(profile_id)
    order = CommandOrder("InstallProfile", {}, profile_id=profile_id, force=body.force, push=body.push)
    return Enqueued(await suite.commanding.enqueue_many(body.udids, order))


@profiles.post("/profiles/{profile_id}/uninstall", refusals=(404,))
async def uninstall_profile(suite: ServiceSuite, profile_id: ProfileId, body: Recipients) -> Enqueued:
    """Remove a profile from devices: queues RemoveProfile for each; the profile need not be stored here."""
    order = CommandOrder("RemoveProfile", {"Identifier": profile_id}, force=body.force, push=body.push)
    return Enqueued(await suite.commanding.enqueue_many(body.udids, order))
