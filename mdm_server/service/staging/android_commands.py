"""Commands for Androids in the channel's own words, queued until the device has acknowledged them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.finding import Key, the_device
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import WipeOrder, Wipes
from mdm_server.store.staging import NEW, Operation, OperationState, Staging, StagingRoom, StagingView
from mdm_server.wire.android_channel import Command, CommandType

WIPES = {CommandType.WIPE: WipeKind.DEVICE, CommandType.ENTERPRISE_WIPE: WipeKind.ENTERPRISE}
NEEDED: Mapping[CommandType, tuple[str, ...]] = {
    CommandType.RESET_PASSWORD: ("new_password",),
    CommandType.START_KIOSK: ("application",),
    CommandType.CLEAR_APP_DATA: ("applications",),
}
"""The parameters without which a command means nothing; no other takes any."""


class AndroidCommands:
    """Queues commands and wakes the device; wipes go where all wipes go, because they may have to wait."""

    def __init__(
        self,
        staging: Staging,
        wipes: Wipes,
        waker: Waker,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._staging = staging
        self._wipes = wipes
        self._waker = waker
        self._clock = clock
        self._random_bytes = random_bytes

    async def send(
        self, key: Key, kind: CommandType, parameters: Mapping[str, Any] | None = None, facts: RequestFacts = INTERNAL
    ) -> str:
        """Tell a device to do something; return the name of the operation, or of the wipe.

        Raises Refusal `device.unknown`, `state.not_enrolled`, `command.fields`, `command.not_possible`.
        """
        _check(kind, parameters or {})
        if kind in WIPES:
            request = await self._wipes.request(key, WipeOrder(kind=WIPES[kind]), facts)
            return f"wipe:{request.id}"
        now, name = self._clock(), new_uuid(self._random_bytes)

        def work(room: StagingRoom) -> DeviceRecord:
            device = _android(room, key)
            if device.status not in MANAGED:
                raise Refusal("state.not_enrolled", reason=device.status)
            room.android.add_operation(
                Operation(NEW, device.id, name, kind, dict(parameters or {}), OperationState.QUEUED, now)
            )
            return device

        device = await self._staging.transact(work, facts.occasion(now))
        await self._waker.wake([device])
        return name

    async def wake_waiting(self) -> int:
        """Push the devices for which operations wait, as after a restart; return how many."""

        def waiting(view: StagingView) -> list[DeviceRecord]:
            managed: list[DeviceRecord] = []
            while page := view.devices.search(platform=Platform.ANDROID, statuses=MANAGED, offset=len(managed)).rows:
                managed += page
            return [device for device in managed if view.android.operations(device.id, waiting=True)]

        devices = await self._staging.read(waiting)
        await self._waker.wake(devices)
        return len(devices)

    async def operations(self, key: Key) -> Sequence[Operation]:
        """Return the operations of a device in order; raises Refusal `device.unknown`, `command.not_possible`."""
        return await self._staging.read(lambda view: view.android.operations(_android(view, key).id))


def _android(view: StagingView | StagingRoom, key: Key) -> DeviceRecord:
    device = the_device(view, key)
    if device.platform is not Platform.ANDROID:
        raise DetailedRefusal("command.not_possible", reason="platform", detail="this is no Android")
    return device


def _check(kind: CommandType, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that the command does not take, or that the device could not read."""
    expected = NEEDED.get(kind, ())
    if set(parameters) != set(expected):
        raise DetailedRefusal("command.fields", reason=kind, detail=f"expected {', '.join(expected) or 'nothing'}")
    try:
        command = Command(operation="rehearsal", type=kind, **parameters)
        msgspec.convert(msgspec.to_builtins(command), Command)
    except (msgspec.ValidationError, TypeError) as error:
        raise DetailedRefusal("command.fields", reason=kind, detail=str(error)) from error
