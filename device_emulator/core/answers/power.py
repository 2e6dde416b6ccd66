"""Restarting, shutting down, erasing: the device reports first and acts afterwards."""

from __future__ import annotations

from device_emulator.core import leaving, powering
from device_emulator.core.answers.answerer import Answer, Condition, Fidelity, answerer
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command


@answerer(
    "RestartDevice",
    Fidelity.REAL,
    "off and on again; with a passcode, most stays sealed until it is typed",
    not_now=Condition.ON_CALL,
)
def restart_device(handheld: Handheld, command: Command) -> Answer:
    """Restart once the report is out."""
    return Answer(afterwards=powering.restart)


@answerer("ShutDownDevice", Fidelity.REAL, "off until its person switches it on", not_now=Condition.ON_CALL)
def shut_down_device(handheld: Handheld, command: Command) -> Answer:
    """Switch off once the report is out."""
    return Answer(afterwards=powering.shut_down)


@answerer("EraseDevice", Fidelity.SIMPLIFIED, "back to Setup Assistant; ReturnToService and the data plan are ignored")
def erase_device(handheld: Handheld, command: Command) -> Answer:
    """Erase everything once the report is out."""
    return Answer(afterwards=leaving.erase)
