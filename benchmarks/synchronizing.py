"""Apple Business Manager with 100,000 devices: everything, page by page, and then what has changed."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.customer import customer_of
from benchmarks.figures import Figure
from benchmarks.measuring import Run
from benchmarks.processes import AppleProcess, BenchmarkError
from certs.identity import Identity
from certs.keys import generate_rsa_key
from certs.names import name_of
from mdm_server.outbound.caller import HttpCaller
from mdm_server.service.abm.client import AbmClient
from mdm_server.wire.dep import FetchReply
from mdm_server.wire.server_token import open_token

PAGE = 1_000
ORDER = 10_000


@dataclass(frozen=True, slots=True)
class Walk:
    """A passage through pages: milliseconds for each, and what they held."""

    pages: tuple[float, ...]
    devices: int
    cursor: str

    @property
    def p99(self) -> float:
        """The time that one page in a hundred takes longer than."""
        ordered = sorted(self.pages)
        return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


def measure_synchronizing(run: Run) -> Iterator[Figure]:
    """Fetch all devices, change some, and ask what has changed."""
    with run.apple() as apple:
        fetched, synced, cost = asyncio.run(
            _walk(apple, Path(apple.ca_file).read_text(encoding="ascii"), run.amounts.serials, run.amounts.changes)
        )
    seconds = sum(fetched.pages) / 1000
    yield Figure(
        name="ABM: fetch of everything",
        value=seconds,
        unit="s",
        note=f"{fetched.devices:,} devices in {len(fetched.pages)} pages of {PAGE:,}, one after the other, over TLS; "
        f"{1000 * cost / len(fetched.pages):.1f} ms of Apple's CPU a page",
    )
    yield Figure(name="ABM: a page, p99", value=fetched.p99, unit="ms", note=f"of {len(fetched.pages)} pages only")
    yield Figure(
        name="ABM: sync of what has changed",
        value=sum(synced.pages),
        unit="ms",
        note=f"{synced.devices:,} changes in {len(synced.pages)} pages",
    )


async def _walk(apple: AppleProcess, ca_pem: str, serials: int, changes: int) -> tuple[Walk, Walk, float]:
    identity = _identity()
    caller = HttpCaller(ca_pem)
    try:
        async with customer_of(apple.sim_url) as customer:
            sealed = await customer.server_token(identity.certificate.public_bytes(Encoding.PEM))
            token = open_token(sealed, identity)
            numbers = [f"BENCH{number:07}" for number in range(serials)]
            for first in range(0, serials, ORDER):
                await customer.order(numbers[first : first + ORDER])
            client = AbmClient(caller, token, apple.url, lambda: datetime.now(UTC), secrets.token_bytes)
            await client.account()
            before = apple.cpu_seconds()
            fetched = await _pages(client.fetch, None)
            cost = apple.cpu_seconds() - before
            await customer.release(numbers[:changes])
            synced = await _pages(client.sync, fetched.cursor)
    finally:
        await caller.close()
    if (fetched.devices, synced.devices) != (serials, changes):
        raise BenchmarkError(f"expected {serials} and {changes} devices, found {fetched.devices}, {synced.devices}")
    return fetched, synced, cost


async def _pages(ask: Callable[[str | None, int], Awaitable[FetchReply]], cursor: str | None) -> Walk:
    took: list[float] = []
    devices, more = 0, True
    while more:
        began = time.perf_counter()
        reply = await ask(cursor, PAGE)
        took.append(1000 * (time.perf_counter() - began))
        devices += len(reply.devices)
        cursor, more = reply.cursor, reply.more_to_follow
    return Walk(tuple(took), devices, cursor or "")


def _identity() -> Identity:
    """Return a key, and a certificate of its own making."""
    key, now = generate_rsa_key(2048), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name_of("benchmark"))
        .issuer_name(name_of("benchmark"))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return Identity(key, certificate)
