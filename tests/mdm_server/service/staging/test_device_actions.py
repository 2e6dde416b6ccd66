from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock, PresentedDevice
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    ListAttribute,
    ListKind,
    Platform,
    RegistrationState,
)
from mdm_server.domain.staging.wipe_protection import WipeState
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.store.staging import ROOT_GROUP
from rigs.staging_office import StagingOffice

SERIAL = DeviceIdentifiers(serial_number="C02XL0GT")


async def _locked(office: StagingOffice, reason: DeviceLockReason) -> int:
    """Put a registered device on record, locked, and return its number."""
    anna = await office.user("anna")
    await office.staging.registrations.register(
        RegistrationOrder(user=anna.id, platform=Platform.IOS, identifiers=SERIAL)
    )
    device = (await office.staging.devices.identified(SERIAL)).device
    locked = replace(device, lock=DeviceLock(reason, office.rig.clock()))
    await office.act(lambda room: room.devices.replace(locked))
    return device.id


@pytest.mark.parametrize("reason", list(DeviceLockReason))
async def test_an_administrator_ends_any_lock(office: StagingOffice, reason: DeviceLockReason) -> None:
    """The journal says which; unlocking what is not locked is harmless and tells nothing."""
    number = await _locked(office, reason)
    for _ in range(2):
        assert (await office.staging.devices.unlock(number)).lock is None
    [released] = await office.told("lock.released")
    assert (released.device, released.reason) == (f"device:{number}", reason)


async def test_attempts_and_sessions_of_a_device_are_forgotten(office: StagingOffice) -> None:
    """Also of one that is not on record; the lock of a door without a screen goes too, no other (row 57)."""
    number = await _locked(office, DeviceLockReason.CREATE_MDM_ERROR)
    now = office.rig.clock()
    session = HubSession("one", SessionStep.CREDENTIALS, PresentedDevice(SERIAL, Platform.IOS), now + timedelta(1))

    def fail(room: object) -> None:
        for _ in range(3):
            room.attempts.fail_device(SERIAL, now)  # type: ignore[attr-defined]
        room.sessions.add(session)  # type: ignore[attr-defined]

    await office.act(fail)
    assert await office.staging.devices.reset_attempts(SERIAL) == 1
    assert await office.rig.store.staging.read(lambda view: view.attempts.device_count(SERIAL)) == 0
    assert (await office.record(number)).lock is None
    assert await office.staging.devices.reset_attempts(DeviceIdentifiers(udid="nobody")) == 0


async def test_resetting_attempts_leaves_other_locks(office: StagingOffice) -> None:
    """A device that was locked for its registration stays locked."""
    number = await _locked(office, DeviceLockReason.REG_USER_MISMATCH)
    await office.staging.devices.reset_attempts(SERIAL)
    assert (await office.record(number)).lock is not None


async def test_a_deleted_device_is_told_to_leave_and_stays_registered(office: StagingOffice) -> None:
    """Its record says "unenrolled" and its user may enrol it again; list entries stay, too (9.6, T30)."""
    device = await office.enrolled(1, await office.user("anna"))
    allow = ListOrder(kind=ListKind.ALLOW, attribute=ListAttribute.SERIAL_NUMBER, values=(device.serial_number,))
    await office.staging.lists.add(allow)
    await office.staging.devices.delete(device.udid)
    command = await device.idle()
    assert command is not None
    await device.report("Acknowledged", command["CommandUUID"])
    assert (await office.record(device)).status is EnrollmentStatus.UNENROLLED
    [(registration, _)] = await office.staging.registrations.search()
    assert registration.state is RegistrationState.BOUND
    assert len(await office.staging.lists.all()) == 1
    [(wipe, _)] = await office.staging.wipes.all()
    assert wipe.requested_by == "ADMIN_ACTION_DELETE_DEVICE"


async def test_a_deletion_beyond_the_threshold_waits(office: StagingOffice) -> None:
    """The administrator is told, and the wipe is on hold."""
    device = await office.enrolled(1, await office.user("anna"))
    await office.staging.groups.change_settings(ROOT_GROUP, {"wipe_threshold": {"count": 0, "minutes": 10}})
    with pytest.raises(Refusal) as refused:
        await office.staging.devices.delete(device.udid)
    assert refused.value.code == "WIPE_ON_HOLD"
    [(wipe, _)] = await office.staging.wipes.all()
    assert wipe.state is WipeState.ON_HOLD
    assert (await office.record(device)).status is EnrollmentStatus.ENROLLED


async def test_a_locked_or_registered_device_is_not_forgotten(office: StagingOffice) -> None:
    """Deleting a device is no way out of a lock: the record, the lock and the registration stay."""
    number = await _locked(office, DeviceLockReason.REG_USER_MISMATCH)
    await office.staging.devices.delete(number)
    assert (await office.record(number)).lock is not None
    await office.staging.registrations.delete_of_device(SERIAL)
    await office.staging.devices.delete(number)
    with pytest.raises(Refusal) as refused:
        await office.record(number)
    assert refused.value.code == "device.unknown", "what nothing names any more goes"


async def test_an_enrolment_that_never_ended_is_given_up(office: StagingOffice) -> None:
    """Deleted on its way, a device is unenrolled, and counts for nobody any more."""
    anna = await office.user("anna")
    record = await office.android(1, anna, status=EnrollmentStatus.ENROLLMENT_IN_PROGRESS, pending_verification=True)
    await office.staging.devices.delete(record.id)
    left = await office.record(record.id)
    assert (left.status, left.pending_verification) == (EnrollmentStatus.UNENROLLED, False)


async def test_a_device_is_moved(office: StagingOffice) -> None:
    """Into another group, whose settings hold from then on."""
    east = await office.staging.groups.create(GroupOrder(group_id="EAST", parent=ROOT_GROUP))
    device = await office.enrolled(1, await office.user("anna"))
    await office.staging.devices.move(device.udid, east.uuid)
    facts = await office.staging.devices.find(device.udid)
    assert (facts.group, facts.device.assignment.state) == (east, AssignmentState.ASSIGNED)


async def test_devices_are_found_by_what_they_are_called(office: StagingOffice) -> None:
    """By number, UUID, enrolment, or an identifier in whatever spelling."""
    anna = await office.user("anna")
    device = await office.enrolled(1, anna)
    record = await office.record(device)
    for key in (record.id, record.uuid, record.uuid.upper(), device.udid):
        assert (await office.staging.devices.find(key)).person == anna
    for identifiers in (DeviceIdentifiers(udid=device.udid), DeviceIdentifiers(serial_number="serial000001")):
        assert (await office.staging.devices.identified(identifiers)).device.id == record.id
    assert (await office.staging.devices.search(user=anna.id)).total == 1
    for unknown in (DeviceIdentifiers(), DeviceIdentifiers(imei="1")):
        with pytest.raises(Refusal) as refused:
            await office.staging.devices.identified(unknown)
        assert refused.value.code == "device.unknown"
