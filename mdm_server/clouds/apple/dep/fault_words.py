"""What arranged failures of the API are called: depsim's words, and some of ours for what depsim could not do.

Every word of depsim is an error word in lower case, behind the name of its status: `bad_request_invalid_cursor`,
`forbidden_t_c_not_signed`, `unauthorized`, `too_many_requests`, `invalid_method`. Three of them are about each device
of a request that as a whole goes well: `not_accessible`, `not_found`, `failed`; `throttled` is like them.
"""

from __future__ import annotations

from enum import StrEnum

from mdm_server.wire.dep import DepErrorCode, ResponseStatus


class Mishap(StrEnum):
    """What happens to a call on its way, rather than to what it asks for."""

    DELAYED = "delayed"
    """It is done and answered, late."""
    LOST = "lost"
    """It is done, and the answer never arrives."""
    CUT = "cut"
    """It never arrives."""


_STATUSES = {
    "not_accessible": ResponseStatus.NOT_ACCESSIBLE,
    "not_found": ResponseStatus.NOT_FOUND,
    "failed": ResponseStatus.FAILED,
    "throttled": ResponseStatus.THROTTLED,
}
_PREFIXES = ("bad_request_", "forbidden_")


def meaning(response: str) -> DepErrorCode | ResponseStatus | Mishap:
    """Return what a response means; a word that nobody knows is a bad request."""
    known = _known(response)
    return DepErrorCode.BAD_REQUEST if known is None else known


def is_known(response: str) -> bool:
    """Say whether a word means something here."""
    return _known(response) is not None


def _known(response: str) -> DepErrorCode | ResponseStatus | Mishap | None:
    if response in _STATUSES:
        return _STATUSES[response]
    if response in set(Mishap):
        return Mishap(response)
    if response == "unavailable":
        return DepErrorCode.SERVICE_UNAVAILABLE
    for prefix in ("", *_PREFIXES):
        code = response.removeprefix(prefix).upper()
        if response.startswith(prefix) and code in set(DepErrorCode):
            return DepErrorCode(code)
    return None
