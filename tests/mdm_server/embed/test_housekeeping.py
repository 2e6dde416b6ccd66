from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.embed.housekeeping import sweep
from mdm_server.embed.in_process import InProcessServer
from mdm_server.service.staging.sweeping import Sweep
from mdm_server.store.errors import StoreUnavailable


async def test_what_time_does_by_itself_is_done_again_and_again(
    clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that cannot be written for a while ends nothing: the next sweep finds what this one did not do."""
    swept = asyncio.Event()
    calls = 0

    async def run(self: Sweep) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StoreUnavailable("the disk is full")
        swept.set()

    monkeypatch.setattr(Sweep, "run", run)
    async with InProcessServer.open(clock=clock, seed=1) as server:
        sweeping = asyncio.create_task(sweep(server.suite, every=timedelta(milliseconds=1)))
        async with asyncio.timeout(10):
            await swept.wait()
        sweeping.cancel()
        await asyncio.wait([sweeping])
    assert calls >= 2


async def test_a_server_in_process_is_swept_when_it_is_told_to(
    clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And while it is stopped there is nothing to sweep."""
    calls: list[None] = []

    async def run(self: Sweep) -> None:
        calls.append(None)

    monkeypatch.setattr(Sweep, "run", run)
    async with InProcessServer.open(clock=clock, seed=1) as server:
        await server.sweep()
        await server.stop()
        await server.sweep()
    assert len(calls) == 1


async def test_a_server_in_process_reads_apple_when_a_quarter_of_an_hour_has_passed() -> None:
    """And tells it what was decided, without anybody asking."""
    now = [datetime(2026, 6, 1, 12, tzinfo=UTC)]
    async with InProcessServer.open(clock=lambda: now[0], seed=1, with_apple=True) as server:
        assert server.apple is not None
        manager, abm = server.apple.services.business_manager, server.suite.abm
        organization = manager.add_organization("Example").id
        stores = manager.add_server(organization, "Stores").uuid
        token = await abm.tokens.new("stores")
        certificate = x509.load_pem_x509_certificate((await abm.tokens.certificate(token.id)).encode())
        await abm.tokens.upload(token.id, manager.server_token(stores, certificate))
        await server.sweep()
        manager.order(organization, [NewDevice(serial_number="C39ABM000001")], server=stores)
        await server.sweep()
        assert (await abm.inventory.devices()).total == 0
        now[0] += timedelta(minutes=15)
        await server.sweep()
        assert (await abm.inventory.devices()).total == 1
