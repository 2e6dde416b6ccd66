"""A small Apple: an organization, an MDM server, and the API in front of them, called without sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.dep.api import DepApi
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Journal, Service
from mdm_server.clouds.call import Call
from mdm_server.wire.server_token import ServerToken
from rigs.dep_client import Answer, DepClient, LostError
from rigs.ledgers import ledger_of

URL = "https://apple.test"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Hands:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@dataclass
class SmallApple:
    """Apple with one organization and its MDM server; `token` is that one's, before anybody asked for another."""

    settings: DepSettings = field(default_factory=DepSettings)
    seed: int = 7
    database: Path | None = None

    def __post_init__(self) -> None:
        self.clock = Hands()
        self.random = Random(self.seed)
        self.journal = Journal(self.clock)
        self.faults = Faults(self.clock, Random(self.seed), self.journal)
        self.ledger = ledger_of(self, self.database)
        self.manager = BusinessManager(self.ledger, self.clock, self.random.randbytes, self.journal)
        self.organization = self.manager.add_organization("Example").id
        self.server = self.manager.add_server(self.organization, "Our MDM").uuid
        self.nonces = count()
        self.start()

    def start(self) -> None:
        """Start the API, or start it again: its sessions are gone then."""
        self.api = DepApi(self.manager, self.faults, self.clock, self.random.randbytes, self.journal, self.settings)

    def another(self, name: str = "Another") -> tuple[str, str]:
        """Return another organization and its MDM server."""
        organization = self.manager.add_organization(name).id
        return organization, self.manager.add_server(organization, f"MDM of {name}").uuid

    def order(self, how_many: int, prefix: str = "C") -> list[str]:
        """Give the organization devices, at its server, and return their serial numbers."""
        serials = [f"{prefix}{number:06}" for number in range(how_many)]
        devices = [NewDevice(serial_number=serial) for serial in serials]
        self.manager.order(self.organization, devices, server=self.server)
        return serials

    def token(self, server: str | None = None) -> ServerToken:
        """Return a new token of a server, without the envelope around it."""
        servers = self.manager._servers
        return servers.new_token(servers.number(server or self.server), self.clock())

    def client(self, token: ServerToken | None = None) -> DepClient:
        """Return an MDM server with a token of its own."""
        token = token or self.token()
        secrets = {name: getattr(token, name) for name in token.__struct_fields__}
        return DepClient(
            URL, secrets, self.send, lambda: f"nonce-{next(self.nonces)}", lambda: int(self.clock().timestamp())
        )

    def fail(self, point: str, response: str, **more: Any) -> None:
        """Arrange a failure."""
        self.faults.add(Fault(name=f"{point} {response}", service=Service.DEP, point=point, response=response, **more))

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Be the wire between a client and the API."""
        parts = urlsplit(url)
        call = Call(
            method=method,
            url=f"{parts.scheme}://{parts.netloc}{parts.path}",
            path=parts.path,
            query=tuple(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
        )
        reply = self.api.answer(call)
        if reply.cut:
            raise LostError
        return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)

    def reasons(self) -> Sequence[Any]:
        """Return why calls were refused."""
        return [entry.details["reason"] for entry in self.journal.entries() if entry.event == "refused"]

    def told(self, event: str) -> list[Mapping[str, Any]]:
        """Return what the journal has of one kind."""
        return [entry.details for entry in self.journal.entries() if entry.event == event]
