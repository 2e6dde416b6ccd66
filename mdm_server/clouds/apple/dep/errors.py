"""What the API answers instead of what was asked for.

DepApiError(Exception)          code: the word of the answer; reason: the why of the journal
DepsimConfigError(ValueError)   a configuration of depsim that cannot be read
"""

from __future__ import annotations

from mdm_server.wire.dep import DepErrorCode


class DepApiError(Exception):
    """A request that is refused as a whole. Clients are told the code; the reason is for the journal alone."""

    def __init__(self, code: DepErrorCode, reason: str, *, retry_after: int | None = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class DepsimConfigError(ValueError):
    """A configuration of depsim that cannot be read; the text says what was expected and what was found."""
