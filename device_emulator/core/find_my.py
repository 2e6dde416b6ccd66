"""Find My of one device: whose account locks its activation, and what Apple has been told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LockOwner:
    """The Apple Account that locks a device, and what opens the lock: to take it away the device has to prove both."""

    name: str
    password: str = field(default="", repr=False)


class FindMy:
    """What a device remembers of Find My until it is erased.

    Attributes:
        locked_by: whose account locks the activation; None: it is not locked.
        reported: of whose lock Apple has been told; None: of none, or that there is none any more.
        tell_at: when Apple is to be told again, after it did not hear.
        code_cleared: the server had the device forget its bypass code.

    """

    __slots__ = ("code_cleared", "locked_by", "reported", "tell_at")

    def __init__(self) -> None:
        self.locked_by: LockOwner | None = None
        self.reported: LockOwner | None = None
        self.tell_at: datetime | None = None
        self.code_cleared = False

    def snapshot(self) -> dict[str, object]:
        """Return the state in plain JSON types; it holds the password of the account.

        A device that is restored tells Apple at once what Apple has not heard.
        """
        return {
            "locked_by": None if self.locked_by is None else asdict(self.locked_by),
            "reported": None if self.reported is None else asdict(self.reported),
            "code_cleared": self.code_cleared,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any] | None) -> FindMy:
        """Return the state that `snapshot` describes; snapshots of older versions have none."""
        find_my = cls()
        if snapshot is not None:
            find_my.locked_by = _owner(snapshot["locked_by"])
            find_my.reported = _owner(snapshot["reported"])
            find_my.code_cleared = bool(snapshot["code_cleared"])
        return find_my


def _owner(snapshot: Mapping[str, str] | None) -> LockOwner | None:
    return None if snapshot is None else LockOwner(**snapshot)
