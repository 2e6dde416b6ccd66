"""A managed device without its conversation, and the shortest way to ask it something."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from device_emulator.core import effects, locking
from device_emulator.core.answers.answerer import Answer
from device_emulator.core.answers.dispatch import answer
from device_emulator.core.apple_account import usual_account
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import MODELS, SYSTEM_VERSIONS, Hardware
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.management import Management
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeTrigger
from mdm_server.wire.command import Command
from mdm_server.wire.commands import ALL_RIGHTS
from mdm_server.wire.enrollment_id import CommandUuid
from mdm_server.wire.enrollment_profile import MdmSettings, ScepSettings

PASSCODE = "271828"
MANAGEMENT_PROFILE = "com.example.management"
IPHONE = next(model for model in MODELS if model.is_phone)
IPAD = next(model for model in MODELS if not model.is_phone)


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.now

    def advance(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


def managed_device(
    clock: Callable[[], datetime],
    *,
    model: Any = IPHONE,
    supervised: bool = True,
    rights: int = ALL_RIGHTS,
    passcode: str | None = None,
    locked: bool = False,
    seed: int = 1,
) -> Handheld:
    """Return a device as it is right after enrolment."""
    hardware = Hardware(model, "00008110-001122334455667E", "F2LXK4Q9PD", model.capacities[-1])
    handheld = Handheld(hardware, DeviceSettings(supervised=supervised), clock=clock, randomness=Randomness(seed, 17))
    handheld.system = SYSTEM_VERSIONS[2]
    handheld.apple_account = usual_account(handheld)
    for trigger in (LifeTrigger.SETUP_FINISHED, LifeTrigger.ENROLLMENT_STARTED, LifeTrigger.ENROLLMENT_SUCCEEDED):
        handheld.change_life(trigger)
    handheld.management = Management(
        MdmSettings(server_url="https://mdm.example/mdm", topic="com.apple.mgmt.Test", access_rights=rights),
        ScepSettings(url="https://mdm.example/scep"),
        profile_identifier=MANAGEMENT_PROFILE,
        enrollment=1,
        since=clock(),
    )
    payload = InstalledPayload(effects.MDM, f"{MANAGEMENT_PROFILE}.mdm", "4B6F6F6C-0000-4000-8000-000000000001")
    uuid = "4B6F6F6C-0000-4000-8000-000000000002"
    handheld.profiles.install(InstalledProfile(identifier=MANAGEMENT_PROFILE, uuid=uuid, payloads=(payload,)))
    if passcode is not None:
        locking.set_passcode(handheld, passcode)
    if locked:
        locking.lock_screen(handheld)
    handheld.take_events()
    return handheld


def ask(handheld: Handheld, request_type: str, **fields: Any) -> Answer:
    """Send a device a command."""
    return answer(handheld, Command(CommandUuid("command-1"), request_type, fields))
