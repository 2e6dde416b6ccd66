"""What the person holding a device can do with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenEnrollmentLink:
    """Open a link that leads to an enrolment profile, and install what comes.

    A device still in Setup Assistant is taken through its panes first.
    """

    url: str


@dataclass(frozen=True, slots=True)
class OpenProfile:
    """Open a configuration profile received as a file, and tap Install."""

    document: bytes


@dataclass(frozen=True, slots=True)
class FinishSetupAssistant:
    """Tap through the panes of Setup Assistant."""


@dataclass(frozen=True, slots=True)
class SetPasscode:
    """Choose a new passcode; None stands for the one this person always chooses."""

    passcode: str | None = None


@dataclass(frozen=True, slots=True)
class Unlock:
    """Type a passcode; None stands for the right one (or a swipe, where none is set)."""

    passcode: str | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Press the side button."""


@dataclass(frozen=True, slots=True)
class RemoveProfile:
    """Try to remove a profile in Settings; None stands for the management profile."""

    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Take a telephone call: some commands get NotNow until it ends."""


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang up."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """Hold the buttons until the device is off."""


@dataclass(frozen=True, slots=True)
class TurnOn:
    """Switch the device on."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Switch the device off and on again."""


@dataclass(frozen=True, slots=True)
class RenameDevice:
    """Give the device another name in Settings."""

    name: str


PersonAction = (
    OpenEnrollmentLink
    | OpenProfile
    | FinishSetupAssistant
    | SetPasscode
    | Unlock
    | Lock
    | RemoveProfile
    | AnswerCall
    | EndCall
    | ShutDown
    | TurnOn
    | Restart
    | RenameDevice
)
