"""Notices when something kept the event loop to itself: then every device waited."""

from __future__ import annotations

import asyncio

from mdm_server.web.events_log import log

LOOK_EVERY_SECONDS = 0.25
TOLERATED_SECONDS = 0.1


async def watch_the_loop() -> None:
    """Log every stall of the event loop above 100 ms, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        expected = loop.time() + LOOK_EVERY_SECONDS
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        late = loop.time() - expected
        if late > TOLERATED_SECONDS:
            log.warning("loop.stalled", milliseconds=round(late * 1000))
