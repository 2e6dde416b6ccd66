"""Where heavy work runs: RSA decryption and signing may be handed to threads by whoever assembles the services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Runner(Protocol):
    """Runs a plain function and waits for its result; `asyncio.to_thread` and `run_inline` are two of them."""

    def __call__(self, work: Callable[[], Result], /) -> Awaitable[Result]:
        """Return what `work` returns, or raise what it raises."""


async def run_inline(work: Callable[[], Result], /) -> Result:
    """Run at once in the calling task: right for tests, the virtual clock, and work that is over in a moment."""
    return work()
