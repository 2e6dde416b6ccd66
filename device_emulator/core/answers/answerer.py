"""What an answerer is: a function that acts on a device and says what the device reports.

    @answerer("DeviceLock", Fidelity.REAL, "locks the screen and shows the message")
    def device_lock(device: Handheld, command: Command) -> Answer:
        locking.lock_screen(device)
        return Answer()

By the time it is called, the dispatch has checked the command's form (CommandFormatError), platform, version,
supervision and access rights (Error), lost mode (Error), and whether the device's state lets it run now (NotNow).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import Any

from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command
from mdm_server.wire.results import ErrorChainItem, Status


class Fidelity(StrEnum):
    """How close an answer comes to a real device's."""

    REAL = "real"
    SIMPLIFIED = "simplified"
    ABSENT = "absent"


class Condition(Flag):
    """A state in which a device puts some commands off (NotNow)."""

    NONE = 0
    LOCKED = auto()
    BEFORE_FIRST_UNLOCK = auto()
    ON_CALL = auto()
    SETUP_ASSISTANT = auto()


SEALED = Condition.BEFORE_FIRST_UNLOCK
LOCKED = Condition.LOCKED | Condition.BEFORE_FIRST_UNLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a device reports. `values` are the answer's own keys (QueryResponses, ProfileList, …).

    `afterwards` is what happens once the report is out: a device acknowledges EraseDevice and then erases itself.
    """

    status: Status = Status.ACKNOWLEDGED
    values: Mapping[str, Any] = field(default_factory=dict)
    error_chain: tuple[ErrorChainItem, ...] = ()
    afterwards: Callable[[Handheld], None] | None = None


Act = Callable[[Handheld, Command], Answer]


@dataclass(frozen=True, slots=True)
class Answerer:
    """One row of the table of answers: the function, and what is said about it in docs/fidelity.md.

    `not_now` names the states in which the device puts the command off. What a lost device runs: `when_lost`.
    """

    request_type: str
    fidelity: Fidelity
    note: str
    act: Act
    not_now: Condition = Condition.NONE


def answerer(
    request_type: str,
    fidelity: Fidelity,
    note: str,
    *,
    not_now: Condition = Condition.NONE,
) -> Callable[[Act], Answerer]:
    """Make a function the answerer of a request type."""

    def wrap(act: Act) -> Answerer:
        return Answerer(request_type, fidelity, note, act, not_now)

    return wrap
