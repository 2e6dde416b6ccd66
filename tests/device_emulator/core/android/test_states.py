"""The tables of an Android, over every pair of a state and a trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import product

import pytest

from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.events import (
    AndroidLifeChanged,
    KioskChanged,
    ProtectionChanged,
    ScreenChanged,
    VerificationChanged,
)
from device_emulator.core.android.states import (
    KIOSK,
    LIFE,
    PROTECTION,
    SCREEN,
    VERIFICATION,
    Kiosk,
    KioskTrigger,
    Life,
    LifeTrigger,
    Protection,
    ProtectionTrigger,
    Screen,
    ScreenTrigger,
    Verification,
    VerificationTrigger,
)
from device_emulator.core.errors import ImpossibleTransitionError
from device_emulator.core.events import PowerChanged
from device_emulator.core.states import POWER, PowerState, PowerTrigger

TABLES: Mapping[str, tuple[Mapping[tuple[StrEnum, StrEnum], StrEnum], type[StrEnum], type[StrEnum], type]] = {
    "life": (LIFE, Life, LifeTrigger, AndroidLifeChanged),  # type: ignore[dict-item]
    "screen": (SCREEN, Screen, ScreenTrigger, ScreenChanged),  # type: ignore[dict-item]
    "kiosk": (KIOSK, Kiosk, KioskTrigger, KioskChanged),  # type: ignore[dict-item]
    "protection": (PROTECTION, Protection, ProtectionTrigger, ProtectionChanged),  # type: ignore[dict-item]
    "verification": (VERIFICATION, Verification, VerificationTrigger, VerificationChanged),  # type: ignore[dict-item]
    "power": (POWER, PowerState, PowerTrigger, PowerChanged),  # type: ignore[dict-item]
}
PAIRS = [
    pytest.param(name, state, trigger, id=f"{name}-{state}-{trigger}")
    for name, (_, states, triggers, _) in TABLES.items()
    for state, trigger in product(states, triggers)
]


@pytest.mark.parametrize(("name", "state", "trigger"), PAIRS)
def test_a_trigger_leads_where_the_table_says_or_nowhere(
    name: str, state: StrEnum, trigger: StrEnum, android: AndroidDevice
) -> None:
    """A row moves the state and leaves one event if it changed; a pair without a row raises and changes nothing."""
    table, _, _, changed = TABLES[name]
    handheld = android.handheld
    change: Callable[[StrEnum], None] = getattr(handheld, f"change_{name}")
    setattr(handheld, name, state)
    if (state, trigger) not in table:
        with pytest.raises(ImpossibleTransitionError, match=f"'{trigger}' cannot happen in the state '{state}'"):
            change(trigger)
        assert getattr(handheld, name) is state
        assert android.events() == []
        return
    change(trigger)
    after = table[state, trigger]
    assert getattr(handheld, name) is after
    assert [type(event) for event in android.events()] == ([] if after is state else [changed])


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_state_can_be_reached_and_every_trigger_does_something(name: str) -> None:
    """No table holds a state that nothing leads to, or a word that nothing uses."""
    table, states, triggers, _ = TABLES[name]
    assert set(table.values()) == set(states)
    assert {trigger for _, trigger in table} == set(triggers)


def test_an_erase_is_possible_wherever_the_device_is() -> None:
    """Whoever holds the buttons long enough gets a device as from the factory, whatever it was."""
    assert {state for state, trigger in LIFE if trigger is LifeTrigger.ERASED} == set(Life)
    assert {state for state, trigger in SCREEN if trigger is ScreenTrigger.ERASED} == set(Screen)
    assert {state for state, trigger in KIOSK if trigger is KioskTrigger.ERASED} == set(Kiosk)
