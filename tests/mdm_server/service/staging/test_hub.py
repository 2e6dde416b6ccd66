"""The wizard from its first page to an enrolled device, and who is turned away on which page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    ListAttribute,
    ListKind,
    Ownership,
    Platform,
    RegistrationState,
)
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.passwords import CHEAP
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.wire.hub import NextStepType, Step
from rigs.hub import password_of
from rigs.rejection import assert_rejected
from rigs.service import ServiceRig
from rigs.staging_office import StagingOffice

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]


async def test_an_active_user_enrols_a_device_in_an_open_group(office: StagingOffice) -> None:
    """Row 1: group, credentials, install URL; then the device is the user's, and so is its registration."""
    ann, hub = await office.person("ann"), office.hub(1)
    assert (await hub.begin()).next_step.type == NextStepType.CREDENTIALS
    assert (await hub.log_in("ann")).next_step.type == NextStepType.INSTALL
    reply = await hub.say(Step.INSTALL_URL)
    assert reply.next_step.install_url == f"https://mdm.example.test/enroll?session={hub.session}"
    await hub.install(reply.next_step.install_url)
    device = await office.record(hub.device)
    assert device.status is EnrollmentStatus.ENROLLED
    assert (device.assignment.state, device.assignment.user) == (AssignmentState.ASSIGNED, ann.id)
    (bound,) = await office.see(lambda view: view.registrations.of_device(device.id))
    assert (bound.user, bound.state) == (ann.id, RegistrationState.BOUND)


async def test_the_expected_user_enrols_a_registered_device(office: StagingOffice) -> None:
    """Row 2: whom the device was registered to gets it, and the registration is bound, not doubled."""
    ann, hub = await office.person("ann"), office.hub(1)
    number = await office.register(ann.id, hub)
    await hub.enroll("ann")
    (bound,) = await office.see(lambda view: view.registrations.for_user(ann.id))
    assert (bound.id, bound.state) == (number, RegistrationState.BOUND)


async def test_somebody_else_who_logs_in_first_locks_a_registered_device(office: StagingOffice) -> None:
    """Rows 3 and 3a: the wrong user is refused, and from then on everybody is, the owner included."""
    ann, _, hub = await office.person("ann"), await office.person("bob"), office.hub(1)
    await office.register(ann.id, hub)
    reply = await hub.walk("bob")
    assert reply.status.reason == "REG_USER_MISMATCH"
    assert reply.status.notification == "This device is registered to another user. Contact your administrator."
    device = await office.known(hub.device)
    assert device.status is EnrollmentStatus.REGISTERED
    assert device.lock is not None
    assert device.lock.reason == "REG_USER_MISMATCH"
    for name in ("ann", "bob"):
        await hub.begin()
        request = hub.ask(Step.CREDENTIALS, username=name, password=password_of(name))
        event = await hub.refused("REG_USER_MISMATCH", request, name)
        assert event.detail["user"] == name
    await office.staging.devices.unlock(device.id)
    assert not (await hub.walk("ann")).refused


async def test_the_milder_lock_lets_the_owner_in(office: StagingOffice) -> None:
    """Row 3a: with `reg_mismatch_lock=user` the owner enrols a device that somebody else tried to take."""
    ann, _, hub = await office.person("ann"), await office.person("bob"), office.hub(1)
    await office.set(reg_mismatch_lock="user")
    await office.register(ann.id, hub)
    assert (await hub.walk("bob")).status.reason == "REG_USER_MISMATCH"
    await hub.enroll("ann")
    assert (await office.record(hub.device)).assignment.user == ann.id


async def test_without_its_registration_the_device_is_free(office: StagingOffice) -> None:
    """Row 4: an administrator deletes the registration, and whoever was refused enrols."""
    ann, bob, hub = await office.person("ann"), await office.person("bob"), office.hub(1)
    number = await office.register(ann.id, hub)
    assert (await hub.walk("bob")).refused
    await office.staging.registrations.delete(number)
    await hub.enroll("bob")
    assert (await office.record(hub.device)).assignment.user == bob.id


