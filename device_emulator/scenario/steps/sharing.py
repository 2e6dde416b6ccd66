"""What people do in the Hub of a device that is enrolled: claim it, check it out, check it in."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import field

from device_emulator.core.actions import HubLogin as LogIn
from device_emulator.core.actions import HubLogout as LogOut
from device_emulator.core.events import HubSignedIn, HubSignedOut
from device_emulator.scenario.document import DeviceNames, UserName
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.enrolling import WRONG_PASSWORD, Terms
from device_emulator.scenario.steps.step import Played, Refusable


class HubLogin(Refusable, frozen=True, kw_only=True):
    """Somebody logs in to the Hub: a staged device becomes theirs, a shared one is checked out."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "hub-login"
    DOES: ClassVar[str] = "logs in to the Hub of"

    device: DeviceNames
    as_: UserName = field(name="as")
    wrong_password: bool = False
    group: str | None = None
    shared_passcode: str | None = None
    terms: Terms = "accept"

    async def perform(self, stage: Stage) -> Played:
        """Log in on each device."""
        who = stage.person(self.as_)
        for device in stage.devices(self.device):
            action = LogIn(
                who.user_name,
                WRONG_PASSWORD if self.wrong_password else who.password,
                group=self.group,
                shared_passcode=self.shared_passcode,
                accept_terms=self.terms == "accept",
            )
            wrongly = " with a wrong password" if self.wrong_password else ""
            yield self.ended(f"{self.as_} {self.DOES} {device}{wrongly}", await stage.act(device, action), HubSignedIn)


class CheckOut(HubLogin, frozen=True, kw_only=True):
    """Somebody checks a shared device out: `hub-login`, counted by its own name."""

    KIND: ClassVar[str] = "check-out"
    DOES: ClassVar[str] = "checks out"


class HubLogout(Refusable, frozen=True, kw_only=True):
    """Whoever is logged in logs out of the Hub."""

    SHORTHAND = "device"
    KIND: ClassVar[Literal["hub-logout", "check-in"]] = "hub-logout"
    DOES: ClassVar[str] = "Somebody logs out of the Hub of"

    device: DeviceNames

    async def perform(self, stage: Stage) -> Played:
        """Log out on each device."""
        for device in stage.devices(self.device):
            yield self.ended(f"{self.DOES} {device}", await stage.act(device, LogOut()), HubSignedOut)


class CheckIn(HubLogout, frozen=True, kw_only=True):
    """Whoever has a shared device checks it in: `hub-logout`, counted by its own name."""

    KIND: ClassVar[Literal["hub-logout", "check-in"]] = "check-in"
    DOES: ClassVar[str] = "Somebody checks in"
