"""Our server and Apple Business Manager, side by side in one loop, and a line between them that can be cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import load_pem_x509_certificate

from certs.authority import Authority
from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.faults import Fault
from mdm_server.clouds.apple.journal import Service
from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.embed.in_process_apple import URL, InProcessApple
from mdm_server.service.abm.use_cases import AbmUseCases
from mdm_server.service.calling import Called, CallFailedError
from mdm_server.store.staging import StagingView
from mdm_server.wire.dep import DepDevice
from rigs.service import ServiceRig, service_rig

T = TypeVar("T")
Answer = Callable[[str, str, Callable[[], Called]], Called]


@dataclass
class Line:
    """What our server calls Apple by (mdm_server.service.calling.Caller); it remembers what was asked.

    `disturb` is asked before each call: what it raises, or returns in the place of an answer, is what happens.
    """

    apple: InProcessApple | None = None
    asked: list[str] = field(default_factory=list)
    disturb: Callable[[str], Called | None] = lambda _: None

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Called:
        """Make one call."""
        assert self.apple is not None
        self.asked.append(f"{method} {url.removeprefix(URL)}")
        disturbed = self.disturb(self.asked[-1])
        return disturbed or await self.apple.call(method, url, headers, body)

    def count(self, asked: str) -> int:
        """Return how often something was asked for."""
        return self.asked.count(asked)


@dataclass
class AbmOffice:
    """An organization in Apple Business Manager, with one of our servers in it."""

    rig: ServiceRig
    apple: InProcessApple
    line: Line
    organization: str
    server: str

    @property
    def abm(self) -> AbmUseCases:
        """Our use cases."""
        return self.rig.suite.abm

    @property
    def manager(self) -> BusinessManager:
        """Apple's side."""
        return self.apple.services.business_manager

    async def token(self, name: str = "stores", server: str | None = None) -> AbmToken:
        """Make a token, and take it there and back."""
        token = await self.abm.tokens.new(name)
        return await self.abm.tokens.upload(token.id, await self.p7m(token.id, server))

    async def p7m(self, token: int, server: str | None = None) -> bytes:
        """Return what the portal gives for the certificate of a token."""
        certificate = load_pem_x509_certificate((await self.abm.tokens.certificate(token)).encode())
        return self.manager.server_token(server or self.server, certificate)

    def order(self, *serial_numbers: str, server: str | None = None, family: str = "iPhone") -> None:
        """Buy devices, and assign them to our server."""
        devices = [NewDevice(serial_number=number, device_family=family) for number in serial_numbers]
        self.manager.order(self.organization, devices, server=server or self.server)

    def fail(self, point: str, response: str, *, count: int = 1, delay: float = 0.0) -> None:
        """Arrange for calls to fail."""
        name = f"{point} {response}"
        fault = Fault(name=name, service=Service.DEP, point=point, response=response, count=count, delay=delay)
        self.apple.services.faults.add(fault)

    async def see(self, work: Callable[[StagingView], T]) -> T:
        """Look at our records."""
        return await self.rig.store.staging.read(work)

    async def listed(self, token: int) -> Mapping[str, DepDevice]:
        """Return the devices that we know, by serial number."""

        def look(view: StagingView) -> dict[str, DepDevice]:
            found: list[DepDevice] = []
            while page := view.abm.devices(token=token, offset=len(found)).rows:
                found += [device.listed for device in page]
            return {device.serial_number: device for device in found}

        return await self.see(look)

    async def codes(self, family: str = "abm.") -> list[str]:
        """Return what the journal tells."""
        return [entry.code for entry in await self.rig.store.journal.list() if entry.code.startswith(family)]


@asynccontextmanager
async def abm_office(
    directory: Path, authority: Authority, scep_keys: list[rsa.RSAPrivateKey], now: datetime
) -> AsyncIterator[AbmOffice]:
    """Open both sides, and close them afterwards."""
    line = Line()
    async with service_rig(directory, authority, scep_keys, now, caller=line, abm_url=URL) as rig:
        apple = InProcessApple(rig.clock, 20261123)
        line.apple = apple
        organization = apple.services.business_manager.add_organization("Example")
        server = apple.services.business_manager.add_server(organization.id, "Stores")
        try:
            yield AbmOffice(rig, apple, line, organization.id, server.uuid)
        finally:
            apple.close()


def refuses(status: int, word: str, **headers: str) -> Called:
    """Return what Apple says when it says no."""
    return Called(status, headers, word.encode())


def lost(reason: str = "broken") -> Called:
    """Lose a call on its way."""
    raise CallFailedError(reason)


def serials(count: int, prefix: str = "C39ABM") -> Sequence[str]:
    """Return serial numbers."""
    return [f"{prefix}{number:06d}" for number in range(count)]


def plain(device: DepDevice) -> DepDevice:
    """Return a device without what only a page says of it."""
    return msgspec.structs.replace(device, op_type=None, op_date=None, response_status=None)
