"""The three tables, over every pair of a state and a trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import product

import pytest

from device_emulator.core.device import Device
from device_emulator.core.errors import ImpossibleTransitionError
from device_emulator.core.events import LifeChanged, LockChanged, PowerChanged
from device_emulator.core.states import (
    LIFE,
    LOCK,
    POWER,
    LifeState,
    LifeTrigger,
    LockState,
    LockTrigger,
    PowerState,
    PowerTrigger,
)

TABLES = {
    "life": (LIFE, LifeState, LifeTrigger, LifeChanged),
    "lock": (LOCK, LockState, LockTrigger, LockChanged),
    "power": (POWER, PowerState, PowerTrigger, PowerChanged),
}
PAIRS = [
    pytest.param(name, state, trigger, id=f"{name}-{state}-{trigger}")
    for name, (_, states, triggers, _) in TABLES.items()
    for state, trigger in product(states, triggers)
]


@pytest.mark.parametrize(("name", "state", "trigger"), PAIRS)
def test_a_trigger_leads_where_the_table_says_or_nowhere(
    name: str, state: StrEnum, trigger: StrEnum, device: Device
) -> None:
    """A row moves the state and leaves one event; a pair without a row raises and changes nothing."""
    table: Mapping[tuple[StrEnum, StrEnum], StrEnum] = TABLES[name][0]  # type: ignore[assignment]
    handheld = device.handheld
    change: Callable[[StrEnum], None] = getattr(handheld, f"change_{name}")
    setattr(handheld, name, state)
    if (state, trigger) not in table:
        with pytest.raises(ImpossibleTransitionError, match=f"'{trigger}' cannot happen in the state '{state}'"):
            change(trigger)
        assert getattr(handheld, name) is state
        assert device.events() == []
        return
    change(trigger)
    after = table[state, trigger]
    assert getattr(handheld, name) is after
    assert device.events() == ([] if after is state else [TABLES[name][3](state, after)])


@pytest.mark.parametrize("name", TABLES)
def test_every_state_can_be_reached_and_left(name: str) -> None:
    """No table has a state without an entrance or an exit."""
    table, states, _, _ = TABLES[name]
    moves = [(before, after) for (before, _), after in table.items() if before is not after]
    assert {after for _, after in moves} == set(states) == {before for before, _ in moves}


@pytest.mark.parametrize("state", LifeState)
def test_an_erase_leads_to_setup_assistant_from_everywhere(state: LifeState) -> None:
    """Whatever a device was doing, erasing it brings Setup Assistant."""
    assert LIFE[state, LifeTrigger.ERASED] is LifeState.SETUP_ASSISTANT


@pytest.mark.parametrize("trigger", set(LockTrigger) - {LockTrigger.LOST_MODE_DISABLED, LockTrigger.ERASED})
def test_lost_mode_outlives_everything_but_its_end_and_an_erase(trigger: LockTrigger) -> None:
    """Neither a passcode nor a restart gets a lost device open."""
    assert LOCK.get((LockState.LOST, trigger), LockState.LOST) is LockState.LOST
