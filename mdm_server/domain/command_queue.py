"""The command queue of one enrolment: its states, what moves them, and which command is delivered next.

- Head of line: the command with the lowest sequence number among Queued and Sent is delivered, again and again, until
  it is answered. Order is the sequence number, never a timestamp.
- NotNow keeps its place. A NotNow command is not offered again in the session that refused it; the next Idle opens a
  new session and makes it Queued again, in front of everything newer.
- The first terminal answer wins. A late, repeated or unknown answer is recorded in the journal and changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from mdm_server.domain.table import TransitionTable


class CommandState(StrEnum):
    """Where a command is in its life."""

    QUEUED = "Queued"
    SENT = "Sent"
    NOT_NOW = "NotNow"
    ACKNOWLEDGED = "Acknowledged"
    ERROR = "Error"
    EXPIRED = "Expired"
    CLEARED = "Cleared"


class CommandEvent(StrEnum):
    """What can happen to a command. The four answers are spelled as the device spells its Status."""

    SEND = "Send"
    IDLE = "Idle"
    ACKNOWLEDGED = "Acknowledged"
    ERROR = "Error"
    COMMAND_FORMAT_ERROR = "CommandFormatError"
    NOT_NOW = "NotNow"
    EXPIRE = "Expire"
    CLEAR = "Clear"


_WAITING = (CommandState.QUEUED, CommandState.SENT, CommandState.NOT_NOW)
_ENDINGS = {
    CommandEvent.ACKNOWLEDGED: CommandState.ACKNOWLEDGED,
    CommandEvent.ERROR: CommandState.ERROR,
    CommandEvent.COMMAND_FORMAT_ERROR: CommandState.ERROR,
    CommandEvent.EXPIRE: CommandState.EXPIRED,
    CommandEvent.CLEAR: CommandState.CLEARED,
}

ANSWERS = frozenset(
    {CommandEvent.ACKNOWLEDGED, CommandEvent.ERROR, CommandEvent.COMMAND_FORMAT_ERROR, CommandEvent.NOT_NOW}
)
"""The events that are a device's answer to a command."""

TRANSITIONS = TransitionTable(
    name="Command",
    states=CommandState,
    events=CommandEvent,
    initial=CommandState.QUEUED,
    moves={
        (CommandState.QUEUED, CommandEvent.SEND): CommandState.SENT,
        (CommandState.SENT, CommandEvent.SEND): CommandState.SENT,
        (CommandState.QUEUED, CommandEvent.IDLE): CommandState.QUEUED,
        (CommandState.SENT, CommandEvent.IDLE): CommandState.SENT,
        (CommandState.NOT_NOW, CommandEvent.IDLE): CommandState.QUEUED,
        # An answer may overtake our own book-keeping (a retry after a lost reply), so every waiting state takes it.
        **{(state, CommandEvent.NOT_NOW): CommandState.NOT_NOW for state in _WAITING},
        **{(state, event): ending for state in _WAITING for event, ending in _ENDINGS.items()},
    },
)

TERMINAL = TRANSITIONS.final()
"""The states that nothing leaves."""


def is_terminal(state: CommandState) -> bool:
    """Say whether a command in this state is done with."""
    return state in TERMINAL


DELIVERABLE = frozenset(state for state in CommandState if TRANSITIONS.after(state, CommandEvent.SEND) is not None)
"""The states in which a command may be the head of the line."""


def is_expired(state: CommandState, expires_at: datetime | None, at: datetime) -> bool:
    """Say whether a waiting command has outlived its deadline."""
    return expires_at is not None and expires_at <= at and not is_terminal(state)
