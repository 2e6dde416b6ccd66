"""How values are kept: times as whole microseconds, plain facts as JSON, enumerations as their own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from mdm_server.store.records import Details

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def stamp(at: datetime) -> int:
    """Return an aware time as microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def optional_stamp(at: datetime | None) -> int | None:
    """Return a time that may be absent as microseconds since 1970."""
    return None if at is None else stamp(at)


def moment(value: int) -> datetime:
    """Return the time a stamp stands for."""
    return _EPOCH + timedelta(microseconds=value)


def optional_moment(value: int | None) -> datetime | None:
    """Return the time a stamp stands for, if there is one."""
    return None if value is None else moment(value)


def optional_flag(value: int | None) -> bool | None:
    """Return a truth value that may be unknown."""
    return None if value is None else bool(value)


def pack(details: Details) -> bytes:
    """Return plain facts as JSON with sorted keys, so that equal facts are equal bytes."""
    return _encode(details)


def unpack(value: bytes) -> Details:
    """Return the plain facts in JSON."""
    return _decode(value)


def clean(text: str) -> str:
    """Return text that SQLite can keep: a lone surrogate, which has no UTF-8, becomes a question mark (T-39)."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
