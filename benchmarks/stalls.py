"""How long an event loop was kept from its work."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from types import TracebackType

LOOK_EVERY_SECONDS = 0.01


class StallWatch:
    """Remembers the longest stall of the running loop, by the clock and by the CPU time the loop's own thread used.

    On a shared machine the clock alone accuses the innocent: a loop that was late without having used the CPU was kept
    waiting by other programs, or by a thread that held the interpreter.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.longest_busy = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> StallWatch:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Watch no longer."""
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        while True:
            began, busy = time.perf_counter(), time.thread_time()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            late = time.perf_counter() - began - LOOK_EVERY_SECONDS
            self.longest = max(self.longest, late)
            # A busy loop uses the CPU all the time, so only what exceeds one look can have been one block.
            self.longest_busy = max(self.longest_busy, min(late, time.thread_time() - busy))
