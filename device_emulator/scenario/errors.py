"""What can be wrong with a scenario, before and while it is played.

ScenarioError
├── DocumentError      the file does not say a scenario; `problems` names every line that is wrong
├── UnknownScenario    there is no such file, and no shipped scenario of that name
├── StillWaiting       the scenario needs what this version does not have
├── SetUpError         the server does not take what the document says is there
└── StageError         the stage could not be set, or broke while the scenario was played
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document: where, at which key, what, and what to write instead."""

    source: str
    position: Position
    key: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.source}:{self.position.line}:{self.position.column}"
        sentence = f"{self.key}: {self.text}" if self.key else self.text
        return f"{where}: {sentence}; {self.remedy}" if self.remedy else f"{where}: {sentence}"


class ScenarioError(Exception):
    """A scenario cannot be played."""


class DocumentError(ScenarioError):
    """A document is not a scenario; every problem that was found is told, in the order of the lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.position.line, problem.position.column)))
        super().__init__("\n".join(map(str, self.problems)))


class UnknownScenario(ScenarioError):  # noqa: N818 - it says what it is
    """Neither a file nor a shipped scenario."""


class StillWaiting(ScenarioError):  # noqa: N818 - it says what it is
    """The scenario waits for a part of the product that is not there yet."""


class SetUpError(ScenarioError):
    """The server does not take what the document says is there before the first step."""


class StageError(ScenarioError):
    """The stage broke: a fault of ours or of the machine's, never a verdict on the server."""


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the remedy for a word nobody knows: the one that was probably meant, or all there are."""
    plain = {_plain(right): right for right in known}
    close = get_close_matches(_plain(word), plain, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{plain[close[0]]}"?'
    if not known:
        return "there is none to choose from"
    if len(known) == 1:
        return f"expected {known[0]}"
    some = ", ".join(known[:MOST_TOLD])
    return f"expected one of {some}" + ("" if len(known) <= MOST_TOLD else f" … ({len(known)} in all)")


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")
