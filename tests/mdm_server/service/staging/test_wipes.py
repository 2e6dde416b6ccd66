from __future__ import annotations

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import DeviceLockReason, ListKind, RegistrationState
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeState
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.users import UserChange
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.store.staging import ROOT_GROUP, OperationState
from rigs.service import ServiceDevice
from rigs.staging_office import StagingOffice

ENTERPRISE = WipeOrder(kind=WipeKind.ENTERPRISE)
DEVICE = WipeOrder(kind=WipeKind.DEVICE)


async def _obey(device: ServiceDevice, request_type: str, status: str = "Acknowledged") -> None:
    command = await device.idle()
    assert command is not None
    assert command["Command"]["RequestType"] == request_type
    await device.report(status, command["CommandUUID"])


async def _states(office: StagingOffice) -> list[WipeState]:
    return [request.state for request, _ in await office.staging.wipes.all()]


@pytest.mark.parametrize(
    ("order", "pending", "request_type"),
    [
        (ENTERPRISE, EnrollmentStatus.ENTERPRISE_WIPE_PENDING, "RemoveProfile"),
        (DEVICE, EnrollmentStatus.DEVICE_WIPE_PENDING, "EraseDevice"),
    ],
)
async def test_a_wipe_is_pending_until_the_device_has_done_it(
    office: StagingOffice, order: WipeOrder, pending: EnrollmentStatus, request_type: str
) -> None:
    """A device out of reach stays pending (row 66); its registration stays bound (T23)."""
    anna = await office.user("anna")
    device = await office.enrolled(1, anna)
    request = await office.staging.wipes.request(device.udid, order)
    assert request.state is WipeState.SENT
    assert (await office.record(device)).status is pending
    await _obey(device, request_type)
    assert (await office.record(device)).status is EnrollmentStatus.UNENROLLED
    assert await _states(office) == [WipeState.DONE]
    [(registration, _)] = await office.staging.registrations.search(user=anna.id)
    assert registration.state is RegistrationState.BOUND


async def test_a_device_that_refuses_to_be_wiped_stays_enrolled(office: StagingOffice) -> None:
    """An error ends the wait, and not the management; it may be asked again."""
    device = await office.enrolled(1, await office.user("anna"))
    await office.staging.wipes.request(device.udid, ENTERPRISE)
    await _obey(device, "RemoveProfile", "Error")
    assert (await office.record(device)).status is EnrollmentStatus.ENROLLED
    await office.staging.wipes.request(device.udid, ENTERPRISE)
    await _obey(device, "RemoveProfile")
    assert (await office.record(device)).status is EnrollmentStatus.UNENROLLED


async def test_more_wipes_than_the_threshold_wait_for_a_decision(office: StagingOffice) -> None:
    """The third within ten minutes is on hold and sends nothing; approved it goes, rejected it never does (row 65)."""
    anna = await office.user("anna")
    devices = [await office.enrolled(number, anna) for number in range(1, 6)]
    await office.staging.groups.change_settings(ROOT_GROUP, {"wipe_threshold": {"count": 2, "minutes": 10}})
    requests = [await office.staging.wipes.request(device.udid, ENTERPRISE) for device in devices[:4]]
    assert [request.state for request in requests] == [WipeState.SENT] * 2 + [WipeState.ON_HOLD] * 2
    third, fourth = devices[2:4]
    assert (await office.record(third)).status is EnrollmentStatus.ENROLLED
    assert await third.idle() is None

    approved = await office.staging.wipes.decide(requests[2].id, approve=True)
    assert approved.state is WipeState.SENT
    await _obey(third, "RemoveProfile")
    rejected = await office.staging.wipes.decide(requests[3].id, approve=False)
    assert rejected.state is WipeState.REJECTED
    assert await fourth.idle() is None
    for request in (approved, rejected):
        with pytest.raises(Refusal) as refused:
            await office.staging.wipes.decide(request.id, approve=True)
        assert refused.value.code == "wipe.decided"
    with pytest.raises(Refusal) as refused:
        await office.staging.wipes.decide(999, approve=True)
    assert refused.value.code == "wipe.unknown"

    office.rig.clock.pass_time(minutes=11)
    assert (await office.staging.wipes.request(devices[4].udid, ENTERPRISE)).state is WipeState.SENT


