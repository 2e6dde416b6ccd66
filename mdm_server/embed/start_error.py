"""Why a server does not start: one error, whose text says what was expected, what was found, and what to do."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process that cannot start exits with: 2 for its own arguments, sysexits.h for the rest."""

    BAD_SETTING = 2
    STATE_DAMAGED = 65
    ADDRESS_UNAVAILABLE = 69
    STATE_NOT_WRITABLE = 73
    STATE_IN_USE = 75
    STATE_UNSAFE = 78


class ServerStartError(Exception):
    """The server cannot start."""

    def __init__(self, exit_code: int, text: str) -> None:
        super().__init__(text)
        self.exit_code = int(exit_code)
        self.text = text


def start_error(exit_code: ExitCode, subject: str, *, expected: str, found: str, remedy: str) -> ServerStartError:
    """Make the error, in the one order in which all of them are worded."""
    return ServerStartError(exit_code, f"{subject}: expected {expected}; found {found}; {remedy}")
