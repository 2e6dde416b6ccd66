"""What can go wrong on a device's side.

CoreError
├── ImpossibleTransitionError   a state was to be left in a way its table does not know: a defect of ours
├── SnapshotError               a snapshot cannot be restored
├── ProfileRefusedError         a configuration profile was not installed (reason, detail)
└── ExchangeError               a conversation with a server cannot go on (reason, detail)
"""

from __future__ import annotations


class CoreError(Exception):
    """The root of this room's errors."""


class ImpossibleTransitionError(CoreError):
    """A table has no row for what was to happen."""

    def __init__(self, state: str, trigger: str) -> None:
        self.state, self.trigger = state, trigger
        super().__init__(f"'{trigger}' cannot happen in the state '{state}'")


class SnapshotError(CoreError):
    """A snapshot cannot be restored."""


class ProfileRefusedError(CoreError):
    """A device did not install a profile; `reason` is a stable token, `detail` says what was expected and found."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class ExchangeError(CoreError):
    """A conversation with a server cannot go on."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")
