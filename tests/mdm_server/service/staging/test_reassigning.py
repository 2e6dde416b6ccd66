from __future__ import annotations

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, Platform, StagingMode
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.store.staging import ROOT_GROUP
from rigs.staging_office import StagingOffice

STANDARD, MULTI = DeviceStagingType.STANDARD, DeviceStagingType.MULTI


async def test_a_staged_device_is_given_to_a_user(office: StagingOffice) -> None:
    """As if the user had claimed it (T18): the settings are on their way, and the registration is bound."""
    pat, anna = await office.user("pat", STANDARD), await office.user("anna")
    device = await office.enrolled(1, pat, StagingMode.STANDARD)
    given = await office.staging.assignments.assign(device.udid, anna.id)
    assert (given.user, given.device.assignment.state) == (anna, AssignmentState.ASSIGNED)
    assert given.device.claimed_once
    command = await device.idle()
    assert command is not None
    assert command["Command"]["RequestType"] == "InstallProfile"
    [(registration, user)] = await office.staging.registrations.search()
    assert (registration.device, user) == (given.device.id, anna)
    [claimed] = await office.told("assignment.claimed")
    assert (claimed.detail["by"], claimed.detail["user"], claimed.detail["stager"]) == ("administrator", "anna", "pat")


async def test_a_claimed_device_is_given_to_somebody_else(office: StagingOffice) -> None:
    """The administrator's word is more than a login (conflict C2): the binding follows, twice is harmless."""
    pat, anna, ben = await office.user("pat", STANDARD), await office.user("anna"), await office.user("ben")
    device = await office.enrolled(1, pat, StagingMode.STANDARD)
    await office.staging.assignments.assign(device.udid, anna.id)
    for _ in range(2):
        given = await office.staging.assignments.assign(device.udid, ben.uuid)
        assert given.user == ben
    assert [user for _, user in await office.staging.registrations.search()] == [ben]
    [told] = await office.told("assignment.reassigned")
    assert (told.reason, told.detail["user"]) == ("from anna", "ben")


async def test_a_shared_device_is_checked_out_and_in(office: StagingOffice) -> None:
    """The staging user's own number takes it back (row 38); the enrolment never changes (invariant (c))."""
    pat, anna, ben = await office.user("pat", MULTI), await office.user("anna"), await office.user("ben")
    device = await office.enrolled(1, pat, StagingMode.MULTI)
    out = await office.staging.assignments.assign(device.udid, anna.id)
    assert (out.user, out.device.assignment.state) == (anna, AssignmentState.CHECKED_OUT)
    with pytest.raises(Refusal) as refused:
        await office.staging.assignments.assign(device.udid, ben.id)
    assert refused.value.code == "CHECKED_OUT"
    back = await office.staging.assignments.assign(device.udid, pat.id)
    assert (back.user, back.stager, back.device.assignment.state) == (None, pat, AssignmentState.MULTI_IDLE)
    assert back.device.status is EnrollmentStatus.ENROLLED


async def test_a_check_out_goes_where_the_user_s_group_leads(office: StagingOffice) -> None:
    """By the group's mode, and home again afterwards (row 36)."""
    groups = office.staging.groups
    east = await groups.create(GroupOrder(group_id="EAST", parent=ROOT_GROUP))
    nurses = await groups.create_user_group("Nurses", ROOT_GROUP, enrollment_group=east.id)
    await groups.change_settings(ROOT_GROUP, {"shared": {"group_mode": "UserGroup"}})
    pat, anna = await office.user("pat", MULTI), await office.user("anna", user_groups=(nurses.id,))
    device = await office.enrolled(1, pat, StagingMode.MULTI)
    assert (await office.staging.assignments.assign(device.udid, anna.id)).group == east
    back = await office.staging.assignments.assign(device.udid, pat.id)
    assert back.device.group == ROOT_GROUP


async def test_only_what_a_staging_user_enrolled_can_be_given(office: StagingOffice) -> None:
    """Everything else is refused with 400 and stays as it is (rows 37, T22)."""
    anna, ben = await office.user("anna"), await office.user("ben")
    device = await office.enrolled(1, anna)
    before = await office.rig.store.state_digest()
    with pytest.raises(Refusal) as refused:
        await office.staging.assignments.assign(device.udid, ben.id)
    assert (refused.value.code, refused.value.status) == ("DEVICE_NOT_STAGED", 400)
    for key, user, code in (("nobody", ben.id, "device.unknown"), (device.udid, 99, "user.unknown")):
        with pytest.raises(Refusal) as refused:
            await office.staging.assignments.assign(key, user)
        assert refused.value.code == code
    assert await office.rig.store.state_digest() == before


async def test_registration_beats_staging_for_administrators_too(office: StagingOffice) -> None:
    """A staged device that is registered to somebody goes to nobody else; nothing is locked for it."""
    pat, anna, ben = await office.user("pat", STANDARD), await office.user("anna"), await office.user("ben")
    device = await office.enrolled(1, pat, StagingMode.STANDARD)
    identifiers = DeviceIdentifiers(serial_number=device.serial_number)
    order = RegistrationOrder(user=anna.id, platform=Platform.IOS, identifiers=identifiers)
    await office.staging.registrations.register(order)
    with pytest.raises(Refusal) as refused:
        await office.staging.assignments.assign(device.udid, ben.id)
    assert refused.value.code == "REG_USER_MISMATCH"
    assert (await office.record(device)).lock is None
    assert (await office.staging.assignments.assign(device.udid, anna.id)).user == anna
