"""The first minutes of management, and declarative management."""

from __future__ import annotations

from device_emulator.core.answers.answerer import Answer, Fidelity, answerer
from device_emulator.core.answers.sightings import DeclarativeManagementRequested
from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up.finishing import configured
from mdm_server.wire.command import Command


@answerer("DeviceConfigured", Fidelity.SIMPLIFIED, "ends the wait of automated enrolment; elsewhere it is acknowledged")
def device_configured(handheld: Handheld, command: Command) -> Answer:
    """Let Setup Assistant go on, once the server has heard the answer."""
    return Answer(afterwards=configured)


@answerer("DeclarativeManagement", Fidelity.SIMPLIFIED, "acknowledged and remembered; no declarations are fetched yet")
def declarative_management(handheld: Handheld, command: Command) -> Answer:
    """Switch declarative management on."""
    handheld.belongings.declarative = True
    handheld.emit(DeclarativeManagementRequested())
    return Answer()
