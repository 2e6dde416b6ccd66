"""Commands in the words of Workspace ONE's console, carried out by what each platform has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.commanding import Commanding, CommandOrder
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.finding import Key, the_device
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import WipeOrder, Wipes
from mdm_server.store.staging import NEW, Operation, OperationState, Staging
from mdm_server.wire.android_channel import CommandType


class DeviceCommand(StrEnum):
    """The commands of the console that mean something here."""

    ENTERPRISE_WIPE = "EnterpriseWipe"
    DEVICE_WIPE = "DeviceWipe"
    LOCK = "Lock"
    CLEAR_PASSCODE = "ClearPasscode"
    DEVICE_QUERY = "DeviceQuery"
    SYNC_DEVICE = "SyncDevice"
    SOFT_RESET = "SoftReset"
    SHUTDOWN = "Shutdown"


WIPES = {DeviceCommand.ENTERPRISE_WIPE: WipeKind.ENTERPRISE, DeviceCommand.DEVICE_WIPE: WipeKind.DEVICE}
APPLE: Mapping[DeviceCommand, CommandOrder] = {
    DeviceCommand.LOCK: CommandOrder(request_type="DeviceLock", fields={}),
    DeviceCommand.CLEAR_PASSCODE: CommandOrder(request_type="ClearPasscode", fields={}),
    DeviceCommand.DEVICE_QUERY: CommandOrder(
        request_type="DeviceInformation", fields={"Queries": ["DeviceName", "OSVersion", "Model", "SerialNumber"]}
    ),
    DeviceCommand.SOFT_RESET: CommandOrder(request_type="RestartDevice", fields={}),
    DeviceCommand.SHUTDOWN: CommandOrder(request_type="ShutDownDevice", fields={}),
}
ANDROID: Mapping[DeviceCommand, tuple[CommandType, Mapping[str, Any]]] = {
    DeviceCommand.LOCK: (CommandType.LOCK, {}),
    # An empty password takes the passcode away (Android Management API, Command.newPassword).
    DeviceCommand.CLEAR_PASSCODE: (CommandType.RESET_PASSWORD, {"newPassword": ""}),
    DeviceCommand.SOFT_RESET: (CommandType.REBOOT, {}),
}
ONLY_WAKES = {
    Platform.IOS: frozenset({DeviceCommand.SYNC_DEVICE}),
    # Every sync of an Android reports how it is.
    Platform.ANDROID: frozenset({DeviceCommand.SYNC_DEVICE, DeviceCommand.DEVICE_QUERY}),
}


class DeviceCommands:
    """Sends commands."""

    def __init__(
        self,
        staging: Staging,
        commanding: Commanding,
        wipes: Wipes,
        waker: Waker,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._staging = staging
        self._commanding = commanding
        self._wipes = wipes
        self._waker = waker
        self._clock = clock
        self._random_bytes = random_bytes

    async def send(self, key: Key, command: DeviceCommand, facts: RequestFacts = INTERNAL) -> str | None:
        """Tell a device to do something; return the name of what is queued, or None for what only wakes it.

        Raises Refusal `device.unknown`, `state.not_enrolled`, `command.not_possible`.
        """
        if command in WIPES:
            request = await self._wipes.request(key, WipeOrder(kind=WIPES[command]), facts)
            return f"wipe:{request.id}"
        device = await self._staging.read(lambda view: the_device(view, key))
        if device.status not in MANAGED or device.enrollment_key is None:
            raise Refusal("state.not_enrolled", reason=device.status)
        if command in ONLY_WAKES[device.platform]:
            await self._waker.wake([device])
            return None
        if device.platform is Platform.ANDROID:
            return await self._operate(device, command, facts)
        order = APPLE.get(command)
        if order is None:
            raise _not_possible(device, command)
        return (await self._commanding.enqueue(device.enrollment_key, order, facts)).command_uuid

    async def _operate(self, device: DeviceRecord, command: DeviceCommand, facts: RequestFacts) -> str:
        if command not in ANDROID:
            raise _not_possible(device, command)
        kind, parameters = ANDROID[command]
        now = self._clock()
        operation = Operation(
            NEW, device.id, new_uuid(self._random_bytes), kind, parameters, OperationState.QUEUED, now
        )
        await self._staging.transact(lambda room: room.android.add_operation(operation), facts.occasion(now))
        await self._waker.wake([device])
        return operation.name


def command_named(name: str) -> DeviceCommand:
    """Return a command by its name, whatever the case (Refusal `command.unknown`)."""
    found = next((command for command in DeviceCommand if command.lower() == name.strip().lower()), None)
    if found is None:
        raise DetailedRefusal("command.unknown", detail=f"expected one of {', '.join(DeviceCommand)}")
    return found


def _not_possible(device: DeviceRecord, command: DeviceCommand) -> DetailedRefusal:
    detail = f"{command} means nothing to {device.platform} devices"
    return DetailedRefusal("command.not_possible", reason="platform", detail=detail)
