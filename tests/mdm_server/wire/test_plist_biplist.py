from __future__ import annotations

import importlib
import plistlib
import struct
import subprocess
import sys
import time
import warnings
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_server.wire import plist_biplist
from mdm_server.wire.errors import PlistError
from mdm_server.wire.plist import RESULT, Codec, dumps, loads
from rigs import oracles
from rigs.plist_values import trees, typed
from rigs.plist_zoo import binary, refused

BOTH = pytest.mark.parametrize("codec", list(Codec))


@given(trees)
@settings(max_examples=300, deadline=None)
def test_plistlib_reads_what_biplist_writes(value: object) -> None:
    """A tree written by the second codec is the same tree to the first, to the type."""
    assert typed(plistlib.loads(dumps(value, binary=True, codec=Codec.BIPLIST))) == typed(value)


@given(trees)
@settings(max_examples=300, deadline=None)
def test_biplist_reads_what_plistlib_writes(value: object) -> None:
    """A tree written by the first codec is the same tree to the second, to the type."""
    document = plistlib.dumps(value, fmt=plistlib.FMT_BINARY)
    assert typed(loads(document, codec=Codec.BIPLIST)) == typed(value)


@BOTH
def test_plistutil_reads_what_both_codecs_write(codec: Codec, tmp_path: Path) -> None:
    """libplist, which neither codec knows, turns our binary into XML that means the same."""
    value = {
        "UDID": "00008030-001C2D9A3E92802E",
        "Ints": [0, 255, 65536, 2**32, 2**63 - 1, -1, -(2**63)],
        "Reals": [0.5, -1e-5, 1e300],
        "Flags": [True, False],
        "Data": [b"", b"\x00\xff" * 40],
        "Dates": [datetime.fromisoformat("2026-06-01T12:00:00"), datetime.fromisoformat("1999-12-31T23:59:59")],
        "Texts": ["", "x" * 300, "Ünïcödé", "😀", "AB", "\u4142", "a & <b>"],
        "Nested": {"a": {"b": [{}, [], [[]]]}},
    }
    source, target = tmp_path / "in.plist", tmp_path / "out.plist"
    source.write_bytes(dumps(value, binary=True, codec=codec))
    oracles.run("plistutil", "-i", source, "-o", target, "-f", "xml")
    assert loads(target.read_bytes()) == value


@BOTH
def test_both_codecs_read_what_plistutil_writes(codec: Codec, tmp_path: Path) -> None:
    """What libplist writes in binary is what we wrote in XML."""
    value = {"UDID": "0000", "n": [1, -1, 2**40, 1.5], "t": ["x", "é", "😀"], "d": b"\x00\x01", "e": {}, "y": True}
    source, target = tmp_path / "in.plist", tmp_path / "out.plist"
    source.write_bytes(dumps(value))
    oracles.run("plistutil", "-i", source, "-o", target, "-f", "bin")
    assert typed(loads(target.read_bytes(), codec=codec)) == typed(value)


def test_strings_with_the_same_bytes_stay_apart() -> None:
    """Fault 1: biplist interns "AB" and U+4142 as one, within a document and from one document to the next."""
    for value in (["AB", "\u4142"], ["\u4142", "AB"], ["\u4142"], ["AB"]):
        assert loads(dumps(value, binary=True, codec=Codec.BIPLIST), codec=Codec.BIPLIST) == value


def test_zeroes_keep_their_sign() -> None:
    """Fault 1: biplist interns -0.0 and 0.0 as one."""
    assert typed(loads(dumps([0.0, -0.0], binary=True, codec=Codec.BIPLIST))) == typed([0.0, -0.0])


def test_nothing_written_is_kept() -> None:
    """Fault 1: biplist keeps every string and every float it ever wrote."""
    text_table = plist_biplist.biplist.StringWrapper._StringWrapper__instances
    real_table = plist_biplist.biplist.FloatWrapper._instances
    before = len(text_table), len(real_table)
    for number in range(50):
        dumps([f"unique {number}", number + 0.25], binary=True, codec=Codec.BIPLIST)
    assert (len(text_table), len(real_table)) == before


def test_writing_takes_time_in_proportion() -> None:
    """Fault 2: half a megabyte took seconds; now ten times the list takes about ten times the time."""

    def cost(count: int) -> float:
        value = [f"application {number} {'x' * 40}" for number in range(count)]
        started = time.thread_time()
        dumps(value, binary=True, codec=Codec.BIPLIST)
        return time.thread_time() - started

    small, large = min(cost(1_500) for _ in range(3)), min(cost(15_000) for _ in range(2))
    assert large < 30 * small


def test_wide_integers_keep_their_sign() -> None:
    """Fault 4: -5 in sixteen bytes came back as 2^128 - 5."""
    assert plist_biplist.read(binary([b"\x14" + (-5).to_bytes(16, "big", signed=True)])) == -5


@pytest.mark.parametrize("seconds", [1e300, -1e300])
def test_dates_that_do_not_exist_are_refused(seconds: float) -> None:
    """Fault 4: a date beyond all calendars became the last day of the year 9999."""
    document = binary([b"\x33" + struct.pack(">d", seconds)])
    refused(lambda: loads(document, codec=Codec.BIPLIST), "parse.value")


@given(st.binary(max_size=120))
@settings(max_examples=300, deadline=None)
def test_only_one_exception_leaves_the_reader(junk: bytes) -> None:
    """Fault 5: whatever comes in, even what no scan has seen, a refusal is a PlistError."""
    try:
        plist_biplist.read(b"bplist00" + junk)
    except PlistError as error:
        assert error.code in {"parse.syntax", "parse.value"}  # noqa: PT017 - a value is as good as a refusal
    except RecursionError:
        pytest.fail("expected a PlistError")


def test_data_is_bytes() -> None:
    """Fault 6: data comes back as bytes and nothing else."""
    assert type(loads(dumps(b"data", binary=True), codec=Codec.BIPLIST)) is bytes


def test_the_deprecation_warning_of_its_import_stays_inside() -> None:
    """On Python 3.12 and later biplist warns when imported; programs that use us must not see it."""
    program = "import warnings; warnings.simplefilter('error'); import mdm_server.wire.plist_biplist"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        importlib.import_module("mdm_server.wire.plist_biplist")


def test_xml_never_goes_through_biplist() -> None:
    """Fault 7: with either codec chosen, XML is plistlib's."""
    document = dumps({"a": 1}, codec=Codec.BIPLIST)
    assert document.startswith(b"<?xml")
    assert loads(document, codec=Codec.BIPLIST) == {"a": 1}


@BOTH
def test_a_long_application_list_survives(codec: Codec) -> None:
    """The largest answer a device gives, a Mac's applications, goes through both codecs."""
    value = [{"Name": f"App {n}", "Identifier": f"org.example.{n}", "BundleSize": n * 1_000_003} for n in range(1500)]
    assert loads(dumps(value, binary=True, codec=codec), limits=RESULT, codec=codec) == value