async def test_a_threshold_counts_the_branch_that_sets_it(office: StagingOffice) -> None:
    """East has its own; wipes elsewhere do not use it up, and its lock is reset alone."""
    groups = office.staging.groups
    east = await groups.create(GroupOrder(group_id="EAST", parent=ROOT_GROUP))
    anna = await office.user("anna")
    here, another = await office.enrolled(1, anna), await office.enrolled(4, anna)
    there = [await office.enrolled(number, anna, group=east.id) for number in (2, 3)]
    await groups.change_settings(ROOT_GROUP, {"wipe_threshold": {"count": 1, "minutes": 10}})
    await groups.change_settings(east.id, {"wipe_threshold": {"count": 1, "minutes": 10}})
    states = [
        (await office.staging.wipes.request(device.udid, ENTERPRISE)).state for device in (here, there[0], *there)
    ]
    assert states == [WipeState.SENT] * 3 + [WipeState.ON_HOLD], "asked for again, a wipe is the same wipe"
    [released] = await office.staging.wipes.release(east.id)
    assert released.state is WipeState.SENT
    assert (await office.record(there[1])).status is EnrollmentStatus.ENTERPRISE_WIPE_PENDING
    assert (await office.staging.wipes.request(another.udid, ENTERPRISE)).state is WipeState.ON_HOLD


async def test_the_larger_wipe_takes_the_place_of_the_smaller(office: StagingOffice) -> None:
    """A device that has not obeyed yet may still be told to erase itself; the reverse changes nothing."""
    device = await office.enrolled(1, await office.user("anna"))
    first = await office.staging.wipes.request(device.udid, ENTERPRISE)
    second = await office.staging.wipes.request(device.udid, DEVICE)
    assert (second.id, second.kind) == (first.id, WipeKind.DEVICE)
    assert (await office.staging.wipes.request(device.udid, ENTERPRISE)).kind is WipeKind.DEVICE
    assert (await office.record(device)).status is EnrollmentStatus.DEVICE_WIPE_PENDING


@pytest.mark.parametrize("by_setting", [True, False])
async def test_a_wipe_may_deny_the_device_afterwards(office: StagingOffice, by_setting: bool) -> None:
    """It is locked and on the deny list, until an administrator takes it off (staging-flows.md §4 row 41)."""
    device = await office.enrolled(1, await office.user("anna"))
    if by_setting:
        await office.staging.groups.change_settings(ROOT_GROUP, {"prevent_reenrollment": True})
    order = WipeOrder(kind=WipeKind.ENTERPRISE, prevent_reenrollment=not by_setting)
    await office.staging.wipes.request(device.udid, order)
    await _obey(device, "RemoveProfile")
    record = await office.record(device)
    assert record.lock is not None
    assert record.lock.reason is DeviceLockReason.REENROLL_PREVENTED
    [entry] = await office.staging.lists.all(ListKind.DENY)
    assert entry.value == device.serial_number
    await office.staging.lists.remove(entry.id)
    assert (await office.record(device)).lock is None


async def test_only_what_is_managed_can_be_wiped(office: StagingOffice) -> None:
    """A device that has left, or that there never was."""
    device = await office.enrolled(1, await office.user("anna"))
    await device.check_out()
    for key, code in ((device.udid, "state.not_enrolled"), ("nobody", "device.unknown")):
        with pytest.raises(Refusal) as refused:
            await office.staging.wipes.request(key, ENTERPRISE)
        assert refused.value.code == code


@pytest.mark.parametrize(("order", "operation"), [(ENTERPRISE, "ENTERPRISE_WIPE"), (DEVICE, "WIPE")])
async def test_an_android_is_given_an_operation(office: StagingOffice, order: WipeOrder, operation: str) -> None:
    """Its channel carries it; the status is pending as for anybody else."""
    record = await office.android(1, await office.user("anna"))
    await office.staging.wipes.request(record.id, order)
    [queued] = await office.rig.store.staging.read(lambda view: view.android.operations(record.id))
    assert (queued.type, queued.state) == (operation, OperationState.QUEUED)
    assert (await office.record(record.id)).status in (
        EnrollmentStatus.ENTERPRISE_WIPE_PENDING,
        EnrollmentStatus.DEVICE_WIPE_PENDING,
    )


async def test_who_leaves_the_groups_that_may_enrol_loses_the_device(office: StagingOffice) -> None:
    """At the next directory sync, where the option is on; nobody else's (row 64)."""
    groups, users = office.staging.groups, office.staging.users
    nurses = await groups.create_user_group("Nurses", ROOT_GROUP)
    anna, ben = [await office.user(name, user_groups=(nurses.id,)) for name in ("anna", "ben")]
    hers, his = await office.enrolled(1, anna), await office.enrolled(2, ben)
    await groups.change_settings(ROOT_GROUP, {"allowed_user_groups": [nurses.id], "group_exit_wipe": True})
    assert await office.staging.wipes.leave_groups() == []
    await users.change(anna.id, UserChange(user_groups=()))
    [request] = await office.staging.wipes.leave_groups()
    assert request.requested_by == "DEVICE_SYNC"
    assert (await office.record(hers)).status is EnrollmentStatus.ENTERPRISE_WIPE_PENDING
    assert (await office.record(his)).status is EnrollmentStatus.ENROLLED
    await _obey(hers, "RemoveProfile")
    assert (await office.record(hers)).status is EnrollmentStatus.UNENROLLED
