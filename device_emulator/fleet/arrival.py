"""When devices arrive: all at once, or as a Poisson process whose rate does not care how the server feels."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random


def arrivals(count: int, rate: float | None, stream: Random) -> Iterator[float]:
    """Yield the intended start of each device, in seconds from the start of the run.

    Without a rate all start at once and the concurrency decides (a closed model: it hides a stalled server, so its
    latencies are not to be quoted as a user's). With a rate, the gaps are exponential (an open model).
    """
    moment = 0.0
    for _ in range(count):
        if rate is not None:
            moment += stream.expovariate(rate)
        yield moment
