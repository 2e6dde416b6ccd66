"""Where heavy work runs: RSA decryption and signing may be handed to threads by whoever assembles the services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric import rsa

from certs.keys import PrivateKey

Result = TypeVar("Result")


class Runner(Protocol):
    """Runs a plain function and waits for its result; `asyncio.to_thread` and `run_inline` are two of them."""

    def __call__(self, work: Callable[[], Result], /) -> Awaitable[Result]:
        """Return what `work` returns, or raise what it raises."""


async def run_inline(work: Callable[[], Result], /) -> Result:
    """Run at once in the calling task: right for tests, the virtual clock, and work that is over in a moment."""
    return work()


def runner_for(key: PrivateKey, run: Runner) -> Runner:
    """Return where to sign with a key: RSA where `run` says, anything else at once.

    A signature on a curve takes 0.05 ms; to hand it over and to take it back takes longer.
    """
    return run if isinstance(key, rsa.RSAPrivateKey) else run_inline
