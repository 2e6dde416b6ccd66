"""An Android's passcode: the back-off of its secure hardware, and what a policy may ask of it."""

from __future__ import annotations

from datetime import timedelta

from device_emulator.core.passcode import Passcode
from mdm_server.wire.android_channel import PasswordQuality, PasswordRequirements

SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(days=1)
SHORTEST = 4
"""Digits; nothing shorter is a passcode."""


class AndroidPasscode(Passcode):
    """A passcode that is never given up: from the eleventh wrong one on every try costs a wait, up to a day.

    The table is that of AOSP's Gatekeeper (`system/gatekeeper/gatekeeper.cpp`, ComputeRetryTimeout).
    """

    __slots__ = ()

    @property
    def is_disabled(self) -> bool:
        """Say no: there is always another try, if only tomorrow."""
        return False

    def satisfies(self, requirements: PasswordRequirements | None) -> bool:
        """Say whether it is as good as a policy wants it."""
        if requirements is None:
            return True
        return self.length >= requirements.minimum_length and {
            PasswordQuality.UNSPECIFIED: True,
            PasswordQuality.SOMETHING: self.is_set,
            PasswordQuality.NUMERIC: self.is_set,
            PasswordQuality.NUMERIC_COMPLEX: self.is_set and not self.is_simple,
            PasswordQuality.ALPHANUMERIC: self.is_alphanumeric,
        }.get(requirements.quality, False)

    def _pause(self) -> timedelta | None:
        wrong = self.wrong_attempts
        if wrong <= 10:
            return SHORTEST_PAUSE if wrong % 5 == 0 else None
        if wrong < 30:
            return SHORTEST_PAUSE
        return SHORTEST_PAUSE * 2 ** ((wrong - 30) // 10) if wrong < 140 else LONGEST_PAUSE
