from __future__ import annotations

import pytest

from mdm_server.wire.errors import FrameError, PlistError, ProfileError, SchemaError, WireError, excerpt


@pytest.mark.parametrize("error", [PlistError, ProfileError, FrameError, WireError])
def test_an_error_says_code_detail_and_place(error: type[WireError]) -> None:
    """Every error of the room is a WireError with the same three facts."""
    caught = error("parse.value", "expected a number", 17)
    assert isinstance(caught, WireError)
    assert (caught.code, caught.detail, caught.position) == ("parse.value", "expected a number", 17)
    assert str(caught) == "parse.value: expected a number (at byte 17)"
    assert str(error("parse.value", "expected a number")) == "parse.value: expected a number"


def test_a_message_of_the_wrong_shape_has_one_code() -> None:
    """SchemaError is parse.schema, always."""
    assert str(SchemaError("expected UDID")) == "parse.schema: expected UDID"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Foo", "'Foo'"),
        (1, "1"),
        (None, "NoneType"),
        (b"secret", "bytes"),
        ({"a": 1}, "dict"),
        ("a\n\x1b[31m", "'a\\n\\x1b[31m'"),
        ("é" * 3, "'\\xe9\\xe9\\xe9'"),
    ],
)
def test_an_excerpt_is_short_and_printable(value: object, shown: str) -> None:
    """T-39: nothing foreign reaches a log line but a few printable characters."""
    assert excerpt(value) == shown
    assert len(excerpt("x" * 10_000)) == 21
