"""How many wrong guesses are too many: token buckets, one for each peer and one for everybody."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class _Bucket:
    """Tokens left at a moment; they grow back with time up to the burst."""

    tokens: float
    at: datetime


class GuessLimiter:
    """Counts failures. A peer whose bucket is empty, or everybody once the common one is, is refused for a while.

    The number of peers remembered is bounded: the one that failed longest ago is forgotten first (T-49).
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        burst: int = 10,
        per_minute: float = 10.0,
        common_burst: int = 200,
        common_per_minute: float = 200.0,
        peers: int = 10_000,
    ) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._per_second = per_minute / 60
        self._common_burst = float(common_burst)
        self._common_per_second = common_per_minute / 60
        self._peers = peers
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._common = _Bucket(self._common_burst, clock())

    def retry_after(self, peer: str) -> int | None:
        """Return how many seconds a peer has to wait, or None when it may try now."""
        now = self._clock()
        waits = [self._wait(self._common, self._common_burst, self._common_per_second, now)]
        bucket = self._buckets.get(peer)
        if bucket is not None:
            waits.append(self._wait(bucket, self._burst, self._per_second, now))
        longest = max(waits)
        return None if longest <= 0 else max(1, math.ceil(longest))

    def failed(self, peer: str) -> None:
        """Take one token from the peer's bucket and from the common one."""
        now = self._clock()
        bucket = self._buckets.get(peer)
        if bucket is None:
            bucket = self._buckets[peer] = _Bucket(self._burst, now)
            if len(self._buckets) > self._peers:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(peer)
        self._refill(bucket, self._burst, self._per_second, now)
        self._refill(self._common, self._common_burst, self._common_per_second, now)
        bucket.tokens = max(0.0, bucket.tokens - 1)
        self._common.tokens = max(0.0, self._common.tokens - 1)

    def _wait(self, bucket: _Bucket, burst: float, per_second: float, now: datetime) -> float:
        """Return the seconds until a bucket holds one whole token."""
        self._refill(bucket, burst, per_second, now)
        # A hair short is whole: the peer was told to come back at exactly this moment, and rounding is not its fault.
        return 0.0 if bucket.tokens > 1 - 1e-6 else (1 - bucket.tokens) / per_second

    @staticmethod
    def _refill(bucket: _Bucket, burst: float, per_second: float, now: datetime) -> None:
        """Let the tokens grow back; a clock set back takes nothing away."""
        elapsed = max(0.0, (now - bucket.at).total_seconds())
        bucket.tokens = min(burst, bucket.tokens + elapsed * per_second)
        bucket.at = now