async def test_a_device_still_belongs_to_who_had_it_before(office: StagingOffice) -> None:
    """Rows 5 and 6: after it was unenrolled nobody else enrols it, and who had it may come back."""
    ann, _, hub = await office.person("ann"), await office.person("bob"), office.hub(1)
    await hub.enroll("ann")
    await hub.device.check_out()
    assert (await hub.walk("bob")).status.reason == "REG_BOUND_TO_OTHER"
    device = await office.known(hub.device)
    assert device.status is EnrollmentStatus.UNENROLLED
    assert device.lock is not None
    await hub.enroll("ann")
    assert (await office.record(hub.device)).assignment.user == ann.id


async def test_a_registration_without_identifiers_is_filled_in(office: StagingOffice) -> None:
    """Rows 7 and 8: it is for the user's next device of the platform, and for one only."""
    ann, first, second = await office.person("ann"), office.hub(1), office.hub(2)
    await office.set(mode="RegisteredOnly")
    await office.staging.registrations.register(RegistrationOrder(user=ann.id, platform=Platform.IOS))
    await first.enroll("ann")
    (bound,) = await office.see(lambda view: view.registrations.for_user(ann.id))
    assert bound.identifiers.serial_number == first.device.serial_number
    assert bound.identifiers.udid == first.device.udid
    await second.begin()
    request = second.ask(Step.CREDENTIALS, username="ann", password=password_of("ann"))
    await second.refused("DEVICE_NOT_REGISTERED", request, "ann")


async def test_an_unknown_device_leaves_no_trace_where_only_registered_ones_enrol(office: StagingOffice) -> None:
    """Row 9: refused, and there is no device record of it."""
    await office.person("ann")
    hub = office.hub(1)
    await office.set(mode="RegisteredOnly")
    await hub.begin()
    await hub.refused("DEVICE_NOT_REGISTERED", hub.ask(Step.CREDENTIALS, username="ann", password=password_of("ann")))
    with pytest.raises(Refusal):
        await office.known(hub.device)


async def test_an_allow_list_entry_says_whose_the_hardware_is_and_where_it_goes(office: StagingOffice) -> None:
    """Rows 16 and 17: ownership and group of the entry are applied; another device is refused."""
    await office.person("ann")
    await office.set(mode="AllowlistedOnly", ask_ownership=True)
    shop = await office.staging.groups.create(GroupOrder(group_id="SHOP", name="Shop", parent=1))
    hub, stranger = office.hub(1), office.hub(2)
    await office.staging.lists.add(
        ListOrder(
            kind=ListKind.ALLOW,
            attribute=ListAttribute.SERIAL_NUMBER,
            values=[hub.device.serial_number.lower()],
            ownership=Ownership.CORPORATE_SHARED,
            enrollment_group=shop.id,
        )
    )
    await hub.enroll("ann")
    device = await office.record(hub.device)
    assert (device.ownership, device.group) == (Ownership.CORPORATE_SHARED, shop.id)
    assert (await stranger.walk("ann")).status.reason == "DEVICE_NOT_ALLOWLISTED"


async def test_a_denied_device_is_refused_whatever_allows_it(office: StagingOffice) -> None:
    """Row 18: on both lists means denied, and locked; off the deny list it enrols."""
    await office.person("ann")
    hub = office.hub(1)
    for kind in ListKind:
        entries = await office.staging.lists.add(
            ListOrder(kind=kind, attribute=ListAttribute.SERIAL_NUMBER, values=[hub.device.serial_number])
        )
    assert (await hub.walk("ann")).status.reason == "DEVICE_DENYLISTED"
    assert (await office.known(hub.device)).lock is not None
    await office.staging.lists.remove(entries[0].id)
    await hub.enroll("ann")


async def test_one_device_more_than_allowed_is_refused_in_the_vendors_words(office: StagingOffice) -> None:
    """Row 60: two are allowed; the wizard says no to the third, also while the second is still on its way."""
    await office.person("ann")
    await office.set(max_devices=2)
    await office.hub(1).enroll("ann")
    assert not (await office.hub(2).walk("ann")).refused
    third = office.hub(3)
    await third.begin()
    await third.log_in("ann")
    await third.refused("MAX_DEVICES", third.ask(Step.INSTALL_URL))
    refused = await third.walk("ann")
    assert refused.status.notification.startswith("You are not allowed to enroll your device. You have exceeded")


