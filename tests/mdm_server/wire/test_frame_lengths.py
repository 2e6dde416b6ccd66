from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.wire.frame_lengths import LONGEST, PREFACE_BYTES, FrameLengths


def frame(length: int, body: int | None = None) -> bytes:
    """Return a frame of DATA that announces this length."""
    return length.to_bytes(3, "big") + bytes(6) + bytes(length if body is None else body)


@given(
    lengths=st.lists(st.integers(0, 60), max_size=8),
    cuts=st.lists(st.integers(1, 40), min_size=1),
    is_client=st.booleans(),
)
def test_frames_are_followed_however_they_are_cut(lengths: list[int], cuts: list[int], *, is_client: bool) -> None:
    """Short ones pass, and the one that is too long is noticed with its ninth byte and not before."""
    good = bytes(PREFACE_BYTES if is_client else 0) + b"".join(map(frame, lengths))
    followed, position = FrameLengths(PREFACE_BYTES if is_client else 0), 0
    while position < len(good):
        step = cuts[position % len(cuts)]
        assert followed.hold(good[position : position + step])
        position += step
    header = frame(LONGEST + 1, body=0)
    assert followed.hold(header[:8])
    assert not followed.hold(header[8:])


@pytest.mark.parametrize(("length", "holds"), [(LONGEST, True), (LONGEST + 1, False), (2**24 - 1, False)])
def test_the_longest_frame_is_that_of_the_rfc(length: int, holds: bool) -> None:
    """Sixteen kilobytes: nobody announces more here."""
    assert FrameLengths().hold(frame(length, body=0)) is holds
