from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import NOTHING, Answer
from rigs import rejection
from rigs.rejection import assert_rejected
from rigs.service import ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
Result = TypeVar("Result")


async def test_heavy_work_runs_where_it_was_told_to(open_rig: OpenRig) -> None:
    """RSA decryption and signing leave the event loop's thread, so that other devices are answered meanwhile."""
    threads: list[str] = []

    def elsewhere(work: Callable[[], Result], /) -> Awaitable[Result]:
        def watched() -> Result:
            threads.append(threading.current_thread().name)
            return work()

        return asyncio.to_thread(watched)

    async with open_rig(run=elsewhere) as rig:
        await rig.enrolled()
    # The request read and opened, the reply signed; profile and certificate are signed on a curve, which is nothing.
    assert len(threads) == 3
    assert threading.main_thread().name not in threads


async def test_devices_enrol_side_by_side(open_rig: OpenRig) -> None:
    """With threads for the cryptography and a writer thread for the store, nobody gets into another's way."""
    async with open_rig(run=asyncio.to_thread, inline=False) as rig:
        devices = await asyncio.gather(*(rig.enrolled(number) for number in range(8)))
        views = await rig.suite.administration.devices()
        assert {view.udid for view in views if view.status == "Enrolled"} == {device.udid for device in devices}


# --- the assertion that other tests rely on --------------------------------------------------------------------------


async def _answer(answer: Answer | Refusal) -> Answer:
    if isinstance(answer, Refusal):
        raise answer
    return answer


async def test_a_refusal_that_is_no_refusal_is_noticed(rig: ServiceRig) -> None:
    """A wrong status, a missing event, a second event: each of them fails the assertion."""
    refusal = Refusal("auth.missing")

    async def refused(times: int) -> Answer:
        for _ in range(times):
            rig.suite.journal.note("auth.missing", rig.facts())
        raise refusal

    await assert_rejected(rig.store, refused(1), status=400, event="auth.missing")
    cases: list[tuple[Any, int]] = [
        (_answer(NOTHING), 400),
        (refused(1), 404),
        (_answer(refusal), 400),
        (refused(2), 400),
    ]
    for request, status in cases:
        with pytest.raises(AssertionError):
            await assert_rejected(rig.store, request, status=status, event="auth.missing")


async def test_a_refusal_that_changes_something_is_noticed(rig: ServiceRig) -> None:
    """State is compared as a whole."""
    device = await rig.enrolled()

    async def refused() -> Answer:
        await device.check_out()
        rig.suite.journal.note("auth.missing", rig.facts())
        raise Refusal("auth.missing")

    with pytest.raises(AssertionError, match="changed the state"):
        await assert_rejected(rig.store, refused(), status=400, event="auth.missing")


async def test_a_refusal_that_tells_a_secret_is_noticed(rig: ServiceRig) -> None:
    """In whichever spelling."""

    async def refused(device: str) -> Answer:
        rig.suite.journal.note("auth.missing", rig.facts(), device=device)
        raise Refusal("auth.missing")

    for told, secret in (("the canary sings", "canary"), ("63616e617279", b"canary"), ("canary", b"canary")):
        with pytest.raises(AssertionError, match="secret"):
            await assert_rejected(rig.store, refused(told), status=400, event="auth.missing", secrets=[secret])


async def test_a_refusal_that_takes_too_long_is_noticed(rig: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work done for somebody who is refused is a way to keep a server busy."""
    monkeypatch.setattr(rejection, "MOST_SECONDS", 0.001)

    async def refused() -> Answer:
        until = time.thread_time() + 0.3  # far more than a thousandth, on the slowest of machines
        while time.thread_time() < until:
            pass
        rig.suite.journal.note("auth.missing", rig.facts())
        raise Refusal("auth.missing")

    with pytest.raises(AssertionError, match="CPU"):
        await assert_rejected(rig.store, refused(), status=400, event="auth.missing")