async def test_a_place_that_nobody_took_is_given_back(office: StagingOffice) -> None:
    """T15: a device that never came stops counting once its session is over, and is forgotten."""
    await office.person("ann")
    await office.set(max_devices=1)
    assert not (await office.hub(1).walk("ann")).refused
    assert (await office.hub(2).walk("ann")).refused
    office.rig.clock.pass_time(minutes=31)
    await office.rig.suite.hub.sweep.run()
    with pytest.raises(Refusal):
        await office.known(office.hub(1).device)
    await office.hub(2).enroll("ann")


async def test_terms_that_are_declined_end_it(office: StagingOffice) -> None:
    """Row 62: the terms are asked for last, a no is a refusal, and a yes is remembered for this version."""
    ann, hub = await office.person("ann"), office.hub(1)
    await office.set(terms={"version": "7", "text": "Be nice."})
    await hub.begin()
    asked = await hub.log_in("ann")
    assert (asked.next_step.type, asked.next_step.terms_of_use) == (NextStepType.TERMS_OF_USE, "Be nice.")
    await hub.refused("TOU_DECLINED", hub.ask(Step.TERMS_OF_USE, accepted=False))
    await hub.enroll("ann", accepted=True)
    assert await office.see(lambda view: view.terms.accepted(ann.id, 1)) == "7"
    await office.hub(2).begin()


async def test_accepted_terms_are_not_asked_for_again(office: StagingOffice) -> None:
    """Who has accepted a version is asked again only when there is a new one."""
    await office.person("ann")
    await office.set(terms={"version": "7"})
    await office.hub(1).enroll("ann", accepted=True)
    again = office.hub(2)
    await again.begin()
    assert (await again.log_in("ann")).next_step.type == NextStepType.INSTALL
    await office.set(terms={"version": "8"})
    later = office.hub(3)
    await later.begin()
    assert (await later.log_in("ann")).next_step.type == NextStepType.TERMS_OF_USE


async def test_an_account_of_another_group_is_nobody_here(office: StagingOffice) -> None:
    """Row 63: the right password of an account in another branch is a wrong password, in the same words."""
    north, _ = [
        await office.staging.groups.create(GroupOrder(group_id=name, name=name, parent=1))
        for name in ("NORTH", "SOUTH")
    ]
    await office.person("ann", group=north.id)
    hub = office.hub(1)
    await hub.begin("SOUTH")
    request = hub.ask(Step.CREDENTIALS, username="ann", password=password_of("ann"))
    await hub.refused("BAD_CREDENTIALS", request, "ann")
    assert (await hub.log_in("ann")).status.notification == "Invalid User Credentials"
    assert not (await office.hub(2).walk("ann", group_id="north")).refused


async def test_a_group_nobody_has_is_refused_and_begins_nothing(office: StagingOffice) -> None:
    """G1: an unknown Group ID gets no session; a licence that is over says so with the type that was seen."""
    hub = office.hub(1)
    await hub.refused("GROUP_UNKNOWN", hub.ask(Step.GROUP, group_id="NOWHERE"))
    assert (await hub.begin("NOWHERE")).header.session_id == ""
    await office.set(license_expired=True)
    reply = await hub.begin()
    assert (reply.status.reason, reply.next_step.type) == ("LICENSE_EXPIRED", NextStepType.LICENSE_EXPIRED)


async def test_a_group_is_picked_where_the_group_asks_for_it(office: StagingOffice) -> None:
    """Prompt: the groups below are offered, one of them is taken, and another one is refused."""
    await office.person("ann")
    await office.set(grouping="Prompt")
    shop = await office.staging.groups.create(GroupOrder(group_id="SHOP", name="Shop", parent=1))
    hub = office.hub(1)
    offered = await hub.begin()
    assert [group.name for group in offered.next_step.groups] == ["mdmsim", "Shop"]
    await hub.refused("GROUP_UNKNOWN", hub.ask(Step.GROUP_SELECTOR, location_group_id="999"))
    assert (await hub.say(Step.GROUP_SELECTOR, location_group_id=str(shop.id))).next_step.type == 2
    await hub.log_in("ann")
    await hub.install((await hub.say(Step.INSTALL_URL)).next_step.install_url)
    assert (await office.record(hub.device)).group == shop.id


