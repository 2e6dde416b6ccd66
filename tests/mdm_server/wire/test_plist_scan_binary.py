from __future__ import annotations

import plistlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_server.wire.errors import PlistError
from mdm_server.wire.plist import CHECK_IN, PROFILE, Codec, Limits, dumps, loads
from rigs.plist_zoo import binary, refused, shared, smallest_bomb, table, text

CODECS = pytest.mark.parametrize("codec", list(Codec))


@CODECS
def test_the_434_byte_plist_is_refused(codec: Codec) -> None:
    """T-30: thirty levels of ten references each unfold to 10^30 values; neither codec is asked to try."""
    small = smallest_bomb()
    assert len(small) == 434
    refused(lambda: loads(small, codec=codec), "parse.expansion")


@CODECS
@pytest.mark.parametrize(("depth", "fan"), [(15, 2), (31, 2), (20, 3), (5, 14), (31, 14)])
def test_shared_references_that_unfold_too_far_are_refused(depth: int, fan: int, codec: Codec) -> None:
    """T-30: whatever its shape, more than twenty thousand values are too many, shared ones counted each time."""
    refused(lambda: loads(shared(depth, fan), codec=codec), "parse.expansion")


@CODECS
@pytest.mark.parametrize(("depth", "fan"), [(32, 1), (13, 2), (3, 14)])
def test_modest_sharing_is_read(depth: int, fan: int, codec: Codec) -> None:
    """Sharing itself is what every writer of binary plists does."""
    expected: object = "x"
    for _ in range(depth):
        expected = [expected] * fan
    assert loads(shared(depth, fan), codec=codec) == expected


@CODECS
@pytest.mark.parametrize(
    "objects",
    [
        [b"\xa1\x00"],
        [b"\xa1\x01", b"\xa1\x00"],
        [b"\xd1\x01\x00", b"\x51k"],
        [b"\xa2\x01\x02", b"\xa1\x02", b"\xa1\x01"],
    ],
)
def test_a_container_inside_itself_is_refused(objects: list[bytes], codec: Codec) -> None:
    """T-31: a cycle has no end; the shortest is 44 bytes."""
    refused(lambda: loads(binary(objects), codec=codec), "parse.expansion")


@CODECS
@pytest.mark.parametrize("depth", [33, 200])
def test_depth_beyond_the_limit_is_refused(depth: int, codec: Codec) -> None:
    """T-32: thirty-three nested containers are refused, and no recursion limit comes into it."""
    refused(lambda: loads(shared(depth, 1), codec=codec), "parse.depth")


@CODECS
def test_depth_through_an_object_already_measured_is_refused(codec: Codec) -> None:
    """T-32: depth adds up even where the inner part was met before, higher up."""
    inner = [bytes([0xA1, level + 1]) for level in range(1, 21)] + [b"\xa0"]  # 1..21: 21 deep
    outer = [bytes([0xA1, 23 + level]) for level in range(12)] + [b"\xa1\x01"]  # 22..34: ends in object 1
    document = binary([b"\xa2\x01\x16", *inner, *outer])
    refused(lambda: loads(document, codec=codec), "parse.depth")


@CODECS
@pytest.mark.parametrize("name", ["UDID", "EnrollmentID", "UserID", "MessageType", "CommandUUID", "Status"])
def test_a_key_said_twice_is_refused(name: str, codec: Codec) -> None:
    """T-35: by one reference, by two strings, or once in ASCII and once in UTF-16."""
    wide = bytes([0x60 | 0xF, 0x10, len(name)]) + name.encode("utf-16-be")
    key = text(name)
    key = key if len(name) < 15 else b"\x5f\x10" + bytes([len(name)]) + name.encode()
    for objects in (
        [b"\xd2\x01\x01\x02\x03", key, text("a"), text("b")],
        [b"\xd2\x01\x04\x02\x03", key, text("a"), text("b"), key],
        [b"\xd2\x01\x04\x02\x03", key, text("a"), text("b"), wide],
    ):
        refused(lambda objects=objects: loads(binary(objects), codec=codec), "parse.duplicate_key")
        nested = [b"\xa1\x01", objects[0][:1] + bytes(n + 1 for n in objects[0][1:]), *objects[1:]]
        refused(lambda nested=nested: loads(binary(nested), codec=codec), "parse.duplicate_key")


