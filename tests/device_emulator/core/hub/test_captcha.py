"""Reading a CAPTCHA."""

from __future__ import annotations

import base64

import pytest

from device_emulator.core.hub.captcha import PICTURE, read_captcha
from mdm_server.service.staging.captcha import picture_of


def picture(drawing: str) -> str:
    """Return a drawing as a data URL."""
    return PICTURE + base64.b64encode(drawing.encode()).decode()


def test_a_person_reads_what_the_server_draws() -> None:
    """The server's own picture."""
    assert read_captcha(picture_of("047110")) == "047110"


@pytest.mark.parametrize(
    ("drawing", "read"),
    [
        ('<svg><text x="9">2</text><text x="-1.5" y="3">1</text></svg>', "12"),
        ("<svg><text>12</text></svg>", "12"),
        ("<svg><rect/></svg>", ""),
    ],
)
def test_characters_are_read_from_left_to_right(drawing: str, read: str) -> None:
    """Wherever they stand in the document."""
    assert read_captcha(picture(drawing)) == read


@pytest.mark.parametrize("nonsense", ["", "x", PICTURE, PICTURE + "%%%", PICTURE + base64.b64encode(b"\xff").decode()])
def test_in_nonsense_there_is_nothing_to_read(nonsense: str) -> None:
    """A broken picture shows nothing."""
    assert read_captcha(nonsense) == ""
