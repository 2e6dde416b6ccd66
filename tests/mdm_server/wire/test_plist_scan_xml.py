from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from mdm_server.wire.plist import CHECK_IN, PROFILE, RESULT, Limits, loads
from mdm_server.wire.plist_scan_xml import scan_xml
from rigs import oracles
from rigs.pace import assert_cost
from rigs.plist_zoo import APPLE_DOCTYPE, refused, xml


def nested(depth: int, name: str = "array") -> bytes:
    """Return XML with containers nested this deep."""
    key = "<key>k</key>" if name == "dict" else ""
    opening, innermost = f"<{name}>{key}", f"<{name}></{name}>"
    return xml(opening * (depth - 1) + innermost + f"</{name}>" * (depth - 1))


@pytest.mark.parametrize("name", ["array", "dict"])
@pytest.mark.parametrize("depth", [1, 31, 32])
def test_depth_up_to_the_limit_is_read(depth: int, name: str) -> None:
    """Thirty-two nested containers are accepted."""
    assert loads(nested(depth, name)) in ([], {}) if depth == 1 else loads(nested(depth, name))


@pytest.mark.parametrize("depth", [33, 500, 15_000])
def test_depth_beyond_the_limit_is_refused_before_anything_is_built(depth: int) -> None:
    """T-32: thirty-three containers are as far as the scan goes, however many follow."""
    assert refused(lambda: loads(nested(depth)), "parse.depth").position is not None


def test_a_hundred_thousand_nested_arrays_are_refused() -> None:
    """T-32: 1.5 MB of nesting costs no more than its first thirty-three containers."""
    document = nested(100_000)
    refused(lambda: scan_xml(document, PROFILE), "parse.depth")


def test_apples_doctype_is_accepted() -> None:
    """The standard DOCTYPE line, which every Apple program writes, is no reason to refuse."""
    assert loads(xml("<string>x</string>", doctype=APPLE_DOCTYPE)) == "x"
    assert loads(xml("<string>x</string>", doctype=b"<!DOCTYPE plist>")) == "x"
    assert loads(xml("<string>x</string>", doctype=b"")) == "x"
    old = b'<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">'
    assert loads(xml("<string>x</string>", doctype=old)) == "x"


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa">]>',
        b'<!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE plist [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE plist [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd"> %a;]>',
        b"<!DOCTYPE plist []>",
        b'<!DOCTYPE plist SYSTEM "http://127.0.0.1:9/x.dtd">',
        b'<!DOCTYPE plist PUBLIC "-//Other//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
        b"<!DOCTYPE other>",
    ],
)
def test_any_other_dtd_is_refused(doctype: bytes) -> None:
    """T-33: no declarations, no external DTD, no foreign DOCTYPE."""
    refused(lambda: loads(xml("<string>&a;</string>", doctype=doctype)), "parse.entity")


@pytest.mark.parametrize("doctype", [b"", APPLE_DOCTYPE])
def test_an_undeclared_entity_is_refused(doctype: bytes) -> None:
    """T-33: plistlib drops an entity that Apple's (unread) DTD might have declared; here it is no silent loss."""
    refused(lambda: loads(xml("<string>a&nbsp;b</string>", doctype=doctype)), "parse.entity")


def test_a_dtd_on_disk_is_not_read(tmp_path: Path) -> None:
    """T-33: the file a DOCTYPE points at has no say, even behind Apple's public identifier."""
    dtd = tmp_path / "x.dtd"
    dtd.write_text('<!ENTITY a "read">')
    doctype = f'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "{dtd.as_uri()}">'.encode()
    refused(lambda: loads(xml("<string>&a;</string>", doctype=doctype)), "parse.entity")


