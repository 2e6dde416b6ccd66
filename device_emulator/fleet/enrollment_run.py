"""Leading a fleet through its enrolment: who starts when, and who has come to an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from random import Random

from device_emulator.core.actions import PersonAction
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    EnrollmentStarted,
    Event,
    HubRefused,
    ProfileRefused,
)
from device_emulator.core.messages import PersonActs
from device_emulator.core.setting_up.events import ActivationFailed, DeviceActivated
from device_emulator.fleet.arrival import arrivals
from device_emulator.fleet.loop import FleetLoop

UNCLAIMED = EnrollmentFailed(
    EnrollmentStage.PROFILE,
    "setup.unclaimed",
    "expected Apple to name the server that manages the device, found that it is nobody's there, or has no profile yet",
)


class EnrollmentRun:
    """Lets the people of a fleet open their enrolment links, and keeps count of who is through.

    The time an enrolment takes is measured from its intended start: with an `arrival_rate`, the moment the schedule
    says, however late the device then got its turn; without one, the moment it began.
    """

    def __init__(self, fleet: FleetLoop, *, arrival_rate: float | None, stream: Random) -> None:
        self._fleet = fleet
        self._rate = arrival_rate
        self._stream = stream
        self._starts: dict[int, float] = {}
        self.enrolled: set[int] = set()
        self.failed: dict[int, EnrollmentFailed] = {}

    def see(self, number: int, event: Event) -> None:
        """Take note of a device that starts, or comes to an end."""
        match event:
            case EnrollmentStarted():
                self._starts.setdefault(number, time.monotonic())
            case Enrolled():
                self.enrolled.add(number)
                self.failed.pop(number, None)
                self._fleet.tally.enrollment.record(time.monotonic() - self._starts.pop(number))
            case EnrollmentFailed():
                self._fail(number, event)
            case ProfileRefused(reason, detail) | HubRefused(reason, detail, _) | ActivationFailed(reason, detail) if (
                number not in self.enrolled
            ):
                # A file that is refused when it is opened begins no enrolment that could fail; nor does a wizard, nor
                # a device that Apple does not activate.
                self._fail(number, EnrollmentFailed(EnrollmentStage.PROFILE, reason, detail))

            case DeviceActivated(organization=None):
                self._fail(number, UNCLAIMED)

    def _fail(self, number: int, failure: EnrollmentFailed) -> None:
        self.failed[number] = failure
        self._starts.pop(number, None)

    async def start(self, numbers: Iterable[int], action: PersonAction) -> None:
        """Let every person do `action` at their time; return when the last has started."""
        numbers = list(numbers)
        began = time.monotonic()
        for number, moment in zip(numbers, arrivals(len(numbers), self._rate, self._stream), strict=True):
            if self._rate is not None:
                self._starts[number] = began + moment
                await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
            self._fleet.happen(number, PersonActs(action))

    @property
    def ended(self) -> int:
        """How many devices have come to an end, good or bad."""
        return len(self.enrolled) + len(self.failed)
