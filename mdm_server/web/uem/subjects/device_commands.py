"""Commands to devices: `POST /api/mdm/devices/{id}/commands?command=…`, with no body at all."""

from __future__ import annotations

from mdm_server.service.staging.device_commands import DeviceCommand, command_named
from mdm_server.service.staging.finding import Key, key_of
from mdm_server.web.uem.calls import Asked, Calls, Reply
from mdm_server.web.uem.subjects.devices import searched

device_commands = Calls("Commands to devices")

ACCEPTED = Reply(status=202)
"""It is queued; what becomes of it is another question."""


@device_commands.post("mdm/devices/{device}/commands")
async def command_device(asked: Asked) -> Reply:
    """Tell a device to do something."""
    return await _send(asked, key_of(asked.parameters["device"]))


@device_commands.post("mdm/devices/commands")
async def command_found_device(asked: Asked) -> Reply:
    """Tell a device, found by an identifier, to do something."""
    command_named(asked.required("command"))
    return await _send(asked, await searched(asked))


@device_commands.post("mdm/devices/{device}/clearpasscode")
async def clear_passcode(asked: Asked) -> Reply:
    """Clear a device's passcode: an address of pyws1uem's, and another name for the command."""
    key = key_of(asked.parameters["device"])
    await asked.suite.staging.commands.send(key, DeviceCommand.CLEAR_PASSCODE, asked.facts)
    return ACCEPTED


async def _send(asked: Asked, device: Key) -> Reply:
    command = command_named(asked.required("command"))
    await asked.suite.staging.commands.send(device, command, asked.facts)
    return ACCEPTED
