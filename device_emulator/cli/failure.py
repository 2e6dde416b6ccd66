"""How the command line ends, and what it says when it does not end well."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What a script can tell from the exit code."""

    PASS = 0
    EXPECTATION_FAILED = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    OUR_BUG = 4
    INTERRUPTED = 130


def exit_code(summary: Mapping[str, Any]) -> ExitCode:
    """Return the exit code that says what a run's summary says."""
    return {"pass": ExitCode.PASS, "interrupted": ExitCode.INTERRUPTED}.get(
        summary["verdict"], ExitCode.EXPECTATION_FAILED
    )


class CommandFailed(Exception):  # noqa: N818 - it is not always an error of ours
    """A command cannot go on: one line that says what was expected, what was found and what to do."""

    def __init__(self, code: ExitCode, line: str) -> None:
        super().__init__(line)
        self.code = code
