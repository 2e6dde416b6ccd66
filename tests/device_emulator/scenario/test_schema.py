from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from device_emulator.scenario.library import names
from device_emulator.scenario.reading import read
from device_emulator.scenario.schema import main, page, schema

ROOT = Path(__file__).resolve().parents[3]
WRITTEN = ROOT / "docs/scenario.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(schema())


def document(name: str) -> Any:
    """Return what a shipped scenario says."""
    path = ROOT / f"device_emulator/scenarios/{name}.yaml"
    return read(path.read_text(encoding="utf-8"), str(path)).value


def test_the_schema_is_as_new_as_the_steps(tmp_path: Path) -> None:
    """`make docs` writes it again."""
    main(tmp_path / "schema.json")
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == WRITTEN.read_text(encoding="utf-8") == page()


def test_the_schema_is_one() -> None:
    """By the word of jsonschema."""
    jsonschema.Draft202012Validator.check_schema(json.loads(page()))


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_has_the_form(name: str) -> None:
    """An editor underlines nothing in them."""
    assert not [error.message for error in VALIDATOR.iter_errors(document(name))]


@pytest.mark.parametrize(
    "wrong",
    [
        {"enrl": {"device": "phone"}},
        {"enrol": {"as": "ada"}},
        {"enrol": {"device": "phone", "refusd": "BAD_CREDENTIALS"}},
        {"enrol": {"device": "phone", "times": 0}},
        {"enrol": {"device": "phone"}, "wait": "1 s"},
        {"admin": {"unlok": "phone"}},
        {"expect": {"device": "phone", "status": "Enroled"}},
        {"wait": None},
    ],
)
def test_what_an_editor_can_see_is_wrong(wrong: dict[str, Any]) -> None:
    """Unknown verbs and keys, missing ones, words that are none of those allowed."""
    text = document("registration/open-enrolment") | {"steps": [wrong]}
    assert [*VALIDATOR.iter_errors(text)]
