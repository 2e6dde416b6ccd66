"""What came of a play, piece by piece: deeds that somebody did, and findings about what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that somebody did, and how it ended.

    Attributes:
        kind: what it is counted as: `enrol`, `check-out`, `admin` …
        sentence: who did what, as told in the story.
        code: the stable code of the refusal; empty when it was done.
        text: what whoever was refused read; or what else there is to say.
        seconds: how long it took, on the clock of the play.
        expected: the code it was expected to be refused with; empty when it was expected to be done.

    """

    kind: str
    sentence: str
    code: str = ""
    text: str = ""
    seconds: float = 0.0
    expected: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ended as expected."""
        return self.code == self.expected

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if not self.code:
            return f"done{f' ({self.text})' if self.text else ''}"
        return f"refused, {self.code}{f' “{self.text}”' if self.text else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One expectation, what was found, and whether that is good. It becomes a test case of its own in a JUnit file."""

    sentence: str
    found: str
    passed: bool
    step: int | None = None
    """The number of the step it belongs to, from 1; None for one about the whole play."""
    line: int = 0
    """Where it stands in the document."""
    seconds: float = 0.0


def verdict(findings: Sequence[Finding]) -> str:
    """Return `pass` or `fail`; a play of which nothing was expected fails."""
    return "pass" if findings and all(finding.passed for finding in findings) else "fail"
