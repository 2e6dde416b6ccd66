"""What servers leave on a device beside profiles and applications: books, provisioning profiles, a system update.

Most devices have none of it, so nothing is kept until something comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from device_emulator.core.system_update import SystemUpdate


@dataclass(frozen=True, slots=True)
class ProvisioningProfile:
    """The right of an in-house application to run."""

    uuid: str
    name: str
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One managed book; it comes from the store (`store_id`) or from a URL (`persistent_id`)."""

    store_id: int | None = None
    persistent_id: str | None = None
    media_url: str | None = None
    kind: str | None = None
    version: str | None = None
    author: str | None = None
    title: str | None = None


class Belongings:
    """The belongings of one device.

    `restrictions_password_cleared` says that the server had the device forget that password;
    `declarative` says that declarative management was switched on.
    """

    __slots__ = (
        "books",
        "declarative",
        "provisioning_profiles",
        "restrictions_password_cleared",
        "update",
    )

    def __init__(self) -> None:
        self.provisioning_profiles: tuple[ProvisioningProfile, ...] = ()
        self.books: tuple[Book, ...] = ()
        self.update: SystemUpdate | None = None
        self.restrictions_password_cleared = False
        self.declarative = False

    def management_ended(self) -> None:
        """Let go of what belonged to the server."""
        self.provisioning_profiles = ()
        self.books = ()
        self.declarative = False

    def snapshot(self) -> dict[str, Any]:
        """Return the state in plain JSON types."""
        return {
            "provisioning_profiles": [
                {"uuid": each.uuid, "name": each.name, "expires": each.expires.isoformat() if each.expires else None}
                for each in self.provisioning_profiles
            ],
            "books": [asdict(book) for book in self.books],
            "update": None if self.update is None else self.update.snapshot(),
            "restrictions_password_cleared": self.restrictions_password_cleared,
            "declarative": self.declarative,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> Belongings:
        """Return the belongings that `snapshot` describes."""
        belongings = cls()
        belongings.provisioning_profiles = tuple(
            ProvisioningProfile(
                each["uuid"],
                each["name"],
                None if each["expires"] is None else datetime.fromisoformat(each["expires"]),
            )
            for each in snapshot["provisioning_profiles"]
        )
        belongings.books = tuple(Book(**each) for each in snapshot["books"])
        update = snapshot["update"]
        # A fleet file written earlier knows no states: what was ordered then is ordered again.
        if update is not None and "state" in update:
            belongings.update = SystemUpdate.restore(update)
        belongings.restrictions_password_cleared = snapshot["restrictions_password_cleared"]
        belongings.declarative = snapshot["declarative"]
        return belongings
