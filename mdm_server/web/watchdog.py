"""Notices when something kept the event loop to itself: then every device waited."""

from __future__ import annotations

import asyncio
import time

from mdm_server.web.events_log import log

LOOK_EVERY_SECONDS = 0.05
"""What blocks the loop for the tolerated time and this much more cannot go unseen; twenty looks a second cost nothing
that could be measured."""
TOLERATED_SECONDS = 0.1


async def watch_the_loop() -> None:
    """Log every stall of the event loop above 100 ms, until cancelled.

    `busy_milliseconds` is how much of the CPU the loop's thread had meanwhile: a loop that was late without having used
    it was kept waiting by other threads or other programs.
    """
    loop = asyncio.get_running_loop()
    while True:
        expected, busy = loop.time() + LOOK_EVERY_SECONDS, time.thread_time()
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        late = loop.time() - expected
        if late > TOLERATED_SECONDS:
            used = time.thread_time() - busy
            log.warning("loop.stalled", milliseconds=round(late * 1000), busy_milliseconds=round(used * 1000))
