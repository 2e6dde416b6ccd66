"""How many wizards are under way: anybody may begin one, so there is a bound (T-27).

What is counted here is lost at a restart, and counting begins again: it is a bound on harm, not a record.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from mdm_server.domain.refusal import Refusal

LONGEST = timedelta(minutes=30)
"""After so long a wizard that nobody finished no longer counts, whatever its group says."""


class HalfOpen:
    """Counts the wizards that were begun and have not come to an end."""

    def __init__(self, limit: int, clock: Callable[[], datetime]) -> None:
        self._limit = limit
        self._clock = clock
        self._begun: OrderedDict[str, datetime] = OrderedDict()

    def make_room(self) -> None:
        """Raise Refusal `enroll.too_many_open` (429) while there are too many."""
        now = self._clock()
        while self._begun and next(iter(self._begun.values())) + LONGEST <= now:
            self._begun.popitem(last=False)
        if len(self._begun) >= self._limit:
            raise Refusal("enroll.too_many_open", reason="hub", retry_after=60)

    def begun(self, session_id: str) -> None:
        """Count a wizard in."""
        self._begun[session_id] = self._clock()

    def ended(self, session_id: str) -> None:
        """Count a wizard out: it led to an install URL, or to a refusal."""
        self._begun.pop(session_id, None)