async def test_a_user_groups_organization_group_is_where_its_members_devices_go(office: StagingOffice) -> None:
    """User group mode: the group of the lowest rank decides."""
    await office.set(grouping="UserGroup")
    shop = await office.staging.groups.create(GroupOrder(group_id="SHOP", name="Shop", parent=1))
    sellers = await office.staging.groups.create_user_group("Sellers", 1, enrollment_group=shop.id)
    await office.person("ann", user_groups=(sellers.id,))
    hub = office.hub(1)
    await hub.enroll("ann")
    assert (await office.record(hub.device)).group == shop.id


async def test_ownership_is_asked_for_and_must_be_allowed(office: StagingOffice) -> None:
    """Who owns the hardware is asked where the group wants to know; what is not allowed is refused."""
    await office.person("ann")
    await office.set(ask_ownership=True, allowed_ownerships=["C", "E"])
    hub = office.hub(1)
    await hub.begin()
    asked = await hub.log_in("ann")
    assert (asked.next_step.type, asked.next_step.ownership_types) == (NextStepType.OWNERSHIP, ("C", "E"))
    await hub.refused("OWNERSHIP_NOT_ALLOWED", hub.ask(Step.OWNERSHIP, ownership="S"))
    await hub.enroll("ann", ownership="e")
    assert (await office.record(hub.device)).ownership is Ownership.EMPLOYEE_OWNED


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({"allowed_platforms": ["Android"]}, "TYPE_NOT_ALLOWED"),
        ({"minimum_os": {"Apple": "18.0"}}, "TYPE_NOT_ALLOWED"),
        ({"allowed_models": ["iPad*"]}, "TYPE_NOT_ALLOWED"),
        ({"max_devices_group": 0}, "MAX_DEVICES_OG"),
        ({"max_devices_by_ownership": {"C": 0}}, "MAX_DEVICES_OWNERSHIP"),
        ({"allowed_user_groups": []}, "USER_NOT_ALLOWED"),
    ],
)
async def test_every_restriction_of_a_group_refuses_and_changes_nothing(
    office: StagingOffice, overrides: dict[str, Any], code: str
) -> None:
    """Each enrolment restriction has a code of its own, and leaves everything as it was (R0)."""
    await office.person("ann")
    await office.set(**overrides)
    hub = office.hub(1)
    await hub.begin()
    if code == "USER_NOT_ALLOWED":
        request = hub.ask(Step.CREDENTIALS, username="ann", password=password_of("ann"))
    else:
        await hub.log_in("ann")
        request = hub.ask(Step.INSTALL_URL)
    await hub.refused(code, request, "ann")


async def test_a_session_ends_when_its_time_is_over_and_when_it_was_refused(office: StagingOffice) -> None:
    """Sessions expire after the group's minutes; one that was refused for good takes no more answers."""
    await office.person("ann")
    hub = office.hub(1)
    await hub.begin()
    office.rig.clock.pass_time(minutes=30)
    await hub.refused("SESSION_EXPIRED", hub.ask(Step.CREDENTIALS, username="ann", password="x"))
    hub.session = "f" * 32
    await hub.refused("SESSION_EXPIRED", hub.ask(Step.INSTALL_URL))
    await hub.begin()
    await hub.refused("STEP_OUT_OF_ORDER", hub.ask(Step.INSTALL_URL))


async def test_another_device_cannot_go_on_with_a_session(office: StagingOffice) -> None:
    """An answer that comes with another serial number and UDID is not of this conversation."""
    await office.person("ann")
    hub, thief = office.hub(1), office.hub(2)
    await hub.begin()
    thief.session = hub.session
    await hub.refused(
        "STEP_OUT_OF_ORDER", thief.ask(Step.CREDENTIALS, username="ann", password=password_of("ann")), "ann"
    )