@CODECS
@pytest.mark.parametrize(
    "value",
    [
        b"\x23" + struct.pack(">d", float("nan")),
        b"\x23" + struct.pack(">d", float("inf")),
        b"\x22" + struct.pack(">f", float("-inf")),
        b"\x33" + struct.pack(">d", float("nan")),
        b"\x33" + struct.pack(">d", 1e300),
        b"\x33" + struct.pack(">d", -1e12),
        b"\x14" + (2**64).to_bytes(16, "big"),
        b"\x14" + (-(2**63) - 1).to_bytes(16, "big", signed=True),
        b"\x15" + bytes(32),
        b"\x1f" + bytes(64),
        b"\x00",
        b"\x0f",
        b"\x80\x01",
        b"\xc1\x00",
        b"\xb1\x00",
        b"\x70",
        b"\x24" + bytes(16),
        b"\x32" + bytes(4),
        b"\x53a\x00b",
        b"\x52\xc3\xa9",
        b"\x61\xd8\x00",
        b"\x61\x00\x00",
        b"\xd1\x01\x01\x10\x01",
    ],
)
def test_junk_values_are_refused(value: bytes, codec: Codec) -> None:
    """T-34 and T-39: no NaN, nothing wider than 64 bits, no null, UID or set, no NUL and no lone surrogate."""
    refused(lambda: loads(binary([value, b"\x10\x01"]), codec=codec), "parse.value")


@CODECS
def test_integers_of_every_width_keep_their_sign(codec: Codec) -> None:
    """Short integers are unsigned, those of eight and sixteen bytes are signed."""
    assert loads(binary([b"\x10\xff"]), codec=codec) == 255
    assert loads(binary([b"\x12\xff\xff\xff\xff"]), codec=codec) == 2**32 - 1
    assert loads(binary([b"\x13" + b"\xff" * 8]), codec=codec) == -1
    assert loads(binary([b"\x14" + (2**64 - 1).to_bytes(16, "big")]), codec=codec) == 2**64 - 1
    assert loads(binary([b"\x14" + (-5).to_bytes(16, "big", signed=True)]), codec=codec) == -5


@CODECS
@pytest.mark.parametrize(
    "document",
    [
        b"bplist00",
        b"bplist00" + bytes(31),
        b"bplist00" + bytes(40),
        table(b"bplist00\x51x", [8], top=1),
        table(b"bplist00\x51x", [8], reference_size=0),
        table(b"bplist00\x51x", [8], reference_size=9),
        table(b"bplist00\x51x", [7]),
        table(b"bplist00\x51x", [10]),
        table(b"bplist00\x51x", [2**31]),
        table(b"bplist00\x55x", [8]),
        table(b"bplist00\x5f\x10\x05x", [8]),
        table(b"bplist00\x5f\x51x", [8]),
        table(b"bplist00\x5f\x20\x01x", [8]),
        table(b"bplist00\x5f\x14" + bytes(16), [8]),
        table(b"bplist00\x5f", [8]),
        table(b"bplist00\x4f\x13" + b"\xff" * 8, [8]),
        table(b"bplist00\xaf\x13" + b"\x7f" * 8, [8]),
        table(b"bplist00\xa1\x05", [8]),
        table(b"bplist00\xd1\x00", [8]),
        table(b"bplist00\x13\x00", [8]),
        table(b"bplist00\x23\x00", [8]),
        b"bplist00\x51x\x08" + struct.pack(">6xBBQQQ", 1, 1, 2**62, 0, 10),
        b"bplist00\x51x\x08" + struct.pack(">6xBBQQQ", 1, 1, 1, 0, 2**62),
        b"bplist00\x51x\x08" + struct.pack(">6xBBQQQ", 0, 1, 1, 0, 10),
    ],
)
def test_what_points_outside_the_file_is_refused(document: bytes, codec: Codec) -> None:
    """Lengths, offsets and references all stay inside the file, and before its table."""
    with pytest.raises(PlistError) as caught:
        loads(document, codec=codec)
    assert caught.value.code in {"parse.syntax", "parse.expansion"}


