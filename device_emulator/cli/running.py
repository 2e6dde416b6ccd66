"""Running a coroutine to its end from the command line, on the faster loop where there is one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory where it is installed (extra `fast`), else None for plain asyncio's."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main`; Ctrl-C and SIGTERM cancel it, so that it can still write what it has."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_cancellable(main))


async def _cancellable(main: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.ensure_future(main)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task
