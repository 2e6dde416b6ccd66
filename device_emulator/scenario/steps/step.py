"""What every step has in common, and the form of those in which somebody can be refused."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import ClassVar

from device_emulator.core.events import EnrollmentFailed, Event, HubRefused, PersonForgot, PersonRefused, ProfileRefused
from device_emulator.core.setting_up.events import ActivationFailed, SetupAssistantWaits
from device_emulator.scenario.document import Code, Record
from device_emulator.scenario.findings import Deed, Finding
from device_emulator.scenario.stage import Sighting, Stage

Played = AsyncIterator[Deed | Finding]
"""What comes of a step, told as it comes: a step with several devices can fail at the first."""

FORGOTTEN = "forgotten"
WAITS = "setup.waits"
"""The code of a Setup Assistant that waits: for a network, or for somebody to tap."""
NOTHING_CAME_OF_IT = "NOTHING_CAME_OF_IT"
"""The code of an act that was neither done nor refused."""


class Step(Record, frozen=True, kw_only=True):
    """Something that happens."""

    KIND: ClassVar[str] = ""

    @abstractmethod
    def perform(self, stage: Stage) -> Played:
        """Let it happen."""


class Refusable(Step, frozen=True, kw_only=True):
    """Something that the server may refuse. Unless `refused` names the code of a refusal, it is expected to be done."""

    refused: Code | None = None

    def deed(self, sentence: str, *, code: str = "", text: str = "", seconds: float = 0.0) -> Deed:
        """Return what was done, beside what was expected."""
        return Deed(
            kind=self.KIND, sentence=sentence, code=code, text=text, seconds=seconds, expected=self.refused or ""
        )

    def ended(self, sentence: str, sighting: Sighting, *done: type[Event]) -> Deed:
        """Return what was done, to judge by what could be seen of the device."""
        code, text = ending(sighting, *done)
        return self.deed(sentence, code=code, text=text, seconds=sighting.seconds)


def ending(sighting: Sighting, *done: type[Event]) -> tuple[str, str]:
    """Return code and text of the refusal with which an act ended: both empty if it was done after all."""
    code, text = NOTHING_CAME_OF_IT, "nothing could be seen to come of it"
    for event in sighting.events:
        if isinstance(event, done):
            code, text = "", ""
        elif (said := _no(event)) is not None:
            code, text = said
    return code, text


def refusal(sighting: Sighting) -> tuple[str, str]:
    """Return code and text of the last no that could be seen: both empty if there was none."""
    return next((said for said in map(_no, reversed(sighting.events)) if said is not None), ("", ""))


def _no(event: Event) -> tuple[str, str] | None:
    match event:
        case HubRefused():
            return event.code, event.text
        case EnrollmentFailed() | ProfileRefused() | ActivationFailed():
            return event.reason, event.detail
        case SetupAssistantWaits():
            return WAITS, f"Setup Assistant waits at {event.pane}"
        case PersonRefused():
            return event.reason, "the device does not allow it"
        case PersonForgot():
            return FORGOTTEN, "they did not think of it"
    return None
