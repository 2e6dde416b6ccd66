"""Organizations, their MDM servers, and the tokens by which these speak for them."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.ledger import Ledger, moment, stamp, whole_second
from mdm_server.clouds.apple.business_manager.records import MdmServer, Organization
from mdm_server.wire.dep import BetaToken
from mdm_server.wire.server_token import ServerToken

TOKEN_LIFE: Final = timedelta(days=365)
"""Server tokens are good for a year (Apple Business Manager's guide, "Renew a server token")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHolder:
    """The MDM server that a token is of."""

    server: int
    server_uuid: str
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_secret: str = field(repr=False)
    expires: datetime
    terms_agreed: bool


class Servers:
    """Keeps them."""

    def __init__(self, ledger: Ledger, random_bytes: Callable[[int], bytes]) -> None:
        self._ledger = ledger
        self._random_bytes = random_bytes

    def add_organization(self, organization: Organization) -> None:
        """Keep a new organization."""
        values = {name: getattr(organization, name) for name in _ORGANIZATION}
        with self._ledger.transaction() as connection:
            connection.execute(
                f"INSERT INTO organizations ({', '.join(_ORGANIZATION)})"  # noqa: S608 - names of ours
                f" VALUES ({', '.join(f':{name}' for name in _ORGANIZATION)})",
                values,
            )

    def organizations(self) -> Sequence[Organization]:
        """Return all organizations, by name."""
        with self._ledger.reading() as connection:
            rows = connection.execute(
                f"SELECT {', '.join(_ORGANIZATION)} FROM organizations ORDER BY name, id"  # noqa: S608 - names of ours
            ).fetchall()
        return [_organization(row) for row in rows]

    def organization(self, identifier: str) -> Organization:
        """Return an organization (BusinessManagerError `abm.organization_unknown`)."""
        with self._ledger.reading() as connection:
            row = connection.execute(
                f"SELECT {', '.join(_ORGANIZATION)} FROM organizations WHERE id = ?",  # noqa: S608 - names of ours
                (identifier,),
            ).fetchone()
        if row is None:
            raise BusinessManagerError("abm.organization_unknown", f"expected an organization's id, found {identifier}")
        return _organization(row)

    def agree(self, identifier: str, *, agreed: bool) -> None:
        """Agree to Apple's terms for an organization, or let new ones appear."""
        self.organization(identifier)
        with self._ledger.transaction() as connection:
            connection.execute("UPDATE organizations SET terms_agreed = ? WHERE id = ?", (agreed, identifier))

    def offer_betas(self, identifier: str, tokens: Sequence[BetaToken] | None) -> None:
        """Let an organization's devices have these beta programs; None turns the programs off."""
        self.organization(identifier)
        written = None if tokens is None else msgspec.json.encode(tokens)
        with self._ledger.transaction() as connection:
            connection.execute("UPDATE organizations SET beta_tokens = ? WHERE id = ?", (written, identifier))

    def betas_of(self, server: int) -> tuple[BetaToken, ...] | None:
        """Return the beta programs of the organization of a server."""
        with self._ledger.reading() as connection:
            (written,) = connection.execute(
                "SELECT beta_tokens FROM organizations JOIN servers ON organization = id WHERE number = ?", (server,)
            ).fetchone()
        return None if written is None else msgspec.json.decode(written, type=tuple[BetaToken, ...])

    def add_server(self, organization: str, name: str) -> MdmServer:
        """Keep a new MDM server."""
        self.organization(organization)
        server = MdmServer(uuid=new_uuid(self._random_bytes), name=name, organization=organization)
        with self._ledger.transaction() as connection:
            connection.execute(
                "INSERT INTO servers (uuid, name, organization) VALUES (?, ?, ?)", (server.uuid, name, organization)
            )
        return server

    def servers(self) -> Sequence[MdmServer]:
        """Return all MDM servers, oldest first."""
        with self._ledger.reading() as connection:
            rows = connection.execute("SELECT uuid, name, organization FROM servers ORDER BY number").fetchall()
        return [MdmServer(uuid=row[0], name=row[1], organization=row[2]) for row in rows]

    def number(self, server: str, *, organization: str | None = None) -> int:
        """Return the number of a server, of one organization where that is given (`abm.server_unknown`)."""
        with self._ledger.reading() as connection:
            row = connection.execute("SELECT number, organization FROM servers WHERE uuid = ?", (server,)).fetchone()
        if row is None or (organization is not None and row[1] != organization):
            raise BusinessManagerError(
                "abm.server_unknown", f"expected an MDM server of the organization, found {server}"
            )
        return int(row[0])

    def server(self, number: int) -> MdmServer:
        """Return a server by its number."""
        with self._ledger.reading() as connection:
            row = connection.execute(
                "SELECT uuid, name, organization FROM servers WHERE number = ?", (number,)
            ).fetchone()
        return MdmServer(uuid=row[0], name=row[1], organization=row[2])

    def new_token(self, number: int, now: datetime) -> ServerToken:
        """Make a server a token; the one it had is over."""
        token = ServerToken(
            consumer_key=f"CK_{self._random_bytes(48).hex()}",
            consumer_secret=f"CS_{self._random_bytes(20).hex()}",
            access_token=f"AT_{self._random_bytes(48).hex()}",
            access_secret=f"AS_{self._random_bytes(20).hex()}",
            access_token_expiry=whole_second(stamp(now + TOKEN_LIFE)) or now,
        )
        self.keep_token(number, token)
        return token

    def keep_token(self, number: int, token: ServerToken) -> None:
        """Let a server speak with this token and no other."""
        values = (
            number,
            token.consumer_key,
            token.consumer_secret,
            token.access_token,
            token.access_secret,
            stamp(token.access_token_expiry),
        )
        with self._ledger.transaction() as connection:
            connection.execute("REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?)", values)

    def holder(self, consumer_key: str) -> TokenHolder | None:
        """Return whose token it is."""
        with self._ledger.reading() as connection:
            row = connection.execute(
                "SELECT tokens.server, uuid, consumer_secret, access_token, access_secret, expires, terms_agreed"
                " FROM tokens JOIN servers ON tokens.server = number JOIN organizations ON organization = id"
                " WHERE consumer_key = ?",
                (consumer_key,),
            ).fetchone()
        return None if row is None else _holder(row)

    def set_discovery_url(self, number: int, url: str) -> None:
        """Say where people are sent who sign in to enrol a device of their own."""
        with self._ledger.transaction() as connection:
            connection.execute("UPDATE servers SET discovery_url = ? WHERE number = ?", (url, number))

    def discovery_url(self, server: str) -> str | None:
        """Return where they are sent."""
        with self._ledger.reading() as connection:
            row = connection.execute("SELECT discovery_url FROM servers WHERE uuid = ?", (server,)).fetchone()
        return None if row is None else row[0]


def new_uuid(random_bytes: Callable[[int], bytes]) -> str:
    """Return a new UUID, in capitals as Apple writes those of its programs."""
    return str(uuid.UUID(bytes=random_bytes(16), version=4)).upper()


_ORGANIZATION = ("id", "name", "admin_id", "email", "phone", "address", "type", "version", "terms_agreed")


def _organization(row: sqlite3.Row | tuple[object, ...]) -> Organization:
    values = dict(zip(_ORGANIZATION, row, strict=True))
    return Organization(**{**values, "terms_agreed": bool(values["terms_agreed"])})


def _holder(row: tuple[int, str, str, str, str, int, int]) -> TokenHolder:
    server, server_uuid, consumer_secret, access_token, access_secret, expires, agreed = row
    return TokenHolder(
        server=server,
        server_uuid=server_uuid,
        consumer_secret=consumer_secret,
        access_token=access_token,
        access_secret=access_secret,
        expires=moment(expires),
        terms_agreed=bool(agreed),
    )
