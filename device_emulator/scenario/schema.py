"""The form of a scenario as JSON Schema, for editors: `python -m device_emulator.scenario.schema [docs/…]`.

An editor that knows it (`# yaml-language-server: $schema=…` in the first line) completes verbs and keys and underlines
what is wrong. It knows nothing of names: that a device exists only `device-emulator scenario check` can say.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.json import schema_components

from device_emulator.scenario.checking import ADMIN
from device_emulator.scenario.document import Device, Group, Person, Record, Registration, Scenario, User, UserGroup
from device_emulator.scenario.steps import ADMINISTRATION, STEPS, Step

PAGE = Path("docs/scenario.schema.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DOCUMENT = (Scenario, Group, UserGroup, User, Device, Registration, Person)


def schema() -> dict[str, Any]:
    """Return the schema."""
    definitions: dict[str, Any] = {}
    _define(definitions, {kind.__name__: kind for kind in _DOCUMENT})
    _define(definitions, {f"step: {verb}": kind for verb, kind in STEPS.items()})
    _define(definitions, {f"admin: {verb}": kind for verb, kind in ADMINISTRATION.items()})
    scenario = definitions.pop("Scenario")
    scenario["properties"]["steps"]["items"] = {"$ref": "#/$defs/step"}
    definitions["admin"] = _one_verb(
        {verb: f"admin: {verb}" for verb in ADMINISTRATION}, "What the administrator does."
    )
    verbs = {verb: f"step: {verb}" for verb in STEPS} | {ADMIN: "admin"}
    definitions["step"] = _one_verb(verbs, "Something that happens: one verb, and what belongs to it.")
    return {"$schema": DIALECT, **scenario, "$defs": dict(sorted(definitions.items()))}


def page() -> str:
    """Return the schema as it is written."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def _define(definitions: dict[str, Any], kinds: Mapping[str, type[Record]]) -> None:
    for name, kind in kinds.items():
        _, components = schema_components([kind], ref_template="#/$defs/{name}")
        described = components.pop(kind.__name__)
        described.pop("title", None)
        described["description"] = " ".join(str(described.get("description", "")).split())
        definitions[name] = _with_shorthand(described, kind)
        for other, component in components.items():
            definitions.setdefault(other, component)


def _with_shorthand(described: dict[str, Any], kind: type[Record]) -> dict[str, Any]:
    """Allow the bare word that stands for a whole record, and nothing at all where nothing has to be said."""
    forms: list[dict[str, Any]] = [described]
    if kind.SHORTHAND:
        forms.append(dict(described["properties"][kind.SHORTHAND]))
    if issubclass(kind, Step) and not described.get("required"):
        forms.append({"type": "null"})
    return described if len(forms) == 1 else {"description": described["description"], "anyOf": forms}


def _one_verb(verbs: Mapping[str, str], description: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "properties": {verb: {"$ref": f"#/$defs/{name}"} for verb, name in verbs.items()},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }


def main(path: Path) -> None:
    """Write the schema to a file."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE)
