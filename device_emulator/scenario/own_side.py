"""What a device is, as whoever holds it can see: in its Setup Assistant, in its Settings, on its screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.device import Device
from device_emulator.scenario.look import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSide:
    """A device's own view of itself.

    Attributes:
        name: what the scenario calls it.
        machine: what it is and what runs on it.
        life: where it is in its life.
        screen: what its screen lets its person do.
        passcode: whether one is set.
        supervised: whether it says so on its lock screen.
        managed: whether Settings show a management profile.
        removable: whether Settings let its person remove that; None where there is none.
        panes_shown: what Setup Assistant showed, the last time, in order.
        panes_skipped: what it left out because it was told to.
        apple_account: whether somebody is signed in.
        backed_up: whether there is a backup in iCloud.
        lost_mode: whether it shows that it is lost.
        activation_lock: who locked its activation: a person, or the organization.
        profiles: the identifiers of the profiles in Settings.

    """

    name: str
    machine: str
    life: str
    screen: str
    passcode: bool
    supervised: bool
    managed: bool
    removable: bool | None
    panes_shown: Sequence[str]
    panes_skipped: Sequence[str]
    apple_account: bool
    backed_up: bool
    lost_mode: bool
    activation_lock: str | None
    profiles: Sequence[str]

    def facts(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(self).items()}

    def told(self) -> list[str]:
        """Return it in sentences, a line each."""
        lines = [f"{self.name}, {self.machine}: {self.life.replace('_', ' ')}, screen {self.screen}"]
        if self.panes_shown:
            left_out = f"; left out: {', '.join(self.panes_skipped)}" if self.panes_skipped else ""
            lines.append(f"  Setup Assistant showed {', '.join(self.panes_shown)}{left_out}")
        lines.append(f"  {self._management}, {'' if self.supervised else 'not '}supervised")
        signed_in = "an Apple Account is signed in" if self.apple_account else "no Apple Account is signed in"
        backup = "backed up to iCloud" if self.backed_up else "nothing is in iCloud"
        lines.append(f"  passcode {'set' if self.passcode else 'not set'}, {signed_in}, {backup}")
        if self.profiles:
            lines.append(f"  profiles: {', '.join(self.profiles)}")
        if self.lost_mode:
            lines.append("  it shows that it is lost")
        if self.activation_lock is not None:
            lines.append(f"  its activation is locked by {_WHO.get(self.activation_lock, self.activation_lock)}")
        return lines

    @property
    def _management(self) -> str:
        if not self.managed:
            return "nobody manages it"
        return f"managed, and its person {'may' if self.removable else 'cannot'} remove that"


_WHO = {"person": "its person", "organization": "its organization"}


def own_side(name: str, device: Device | AndroidDevice, look: Look) -> OwnSide:
    """Return what a device shows of itself."""
    return OwnSide(
        name=name,
        machine=_machine(device),
        life=look.life,
        screen=look.screen,
        passcode=look.passcode,
        supervised=look.supervised,
        managed=look.managed,
        removable=look.removable,
        panes_shown=tuple(look.panes),
        panes_skipped=tuple(look.skipped_panes),
        apple_account=look.apple_account,
        backed_up=look.backed_up,
        lost_mode=look.lost_mode,
        activation_lock=look.activation_lock,
        profiles=tuple(look.profiles),
    )


def _machine(device: Device | AndroidDevice) -> str:
    if isinstance(device, AndroidDevice):
        return f"a {device.handheld.hardware.model.model} with Android {device.handheld.system.release}"
    machine = device.handheld.hardware.model.marketing_name
    return f"{'an' if machine[0] in 'AEIOUai' else 'a'} {machine} with {device.handheld.system.version}"


def own_look(device: Device | AndroidDevice) -> Look:
    """Return what a device believes of itself."""
    managed, passcode = device.handheld.management is not None, device.handheld.passcode.is_set
    if isinstance(device, AndroidDevice):
        return Look(managed=managed, passcode=passcode, screen=device.screen.value, life=device.life.value)
    profiles = tuple(profile.identifier for profile in device.handheld.profiles)
    locked = [profile.removal_disallowed for profile in device.handheld.profiles if profile.manages_the_device]
    return Look(
        managed=managed,
        removable=not locked[0] if locked else None,
        os_version=device.handheld.system.version,
        lost_mode=device.handheld.lost_mode is not None,
        skipped_panes=tuple(sorted(device.handheld.skipped_panes)),
        applications=tuple(application.identifier for application in device.handheld.applications),
        passcode=passcode,
        screen=device.lock.value,
        life=device.life.value,
        profiles=profiles,
        supervised=device.handheld.is_supervised,
        apple_account=device.handheld.apple_account is not None,
        backed_up=device.handheld.backed_up_at is not None,
    )
