"""How strict the API is, and in what shape it says no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

ErrorBody: TypeAlias = Literal["bare", "quoted", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepSettings:
    """What somebody who tests an MDM server may want otherwise.

    Attributes:
        strict_user_agent: send away who does not say what it is, or says only which library it was made with.
        strict_protocol_version: send away who names no protocol version, or one that never was.
        error_body: how the word of an error stands in the body: bare as Apple has it, quoted as depsim, or in JSON.
        page_limit, default_limit: how many devices a page has at most, and if nobody says.
        cursor_days: how long a cursor is good.
        rotate_every: after so many answers a session gets a new token; 0: never.
        session_life: how long a session is good.
        timestamp_window: how far a client's clock may be off; None: as far as it likes.
        depsim: whether `GET /token` tells the fixed tokens of depsim.

    """

    strict_user_agent: bool = False
    strict_protocol_version: bool = False
    error_body: ErrorBody = "bare"
    page_limit: int = 1000
    default_limit: int = 100
    cursor_days: int = 7
    rotate_every: int = 0
    session_life: timedelta = timedelta(hours=1)
    timestamp_window: timedelta | None = timedelta(minutes=15)
    depsim: bool = False

    @property
    def usual_limit(self) -> int:
        """How many devices a page has if nobody says: never more than a page may have."""
        return min(self.default_limit, self.page_limit)
