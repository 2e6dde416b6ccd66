from __future__ import annotations

from pathlib import Path

from device_emulator.core.answers.answerer import Fidelity
from device_emulator.core.answers.fidelity import page
from device_emulator.core.answers.registry import ANSWERERS
from device_emulator.core.restrictions import RESTRICTIONS
from mdm_server.wire.commands import COMMANDS, Mode, Platform

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "fidelity.md"


def test_the_page_in_docs_is_up_to_date() -> None:
    """docs/fidelity.md is what the tables say now; if not, make it again with the command it names."""
    assert DOCUMENT.read_text("utf-8") == page()


def test_the_page_has_a_row_for_every_command() -> None:
    """Each of the sixty-six request types stands in the first table."""
    assert [name for name in COMMANDS if f"| `{name}` | {COMMANDS[name].summary}" not in page()] == []


def test_the_page_has_a_row_for_every_restriction_with_an_effect() -> None:
    """And says of each whether it binds supervised devices alone."""
    for row in RESTRICTIONS.values():
        needs = f"iOS {row.introduced}" + (", supervision" if row.supervised else "")
        assert f"| `{row.key}` | {row.forbids} | {needs} |" in page()


def test_absent_is_what_no_iphone_or_unshared_ipad_runs() -> None:
    """The commands that are absent are exactly those for other machines, so nothing for ours hides there."""
    others = {
        name
        for name, spec in COMMANDS.items()
        if Platform.IOS not in spec.support or spec.support[Platform.IOS].shared_ipad.mode is Mode.REQUIRED
    }

    assert {name for name, row in ANSWERERS.items() if row.fidelity is Fidelity.ABSENT} == others | {"UserConfigured"}


def test_every_answer_says_how_close_it_is() -> None:
    """No answerer leaves its note empty."""
    assert [name for name, row in ANSWERERS.items() if not row.note] == []