async def test_a_device_has_one_session(office: StagingOffice) -> None:
    """Whoever logs in on a device ends what was begun on it before; whoever only begins, ends no login."""
    await office.person("ann")
    first, second, third = office.hub(1), office.hub(1), office.hub(1)
    await first.begin()
    await second.begin()
    assert (await first.log_in("ann")).status.reason == "SESSION_EXPIRED"
    await second.log_in("ann")
    await third.begin()
    install = await second.say(Step.INSTALL_URL)
    assert install.next_step.install_url
    await third.log_in("ann")
    assert (await second.say(Step.INSTALL_URL)).status.reason == "SESSION_EXPIRED"
    with pytest.raises(Refusal) as refused:
        await second.fetch(install.next_step.install_url)
    assert refused.value.code == "SESSION_EXPIRED"


async def test_an_administrators_word_counts_until_the_very_end(office: StagingOffice) -> None:
    """A device that is denied between the install URL and the check-in does not enrol."""
    await office.person("ann")
    hub = office.hub(1)
    reply = await hub.walk("ann")
    profile = await hub.fetch(reply.next_step.install_url)
    await office.staging.lists.add(
        ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=[hub.device.serial_number])
    )
    await hub.device.get_certificate(profile)
    with pytest.raises(Refusal) as refused:
        await hub.device.authenticate()
    assert refused.value.code == "DEVICE_DENYLISTED"


async def test_old_sessions_are_forgotten(office: StagingOffice) -> None:
    """The sweep forgets sessions two days after they ended, and counts what it did."""
    hub = office.hub(1)
    await hub.begin()
    assert (await office.rig.suite.hub.sweep.run()).sessions == 0
    office.rig.clock.now += timedelta(days=3)
    assert (await office.rig.suite.hub.sweep.run()).sessions == 1


async def test_a_lock_holds_whatever_the_device_says_it_is(office: StagingOffice) -> None:
    """Another UDID with the same serial number, another system on it: the lock is the hardware's."""
    ann, _ = await office.person("ann"), await office.person("bob")
    hub, reset, android = office.hub(1), office.hub(1), office.hub(1, type="5", os_version="14")
    await office.register(ann.id, hub)
    assert (await hub.walk("bob")).status.reason == "REG_USER_MISMATCH"
    reset.device.udid = android.device.udid = "00008110-FFFFFFFFFFFFFFFF"
    for disguise in (reset, android):
        await disguise.begin()
        request = disguise.ask(Step.CREDENTIALS, username="ann", password=password_of("ann"))
        await disguise.refused("REG_USER_MISMATCH", request, "ann")


async def test_a_lock_on_one_system_keeps_the_other_out_too(office: StagingOffice) -> None:
    """A device that is on record twice, as an iPhone and as an Android, is one piece of hardware with one lock."""
    ann, _ = await office.person("ann"), await office.person("bob")
    iphone, android = office.hub(1), office.hub(1, type="5", os_version="14")
    for hub in (iphone, android):
        assert not (await hub.walk("ann")).refused
    await office.register(ann.id, iphone)
    assert (await android.walk("bob")).status.reason == "REG_USER_MISMATCH"
    assert (await iphone.walk("ann")).status.reason == "REG_USER_MISMATCH"


async def test_only_so_many_wizards_are_begun_and_not_ended(open_rig: OpenRig) -> None:
    """Anybody may begin one, so there is a bound (T-27); one that comes to its end, or is too old, makes room."""
    async with open_rig(password_cost=CHEAP, half_open_limit=2) as rig:
        office = StagingOffice(rig)
        await office.person("ann")
        first = office.hub(1)
        await first.begin()
        await office.hub(2).begin()
        third = office.hub(3)
        request = third.ask(Step.GROUP, group_id="MDMSIM")
        await assert_rejected(rig.store, request, status=429, event="enroll.too_many_open:hub")
        await first.log_in("ann")
        assert (await first.say(Step.INSTALL_URL)).next_step.install_url
        await third.begin()
        with pytest.raises(Refusal):
            await office.hub(4).begin()
        rig.clock.pass_time(minutes=30)
        await office.hub(4).begin()
