from __future__ import annotations

import enum
import plistlib
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given, settings

from mdm_server.wire.errors import PlistError, SchemaError
from mdm_server.wire.plist import CHECK_IN, PROFILE, RESULT, Limits, dumps, loads, loads_dict
from rigs import oracles
from rigs.plist_values import trees, typed
from rigs.plist_zoo import refused, xml

FORMATS = pytest.mark.parametrize("binary", [False, True], ids=["xml", "binary"])


@FORMATS
@given(value=trees)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_again(binary: bool, value: object) -> None:
    """Every tree comes back the same, to the type, and the plain plistlib agrees."""
    document = dumps(value, binary=binary)
    assert typed(loads(document)) == typed(value)
    assert typed(plistlib.loads(document)) == typed(value)


def test_a_body_above_the_limit_is_not_looked_at() -> None:
    """T-38: 256 KiB for check-ins, 1 MiB for results, 8 MiB for profiles."""
    assert (CHECK_IN.max_bytes, RESULT.max_bytes, PROFILE.max_bytes) == (256 << 10, 1 << 20, 8 << 20)
    limits = Limits(max_bytes=len(xml("<true/>")))
    assert loads(xml("<true/>"), limits=limits) is True
    refused(lambda: loads(xml("<true/> "), limits=limits), "parse.size", within=0.001)


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"{}", b"bplist01xxxx", b"\x30\x82\x01\x00", b"\x1f\x8b\x08", b"\x00" * 80]
)
def test_what_is_no_property_list_is_called_that(body: bytes) -> None:
    """Commandment answers "OK", proxies answer JSON, and a profile may be a CMS message."""
    refused(lambda: loads(body), "parse.not_plist", within=0.001)


def test_white_space_before_a_document_is_let_pass() -> None:
    """Some servers' templates begin with an empty line."""
    assert loads(b'\n  <plist version="1.0"><true/></plist>') is True


def test_a_message_must_be_a_dictionary() -> None:
    """An array is a fine property list and no message."""
    assert loads_dict(xml("<dict/>")) == {}
    with pytest.raises(SchemaError, match="expected a dictionary as the outermost value, found list"):
        loads_dict(xml("<array/>"))


@FORMATS
@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "expected a property list value at the outermost value, found NoneType"),
        ({"a": [1, None]}, "at a/1, found NoneType"),
        ({"a": {1, 2}}, "at a, found set"),
        (float("nan"), "expected a finite number"),
        (float("-inf"), "expected a finite number"),
        (2**64, "expected an integer of at most 64 bits"),
        (-(2**63) - 1, "expected an integer of at most 64 bits"),
        ({1: "a"}, "expected a string as key"),
        (date(2026, 1, 1), "found date"),
        ("a\0b", "U\\+0000"),
        ("a\ud800b", "U\\+D800"),
        ({"a\0b": 1}, "U\\+0000"),
        (plistlib.UID(1), "found UID"),
    ],
)
def test_what_a_property_list_cannot_hold_is_refused(value: object, complaint: str, binary: bool) -> None:
    """A value of ours that cannot be written is named with its place and what it is."""
    with pytest.raises(PlistError, match=complaint) as caught:
        dumps(value, binary=binary)
    assert caught.value.code == "encode.value"


def test_xml_cannot_hold_control_characters_but_binary_can() -> None:
    """A device name with an escape sequence in it survives in binary and is refused in XML rather than mangled."""
    assert loads(dumps("a\x1b[31mb", binary=True)) == "a\x1b[31mb"
    for text in ("a\x1bb", "\uffff", "\x08"):
        with pytest.raises(PlistError, match="expected text a property list can hold"):
            dumps(text)


@FORMATS
def test_depth_is_limited_in_writing_as_in_reading(binary: bool) -> None:
    """What can be written can be read; a list inside itself ends as too deep."""
    value: list[object] = []
    for _ in range(31):
        value = [value]
    assert loads(dumps(value, binary=binary)) == value
    endless: list[object] = []
    endless.append(endless)
    for deep in ([value], endless):
        with pytest.raises(PlistError) as caught:
            dumps(deep, binary=binary)
        assert caught.value.code == "encode.depth"


@FORMATS
def test_aware_datetimes_become_utc(binary: bool) -> None:
    """A property list has no zones: two hours east of Greenwich is two hours earlier."""
    moment = datetime(2026, 6, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert loads(dumps(moment, binary=binary)) == datetime.fromisoformat("2026-06-01T12:00:00")
    assert loads(dumps(moment.astimezone(UTC), binary=binary)) == datetime.fromisoformat("2026-06-01T12:00:00")


@FORMATS
def test_relatives_of_the_plain_types_are_written_as_those(binary: bool) -> None:
    """Enumerations, tuples, read-only mappings and other buffers are what they stand for."""

    class Word(enum.StrEnum):
        IDLE = "Idle"

    class Old(str, enum.Enum):  # noqa: UP042 - the older way is what is being tested
        IDLE = "Idle"

    class Right(enum.IntFlag):
        ALL = 8191

    value = {Word.IDLE: (Word.IDLE, Old.IDLE, Right.ALL), "m": MappingProxyType({"a": bytearray(b"x")})}
    assert typed(loads(dumps(value, binary=binary))) == typed({"Idle": ["Idle", "Idle", 8191], "m": {"a": b"x"}})


def test_keys_keep_their_order() -> None:
    """A person reading the wire sees a message in the order in which it was made."""
    assert list(loads_dict(dumps({"b": 1, "a": 2}))) == ["b", "a"]


def test_plistutil_reads_our_xml() -> None:
    """Libplist reads the XML that we write, and writes binary that we read."""
    value = {"UDID": "x", "list": [1, True, b"d", "é", 0.5]}
    done = oracles.run("plistutil", "-i", "-", "-f", "bin", stdin=dumps(value))
    assert loads(done.stdout) == value
