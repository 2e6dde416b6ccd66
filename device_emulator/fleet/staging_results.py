"""How a device came out of being staged: the event that ends its turn, as a result."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.actions import HubEnroll, Prepare
from device_emulator.core.events import Enrolled, EnrollmentFailed, Event, HubRefused, PersonRefused
from device_emulator.core.setting_up.events import ActivationFailed

# What somebody who stages a device does to it; whatever else is refused meanwhile ends nothing.
BY_STAGING = frozenset({Prepare.__name__, HubEnroll.__name__})


@dataclass(frozen=True, slots=True)
class StagingResult:
    """What became of one device. `code` and `text` are those of the refusal or failure; both empty for success."""

    device: int
    code: str = ""
    text: str = ""

    @property
    def is_enrolled(self) -> bool:
        """Say whether the device is enrolled."""
        return not self.code


def result_of(device: int, event: Event) -> StagingResult | None:
    """Return the result that an event of a device being staged means; None while its turn goes on."""
    match event:
        case Enrolled():
            return StagingResult(device)
        case HubRefused(code, text):
            return StagingResult(device, code, text)
        case EnrollmentFailed(_, reason, detail):
            return StagingResult(device, reason, detail)
        case ActivationFailed(reason, detail):
            return StagingResult(device, reason, detail)
        case PersonRefused(action, reason) if action in BY_STAGING:
            return StagingResult(device, reason, f"The device does not let anybody do this now: {action}.")
    return None
