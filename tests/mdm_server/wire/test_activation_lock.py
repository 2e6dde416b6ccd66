"""Bypass codes and escrow keys, against what other implementations of Apple's page publish."""

from __future__ import annotations

import random

import pytest

from mdm_server.wire.activation_lock import (
    ALPHABET,
    LENGTH,
    escrow_key,
    format_bypass_code,
    opens,
    parse_bypass_code,
)
from mdm_server.wire.errors import WireError

# Bytes, code and escrow key, from the published tests of github.com/micromdm/nanodep (albc).
KNOWN = (
    (
        "00000000000000000000000000000000",
        "00000-00000-0000-0000-0000-0000",
        "deab860d28deb5b7121d6d8fcf0f78e1471756d1b2c566c03277c23ea8930b4f",
    ),
    (
        "1ea841db5edfafe6075b5ae0d845d254",
        "3UM43-PUYVY-QYD1-UVCC-HEHJ-FKA4",
        "6ab40d5eabe7218ec04182f461005600c7e3426bddd82cdb405bde9a1e0014b5",
    ),
    (
        "89195c9b79178736203bd9d591ea7c0f",
        "J4DNT-6VT2Y-3LD8-1VV7-AT3U-LW17",
        "59b9b3fa9ec4b806612b8b1fe6f12fcc3903156a58bcf4cae53a8a78dad563d3",
    ),
    (
        "f398ef9199e9f0aefea0e782ab8b61a9",
        "YFDFZ-4DTX7-RAXZ-N0WY-1AQ2-V1N1",
        "7c7715d092a5cfcd16a6037555e11e4fa53edda9cda4d8464d58ef39ba9b5b0f",
    ),
)
# From the published tests of github.com/proget-hq/apple-activation-lock.
ANOTHER_CODE, ANOTHER_TEXT = b"requiredsizeis16", "F9KQ2-XC9F9-KP8W-V9G9-KPKW-TJ66"


@pytest.mark.parametrize(("octets", "text", "key"), KNOWN)
def test_a_code_is_written_read_and_recognized_as_others_do_it(octets: str, text: str, key: str) -> None:
    """Bytes, symbols and escrow key belong together as published."""
    code = bytes.fromhex(octets)
    assert format_bypass_code(code) == text
    assert parse_bypass_code(text) == code
    assert escrow_key(code) == key


def test_a_second_implementation_agrees() -> None:
    """The symbols of another program's test come out too."""
    assert format_bypass_code(ANOTHER_CODE) == ANOTHER_TEXT


def test_any_code_survives_being_written_down() -> None:
    """What is written is read as what it was, and no confusable letter is in it."""
    draw = random.Random(4)
    for _ in range(500):
        code = draw.randbytes(LENGTH)
        text = format_bypass_code(code)
        assert [len(group) for group in text.split("-")] == [5, 5, 4, 4, 4, 4]
        assert set(text) <= {*ALPHABET, "-"}
        assert parse_bypass_code(text) == code


@pytest.mark.parametrize(
    "typed", ["3um43-puyvy-qyd1-uvcc-hehj-fka4", "3UM43PUYVYQYD1UVCCHEHJFKA4", " 3UM43 PUYVY QYD1UVCCHEHJFKA4 "]
)
def test_hyphens_and_capitals_do_not_matter(typed: str) -> None:
    """A person types a code as they like."""
    assert parse_bypass_code(typed) == bytes.fromhex(KNOWN[1][0])


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "3UM43-PUYVY-QYD1-UVCC-HEHJ-FKA",
        "3UM43-PUYVY-QYD1-UVCC-HEHJ-FKA44",
        "OUM43-PUYVY-QYD1-UVCC-HEHJ-FKA4",
        "3UM43-PUYVY-QYD1-UVCC-HEHJ-FKA8",
        "3UM43-PUYVY-QYD1-UVCC-HEHJ-FKÄ4",
    ],
)
def test_what_is_no_code_is_told_apart(typed: str) -> None:
    """Too short, too long, a letter that is none, more bits than are left: an error, and it opens nothing."""
    with pytest.raises(WireError) as caught:
        parse_bypass_code(typed)
    assert caught.value.code == "bypass_code.malformed"
    assert not opens(typed, KNOWN[1][2])


def test_only_the_right_code_opens() -> None:
    """The escrow key may be spelt in capitals; another code, well formed, does not fit it."""
    assert opens(KNOWN[1][1], KNOWN[1][2].upper())
    assert not opens(KNOWN[2][1], KNOWN[1][2])


def test_a_code_has_sixteen_bytes() -> None:
    """Any other number is a mistake of the caller's."""
    with pytest.raises(ValueError, match="expected 16 bytes, found 5"):
        format_bypass_code(b"short")
