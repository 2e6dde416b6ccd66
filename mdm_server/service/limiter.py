"""How many wrong guesses are too many: token buckets, one for each peer and one for everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime


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
    ) -> None: ...

    def retry_after(self, peer: str) -> int | None:
        """Return how many seconds a peer has to wait, or None when it may try now."""
        raise NotImplementedError

    def failed(self, peer: str) -> None:
        """Take one token from the peer's bucket and from the common one."""
        raise NotImplementedError
