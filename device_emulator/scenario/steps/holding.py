"""What somebody does with a device in their hand."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from device_emulator.core import actions
from device_emulator.core.android.actions import FactoryReset as ResetDevice
from device_emulator.core.events import DeviceErased, HandedOver, LockChanged, PasscodeChanged, Unenrolled
from device_emulator.scenario.document import DeviceNames
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.step import Played, Refusable

WRONG_PASSCODE = "wrong_passcode"
PersonName = Annotated[str, Meta(min_length=1, description="The name of a person, or of a user.")]


class HandOver(Refusable, frozen=True, kw_only=True):
    """Somebody else gets the device."""

    KIND: ClassVar[str] = "hand-over"

    device: DeviceNames
    to: PersonName
    tells_passcode: bool = True

    async def perform(self, stage: Stage) -> Played:
        """Hand each device over."""
        for device in stage.devices(self.device):
            action = actions.HandOver(stage.person(self.to), tells_passcode=self.tells_passcode)
            yield self.ended(f"{device} is handed over to {self.to}", await stage.act(device, action), HandedOver)


class SetPasscode(Refusable, frozen=True, kw_only=True):
    """Somebody chooses a passcode."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "set-passcode"

    device: DeviceNames
    passcode: str | None = None

    async def perform(self, stage: Stage) -> Played:
        """Set it on each device."""
        for device in stage.devices(self.device):
            sighting = await stage.act(device, actions.SetPasscode(self.passcode))
            yield self.ended(f"A passcode is chosen on {device}", sighting, PasscodeChanged)


class LockScreen(Refusable, frozen=True, kw_only=True):
    """Somebody locks the screen."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "lock-screen"

    device: DeviceNames

    async def perform(self, stage: Stage) -> Played:
        """Lock each device."""
        for device in stage.devices(self.device):
            sighting = await stage.act(device, actions.Lock())
            yield self.ended(f"The screen of {device} is locked", sighting, LockChanged)


class UnlockScreen(Refusable, frozen=True, kw_only=True):
    """Somebody unlocks the screen; with `passcode` they guess, `times` over, as the device lets them."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "unlock-screen"

    device: DeviceNames
    passcode: str | None = None
    times: Annotated[int, Meta(ge=1, le=100, description="How often they try.")] = 1

    async def perform(self, stage: Stage) -> Played:
        """Try each device."""
        how = "" if self.passcode is None else f" with {self.passcode}"
        for device in stage.devices(self.device):
            for _ in range(self.times):
                sighting = await stage.act(device, actions.Unlock(self.passcode))
                look = await stage.look(device)
                opened = look.screen == "unlocked"
                text = "" if opened else f"the screen is {look.screen}"
                sentence = f"Somebody unlocks {device}{how}"
                code = "" if opened else WRONG_PASSCODE
                yield self.deed(sentence, code=code, text=text, seconds=sighting.seconds)


class RemoveManagement(Refusable, frozen=True, kw_only=True):
    """Somebody removes the management profile from the device."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "remove-management"

    device: DeviceNames

    async def perform(self, stage: Stage) -> Played:
        """Remove it from each device."""
        for device in stage.devices(self.device):
            sighting = await stage.act(device, actions.RemoveProfile())
            yield self.ended(f"The person holding {device} removes its management profile", sighting, Unenrolled)


class FactoryReset(Refusable, frozen=True, kw_only=True):
    """Somebody resets an Android in Settings. Nobody tells the server, for which it is enrolled as before."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "factory-reset"

    device: DeviceNames

    async def perform(self, stage: Stage) -> Played:
        """Reset each device."""
        for device in stage.devices(self.device):
            sighting = await stage.act(device, ResetDevice())
            yield self.ended(f"The person holding {device} resets it", sighting, DeviceErased)