def test_overlapping_objects_do_not_multiply_the_work() -> None:
    """Thousands of objects may share one place in the file: each is as much to read as if it had its own."""
    leaf_row = b"\xaf\x11" + (9_000).to_bytes(2, "big") + (1).to_bytes(2, "big") * 9_000
    top_row = b"\xaf\x11" + (19_000).to_bytes(2, "big") + b"".join(n.to_bytes(2, "big") for n in range(2, 19_002))
    objects = b"bplist00" + top_row + leaf_row + b"\x51x"
    at_rows, at_leaf = 8 + len(top_row), 8 + len(top_row) + len(leaf_row)
    document = table(objects, [8, at_leaf] + [at_rows] * 19_000, reference_size=2)
    refused(lambda: loads(document), "parse.expansion", within=0.05)


def test_a_long_text_referred_to_often_is_refused() -> None:
    """A flat list of twenty thousand references to 100 kB is two gigabytes for whoever prints it."""
    row = b"\xaf\x11" + (19_000).to_bytes(2, "big") + (1).to_bytes(2, "big") * 19_000
    long_text = b"\x5f\x12" + (100_000).to_bytes(4, "big") + b"x" * 100_000
    document = table(b"bplist00" + row + long_text, [8, 8 + len(row)], reference_size=2)
    refused(lambda: loads(document), "parse.expansion")
    many = table(b"bplist00\xa0" + long_text, [9] * 39_000 + [8], top=39_000, reference_size=2)
    assert loads(many) == []


def test_too_many_objects_are_refused_before_they_are_read() -> None:
    """T-38: neither the table nor one row is read when it holds more than any acceptable file."""
    count = 2 * PROFILE.max_elements + 1
    refused(lambda: loads(table(b"bplist00\x51x", [8] * count), limits=PROFILE), "parse.expansion")
    row = b"\xaf\x12" + (7_000_000).to_bytes(4, "big") + bytes(7_000_000)
    refused(lambda: loads(table(b"bplist00" + row, [8]), limits=PROFILE), "parse.expansion")


def test_limits_are_those_handed_in() -> None:
    """What is too much is the caller's to say."""
    document = binary([b"\xa3\x01\x01\x01", text("x")])
    loads(document, limits=Limits(max_bytes=1000, max_elements=4))
    refused(lambda: loads(document, limits=Limits(max_bytes=1000, max_elements=3)), "parse.expansion")
    refused(lambda: loads(document, limits=Limits(max_bytes=1000, max_depth=0)), "parse.depth")


@CODECS
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_files_are_read_or_refused_and_nothing_else(codec: Codec, data: st.DataObject) -> None:
    """Whatever bytes change, the answer is a value or a PlistError, and a value is one that can be written again."""
    value = {"UDID": "0000", "List": [1, 2.5, True, b"data", "téxt", {"a": 2**40, "b": []}], "n": -1}
    document = bytearray(plistlib.dumps(value, fmt=plistlib.FMT_BINARY))
    for _ in range(data.draw(st.integers(1, 4))):
        document[data.draw(st.integers(8, len(document) - 1))] = data.draw(st.integers(0, 255))
    try:
        result = loads(bytes(document), limits=CHECK_IN, codec=codec)
    except PlistError:
        return
    assert loads(dumps(result, binary=True), codec=codec) == result
