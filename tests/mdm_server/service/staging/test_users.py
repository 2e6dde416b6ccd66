from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    Platform,
    StagingMode,
    UserStatus,
)
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.readable import LONGEST_NAME
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.service.staging.users import UserChange, UserOrder
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.store.staging import ROOT_GROUP, StagingRoom
from rigs.staging_office import StagingOffice

MULTI, STANDARD = DeviceStagingType.MULTI, DeviceStagingType.STANDARD


async def test_a_password_is_kept_as_a_hash_and_never_told(office: StagingOffice) -> None:
    """Nothing that is stored or journaled holds it."""
    anna = await office.user("anna", password="correct horse")
    assert anna.password_hash is not None
    assert anna.password_hash.startswith("$argon2id$")
    entries = await office.rig.store.journal.list(limit=500)
    assert not any("correct horse" in str(entry) or "argon2" in str(entry) for entry in entries)
    assert [entry.detail["user"] for entry in await office.told("user.created")] == ["anna"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (UserOrder(user_name=""), "api.invalid"),
        (UserOrder(user_name="x" * (LONGEST_NAME + 1)), "api.invalid"),
        (UserOrder(user_name="new\nline"), "api.invalid"),
        (UserOrder(user_name="ben", first_name="\x1b[2J"), "api.invalid"),
        (UserOrder(user_name="ben", password=""), "api.invalid"),
        (UserOrder(user_name="ben", password="x" * 1025), "api.invalid"),
        (UserOrder(user_name="ANNA"), "api.conflict"),
        (UserOrder(user_name="ben", group=99), "group.unknown"),
        (UserOrder(user_name="ben", user_groups=(99,)), "user.group_unknown"),
    ],
)
async def test_a_user_who_cannot_be_is_refused(office: StagingOffice, order: UserOrder, code: str) -> None:
    """One clear reason each, and nothing is stored."""
    await office.user("anna")
    before = await office.rig.store.state_digest()
    with pytest.raises(Refusal) as refused:
        await office.staging.users.create(order)
    assert refused.value.code == code
    assert await office.rig.store.state_digest() == before


async def test_one_name_in_two_customers_is_two_people(office: StagingOffice) -> None:
    """A customer is the tenant's boundary; within it a name is one person's, whatever the group."""
    other = await office.staging.groups.create(GroupOrder(group_id="OTHER", type="Customer"))
    ours, theirs = await office.user("anna"), await office.user("anna", group=other.id)
    assert (await office.staging.users.named("anna", ROOT_GROUP)).id == ours.id
    assert (await office.staging.users.named("anna", other.uuid)).id == theirs.id
    with pytest.raises(Refusal) as refused:
        await office.staging.users.named("ben")
    assert refused.value.code == "user.unknown"


async def test_a_change_changes_what_it_says(office: StagingOffice) -> None:
    """Everything else stays."""
    anna = await office.user("anna", email="anna@example.test", password="one")
    changed = await office.staging.users.change(anna.uuid, UserChange(first_name="Anna", staging_type=MULTI))
    assert (changed.first_name, changed.staging_type) == ("Anna", MULTI)
    assert (changed.email, changed.password_hash) == (anna.email, anna.password_hash)
    again = await office.staging.users.change(anna.id, UserChange(password="two"))
    assert again.password_hash != anna.password_hash


async def test_failed_logins_are_forgotten_by_an_administrator(office: StagingOffice) -> None:
    """A reset, or a new password, makes a locked account active again; a deactivated one stays what it is."""
    users = office.staging.users
    anna = await office.user("anna")

    async def failed(status: UserStatus) -> None:
        current = await users.find(anna.id)
        await office.act(lambda room: room.users.replace(replace(current, failed_logins=5, status=status)))

    await failed(UserStatus.LOCKED)
    reset = await users.reset_attempts(anna.id)
    assert (reset.failed_logins, reset.status) == (0, UserStatus.ACTIVE)
    await failed(UserStatus.LOCKED)
    assert (await users.change(anna.id, UserChange(password="new"))).status is UserStatus.ACTIVE
    await failed(UserStatus.INACTIVE)
    assert (await users.reset_attempts(anna.id)).status is UserStatus.INACTIVE
    assert (await users.set_status(anna.id, UserStatus.ACTIVE)).status is UserStatus.ACTIVE


async def test_a_shared_passcode_has_an_end(office: StagingOffice) -> None:
    """It is hashed like a password, and good for a month unless told otherwise."""
    anna = await office.user("anna")
    given = await office.staging.users.set_shared_passcode(anna.id, "123456")
    assert given.shared_passcode_hash is not None
    assert "123456" not in given.shared_passcode_hash
    assert given.shared_passcode_expires == office.rig.clock() + timedelta(days=30)


async def test_a_search_counts_devices(office: StagingOffice) -> None:
    """Each user is found with the number of devices that count against the limit."""
    anna = await office.user("anna", email="anna@example.test")
    await office.user("ben")
    await office.enrolled(1, anna)
    found = await office.staging.users.search(user_name="ANN")
    assert [(user.user_name, devices) for user, devices in found] == [("anna", 1)]
    everybody = await office.staging.users.search(limit=1, offset=1)
    assert (len(everybody), everybody.total) == (1, 2)