@pytest.mark.parametrize(
    "number",
    [
        "<integer>0x</integer>",
        "<integer></integer>",
        "<integer>-0x1</integer>",
        "<integer>1_000</integer>",
        "<integer>12abc</integer>",
        "<integer>１２</integer>",
        "<integer>18446744073709551616</integer>",
        "<integer>-9223372036854775809</integer>",
        "<integer>0x10000000000000000</integer>",
        f"<integer>{'9' * 4301}</integer>",
        f"<integer>0x{'f' * 200_000}</integer>",
        "<real>nan</real>",
        "<real>NaN</real>",
        "<real>inf</real>",
        "<real>-infinity</real>",
        "<real>1e999</real>",
        "<real>1_0.5</real>",
        "<real></real>",
        f"<real>{'1' * 100_000}</real>",
        "<date>yesterday</date>",
        "<date></date>",
        "<date>2026</date>",
        "<date>2026-02-31T00:00:00Z</date>",
        "<date>2026-01-01T25:00:00Z</date>",
        "<date>0000-01-01T00:00:00Z</date>",
        "<date>2026-01-01T00:00:00Z and more</date>",
        "<data>a</data>",
    ],
)
def test_junk_numbers_dates_and_data_are_refused(number: str) -> None:
    """T-34: what Python's int and float would take, or plistlib would stumble over, is no value."""
    refused(lambda: loads(xml(number)), "parse.value")


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("<integer>18446744073709551615</integer>", 2**64 - 1),
        ("<integer>-9223372036854775808</integer>", -(2**63)),
        ("<integer> +12 </integer>", 12),
        ("<integer>0xFf</integer>", 255),
        ("<real>.5</real>", 0.5),
        ("<real>1.</real>", 1.0),
        ("<real>-1e-05</real>", -1e-05),
    ],
)
def test_numbers_of_64_bits_are_read(number: str, value: float) -> None:
    """The widest integers of either sign and every way to write a real number are read."""
    assert loads(xml(number)) == value


@pytest.mark.parametrize(
    "keys",
    [
        "<key>UDID</key><string>a</string><key>UDID</key><string>b</string>",
        "<key>UDID</key><string>a</string><key>&#85;DID</key><string>b</string>",
        "<key>UDID</key><string>a</string><key><![CDATA[UDID]]></key><string>b</string>",
        "<key>UDID</key><string>a</string><key>UD<!-- x -->ID</key><string>b</string>",
        "<key>Status</key><string>a</string><key>x</key><true/><key>Status</key><string>b</string>",
    ],
)
def test_a_key_said_twice_is_refused(keys: str) -> None:
    """T-35: the first reader must not take one value and the second the other, however the key is spelled."""
    refused(lambda: loads(xml(f"<dict>{keys}</dict>")), "parse.duplicate_key")
    refused(lambda: loads(xml(f"<array><dict>{keys}</dict></array>")), "parse.duplicate_key")


def test_the_same_key_in_two_dictionaries_is_no_repetition() -> None:
    """Every dictionary has keys of its own."""
    one = "<dict><key>UDID</key><dict><key>UDID</key><true/></dict></dict>"
    assert loads(xml(f"<array>{one}{one}</array>")) == [{"UDID": {"UDID": True}}] * 2


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<string>a</string><string>b</string>",
        "<dict><string>a</string></dict>",
        "<dict><key>a</key></dict>",
        "<dict><key></key></dict>",
        "<dict><key>a</key><key>b</key><true/></dict>",
        "<array><key>a</key></array>",
        "<key>a</key>",
        "<string>a<true/>b</string>",
        "<array><string>a<true/>b</string></array>",
        "<array><integer>1<integer>2</integer></integer></array>",
        "<array><true><false/></true></array>",
        "<url>a</url>",
        "<null/>",
        '<string lang="en">a</string>',
        "<string>a",
        "<string>a</integer>",
        "<string>&#0;</string>",
        "<string>&#xD800;</string>",
        b"<string>\xff</string>",
        "<?php x ?><true/>",
        "<plist><true/></plist>",
        f"<!--{'x' * 5000}--><true/>",
    ],
)
def test_what_readers_would_understand_differently_is_refused(inside: str | bytes) -> None:
    """T-39 and beyond: ill-formed XML, and well-formed XML that is no property list though plistlib makes one of it."""
    refused(lambda: loads(xml(inside)), "parse.syntax")


@pytest.mark.parametrize(
    "document",
    [
        b"<dict><key>a</key><true/></dict>",
        b'<plist version="1.0" id="1"><true/></plist>',
        b'<?xml version="1.0" encoding="no-such-code"?><plist><true/></plist>',
        b'<?xml version="1.0" encoding="utf-7"?><plist><true/></plist>',
        b"<",
    ],
)
def test_a_document_that_is_no_plist_is_refused(document: bytes) -> None:
    """The outermost element is <plist>, with no attribute but its version, in an encoding that can be read."""
    refused(lambda: loads(document), "parse.syntax")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(encoding: str) -> None:
    """XML may start with a byte order mark, in UTF-16 it must."""
    assert loads('<plist version="1.0"><string>é</string></plist>'.encode(encoding)) == "é"


