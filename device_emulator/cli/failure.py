"""How the command line ends, and what it says when it does not end well."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script can tell from the exit code."""

    PASS = 0
    EXPECTATION_FAILED = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    OUR_BUG = 4
    INTERRUPTED = 130


class CommandFailed(Exception):  # noqa: N818 - it is not always an error of ours
    """A command cannot go on: one line that says what was expected, what was found and what to do."""

    def __init__(self, code: ExitCode, line: str) -> None:
        super().__init__(line)
        self.code = code
