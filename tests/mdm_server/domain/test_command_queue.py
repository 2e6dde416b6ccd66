"""The rules of one command's life."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mdm_server.domain.command_queue import (
    ANSWERS,
    DELIVERABLE,
    TERMINAL,
    TRANSITIONS,
    CommandEvent,
    CommandState,
    is_expired,
    is_terminal,
)

EXPECTED = """
               Send IDLE    ACK ERR FMT NN     EXP CLR
    Queued     Sent Queued  A   E   E   NotNow X   C
    Sent       Sent Sent    A   E   E   NotNow X   C
    NotNow     -    Queued  A   E   E   NotNow X   C
    Acknowledged -  -       -   -   -   -      -   -
    Error      -    -       -   -   -   -      -   -
    Expired    -    -       -   -   -   -      -   -
    Cleared    -    -       -   -   -   -      -   -
"""
COLUMNS = (
    CommandEvent.SEND,
    CommandEvent.IDLE,
    CommandEvent.ACKNOWLEDGED,
    CommandEvent.ERROR,
    CommandEvent.COMMAND_FORMAT_ERROR,
    CommandEvent.NOT_NOW,
    CommandEvent.EXPIRE,
    CommandEvent.CLEAR,
)
SHORT = {"A": "Acknowledged", "E": "Error", "X": "Expired", "C": "Cleared"}


def expected_pairs() -> list[tuple[CommandState, CommandEvent, CommandState | None]]:
    """Return every pair of the table above."""
    pairs = []
    for line in EXPECTED.strip().splitlines()[1:]:
        state, *cells = line.split()
        for event, cell in zip(COLUMNS, cells, strict=True):
            after = None if cell == "-" else CommandState(SHORT.get(cell, cell))
            pairs.append((CommandState(state), event, after))
    return pairs


@pytest.mark.parametrize(("state", "event", "after"), expected_pairs())
def test_every_pair_of_state_and_event_leads_where_it_should(
    state: CommandState, event: CommandEvent, after: CommandState | None
) -> None:
    """All pairs, written out a second time by hand."""
    assert TRANSITIONS.after(state, event) is after


def test_the_table_above_is_complete() -> None:
    """No state and no event was forgotten."""
    assert len(expected_pairs()) == len(CommandState) * len(CommandEvent)


def test_nothing_leaves_a_terminal_state() -> None:
    """The first terminal answer wins (I-25, I-26)."""
    assert {"Acknowledged", "Error", "Expired", "Cleared"} == TERMINAL
    assert all(is_terminal(state) == (state in TERMINAL) for state in CommandState)


def test_only_queued_and_sent_commands_are_delivered() -> None:
    """A NotNow command waits for the next session (I-28)."""
    assert {"Queued", "Sent"} == DELIVERABLE


def test_the_answers_are_spelled_as_on_the_wire() -> None:
    """A device's Status is the event."""
    assert {"Acknowledged", "Error", "CommandFormatError", "NotNow"} == ANSWERS


@pytest.mark.parametrize("state", list(CommandState))
def test_a_waiting_command_expires_at_its_deadline_and_not_before(state: CommandState, now: datetime) -> None:
    """What has ended does not expire, and what has no deadline waits for ever."""
    assert is_expired(state, now, now) == (state not in TERMINAL)
    assert not is_expired(state, now + timedelta(microseconds=1), now)
    assert not is_expired(state, None, now)
