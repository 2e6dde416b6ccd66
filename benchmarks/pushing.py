"""Apple's push service: how many pushes a second it takes from one provider, and how soon they are with devices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_bytes

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.customer import customer_of
from benchmarks.figures import Figure, at_least
from benchmarks.measuring import Run
from benchmarks.processes import AppleProcess, BenchmarkError
from certs.identity import Identity
from certs.keys import KeyKind, generate_key
from certs.names import name_of
from device_emulator.transport.courier import Courier
from mdm_server.outbound.apns import ApnsSender, ApnsSettings
from mdm_server.service.push import PushTarget

TOPIC = "com.apple.mgmt.External.6d646d73-696d-4000-8000-00000000bbbb"
PATIENCE = 120.0


def measure_pushing(run: Run) -> Iterator[Figure]:
    """Push devices that wait, each the same number of times; then push one after the other and wait for each."""
    with run.apple() as apple:
        ca_pem = Path(apple.ca_file).read_text(encoding="ascii")
        yield from asyncio.run(_measure(apple, ca_pem, run.amounts.pushes, run.amounts.listeners))


class Waiting:
    """Devices that wait on one connection."""

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self.tokens = tokens
        self.arrived: dict[bytes, float] = {}
        self._all = asyncio.Event()

    def deliver(self, token: bytes, magic: str) -> None:
        """Take a push."""
        self.arrived[token] = time.perf_counter()
        if len(self.arrived) == len(self.tokens):
            self._all.set()

    async def everybody(self) -> None:
        """Return when everybody was pushed."""
        async with asyncio.timeout(PATIENCE):
            await self._all.wait()

    def forget(self) -> None:
        """Begin anew."""
        self.arrived.clear()
        self._all.clear()


async def _measure(apple: AppleProcess, ca_pem: str, pushes: int, listeners: int) -> list[Figure]:
    async with customer_of(apple.sim_url) as customer:
        key = generate_key(KeyKind.P_256)
        request = x509.CertificateSigningRequestBuilder().subject_name(name_of("benchmark")).sign(key, hashes.SHA256())
        signed = await customer.push_certificate(request.public_bytes(Encoding.PEM), TOPIC)
    certificate, *chain = x509.load_pem_x509_certificates(signed)
    sender = ApnsSender(
        ApnsSettings(identity=Identity(key, certificate, tuple(chain)), url=apple.push_url, ca_pem=ca_pem)
    )
    refused: list[str] = []
    sender.on_refused = lambda target, reason: refused.append(reason)
    waiting = Waiting([token_bytes(32) for _ in range(listeners)])
    courier = Courier(f"{apple.url.replace('https', 'wss')}/courier", waiting.deliver, ca_file=Path(apple.ca_file))
    try:
        if not await courier.start():
            raise BenchmarkError("expected a courier beside Apple, found none")
        courier.listen(waiting.tokens)
        await courier.announced()
        targets = [PushTarget(token, "magic", TOPIC) for token in waiting.tokens]
        await _round(sender, waiting, targets)
        rounds = max(1, pushes // listeners)
        began, cost = time.perf_counter(), apple.cpu_seconds()
        waits: list[float] = []
        for _ in range(rounds):
            waits += await _round(sender, waiting, targets)
        seconds, cost = time.perf_counter() - began, apple.cpu_seconds() - cost
    finally:
        await courier.stop()
        await sender.close()
    if refused:
        raise BenchmarkError(f"expected every push to be taken, found {refused[0]} and {len(refused) - 1} more")
    count = rounds * listeners
    ordered = sorted(waits)
    return [
        Figure(
            name="pushes: provider to device",
            value=count / seconds,
            unit="1/s",
            aim=at_least(2000),
            note=f"{count:,} pushes over one HTTP/2 connection, {listeners:,} devices on one WebSocket; our client "
            "shares its core with the devices",
        ),
        Figure(name="pushes: Apple's CPU", value=1000 * cost / count, unit="ms", note="a push, both sides of it"),
        Figure(
            name="pushes: to the device, p99",
            value=1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
            unit="ms",
            note=f"from when all {listeners:,} were handed to the client at once",
        ),
    ]


async def _round(sender: ApnsSender, waiting: Waiting, targets: Sequence[PushTarget]) -> list[float]:
    """Push everybody once, and return how long each push took."""
    waiting.forget()
    began = time.perf_counter()
    await sender.send(targets)
    await waiting.everybody()
    return [arrived - began for arrived in waiting.arrived.values()]
