"""The bench of somebody who stages without Apple Configurator: one device at a time.

Each device goes through the wizard in a session of its own, and somebody has to answer it.
"""

from __future__ import annotations

from device_emulator.core.actions import HubEnroll
from device_emulator.core.events import Event
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.messages import PersonActs
from device_emulator.fleet.configurator import Happen
from device_emulator.fleet.staging_results import StagingResult, result_of


class BenchBusyError(Exception):
    """A second device was to be staged while the first still is."""

    def __init__(self, device: int, busy_with: int) -> None:
        self.device, self.busy_with = device, busy_with
        super().__init__(
            f"cannot stage device {device} while device {busy_with} is being staged: "
            "without Apple Configurator devices are staged one by one; wait, or use a cart"
        )


class Bench:
    """A bench with room for one device."""

    def __init__(self, happen: Happen) -> None:
        self.results: dict[int, StagingResult] = {}
        self._happen = happen
        self._device: int | None = None

    def stage(self, device: int, intent: HubIntent) -> None:
        """Open the Hub on a device and answer its wizard.

        Raises:
            BenchBusyError: the bench is taken.

        """
        if self._device is not None:
            raise BenchBusyError(device, self._device)
        self._device = device
        self._happen(device, PersonActs(HubEnroll(intent)))

    def see(self, device: int, event: Event) -> None:
        """Take note of an event; one that ends the device's turn frees the bench."""
        result = result_of(device, event) if device == self._device else None
        if result is not None:
            self._device = None
            self.results[device] = result

    @property
    def is_free(self) -> bool:
        """Say whether the next device can be staged."""
        return self._device is None
