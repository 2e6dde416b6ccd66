"""Running a coroutine to its end from the command line."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main`; Ctrl-C and SIGTERM cancel it, so that it can still write what it has.

    It runs on asyncio's own loop also where uvloop is installed: see docs/decisions/0010-no-uvloop-for-the-fleet.md.
    """
    return asyncio.run(_cancellable(main))


async def _cancellable(main: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.ensure_future(main)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task
