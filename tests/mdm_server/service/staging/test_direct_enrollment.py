"""Logging in to the Workspace ONE app: enrolled, unmanaged, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceStagingType,
    EntryChannel,
    Management,
    Ownership,
)
from mdm_server.service.staging.groups import GroupOrder
from rigs.hub import captcha_in
from rigs.staging_office import StagingOffice

ON = {"enabled": True, "ios": True}


async def test_a_qualified_user_is_enrolled_at_once(office: StagingOffice) -> None:
    """Row 40: the answer leads to the enrolment profile, and the device is the user's."""
    sellers = await office.staging.groups.create_user_group("Sellers", 1)
    ann, hub = await office.person("ann", user_groups=(sellers.id,)), office.hub(1)
    await office.set(direct={**ON, "user_group": sellers.id})
    reply = await hub.direct("ann")
    assert (reply.result, reply.user) == ("Enrolled", "ann")
    await hub.install(reply.install_url)
    device = await office.record(hub.device)
    assert (device.assignment.state, device.assignment.user) == (AssignmentState.ASSIGNED, ann.id)
    assert (device.via, device.ownership) == (EntryChannel.DIRECT, Ownership.EMPLOYEE_OWNED)


@pytest.mark.parametrize("direct", [{}, {"enabled": True}, {**ON, "user_group": 999}])
async def test_who_does_not_qualify_stays_unmanaged(office: StagingOffice, direct: dict[str, Any]) -> None:
    """Row 41: switched off, off for the platform, or in no such group: let in, unmanaged, and not refused."""
    await office.person("ann")
    await office.set(direct=direct)
    hub = office.hub(1)
    reply = await hub.direct("ann")
    assert (reply.refused, reply.result, reply.install_url) == (False, "Unmanaged", "")
    device = await office.known(hub.device)
    assert (device.management, device.status) == (Management.UNMANAGED, EnrollmentStatus.DISCOVERED)
    assert len(await office.told("hub.unmanaged")) == 1
    await office.set(direct={**ON, "user_group": None})
    adopted = await hub.direct("ann")
    await hub.install(adopted.install_url)
    assert (await office.record(hub.device)).management is Management.MDM


async def test_staging_is_not_supported(office: StagingOffice) -> None:
    """Row 42: a staging user is pointed to the Hub, and so is whoever holds a staged device."""
    await office.person("stager", DeviceStagingType.STANDARD)
    await office.person("ann")
    await office.set(direct=ON)
    hub = office.hub(1)
    await hub.refused("STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT", hub.ask_direct("stager"), "stager")
    reply = await hub.direct("stager")
    assert (reply.result, reply.status.notification) == (
        "Refused",
        "Staging is not supported here. Use Intelligent Hub.",
    )
    await hub.enroll("stager")
    await hub.refused("STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT", hub.ask_direct("ann"), "ann")


async def test_a_shared_ownership_is_not_supported(office: StagingOffice) -> None:
    """Row 43: only dedicated and employee's own devices are enrolled here."""
    await office.person("ann")
    await office.set(direct={**ON, "default_ownership": "S"})
    hub = office.hub(1)
    await hub.refused("OWNERSHIP_NOT_ALLOWED", hub.ask_direct("ann"), "ann")


async def test_the_guards_of_the_device_apply_here_too(office: StagingOffice) -> None:
    """A registration to somebody else locks the device, whichever app the wrong user logs in to."""
    ann, _, hub = await office.person("ann"), await office.person("bob"), office.hub(1)
    await office.set(direct=ON)
    await office.register(ann.id, hub)
    assert (await hub.direct("bob")).status.reason == "REG_USER_MISMATCH"
    assert (await office.known(hub.device)).lock is not None


async def test_wrong_passwords_bring_a_captcha_and_unknown_names_are_no_different(office: StagingOffice) -> None:
    """The counters of the wizard are these counters."""
    await office.person("ann")
    await office.set(direct=ON)
    hub = office.hub(1)
    for name in ("ann", "nobody", "ann"):
        await hub.refused("BAD_CREDENTIALS", hub.ask_direct(name, "wrong"), "ann")
    shown = await hub.direct("ann")
    assert (shown.status.reason, shown.result) == ("CAPTCHA_REQUIRED", "Refused")
    assert (await hub.direct("ann", captcha_value=captcha_in(shown.captcha_image))).result == "Enrolled"


async def test_terms_are_shown_and_answered(office: StagingOffice) -> None:
    """The terms come back with the first answer; a no ends it, a yes enrols."""
    await office.person("ann")
    await office.set(direct=ON, terms={"version": "1", "text": "Be nice."})
    hub = office.hub(1)
    assert (await hub.direct("ann")).terms_of_use == "Be nice."
    await hub.refused("TOU_DECLINED", hub.ask_direct("ann", terms_accepted=False), "ann")
    assert (await hub.direct("ann", terms_accepted=True)).install_url


async def test_a_group_may_be_typed_and_decides_the_settings(office: StagingOffice) -> None:
    """Typed, the group's own settings hold; an unknown one is refused."""
    shop = await office.staging.groups.create(GroupOrder(group_id="SHOP", name="Shop", parent=1))
    await office.staging.groups.change_settings(shop.id, {"direct": ON})
    await office.person("ann")
    hub = office.hub(1)
    assert (await hub.direct("ann")).result == "Unmanaged"
    assert (await hub.direct("ann", group_id="shop")).result == "Enrolled"
    await hub.refused("GROUP_UNKNOWN", hub.ask_direct("ann", group_id="NOWHERE"), "ann")


async def test_the_group_of_an_account_does_not_show_before_its_password_is_right(office: StagingOffice) -> None:
    """A name of a group that asks for CAPTCHAs sooner, or whose licence is over, reads like a name of nobody's."""
    shop = await office.staging.groups.create(GroupOrder(group_id="SHOP", name="Shop", parent=1))
    await office.staging.groups.change_settings(shop.id, {"captcha_after": 1, "license_expired": True})
    await office.person("ann", group=shop.id)
    answers = {}
    for number, name in enumerate(("ann", "nobody")):
        replies = [await office.hub(10 * number + attempt).direct(name, "wrong") for attempt in range(5)]
        answers[name] = [structs.replace(reply, captcha_image="") for reply in replies]
    assert answers["ann"] == answers["nobody"]
    assert (await office.hub(30).direct("ann", captcha_value="000000")).status.reason == "CAPTCHA_REQUIRED"
