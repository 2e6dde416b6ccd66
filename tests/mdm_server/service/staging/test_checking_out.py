"""The Hub on devices that are enrolled: the one-time claim of a staged one, and shared ones that come and go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, RegistrationState
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.user_settings import PROFILE_IDENTIFIER
from mdm_server.wire import plist
from mdm_server.wire.hub import DeviceLogin, encode
from rigs.hub import Hub, captcha_in, password_of
from rigs.staging_office import StagingOffice


async def staged(office: StagingOffice, kind: DeviceStagingType = DeviceStagingType.STANDARD, number: int = 1) -> Hub:
    """Return the Hub of a device that was staged."""
    if not (await office.staging.users.search(user_name="stager")).total:
        await office.person("stager", kind)
    hub = office.hub(number)
    await hub.enroll("stager")
    return hub


@pytest.fixture
async def single(office: StagingOffice) -> Hub:
    """Return the Hub of a device that waits for its user."""
    await office.person("ann")
    await office.person("bob")
    return await staged(office)


@pytest.fixture
async def shared(office: StagingOffice) -> Hub:
    """Return the Hub of a shared device that nobody has."""
    await office.person("ann")
    await office.person("bob")
    return await staged(office, DeviceStagingType.MULTI)


async def commands(hub: Hub) -> list[dict[str, object]]:
    """Carry out everything that is queued for a device, and return it."""
    done = []
    while (command := await hub.device.idle()) is not None:
        done.append(command["Command"])
        await hub.device.report("Acknowledged", command["CommandUUID"])
    return done


async def test_the_first_qualified_user_claims_a_staged_device(office: StagingOffice, single: Hub) -> None:
    """Rows 23 and 26: one reassignment, whoever it is; the binding and the settings follow, the status does not."""
    before = await office.record(single.device)
    reply = await single.take("ann")
    assert (reply.state, reply.user) == ("Assigned", "ann")
    device = await office.record(single.device)
    assert device.assignment.state is AssignmentState.ASSIGNED
    assert device.claimed_once
    assert device.status is before.status is EnrollmentStatus.ENROLLED
    (bound,) = await office.see(lambda view: view.registrations.of_device(device.id))
    assert bound.state is RegistrationState.BOUND
    (settings,) = await commands(single)
    assert settings["RequestType"] == "InstallProfile"
    assert plist.loads_dict(settings["Payload"])["PayloadIdentifier"] == PROFILE_IDENTIFIER  # type: ignore[arg-type]
    (told,) = await office.told("assignment.claimed")
    assert (told.detail["user"], told.detail["stager"], told.detail["by"]) == ("ann", "stager", "user")
    assert (await single.status()).user == "ann"


async def test_a_device_is_claimed_once(office: StagingOffice, single: Hub) -> None:
    """Row 24: a second user is refused, and the first may log in again without anything changing."""
    await single.take("ann")
    await single.refused("ALREADY_CLAIMED", single.ask_enrolled("bob"), "bob")
    digest = await office.rig.store.state_digest()
    assert (await single.take("ann")).user == "ann"
    assert await office.rig.store.state_digest() == digest


async def test_an_unqualified_user_claims_nothing(office: StagingOffice, single: Hub) -> None:
    """Row 25: a user outside the groups that may enrol is refused, and so is the staging user; still unclaimed."""
    await single.refused("STAGING_CANNOT_CLAIM", single.ask_enrolled("stager"), "stager")
    await office.set(allowed_user_groups=[])
    await single.refused("USER_NOT_ALLOWED", single.ask_enrolled("ann"), "ann")
    assert (await single.status()).state == "StagedUnclaimed"


async def test_a_staged_device_registered_to_somebody_is_claimed_by_nobody_else(office: StagingOffice) -> None:
    """Row 27: registration beats staging: the wrong claimant locks the device, which stays staged."""
    ann, _ = await office.person("ann"), await office.person("bob")
    await office.register(ann.id, office.hub(1))
    hub = await staged(office)
    assert (await hub.take("bob")).status.reason == "REG_USER_MISMATCH"
    device = await office.record(hub.device)
    assert device.lock is not None
    assert device.assignment.state is AssignmentState.STAGED_UNCLAIMED
    await hub.refused("REG_USER_MISMATCH", hub.ask_enrolled("ann"), "ann")
    await office.staging.devices.unlock(device.id)
    assert (await hub.take("ann")).user == "ann"


async def test_a_shared_device_is_checked_out_and_stays_enrolled(office: StagingOffice, shared: Hub) -> None:
    """Row 32: the assignment changes, and the enrolment status is what it was."""
    reply = await shared.take("ann")
    assert (reply.state, reply.user) == ("CheckedOut", "ann")
    device = await office.record(shared.device)
    assert device.status is EnrollmentStatus.ENROLLED
    (told,) = await office.told("assignment.checked_out")
    assert (told.detail["user"], told.detail["stager"]) == ("ann", "stager")


async def test_a_device_that_somebody_has_is_not_given_to_another(office: StagingOffice, shared: Hub) -> None:
    """Row 33: refused and unchanged until the first logs out."""
    await shared.take("ann")
    await shared.refused("CHECKED_OUT", shared.ask_enrolled("bob"), "bob")
    await shared.give_back()
    assert (await shared.take("bob")).user == "bob"


async def test_logging_out_removes_the_users_settings_and_passcode(office: StagingOffice, shared: Hub) -> None:
    """Row 34: back to nobody; the profile goes, and the passcode without a warning; a second time is harmless."""
    await shared.take("ann")
    await commands(shared)
    reply = await shared.give_back()
    assert (reply.state, reply.user) == ("MultiIdle", "")
    removed, cleared = await commands(shared)
    assert (removed["RequestType"], removed["Identifier"]) == ("RemoveProfile", PROFILE_IDENTIFIER)
    assert (cleared["RequestType"], cleared["UnlockToken"]) == ("ClearPasscode", b"unlock " * 8)
    assert (await shared.give_back()).state == "MultiIdle"
    assert not await commands(shared)
    (told,) = await office.told("assignment.checked_in")
    assert (told.detail["user"], told.detail["by"]) == ("ann", "user")


async def test_the_passcode_stays_where_the_group_says_so(office: StagingOffice, shared: Hub) -> None:
    """`shared.clear_passcode` off: only the settings go."""
    await office.set(shared={"clear_passcode": False})
    await shared.take("ann")
    await commands(shared)
    await shared.give_back()
    assert [command["RequestType"] for command in await commands(shared)] == ["RemoveProfile"]


async def test_a_shared_passcode_is_asked_for(office: StagingOffice, shared: Hub) -> None:
    """Row 35: none, a wrong one and an expired one are refused alike; the right one opens."""
    await office.set(shared={"passcode_required": True})
    ann = await office.staging.users.named("ann")
    await shared.refused("SHARED_PASSCODE", shared.ask_enrolled("ann"), "ann")
    await shared.refused("SHARED_PASSCODE", shared.ask_enrolled("ann", shared_passcode="2468"), "ann")
    soon = office.rig.clock() + timedelta(days=1)
    await office.staging.users.set_shared_passcode(ann.id, "2468", soon)
    await shared.refused("SHARED_PASSCODE", shared.ask_enrolled("ann", shared_passcode="1111"), "ann")
    assert (await shared.take("ann", shared_passcode="2468")).user == "ann"
    await shared.give_back()
    office.rig.clock.pass_time(days=2)
    await shared.refused("SHARED_PASSCODE", shared.ask_enrolled("ann", shared_passcode="2468"), "ann")


async def test_the_group_of_a_check_out_is_fixed_typed_or_the_users(office: StagingOffice, shared: Hub) -> None:
    """Row 36: in each mode the device is where it should be, and goes home again."""
    shop = await office.staging.groups.create(GroupOrder(group_id="SHOP", name="Shop", parent=1))
    await shared.take("ann")
    assert (await office.record(shared.device)).group == 1
    await shared.give_back()

    await office.set(shared={"group_mode": "Prompt"})
    await shared.refused("GROUP_UNKNOWN", shared.ask_enrolled("ann", group_id="NOWHERE"), "ann")
    await shared.take("ann", group_id="shop")
    assert (await office.record(shared.device)).group == shop.id
    await shared.give_back()
    assert (await office.record(shared.device)).group == 1

    await office.set(shared={"group_mode": "UserGroup"})
    sellers = await office.staging.groups.create_user_group("Sellers", 1, enrollment_group=shop.id)
    await office.person("cid", user_groups=(sellers.id,))
    await shared.take("cid")
    assert (await office.record(shared.device)).group == shop.id


async def test_terms_are_asked_for_at_every_check_out_where_the_group_wants_it(
    office: StagingOffice, shared: Hub
) -> None:
    """Always prompt: without an answer the terms come back, a no is refused, a yes opens; next time again."""
    await office.set(terms={"version": "1", "text": "Be nice."}, shared={"always_prompt_terms": True})
    asked = await shared.take("ann")
    assert (asked.status.reason, asked.terms_of_use) == ("TOU_PENDING", "Be nice.")
    await shared.refused("TOU_DECLINED", shared.ask_enrolled("ann", terms_accepted=False), "ann")
    assert (await shared.take("ann", terms_accepted=True)).user == "ann"
    await shared.give_back()
    assert (await shared.take("ann")).status.reason == "TOU_PENDING"


async def test_wrong_passwords_on_a_shared_device_bring_a_captcha(office: StagingOffice, shared: Hub) -> None:
    """The same counters as in the wizard; the picture comes with the refusal, and is solved once."""
    for _ in range(3):
        await shared.refused("BAD_CREDENTIALS", shared.ask_enrolled("ann", "wrong"), "ann")
    shown = await shared.take("ann")
    assert (shown.status.reason, shown.is_captcha_required) == ("CAPTCHA_REQUIRED", True)
    value = captcha_in(shown.captcha_image)
    assert (await shared.take("ann", captcha_value="000000")).status.reason == "CAPTCHA_REQUIRED"
    again = await shared.take("ann", captcha_value=value)
    assert again.status.reason == "CAPTCHA_REQUIRED", "it was void after the wrong answer"
    value = captcha_in(again.captcha_image)
    assert (await shared.take("ann", "wrong", captcha_value=value)).status.reason == "BAD_CREDENTIALS"
    last = await shared.take("ann", captcha_value=value)
    assert last.status.reason == "CAPTCHA_REQUIRED", "it was void after the right answer, too"
    assert (await shared.take("ann", captcha_value=captcha_in(last.captcha_image))).user == "ann"


async def test_who_forgets_to_log_out_is_logged_out(office: StagingOffice, shared: Hub) -> None:
    """Auto logout: after its minutes the sweep gives the device back, and not before."""
    await office.set(shared={"auto_logout_minutes": 60})
    await shared.take("ann")
    office.rig.clock.pass_time(minutes=59)
    assert (await office.rig.suite.hub.sweep.run()).logged_out == 0
    office.rig.clock.pass_time(minutes=1)
    assert (await office.rig.suite.hub.sweep.run()).logged_out == 1
    assert (await shared.status()).state == "MultiIdle"
    (told,) = await office.told("assignment.checked_in")
    assert told.detail["by"] == "timer"


async def test_a_device_whose_stager_is_gone_belongs_to_nobody(office: StagingOffice, shared: Hub) -> None:
    """§4 no. 36: nobody can check it out any more."""
    stager = await office.staging.users.named("stager")
    await office.staging.users.remove(stager.id)
    assert (await shared.take("ann")).status.reason == "STAGING_USER_GONE"


async def test_a_device_that_was_not_staged_has_nothing_to_give(office: StagingOffice) -> None:
    """Its user may log in and not out; somebody else gets nothing."""
    await office.person("ann")
    await office.person("bob")
    hub = office.hub(1)
    await hub.enroll("ann")
    assert (await hub.take("ann")).user == "ann"
    await hub.refused("ALREADY_CLAIMED", hub.ask_enrolled("bob"), "bob")
    assert (await hub.give_back()).status.reason == "DEVICE_NOT_STAGED"


async def test_only_the_device_itself_can_log_somebody_in(office: StagingOffice, shared: Hub) -> None:
    """Without the device's signature, with another's, or once it has left, there is no login at all."""
    body = encode(DeviceLogin(username="ann", password=password_of("ann")))
    door = office.rig.suite.hub.door
    with pytest.raises(Refusal) as refused:
        await door.login(office.rig.facts(), body)
    assert refused.value.code == "auth.missing"
    with pytest.raises(Refusal) as refused:
        await door.login(shared.device.facts_for(body + b" "), body)
    assert refused.value.code == "auth.cms"
    await shared.device.check_out()
    with pytest.raises(Refusal) as refused:
        await shared.take("ann")
    assert refused.value.status == 400
