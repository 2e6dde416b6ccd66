from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import suppress

import pytest

from mdm_server.web.watchdog import TOLERATED_SECONDS, watch_the_loop


async def test_a_blocked_loop_is_logged_with_what_the_loop_itself_used_of_the_cpu(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Somebody sleeps where others wait: the log says for how long, and that the CPU was somewhere else."""
    with caplog.at_level(logging.WARNING, "mdm_server.web"):
        watching = asyncio.create_task(watch_the_loop())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(time.sleep, 3 * TOLERATED_SECONDS)
        async with asyncio.timeout(10):
            while not caplog.messages:  # noqa: ASYNC110 - the log has no event to wait for
                await asyncio.sleep(0.01)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    stall = json.loads(caplog.messages[0])
    assert stall["event"] == "loop.stalled"
    assert stall["milliseconds"] > 1000 * TOLERATED_SECONDS
    assert stall["busy_milliseconds"] < stall["milliseconds"]
