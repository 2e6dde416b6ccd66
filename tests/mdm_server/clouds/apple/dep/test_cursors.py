"""Cursors: sealed, of one server, and good for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mdm_server.clouds.apple.dep.cursors import LONGEST, Cursor, Cursors, Walk
from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.wire.dep import DepErrorCode
from rigs.dep_service import NOON

WEEK = timedelta(days=7)
CURSOR = Cursor(walk=Walk.FETCH, server=3, since=2**40, position=12, issued=NOON)


def test_what_was_written_is_read() -> None:
    """In hexadecimal, and shorter than Apple allows."""
    text = Cursors(b"secret", WEEK).write(CURSOR)
    assert Cursors(b"secret", WEEK).read(text, 3, NOON + WEEK) == CURSOR
    assert len(bytes.fromhex(text)) < LONGEST / 2


def test_capitals_are_the_same_number() -> None:
    """Hexadecimal is written either way."""
    cursors = Cursors(b"secret", WEEK)
    assert cursors.read(cursors.write(CURSOR).upper(), 3, NOON) == CURSOR


@pytest.mark.parametrize("text", ["", "xyz", "00", " 00", "0" * (LONGEST + 1)])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """Whatever it is instead."""
    with pytest.raises(DepApiError) as refused:
        Cursors(b"secret", WEEK).read(text, 3, NOON)
    assert refused.value.code is DepErrorCode.INVALID_CURSOR


@pytest.mark.parametrize(
    ("secret", "server", "later", "code"),
    [
        (b"other", 3, timedelta(), DepErrorCode.INVALID_CURSOR),
        (b"secret", 4, timedelta(), DepErrorCode.INVALID_CURSOR),
        (b"secret", 3, WEEK + timedelta(seconds=1), DepErrorCode.EXPIRED_CURSOR),
    ],
)
def test_what_is_not_good_any_more_is_refused(secret: bytes, server: int, later: timedelta, code: DepErrorCode) -> None:
    """Sealed with another secret, another server's, too old."""
    text = Cursors(b"secret", WEEK).write(CURSOR)
    with pytest.raises(DepApiError) as refused:
        Cursors(secret, WEEK).read(text, server, NOON + later)
    assert refused.value.code is code
