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


class WipeKind(StrEnum):
    """Which wipe was asked for."""

    ENTERPRISE = "EnterpriseWipe"
    DEVICE = "DeviceWipe"


class WipeState(StrEnum):
    """How far a wipe has come."""

    ON_HOLD = "OnHold"
    """The threshold tripped: an administrator decides."""
    REJECTED = "Rejected"
    REQUESTED = "Requested"
    """Under way: the device has not acknowledged it yet."""
    DONE = "Done"


@dataclass(frozen=True, slots=True)
class Wipe:
    """A wipe that was asked for. `group` is the one whose threshold counts it."""

    id: int
    device: int
    group: int
    kind: WipeKind
    state: WipeState
    requested_at: datetime
    requested_by: str = ""
    prevent_reenrollment: bool = False
    command_uuid: str | None = None
    """The command or operation that carries it out, once it is queued."""
    decided_at: datetime | None = None


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
