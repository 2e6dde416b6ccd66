"""The passcode: what is typed, how often it was typed wrong, and for how long nothing is taken any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from device_emulator.core.randomness import Randomness

# iOS takes five wrong passcodes without a pause; then it makes its person wait, longer each time.
# https://support.apple.com/guide/security/passcodes-and-passwords-sec20230a10d
BACK_OFF: Mapping[int, timedelta] = MappingProxyType(
    {6: timedelta(minutes=1), 7: timedelta(minutes=5), 8: timedelta(minutes=15), 9: timedelta(minutes=60)}
)
DISABLED_AFTER = 10


class Try(StrEnum):
    """What came of typing a passcode."""

    RIGHT = "right"
    WRONG = "wrong"
    BLOCKED = "blocked"
    DISABLED = "disabled"


class Passcode:
    """The passcode of one device.

    `generation` counts the changes. The unlock token is bound to it: a new passcode makes a new token, which the device
    announces in a TokenUpdate, and the old one opens nothing any more.
    """

    __slots__ = ("_code", "blocked_until", "generation", "wrong_attempts")

    def __init__(self, code: str | None = None, generation: int = 0) -> None:
        self._code = code
        self.generation = generation
        self.wrong_attempts = 0
        self.blocked_until: datetime | None = None

    @property
    def is_set(self) -> bool:
        """Say whether there is a passcode."""
        return self._code is not None

    @property
    def right_code(self) -> str:
        """What its person types: the passcode, or nothing where none is set."""
        return self._code or ""

    @property
    def is_disabled(self) -> bool:
        """Say whether no passcode will ever be taken again: only an erase or ClearPasscode helps."""
        return self.wrong_attempts >= DISABLED_AFTER

    @property
    def length(self) -> int:
        """Say how long it is (0 where there is none)."""
        return len(self._code or "")

    @property
    def is_alphanumeric(self) -> bool:
        """Say whether it holds letters and digits."""
        code = self._code or ""
        return any(letter.isalpha() for letter in code) and any(letter.isdigit() for letter in code)

    @property
    def is_simple(self) -> bool:
        """Say whether it is a repetition or a run, such as 1111 or 1234."""
        steps = {
            ord(after) - ord(before) for before, after in zip(self._code or "", (self._code or "")[1:], strict=False)
        }
        return self.is_set and len(steps) <= 1 and steps <= {-1, 0, 1}

    def set(self, code: str | None) -> None:
        """Set another passcode, or remove it with None: attempts and waiting are forgotten."""
        self._code = code
        self.generation += 1
        self.forgive()

    def forgive(self) -> None:
        """Forget wrong attempts."""
        self.wrong_attempts = 0
        self.blocked_until = None

    def is_blocked(self, now: datetime) -> bool:
        """Say whether the person has to wait before the next try."""
        return self.blocked_until is not None and now < self.blocked_until

    def attempt(self, code: str, now: datetime) -> Try:
        """Type a passcode."""
        if not self.is_set:
            return Try.RIGHT
        if self.is_disabled:
            return Try.DISABLED
        if self.is_blocked(now):
            return Try.BLOCKED
        if code == self._code:
            self.forgive()
            return Try.RIGHT
        self.wrong_attempts += 1
        pause = self._pause()
        self.blocked_until = now + pause if pause is not None else None
        return Try.DISABLED if self.is_disabled else Try.WRONG

    def _pause(self) -> timedelta | None:
        """Return how long nothing is taken after the latest wrong attempt."""
        return BACK_OFF.get(self.wrong_attempts)

    def unlock_token(self, randomness: Randomness) -> bytes:
        """Return the token that lets the server clear this passcode."""
        return randomness.random_bytes("unlock token", 64, self.generation)

    def snapshot(self) -> dict[str, object]:
        """Return the state in plain JSON types."""
        until = self.blocked_until.isoformat() if self.blocked_until is not None else None
        return {
            "code": self._code,
            "generation": self.generation,
            "wrong_attempts": self.wrong_attempts,
            "blocked_until": until,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, object]) -> Self:
        """Return the passcode that `snapshot` describes."""
        code, until = snapshot["code"], snapshot["blocked_until"]
        passcode = cls(None if code is None else str(code), int(str(snapshot["generation"])))
        passcode.wrong_attempts = int(str(snapshot["wrong_attempts"]))
        passcode.blocked_until = None if until is None else datetime.fromisoformat(str(until))
        return passcode
