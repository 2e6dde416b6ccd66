"""The words in which Apple's device enrolment service says no, and the HTTP status that goes with each.

The word stands in the body, and clients look for it there: bare as Apple writes it, in quotes as depsim does, or inside
JSON as some test servers do.
"""

from __future__ import annotations

from enum import StrEnum


class DepErrorCode(StrEnum):
    """Why a request as a whole was refused."""

    EXHAUSTED_CURSOR = "EXHAUSTED_CURSOR"
    """Only for a fetch: all devices were fetched, the next thing to do is a sync."""
    INVALID_CURSOR = "INVALID_CURSOR"
    EXPIRED_CURSOR = "EXPIRED_CURSOR"
    """Older than seven days: everything has to be fetched anew."""
    CURSOR_REQUIRED = "CURSOR_REQUIRED"
    MALFORMED_REQUEST_BODY = "MALFORMED_REQUEST_BODY"
    DEVICE_ID_REQUIRED = "DEVICE_ID_REQUIRED"
    PROFILE_UUID_REQUIRED = "PROFILE_UUID_REQUIRED"
    PROFILE_NOT_FOUND = "PROFILE_NOT_FOUND"
    CONFIG_URL_REQUIRED = "CONFIG_URL_REQUIRED"
    CONFIG_URL_INVALID = "CONFIG_URL_INVALID"
    CONFIG_NAME_REQUIRED = "CONFIG_NAME_REQUIRED"
    FLAGS_INVALID = "FLAGS_INVALID"
    """Switches that contradict each other."""
    DEPARTMENT_REQUIRED = "DEPARTMENT_REQUIRED"
    SUPPORT_PHONE_REQUIRED = "SUPPORT_PHONE_REQUIRED"
    USER_AGENT_MISSING = "USER_AGENT_MISSING"
    USER_AGENT_INVALID = "USER_AGENT_INVALID"
    BAD_REQUEST = "BAD_REQUEST"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    """The session is none, or none any more: open another."""
    ACCESS_DENIED = "ACCESS_DENIED"
    T_C_NOT_SIGNED = "T_C_NOT_SIGNED"
    """Nobody of the organization has agreed to Apple's new terms yet."""
    APPLE_SEED_FOR_IT_TURNED_OFF = "APPLE_SEED_FOR_IT_TURNED_OFF"
    NOT_FOUND = "NOT_FOUND"
    INVALID_METHOD = "INVALID_METHOD"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUS.get(self, 400)


_STATUS = {
    DepErrorCode.UNAUTHORIZED: 401,
    DepErrorCode.FORBIDDEN: 403,
    DepErrorCode.ACCESS_DENIED: 403,
    DepErrorCode.T_C_NOT_SIGNED: 403,
    DepErrorCode.APPLE_SEED_FOR_IT_TURNED_OFF: 403,
    DepErrorCode.NOT_FOUND: 404,
    DepErrorCode.INVALID_METHOD: 405,
    DepErrorCode.TOO_MANY_REQUESTS: 429,
    DepErrorCode.SERVICE_UNAVAILABLE: 503,
}


def error_code(body: bytes) -> DepErrorCode | None:
    """Return the word that a body says, bare, quoted or in JSON, as every client finds it: by looking for it."""
    text = body[:2048].decode(errors="replace")
    # INVALID_CURSOR is no part of another word; where one is part of another, the longer one is meant.
    found = [code for code in DepErrorCode if code.value in text]
    return max(found, key=len, default=None)
