"""The words that a scenario may expect a refusal by, held to what devices can say."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import device_emulator.core
from device_emulator.core.android.states import Kiosk, Life, Screen
from device_emulator.core.states import LifeState, LockState, PowerState
from device_emulator.scenario.vocabulary import CODES, DEVICE_CODES, STATES_IN_THE_WAY

CORE = Path(device_emulator.core.__file__).parent
OBJECTIONS: Mapping[str, int] = {
    "NotAllowedError": 0,
    "PersonRefused": 1,
    "HubRefused": 0,
    "HubError": 0,
    "ExchangeError": 0,
    "ProfileRefusedError": 0,
}
"""How a device says no, and which argument is the code."""
STATES = {
    "handheld.kiosk": Kiosk,
    "handheld.lock": LockState,
    "handheld.power": PowerState,
    "handheld.screen": Screen,
}
"""The regions of a device's state that are a code themselves when they are in the way."""
HARMLESS = {"free", "unlocked", "on", "before_first_unlock"}
PASSED_ON = {
    "answer.code",
    "code",
    "error.code",
    "outcome.code",
    "reason",
    "refusal.reason",
}
"""Expressions that hand on a code which somebody else said: the server, or another of these objections."""
FAMILIES = {
    "f'already_{handheld.life}'": {f"already_{life}" for life in (*LifeState, *Life)},
    "f'http.{response.status}'": {"http.400", "http.403", "http.404", "http.409", "http.500", "http.503"},
    "f'hub.{error.reason}'": {"hub.no_identity", "hub.not_managed"},
    "f'scep.{error.reason}'": set[str](),  # a reply that no scenario can bring about
}


def _objections() -> Iterator[tuple[str, ModuleType, ast.expr]]:
    """Yield, for every place where a device says no, where that is and the expression of the code."""
    for path in sorted(CORE.rglob("*.py")):
        inside = path.relative_to(CORE).with_suffix("").parts
        module = import_module(".".join(("device_emulator.core", *(part for part in inside if part != "__init__"))))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OBJECTIONS:
                yield f"{path.name}:{node.lineno}", module, node.args[OBJECTIONS[node.func.id]]


def _codes(module: ModuleType, said: ast.expr) -> set[str]:
    """Return what an expression can come to; one that nobody here knows is a KeyError."""
    text = ast.unparse(said)
    if isinstance(said, ast.Constant):
        return {str(said.value)}
    if text in PASSED_ON:
        return set()
    if text in STATES:
        return {str(state) for state in STATES[text]} - HARMLESS
    if isinstance(said, ast.JoinedStr):
        return FAMILIES[text]
    named: object = module
    for name in text.split("."):
        named = getattr(named, name)
    assert isinstance(named, str)
    return {named}


def test_everything_that_a_device_says_no_with_is_known_to_scenarios() -> None:
    """Whoever adds an objection adds the word, or no scenario could expect it."""
    known = {*DEVICE_CODES, *CODES}
    unknown = {f"{place}: {code}" for place, module, said in _objections() for code in _codes(module, said) - known}
    assert unknown == set()
    assert len(list(_objections())) > 70, "the walk has lost its way"


def test_no_word_is_listed_twice() -> None:
    """What follows from a state, or from the Hub's own codes, is not spelled out beside it."""
    assert sorted(DEVICE_CODES) == sorted(set(DEVICE_CODES))


def test_no_word_is_listed_that_nobody_says() -> None:
    """An expectation of it could never come true."""
    source = "".join(path.read_text(encoding="utf-8") for path in (CORE.parent / "core").rglob("*.py"))
    wire = "".join(path.read_text(encoding="utf-8") for path in (CORE.parents[1] / "mdm_server" / "wire").rglob("*.py"))
    steps = "".join(path.read_text(encoding="utf-8") for path in (CORE.parent / "scenario" / "steps").rglob("*.py"))
    derived = ("http.", "hub.no_identity", "hub.not_managed")
    spelled = [code for code in DEVICE_CODES if code not in STATES_IN_THE_WAY and not code.startswith(derived)]
    assert [code for code in spelled if f'"{code}"' not in source + wire + steps] == []


@pytest.mark.parametrize("state", ["lost", "locked", "disabled", "blocked", "kiosk", "hub_pinned", "off", "starting"])
def test_a_state_in_the_way_is_a_word(state: str) -> None:
    """The device names its state, and the state that lets everybody through is no objection."""
    assert state in STATES_IN_THE_WAY
    assert not HARMLESS & set(STATES_IN_THE_WAY)
