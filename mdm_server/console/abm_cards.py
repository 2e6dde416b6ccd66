"""What the page about Apple Business Manager shows: tokens without their secrets, and one page of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from mdm_server.console.notices import Notice, remembered
from mdm_server.domain.abm.tokens import AbmToken, TokenState
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.service.abm.inventory import InventoryDevice
from mdm_server.store.staging.records import Found
from mdm_server.web.errors import Explained
from mdm_server.web.subjects.parameters import Offset
from mdm_server.wire.dep import ProfileStatus

ROWS = 50
"""Devices on one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCard:
    """One token: what may be shown of it, and what can be done with it.

    Attributes:
        days_left: until the token has to be renewed; None for one that was not uploaded yet.
        rests_until: Apple asked to be left alone until then.
        profiles: the DEP profiles from which the default is chosen.

    """

    id: int
    name: str
    state: TokenState
    server_name: str
    organization_name: str
    default_profile: int | None
    created_at: datetime
    expires_at: datetime | None
    days_left: int | None
    synced_at: datetime | None
    rests_until: datetime | None
    trouble: Notice | None
    devices: int
    profiles: Sequence[ProgramProfile]

    @property
    def place(self) -> str:
        """Where it is on its page."""
        return f"token-{self.id}"


class Search(Struct, frozen=True, forbid_unknown_fields=True):
    """Which devices are looked for."""

    text: Annotated[str, Meta(max_length=128)] = ""
    token: Annotated[int, Meta(ge=1)] | None = None
    status: ProfileStatus | None = None
    offset: Offset = 0

    @property
    def narrows(self) -> bool:
        """Whether some devices are left out."""
        return bool(self.text or self.token or self.status)


@dataclass(frozen=True, slots=True)
class DevicePage:
    """The devices that were found, and where there are more."""

    search: Search
    found: Found[InventoryDevice]

    @property
    def first(self) -> int:
        """The number of the first one, counted from 1."""
        return self.search.offset + 1

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.search.offset + len(self.found)

    @property
    def earlier(self) -> str | None:
        """The query of the page before."""
        offset = self.search.offset
        return self._query(max(0, min(offset - ROWS, self._last_page))) if offset else None

    @property
    def later(self) -> str | None:
        """The query of the page behind."""
        return self._query(self.last) if self.found and self.last < self.found.total else None

    @property
    def _last_page(self) -> int:
        return (self.found.total - 1) // ROWS * ROWS

    def _query(self, offset: int) -> str:
        said = msgspec.to_builtins(msgspec.structs.replace(self.search, offset=offset))
        return urlencode({name: value for name, value in said.items() if value})


def search_in(query: dict[str, str]) -> Search:
    """Read what is looked for; a field that was left empty says nothing.

    Raises:
        Explained: `api.invalid`, the address was written by nobody's form.

    """
    try:
        return msgspec.convert({name: text for name, text in query.items() if text}, Search, strict=False)
    except msgspec.ValidationError as error:
        raise Explained("api.invalid", found=str(error)[:200], remedy="Look for devices with the form.") from None


def card_of(token: AbmToken, now: datetime, *, devices: int, profiles: Sequence[ProgramProfile]) -> TokenCard:
    """Make the card of a token."""
    rests = token.not_before is not None and token.not_before > now
    return TokenCard(
        id=token.id,
        name=token.name,
        state=token.state(now),
        server_name=token.server_name,
        organization_name=token.organization_name,
        default_profile=token.default_profile,
        created_at=token.created_at,
        expires_at=token.expires_at,
        days_left=None if token.expires_at is None else max(0, (token.expires_at - now).days),
        synced_at=token.synced_at,
        rests_until=token.not_before if rests else None,
        trouble=remembered(token.trouble) if token.trouble else None,
        devices=devices,
        profiles=[profile for profile in profiles if profile.token in (None, token.id)],
    )
