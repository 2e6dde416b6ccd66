"""What whoever sets a device up types and taps when they are asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

SKIP: Final = ""
"""In place of a passcode: taps “Don’t Use Passcode”."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleAccount:
    """A person's account with Apple, and what of iCloud they have on."""

    name: str
    password: str = field(default="", repr=False)
    find_my: bool = True
    backs_up: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupAnswers:
    """What a person has to say to Setup Assistant; nobody asks for more than its panes show.

    Attributes:
        user_name, password: for the organization's server, should it ask.
        language, region: as in a locale; where the DEP profile says one, nobody is asked.
        passcode: None: the one this person always chooses; `SKIP`: none.
        apple_account: None: “Set Up Later”.
        biometrics: lets the device learn a face or a finger.
        restore: where applications and data come from.
        skip_enrollment: taps “Skip this step” at the remote management pane, where there is such a button.
        unlock: what opens an activation lock: a bypass code, or the password of the account that locked it.

    """

    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    language: str = "en"
    region: str = "DE"
    passcode: str | None = field(default=None, repr=False)
    apple_account: AppleAccount | None = None
    biometrics: bool = True
    restore: Literal["backup"] | None = None
    skip_enrollment: bool = False
    unlock: str | None = field(default=None, repr=False)


NO_ANSWERS = SetupAnswers()


class Guide(StrEnum):
    """Who takes a device through Setup Assistant."""

    PERSON = "person"
    NOBODY = "nobody"
    """It gets as far as it can by itself: to the end with auto-advance."""
    RETURN_TO_SERVICE = "return_to_service"
    """Nobody, and it waits for nobody either."""
    CONFIGURATOR = "configurator"
    """A Mac at the other end of the cable answers for everybody: no pane is shown."""
