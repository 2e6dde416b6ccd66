from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from mdm_server.wire.errors import SchemaError
from mdm_server.wire.keys import Key, Kind, read_keys, write_keys


@pytest.mark.parametrize(("word", "flag"), [("true", True), ("false", False)])
def test_a_boolean_may_be_said_in_a_word(word: str, flag: bool) -> None:
    """Checklist 8: Fleet's client sends the strings; other spellings stay refused."""
    key = Key("flag", "Flag", Kind.FLAG)
    assert key.read({"Flag": word}) is flag
    with pytest.raises(SchemaError):
        key.read({"Flag": word.upper()})


def test_a_whole_number_is_a_real_number_but_no_boolean() -> None:
    """Types are Apple's, not Python's: True is no integer, 1 is a real."""
    assert Key("n", "N", Kind.REAL).read({"N": 1}) == 1.0
    for kind in (Kind.REAL, Kind.INTEGER):
        with pytest.raises(SchemaError):
            Key("n", "N", kind).read({"N": True})


def test_dates_are_utc() -> None:
    """A property list's dates have no zone and mean UTC; what we hand on says so."""
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    assert Key("d", "D", Kind.DATE).read({"D": moment.replace(tzinfo=None)}) == moment


def test_what_is_absent_is_none_and_not_written() -> None:
    """Reading leaves nothing out, writing does."""
    keys = (Key("a", "A"), Key("b", "B"))
    assert read_keys(keys, {"A": "x"}) == {"a": "x", "b": None}
    assert write_keys(keys, SimpleNamespace(a="x", b=None)) == {"A": "x"}


def test_a_required_key_may_not_be_empty() -> None:
    """An empty topic or token is as good as none; an optional one may be empty."""
    assert Key("a", "A").read({"A": ""}) == ""
    with pytest.raises(SchemaError, match="expected a string as A, found str without content"):
        Key("a", "A", required=True).read({"A": ""})
    assert Key("a", "A", Kind.FLAG, required=True).read({"A": "false"}) is False
