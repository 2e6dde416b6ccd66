"""Commands in the words of Workspace ONE's console, carried out by what each platform has for them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.commanding import Commanding, CommandOrder
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.android_commands import AndroidCommands
from mdm_server.service.staging.finding import Key, the_device
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import WipeOrder, Wipes
from mdm_server.store.staging import Staging
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
    DeviceCommand.CLEAR_PASSCODE: (CommandType.RESET_PASSWORD, {"new_password": ""}),
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
        androids: AndroidCommands,
        wipes: Wipes,
        waker: Waker,
    ) -> None:
        self._staging = staging
        self._commanding = commanding
        self._androids = androids
        self._wipes = wipes
        self._waker = waker

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
        if device.platform is Platform.ANDROID and command in ANDROID:
            return await self._androids.send(device.id, *ANDROID[command], facts)
        if device.platform is Platform.IOS and command in APPLE:
            return (await self._commanding.enqueue(device.enrollment_key, APPLE[command], facts)).command_uuid
        detail = f"{command} means nothing to {device.platform} devices"
        raise DetailedRefusal("command.not_possible", reason="platform", detail=detail)


def command_named(name: str) -> DeviceCommand:
    """Return a command by its name, whatever the case (Refusal `command.unknown`)."""
    found = next((command for command in DeviceCommand if command.lower() == name.strip().lower()), None)
    if found is None:
        raise DetailedRefusal("command.unknown", detail=f"expected one of {', '.join(DeviceCommand)}")
    return found
