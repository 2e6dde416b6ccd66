from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceLock
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    DeviceLockReason,
    DeviceStagingType,
    ListAttribute,
    ListKind,
    Platform,
    StagingMode,
)
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.push import Pusher
from mdm_server.service.staging.device_commands import DeviceCommand
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.wire.android_channel import WAKE_MAGIC
from rigs.sent_pushes import SentPushes
from rigs.service import ServiceDevice
from rigs.staging_office import StagingOffice


async def test_each_platform_is_woken_in_its_own_way(office: StagingOffice) -> None:
    """An iPhone by its push token and magic, an Android by the token of its channel; once each."""
    anna = await office.user("anna")
    apple = await office.enrolled(1, anna)
    records = [await office.record(apple), await office.android(2, anna)]
    sent, store = SentPushes(), office.rig.store
    await Waker(store, store.staging, Pusher(store, sent, office.rig.clock), sent).wake([*records, records[0]])
    assert [(target.token, target.magic) for target in sent.targets] == [
        (apple.token, apple.magic),
        (bytes.fromhex(f"{2:064x}"), WAKE_MAGIC),
    ]


async def test_who_cannot_be_reached_is_passed_over(office: StagingOffice) -> None:
    """A device that never enrolled, one whose enrolment is gone, and an Android without a channel."""
    anna = await office.user("anna")
    records = [
        await office.android(1, anna),
        await office.android(2, anna, platform=Platform.IOS),
        await office.android(3, anna, platform=Platform.IOS, enrollment_key=None),
    ]
    await office.act(lambda room: room.android.close_channel(records[0].id))
    sent, store = SentPushes(), office.rig.store
    await Waker(store, store.staging, Pusher(store, sent, office.rig.clock), sent).wake(records)
    assert sent.targets == []


Order = Callable[[StagingOffice, str, int], Awaitable[object]]
ORDERS: Mapping[str, Order] = {
    "wipe": lambda office, udid, _: office.staging.wipes.request(udid, WipeOrder(kind=WipeKind.DEVICE)),
    "deletion": lambda office, udid, _: office.staging.devices.delete(udid),
    "denial": lambda office, udid, _: office.staging.lists.add(
        ListOrder(kind=ListKind.DENY, attribute=ListAttribute.UDID, values=(udid,))
    ),
    "switch of the user": lambda office, udid, anna: office.staging.assignments.assign(udid, anna),
    "command": lambda office, udid, _: office.staging.commands.send(udid, DeviceCommand.LOCK),
    "synchronization": lambda office, udid, _: office.staging.commands.send(udid, DeviceCommand.SYNC_DEVICE),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_an_order_wakes_the_device(office: StagingOffice, order: Order) -> None:
    """Nobody waits for the next poll."""
    anna, pat = await office.user("anna"), await office.user("pat", DeviceStagingType.STANDARD)
    device = await office.enrolled(1, pat, StagingMode.STANDARD)
    office.rig.pushes.targets.clear()
    await order(office, device.udid, anna.id)
    assert office.rig.pushes.tokens == [device.token]


Release = Callable[[StagingOffice, ServiceDevice, EnrollmentUser], Awaitable[object]]


async def _remove_from_deny_list(office: StagingOffice, _: ServiceDevice, __: EnrollmentUser) -> None:
    [entry] = await office.staging.lists.all(ListKind.DENY)
    await office.staging.lists.remove(entry.id)


RELEASES: Mapping[str, tuple[DeviceLockReason, Release]] = {
    "unlocking": (
        DeviceLockReason.REG_USER_MISMATCH,
        lambda office, device, _: office.staging.devices.unlock(device.udid),
    ),
    "forgetting its failed logins": (
        DeviceLockReason.CREATE_MDM_ERROR,
        lambda office, device, _: office.staging.devices.reset_attempts(DeviceIdentifiers(udid=device.udid)),
    ),
    "deleting the registration": (
        DeviceLockReason.REG_USER_MISMATCH,
        lambda office, device, _: office.staging.registrations.delete_of_device(DeviceIdentifiers(udid=device.udid)),
    ),
    "deleting the user to whom it is registered": (
        DeviceLockReason.REG_USER_MISMATCH,
        lambda office, _, user: office.staging.users.remove(user.id),
    ),
    "taking it off the deny list": (DeviceLockReason.DEVICE_DENYLISTED, _remove_from_deny_list),
}


@pytest.mark.parametrize(("reason", "release"), RELEASES.values(), ids=RELEASES)
async def test_a_device_that_is_free_again_is_woken_for_what_was_withheld(
    office: StagingOffice, reason: DeviceLockReason, release: Release
) -> None:
    """It reported while it was locked, was given nothing, and would not ask again by itself (I-21)."""
    pat, anna = await office.user("pat", DeviceStagingType.STANDARD), await office.user("anna")
    identifiers = DeviceIdentifiers(serial_number="NEVERSEEN")
    await office.staging.lists.add(
        ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=("NEVERSEEN",))
    )
    device = await office.enrolled(1, pat, StagingMode.STANDARD)
    await office.staging.registrations.register(
        RegistrationOrder(user=anna.id, identifiers=DeviceIdentifiers(device.udid))
    )
    record = replace(await office.record(device), lock=DeviceLock(reason, office.rig.clock()))
    if reason is DeviceLockReason.DEVICE_DENYLISTED:
        record = replace(record, identifiers=replace(identifiers, udid=device.udid))
    await office.act(lambda room: room.devices.replace(record))
    office.rig.pushes.targets.clear()
    await office.staging.commands.send(device.udid, DeviceCommand.CLEAR_PASSCODE)
    assert await device.idle() is None
    office.rig.pushes.targets.clear()
    await release(office, device, anna)
    assert office.rig.pushes.tokens == [device.token]
    assert await device.idle() is not None


async def test_who_is_managed_no_longer_is_not_woken_when_it_is_free(office: StagingOffice) -> None:
    """Nothing waits for it."""
    lock = DeviceLock(DeviceLockReason.REG_BOUND_TO_OTHER, office.rig.clock())
    gone = {"status": EnrollmentStatus.UNENROLLED, "assignment": Assignment(), "lock": lock}
    device = await office.android(1, await office.user("anna"), **gone)
    office.rig.pushes.targets.clear()
    assert (await office.staging.devices.unlock(device.id)).lock is None
    assert not office.rig.pushes.targets
