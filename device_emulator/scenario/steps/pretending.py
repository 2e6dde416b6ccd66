"""What thieves do: ask for enrolment profiles that are not meant for them."""

from __future__ import annotations

from typing import ClassVar

from device_emulator.scenario.document import DeviceName
from device_emulator.scenario.findings import Finding
from device_emulator.scenario.forging import Forgery
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.step import Played, Refusable

HOW = {
    Forgery.UNSIGNED: "without a signature",
    Forgery.STRANGER: "signed by an authority of their own",
    Forgery.GUESSED: "with a guessed serial number, signed by a device of theirs",
    Forgery.REPLAYED: "with what the device said two hours ago",
    Forgery.NONE: "from the device itself",
}


class AskForProfile(Refusable, frozen=True, kw_only=True):
    """Somebody asks the server for a device's enrolment profile, with a MachineInfo that is `forged` or its own.

    Whoever is refused reads the same as everybody else who was refused in this play.
    """

    KIND: ClassVar[str] = "ask-for-profile"

    device: DeviceName
    forged: Forgery = Forgery.NONE
    by: DeviceName | None = None

    async def perform(self, stage: Stage) -> Played:
        """Ask, and compare the answer with what others were told."""
        reply = await stage.ask_for_profile(self.device, self.forged, self.by or self.device)
        who = "Somebody" if self.by is None else f"Whoever holds {self.by}"
        code = "" if reply.status == 200 else f"http.{reply.status}"
        yield self.deed(f"{who} asks for the profile of {self.device} {HOW[self.forged]}", code=code)
        if code:
            found = "the same sentence as for everybody" if reply.is_alike else "something else than others were told"
            yield Finding(sentence="the refusal gives nothing away", found=found, passed=reply.is_alike)