def test_too_many_values_are_refused() -> None:
    """T-38: the count of values is limited, whatever they are; keys do not count."""
    limits = Limits(max_bytes=10_000, max_elements=10)
    loads(xml(f"<dict>{''.join(f'<key>{n}</key><true/>' for n in range(9))}</dict>"), limits=limits)
    refused(lambda: loads(xml("<array>" + "<true/>" * 10 + "</array>"), limits=limits), "parse.expansion")


def test_a_million_empty_arrays_are_refused_in_time() -> None:
    """T-38: 8 MB of empty arrays do not hold up the loop for more than 100 ms."""
    document = xml("<array>" + "<array/>" * 1_000_000 + "</array>")
    refused(lambda: loads(document, limits=PROFILE), "parse.expansion", within=0.1)


def test_a_hundred_thousand_keys_are_refused_in_time() -> None:
    """T-38: 2.3 MB of keys do not hold up the loop for more than 100 ms."""
    document = xml("<dict>" + "".join(f"<key>{n}</key><true/>" for n in range(100_000)) + "</dict>")
    refused(lambda: loads(document, limits=PROFILE), "parse.expansion", within=0.1)
    refused(lambda: loads(document, limits=RESULT), "parse.size", within=0.001)


def test_four_million_lines_are_refused_in_time() -> None:
    """T-38: plistlib is called back for each line of text, so that lines are limited too."""
    document = xml("<string>" + "\n" * 4_000_000 + "</string>")
    refused(lambda: loads(document, limits=PROFILE), "parse.expansion", within=0.1)


def test_a_tag_of_megabytes_is_refused_in_time() -> None:
    """An unfinished tag would be rescanned for every 2 KiB of it (CVE-2023-52425)."""
    for inside in (f"<array {' ' * 7_000_000}></array>", f"<!-- > {'x' * 7_000_000}--><true/>"):
        document = xml(inside)
        refused(lambda document=document: loads(document, limits=PROFILE), "parse.syntax", within=0.1)


def test_an_element_inside_text_is_called_that() -> None:
    """The error says what stands where it must not."""
    error = refused(lambda: loads(xml("<array><string>a<true/>b</string></array>")), "parse.syntax")
    assert error.detail == "expected text in <string>, found an element"


def test_the_position_is_that_of_the_fault() -> None:
    """An error says at which byte, so that a person can look."""
    document = xml("<array><true/><integer>x</integer></array>")
    assert refused(lambda: loads(document), "parse.value").position == document.index(b"</integer>")


def test_the_scan_of_an_idle_report_is_cheap() -> None:
    """The guard is paid for with every poll of every device: 60 µs at most (the best of many)."""
    idle = xml(
        "<dict><key>UDID</key><string>00008030-001C2D9A3E92802E</string><key>Status</key><string>Idle</string></dict>"
    )
    costs = []
    for _ in range(50):
        started = time.thread_time()
        for _ in range(20):
            scan_xml(idle, CHECK_IN)
        costs.append((time.thread_time() - started) / 20)
    assert_cost(min(costs), 60e-6, "a scan")


def test_the_system_is_asked_for_nothing(tmp_path: Path) -> None:
    """T-33: strace sees neither the DTD being opened nor a connection being made, whichever way it is named."""
    dtd = tmp_path / "named-in-a-doctype.dtd"
    dtd.write_text('<!ENTITY a "read">')
    program = f"""
from mdm_server.wire import plist
apple = "-//Apple//DTD PLIST 1.0//EN"
for where in {[dtd.as_uri(), str(dtd), "http://127.0.0.1:9/x.dtd"]!r}:
    for doctype in (
        f'<!DOCTYPE plist SYSTEM "{{where}}">',
        f'<!DOCTYPE plist PUBLIC "{{apple}}" "{{where}}">',
        f'<!DOCTYPE plist [<!ENTITY % e SYSTEM "{{where}}"> %e;]>',
    ):
        try:
            plist.loads(f"{{doctype}}<plist><string>&a;</string></plist>".encode())
        except plist.PlistError as error:
            assert error.code == "parse.entity"
        else:
            raise SystemExit("not refused")
print("done")
"""
    done = oracles.run("strace", "-f", "-e", "trace=file,network", sys.executable, "-c", program)
    assert done.stdout == b"done\n"
    assert b"plist_scan_xml" in done.stderr  # the trace does show what is opened
    assert dtd.name.encode() not in done.stderr.partition(b"execve")[2].partition(b"\n")[2]
    assert b"connect(" not in done.stderr