async def test_deleting_a_stager_orphans_what_nobody_took(office: StagingOffice) -> None:
    """Idle, staged and checked-out devices belong to nobody and are locked; a claimed one keeps its user (row 39)."""
    pat = await office.user("pat", DeviceStagingType.MULTI_STANDARD)
    anna = await office.user("anna")
    staged = await office.enrolled(1, pat, StagingMode.STANDARD)
    idle = await office.enrolled(2, pat, StagingMode.MULTI)
    out = await office.enrolled(3, pat, StagingMode.MULTI)
    claimed = await office.enrolled(4, pat, StagingMode.STANDARD)
    for device in (out, claimed):
        await office.staging.assignments.assign(device.udid, anna.id)
    await office.staging.users.remove(pat.id)
    for device in (staged, idle, out):
        record = await office.record(device)
        assert record.assignment.state is AssignmentState.ORPHANED
        assert record.lock is not None
        assert record.lock.reason is DeviceLockReason.STAGING_USER_GONE
    assert "STAGING_USER_GONE" in str(await office.staging.explaining.explain(staged.udid))
    assert "anna" in str(await office.staging.explaining.explain(claimed.udid))
    kept = await office.record(claimed)
    assert (kept.assignment.state, kept.assignment.user, kept.lock) == (AssignmentState.ASSIGNED, anna.id, None)
    assert len(await office.told("assignment.orphaned")) == len(await office.told("lock.set")) == 3
    with pytest.raises(Refusal):
        await office.staging.users.find(pat.id)


async def test_deleting_a_user_gives_back_what_is_shared_and_frees_what_was_registered(office: StagingOffice) -> None:
    """The shared device is idle again, and the lock of the user's registration is gone with it."""
    pat, anna = await office.user("pat", MULTI), await office.user("anna")
    shared = await office.enrolled(1, pat, StagingMode.MULTI)
    await office.staging.assignments.assign(shared.udid, anna.id)
    identifiers = DeviceIdentifiers(serial_number="C02")
    await office.staging.registrations.register(
        RegistrationOrder(user=anna.id, platform=Platform.IOS, identifiers=identifiers)
    )
    expected = (await office.staging.devices.identified(identifiers)).device

    locked = replace(expected, lock=DeviceLock(DeviceLockReason.REG_USER_MISMATCH, office.rig.clock()))
    await office.act(lambda room: room.devices.replace(locked))
    await office.staging.users.remove(anna.id)
    assert (await office.record(shared)).assignment.state is AssignmentState.MULTI_IDLE
    assert (await office.staging.devices.identified(identifiers)).device.lock is None
    assert [entry.reason for entry in await office.told("lock.released")] == ["REG_USER_MISMATCH"]
    assert (await office.staging.registrations.search()).total == 0


async def test_a_user_stays_as_long_as_a_device_is_the_users(office: StagingOffice) -> None:
    """Nothing changes, and the way out is to give the device to somebody else, or to wipe it (T15, T23)."""
    pat, anna, ben = await office.user("pat", STANDARD), await office.user("anna"), await office.user("ben")
    given, wiped = [await office.enrolled(number, pat, StagingMode.STANDARD) for number in (1, 2)]
    for device in (given, wiped):
        await office.staging.assignments.assign(device.udid, anna.id)
        assert await _stays(office, anna)
    await office.staging.assignments.assign(given.udid, ben.id)
    await office.staging.wipes.request(wiped.udid, WipeOrder(kind=WipeKind.ENTERPRISE))
    assert await _stays(office, anna), "a device that has not answered yet is not wiped"
    await office.act(lambda room: room.completion.leave(_unenrolled(room, wiped.udid)))
    await office.staging.users.remove(anna.id)
    for device in (given, wiped):
        assert await office.staging.explaining.explain(device.udid)


async def test_a_user_goes_once_the_unverified_work_profile_is_deleted(office: StagingOffice) -> None:
    """It waits to be verified and is the user's all the same, until an administrator gives it up."""
    anna = await office.user("anna")
    waiting = {"status": EnrollmentStatus.ENROLLMENT_IN_PROGRESS, "pending_verification": True}
    device = await office.android(1, anna, **waiting)
    assert await _stays(office, anna)
    await office.staging.devices.delete(device.id)
    left = await office.record(device.id)
    assert (left.status, left.assignment.state) == (EnrollmentStatus.UNENROLLED, AssignmentState.UNASSIGNED)
    await office.staging.users.remove(anna.id)


async def _stays(office: StagingOffice, user: EnrollmentUser) -> bool:
    """Try to remove a user who has devices; say whether that changed nothing."""
    before = await office.rig.store.state_digest()
    with pytest.raises(Refusal) as refused:
        await office.staging.users.remove(user.id)
    assert refused.value.code == "user.has_devices"
    return await office.rig.store.state_digest() == before


def _unenrolled(room: StagingRoom, udid: str) -> DeviceRecord:
    record = room.devices.by_enrollment_key(udid)
    assert record is not None
    return replace(record, status=EnrollmentStatus.UNENROLLED)
