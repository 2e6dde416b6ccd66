"""From text to a script that can be played, or to a list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from device_emulator.scenario.cast import MODELS, SYSTEMS, expand
from device_emulator.scenario.document import Scenario
from device_emulator.scenario.durations import seconds
from device_emulator.scenario.errors import DocumentError, nearest
from device_emulator.scenario.reading import Path, read
from device_emulator.scenario.sense import nonsense
from device_emulator.scenario.shapes import Fitting, Reference
from device_emulator.scenario.steps import ADMINISTRATION, STEPS, Step
from device_emulator.scenario.steps.commanding import CONSOLE_COMMANDS
from device_emulator.scenario.thresholds import Threshold, ThresholdError, parse_threshold
from device_emulator.scenario.vocabulary import CODES, DEVICE_CODES, wrong_settings
from device_emulator.transport.faulty import MESSAGES
from mdm_server.wire.commands import COMMANDS

ADMIN = "admin"
VERBS = (*STEPS, ADMIN)


@dataclass(frozen=True, slots=True)
class Line:
    """A step of a script, and where it stands in the file."""

    number: int
    line: int
    verb: str
    step: Step


@dataclass(frozen=True, slots=True)
class Script:
    """A checked scenario: its document, its steps, and what is expected of the whole."""

    source: str
    document: Scenario
    steps: tuple[Line, ...]
    thresholds: tuple[tuple[int, Threshold], ...]
    """With the line of each."""

    @property
    def name(self) -> str:
        """What the scenario calls itself."""
        return self.document.scenario

    @property
    def plays_apple(self) -> bool:
        """Whether somebody has to play Apple."""
        return "dep" in self.document.needs

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of the staging flows that it reaches, such as `3a`."""
        return tuple(map(str, self.document.rows))


def check(text: str, source: str) -> Script:
    """Read a scenario.

    Raises:
        DocumentError: something is wrong with it; everything that was found is in `problems`.

    """
    tree = read(text, source)
    fitting = Fitting(tree)
    said = fitting.record(tree.value, Scenario, ())
    steps = list(_steps(fitting))
    thresholds = list(_thresholds(fitting))
    if said is None or fitting.problems:
        raise DocumentError(fitting.problems)
    document = msgspec.convert(said, Scenario)
    _Names(fitting, document).check()
    if fitting.problems:
        raise DocumentError(fitting.problems)
    lines = tuple(
        Line(number, tree.position(path).line, verb, msgspec.convert(given, kind))
        for number, (path, verb, kind, given) in enumerate(steps, 1)
    )
    said_at = {path: line.step for (path, *_), line in zip(steps, lines, strict=True)}
    for place, text, remedy in nonsense(document, said_at):
        fitting.wrong(place, text, remedy)
    if fitting.problems:
        raise DocumentError(fitting.problems)
    return Script(source, document, lines, tuple(thresholds))


def _steps(fitting: Fitting) -> Iterator[tuple[Path, str, type[Step], dict[str, Any]]]:
    """Return verb, class and content of every step that has the form of one."""
    given = fitting.tree.value.get("steps") if isinstance(fitting.tree.value, dict) else None
    for number, one in enumerate(given if isinstance(given, list) else ()):
        path: Path = ("steps", number)
        found = _verb(fitting, one, path, VERBS, "a step is one verb and what belongs to it, such as `wait: 5 minutes`")
        kinds: Mapping[str, type[Step]] = STEPS
        if found == ADMIN:
            one, path, kinds = one[ADMIN], (*path, ADMIN), ADMINISTRATION
            found = _verb(fitting, one, path, tuple(kinds), "an order is one verb, such as `unlock: phone`")
        if found is None:
            continue
        said = fitting.record({} if one[found] is None else one[found], kinds[found], (*path, found))
        if said is not None:
            yield (*path, found), found, kinds[found], said


def _verb(fitting: Fitting, one: Any, path: Path, verbs: tuple[str, ...], form: str) -> str | None:
    if isinstance(one, str) and one in verbs:
        fitting.wrong(path, "a verb needs a colon after it", f"write `{one}:`")
    elif not isinstance(one, dict) or len(one) != 1:
        fitting.wrong(path, form, "begin each step on a line of its own with `- `" if isinstance(one, dict) else "")
    elif (verb := next(iter(one))) not in verbs:
        fitting.wrong((*path, verb), "unknown verb", nearest(verb, verbs))
    else:
        return str(verb)
    return None


def _thresholds(fitting: Fitting) -> Iterator[tuple[int, Threshold]]:
    given = fitting.tree.value.get("expect") if isinstance(fitting.tree.value, dict) else None
    for number, text in enumerate(given if isinstance(given, list) else ()):
        path: Path = ("expect", number)
        try:
            yield fitting.tree.position(path).line, parse_threshold(str(text))
        except ThresholdError as error:
            fitting.wrong(path, str(error), error.remedy)


class _Names:
    """Looks after every word that must be known."""

    def __init__(self, fitting: Fitting, document: Scenario) -> None:
        self._fitting = fitting
        organization = document.organization
        users = list(expand(organization.users))
        self._known: dict[str, tuple[str, ...]] = {
            "devices": tuple(expand(document.devices)),
            "users": (*users, *(person.name for person in document.people)),
            "groups": tuple(group.id for group in organization.groups),
            "user groups": tuple(group.name for group in organization.user_groups),
            "registrations": tuple(_registration_names(fitting, document)),
            "codes": (*CODES, *DEVICE_CODES),
            "models": tuple(MODELS),
            "systems": tuple(SYSTEMS),
            "messages": MESSAGES,
            "commands": (*CONSOLE_COMMANDS, *COMMANDS),
        }
        self._organization = organization

    def check(self) -> None:
        for reference in self._fitting.references:
            match reference.refers.to:
                case "settings":
                    self._settings(reference)
                case "durations":
                    self._duration(reference)
                case _:
                    self._word(reference)

    def _word(self, reference: Reference) -> None:
        known, word = self._known[reference.refers.to], reference.word
        if word in known or (reference.refers.or_none and word == "none"):
            return
        if reference.refers.series and word.endswith("*") and any(name.startswith(word[:-1]) for name in known):
            return
        what = {"codes": "no such code"}.get(reference.refers.to, f'"{word}" is none of the {reference.refers.to}')
        self._fitting.wrong(reference.path, what, nearest(word, known))

    def _duration(self, reference: Reference) -> None:
        try:
            seconds(reference.word)
        except ValueError as error:
            self._fitting.wrong(reference.path, str(error))

    def _settings(self, reference: Reference) -> None:
        """Hold settings against what the server takes; where it shall refuse them, only the keys are looked at."""
        for place, problem in wrong_settings(reference.word):
            inner: Path = tuple(part.partition("[")[0] for part in place.split("."))
            if not self._expects_refusal(reference.path) or "no such setting" in problem:
                self._fitting.wrong((*reference.path, *inner), problem)

    def _expects_refusal(self, path: Path) -> bool:
        around = self._fitting.tree.value
        for part in path[:-1]:
            around = around[part]
        return isinstance(around, dict) and "refused" in around


def _registration_names(fitting: Fitting, document: Scenario) -> Iterator[str]:
    yield from (registration.name for registration in document.registrations if registration.name)
    for step in fitting.tree.value["steps"]:
        order = step.get(ADMIN) if isinstance(step, dict) else None
        if isinstance(order, dict) and isinstance(order.get("register"), dict) and order["register"].get("name"):
            yield str(order["register"]["name"])
