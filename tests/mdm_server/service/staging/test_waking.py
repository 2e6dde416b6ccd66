from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from mdm_server.domain.staging.vocabulary import DeviceStagingType, ListAttribute, ListKind, Platform, StagingMode
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.push import Pusher, PushTarget
from mdm_server.service.staging.device_commands import DeviceCommand
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.wire.android_channel import WAKE_MAGIC
from rigs.staging_office import StagingOffice


class Sent:
    """A sender that keeps what it is given."""

    def __init__(self) -> None:
        self.targets: list[PushTarget] = []

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Keep pushes."""
        self.targets += targets


async def test_each_platform_is_woken_in_its_own_way(office: StagingOffice) -> None:
    """An iPhone by its push token and magic, an Android by the token of its channel; once each."""
    anna = await office.user("anna")
    apple = await office.enrolled(1, anna)
    records = [await office.record(apple), await office.android(2, anna)]
    sent, store = Sent(), office.rig.store
    await Waker(store, store.staging, Pusher(store, sent), sent).wake([*records, records[0]])
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
    sent, store = Sent(), office.rig.store
    await Waker(store, store.staging, Pusher(store, sent), sent).wake(records)
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
async def test_an_order_wakes_the_device(office: StagingOffice, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next poll."""
    anna, pat = await office.user("anna"), await office.user("pat", DeviceStagingType.STANDARD)
    device = await office.enrolled(1, pat, StagingMode.STANDARD)
    sent = Sent()
    monkeypatch.setattr(office.rig.suite.courier, "send", sent.send)
    await order(office, device.udid, anna.id)
    assert [target.token for target in sent.targets] == [device.token]
