"""Who a fleet is made of: every device drawn from the seed, so that device 17 is the same device in every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from device_emulator.core.device import Device
from device_emulator.core.hardware import MODELS, Hardware, draw_hardware
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings, ProofOfIdentity
from device_emulator.fleet.keys import NO_KEYS, KeySupply

PHONES = tuple(model for model in MODELS if model.is_phone)
TABLETS = tuple(model for model in MODELS if not model.is_phone)


@dataclass(frozen=True, kw_only=True)
class Population:
    """The recipe of a fleet.

    Attributes:
        count: how many devices.
        seed: what they are drawn from.
        settings: how they behave.
        both_proofs: half of them prove their identity by `Mdm-Signature`, half in the TLS handshake, whatever their
            profile says. iPhones and iPads alternate, and so do the proofs, in every combination.

    """

    count: int
    seed: int
    settings: DeviceSettings
    both_proofs: bool = False

    def devices(self, *, clock: Callable[[], datetime], keys: KeySupply = NO_KEYS) -> dict[int, Device]:
        """Make the devices, numbered from 0."""
        return {number: self.device(number, clock=clock, keys=keys) for number in range(self.count)}

    def device(self, number: int, *, clock: Callable[[], datetime], keys: KeySupply = NO_KEYS) -> Device:
        """Make one device."""
        randomness = Randomness(self.seed, number)
        settings, source = self._settings(number), keys.for_device(number)
        hardware = hardware_of(randomness, number)
        return Device(hardware, settings, clock=clock, randomness=randomness, key_source=source)

    def _settings(self, number: int) -> DeviceSettings:
        if not self.both_proofs:
            return self.settings
        return self._by_signature if number // 2 % 2 == 0 else self._by_tls

    @cached_property
    def _by_signature(self) -> DeviceSettings:
        return replace(self.settings, proof=ProofOfIdentity.SIGNATURE)

    @cached_property
    def _by_tls(self) -> DeviceSettings:
        return replace(self.settings, proof=ProofOfIdentity.TLS)


def hardware_of(randomness: Randomness, number: int) -> Hardware:
    """Draw the machine of a device: iPhones and iPads take turns."""
    return draw_hardware(randomness, PHONES if number % 2 == 0 else TABLETS)
