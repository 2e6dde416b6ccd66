"""What can go wrong with the store itself, as opposed to a Refusal, which is the rules saying no.

StoreError               the state cannot be used; the text says what was expected, found, and what to do
├── StateInUse           another server has this state open
├── StateUnreadable      the file is corrupt, or no database of ours
├── StateTooNew          a newer version of this program wrote it
└── StoreUnavailable     this write was not accepted (disk full, I/O error): answer 503 and Retry-After
"""

from __future__ import annotations


class StoreError(Exception):
    """The state cannot be used."""


class StateInUse(StoreError):  # noqa: N818 - reads as a sentence
    """Another server has this state open."""


class StateUnreadable(StoreError):  # noqa: N818 - reads as a sentence
    """The file is corrupt, or no database of ours."""


class StateTooNew(StoreError):  # noqa: N818 - reads as a sentence
    """A newer version of this program wrote the state."""


class StoreUnavailable(StoreError):  # noqa: N818 - reads as a sentence
    """Nothing was written, and nothing may be acknowledged. `retry_after` is in seconds."""

    def __init__(self, text: str, *, retry_after: int = 5) -> None:
        self.retry_after = retry_after
        super().__init__(text)
