"""What the staging part of the store keeps that the domain has no word for: pages, failed logins, wipes, channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")

LARGEST_PAGE = 500
"""No search returns more rows than this at once."""

NEW = 0
"""The `id` of a record that is not stored yet: `add` returns the record with the number the store gave it."""

ROOT_GROUP = 1
"""The organization group that is there from the beginning: Group ID MDMSIM, of type Customer."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One page of what a search found, and how much there is altogether."""

    rows: tuple[T, ...]
    total: int

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class AndroidChannel:
    """How an Android device proves itself on the project's own channel, and what it was last told."""

    device: int
    name: str
    """The last part of its URLs, and the `enrollment_key` of its device record."""
    secret_hash: str
    push_token: str
    """Under which it listens at the courier, in hexadecimal."""
    policy_version: int = 0
    reported: Mapping[str, Any] = field(default_factory=dict)
    """The last status report, as it came."""


class OperationState(StrEnum):
    """How far an operation for an Android device has come."""

    QUEUED = "Queued"
    SENT = "Sent"
    DONE = "Done"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


@dataclass(frozen=True, slots=True)
class Operation:
    """Something an Android device is told to do; `sequence` (NEW until stored) orders those of a device."""

    sequence: int
    device: int
    name: str
    type: str
    parameters: Mapping[str, Any]
    state: OperationState
    queued_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
