"""What takes longer than a moment says how far it has come: to a person at a terminal, and to nobody else."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from rich.console import Console

Result = TypeVar("Result")
EVERY = 0.5


async def telling(work: Coroutine[Any, Any, Result], how_far: Callable[[], Awaitable[str]]) -> Result:
    """Do some work, and tell every half second how far it has come; nothing of it is left when it is done."""
    if not sys.stderr.isatty():
        return await work
    task = asyncio.ensure_future(work)
    try:
        with Console(stderr=True, highlight=False).status("…") as status:
            while not (await asyncio.wait([task], timeout=EVERY))[0]:
                status.update(await how_far())
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    return task.result()
