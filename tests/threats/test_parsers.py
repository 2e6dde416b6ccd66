"""Parsers, T-30 to T-39: bodies that cost a parser dear or mean two things, from an enrolled device and from nobody."""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.service.answer import Answer
from mdm_server.wire import plist
from rigs import plist_zoo as zoo
from rigs.elements import CONTEXT_0, NULL, SEQUENCE, element, object_identifier
from rigs.pace import assert_cost
from rigs.plist_zoo import xml
from rigs.rejection import about, assert_rejected
from rigs.service import ServiceDevice, ServiceRig
from rigs.sockets import LoopProbe, SocketRig

TOLERATED_STALL = 0.1
HEAD = "<dict><key>UDID</key><string>{udid}</string><key>Status</key><string>Idle</string>"


@pytest.fixture
def devices(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> ServiceRig:
    """Return what makes devices that reach the server over its sockets."""
    return rig.devices(rsa_keys)


@pytest.fixture
async def device(devices: ServiceRig) -> ServiceDevice:
    """Return an enrolled device: who may speak may still speak nonsense."""
    device = devices.device()
    await device.certify()
    await device.authenticate()
    await device.token_update()
    return device


async def assert_refused_in_time(rig: SocketRig, request: Awaitable[Answer], event: str, status: int = 400) -> None:
    """Assert rule R0, and that nobody else waited for more than 100 ms meanwhile."""
    async with LoopProbe() as probe:
        await assert_rejected(rig.server.store, request, status=status, event=event)
    assert_cost(probe.worst_seconds, TOLERATED_STALL, f"refusing with {event}")


def _idle_with(device: ServiceDevice, more: str | bytes) -> bytes:
    """Return an Idle report with something more in it."""
    inside = more.encode() if isinstance(more, str) else more
    return xml(HEAD.format(udid=device.udid).encode() + inside + b"</dict>")


def _nested(depth: int) -> str:
    return "<key>x</key>" + "<array>" * depth + "</array>" * depth


async def test_t30_t31_what_unfolds_without_end_is_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-30, T-31: the 434-byte plist, its relatives of every shape, and lists inside themselves: `parse.expansion`."""
    bomb = zoo.smallest_bomb()
    assert len(bomb) == 434
    cycle = zoo.binary([b"\xa1\x00"])
    assert len(cycle) <= 50
    longer = zoo.binary([b"\xa1\x01", b"\xa1\x00"])
    for body in (bomb, zoo.shared(15, 12), zoo.shared(31, 2), zoo.shared(6, 14), cycle, longer):
        await assert_refused_in_time(rig, device.send(body), "parse.expansion")


async def test_t30_a_stranger_reaches_no_property_list_parser(rig: SocketRig, device: ServiceDevice) -> None:
    """T-30: without a signature that holds the bomb is not even looked at; at the other doors it is no CMS."""
    bomb = zoo.smallest_bomb()
    await assert_refused_in_time(rig, _post(rig, "/mdm", bomb), "auth.missing")
    await assert_refused_in_time(rig, _post(rig, "/checkin", bomb), "auth.missing")
    await assert_refused_in_time(rig, _post(rig, "/enroll", bomb), "enroll.machine_info")
    await assert_refused_in_time(rig, _post(rig, "/enroll/ota", bomb), "enroll.profile_service")
    await assert_refused_in_time(rig, _post(rig, "/enroll/dep", bomb), "ade.machineinfo:asn1")
    signed = device.signature(bomb, detached=False)
    for path, event in (
        ("/enroll", "parse.expansion"),
        ("/enroll/ota", "parse.expansion"),
        ("/enroll/dep", "ade.machineinfo:untrusted"),
    ):
        await assert_refused_in_time(rig, _post(rig, path, base64.b64decode(signed)), event)


async def _post(rig: SocketRig, path: str, body: bytes, **headers: str) -> Answer:
    async with rig.session.post(rig.server.url + path, data=body, headers=headers, ssl=rig.tls) as response:
        return Answer(await response.read(), response.headers.get("Content-Type"), response.status)


async def test_t32_what_is_nested_too_deeply_is_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-32: the dictionary is a level, so 31 arrays pass and 32 do not, in XML and in binary."""
    for depth in (32, 33, 500, 20_000):
        with about(depth):
            await assert_refused_in_time(rig, device.send(_idle_with(device, _nested(depth))), "parse.depth")
    levels = [b"\xa1" + bytes([level + 1]) for level in range(33)]
    await assert_refused_in_time(rig, device.send(zoo.binary([*levels, zoo.text("x")])), "parse.depth")


async def test_t32_what_is_nested_as_deeply_as_allowed_is_heard(device: ServiceDevice) -> None:
    """T-32: the limit is where it is said to be."""
    assert (await device.send(_idle_with(device, _nested(31)))).status == 200


async def test_t33_entities_and_foreign_dtds_are_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-33: billion laughs, an external entity, an external DTD: `parse.entity`, and nothing is fetched."""
    idle = HEAD.format(udid=device.udid).encode() + b"<key>x</key><string>&a;</string></dict>"
    laughs = b"".join(b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (98 + n) * 10) for n in range(9))
    for doctype in (
        b"<!DOCTYPE plist [" + laughs + b'<!ENTITY j "ha">]>',
        b'<!DOCTYPE plist [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE plist SYSTEM "http://127.0.0.1:9/x.dtd">',
        b"<!DOCTYPE html>",
    ):
        answer = device.send(xml(idle, doctype=doctype))
        await assert_refused_in_time(rig, answer, "parse.entity")


JUNK = (
    f"<integer>{'9' * 4301}</integer>",
    f"<integer>0x{'f' * 100_000}</integer>",
    "<integer>18446744073709551616</integer>",
    "<integer>0x</integer>",
    "<integer>1_000</integer>",
    "<real>nan</real>",
    "<real>inf</real>",
    "<real>1e999</real>",
    "<date>yesterday</date>",
    "<date>2026-13-01T00:00:00Z</date>",
    "<data>a</data>",
)


async def test_t34_values_that_are_none_are_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-34: integers have 64 bits, reals are finite, dates are dates: `parse.value`."""
    for value in JUNK:
        with about(value[:40]):
            await assert_refused_in_time(rig, device.send(_idle_with(device, f"<key>x</key>{value}")), "parse.value")


async def test_t35_a_key_said_twice_is_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-35: two UDIDs, of which two parsers would believe one each, and any other key twice: `parse.duplicate_key`."""
    for again in (
        "<key>UDID</key><string>another</string>",
        "<key>&#85;DID</key><string>another</string>",
        "<key>x</key><dict><key>y</key><true/><key>y</key><false/></dict>",
    ):
        await assert_refused_in_time(rig, device.send(_idle_with(device, again)), "parse.duplicate_key")
    keys = [
        b"\xd2\x01\x02\x03\x04",
        zoo.text("UDID"),
        b"\x64" + "UDID".encode("utf-16-be"),
        zoo.text("a"),
        zoo.text("b"),
    ]
    await assert_refused_in_time(rig, device.send(zoo.binary(keys)), "parse.duplicate_key")


def _asn1_zoo(size: int) -> dict[str, bytes]:
    """Return so many bytes of whatever costs a parser of ASN.1 most."""
    signed_data = object_identifier("1.2.840.113549.1.7.2")
    levels = b""
    for _ in range(200):
        levels = element(SEQUENCE, levels)
    return {
        "a tag of many KiB": b"\x3f" + b"\xff" * (size - 3) + b"\x01\x00",
        "an object identifier of many KiB": element(SEQUENCE, element(0x06, b"\x81" * (size - 8))),
        "a length of 2**32": b"\x30\x84\xff\xff\xff\xff",
        "a length of 126 bytes": b"\x30\xfe" + b"\xff" * 126,
        "two hundred levels": levels,
        "thousands of open levels": b"\x30\x80" * (size // 2),
        "thousands of elements": element(SEQUENCE, NULL * (size // 2 - 4)),
        "an integer of many KiB": element(SEQUENCE, signed_data, element(CONTEXT_0, element(2, b"\x7f" * (size - 30)))),
        "nothing": b"",
        "text": b"-----BEGIN CMS-----",
    }


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/scep?operation=PKIOperation", "scep.message"),
        ("/enroll", "enroll.machine_info"),
        ("/enroll/ota", "enroll.profile_service"),
        ("/enroll/dep", "ade.machineinfo"),
    ],
)
async def test_t36_hostile_asn1_in_a_body_is_refused(rig: SocketRig, path: str, event: str) -> None:
    """T-36: 64 KiB of tag, identifier, depth or nothing at every door that reads CMS: a 400 of its own, at once."""
    for name, body in _asn1_zoo(65_000).items():
        if name == "nothing" and path == "/enroll":
            continue  # an empty POST asks for a profile
        await assert_refused_in_time(rig, _post(rig, path, body), event)


async def test_t36_hostile_asn1_in_a_signature_is_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-36: the same in Mdm-Signature, as much of it as a header holds, and in the query of a GET."""
    body = plist.dumps({"UDID": device.udid, "Status": "Idle"})
    for hostile in _asn1_zoo(11_000).values():
        header = base64.b64encode(hostile).decode()
        await assert_refused_in_time(rig, device.send(body, mdm_signature=header), "auth.cms")
        query = {"operation": "PKIOperation", "message": header}
        async with rig.session.get(f"{rig.plain}/scep", params=query) as response:
            assert response.status == 400


NONSENSE: tuple[dict[str, Any], ...] = (
    {"Status": "Foo"},
    {"Status": 1},
    {"Status": None},
    {"UDID": ["array"]},
    {"UDID": b"bytes"},
    {"UDID": ""},
    {"UDID": None},
    {"CommandUUID": 7},
    {"MessageType": 1},
    {"MessageType": "Foo"},
    {"MessageType": "TokenUpdate", "Token": "text"},
    {"MessageType": "TokenUpdate", "Token": {}},
    {"MessageType": "Authenticate", "Topic": []},
    {"MessageType": "SetBootstrapToken", "BootstrapToken": "text"},
)


async def test_t37_words_and_types_nobody_knows_are_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-37: an unknown word, another type, a missing key: `parse.schema`, and the server goes on."""
    for keys in NONSENSE:
        message = {"UDID": device.udid, "Status": "Idle", "Topic": device.rig.suite.settings.topic, **keys}
        body = plist.dumps({key: value for key, value in message.items() if value is not None})
        with about(keys):
            await assert_refused_in_time(rig, device.send(body), "parse.schema")
            assert (await device.report("Idle")).status == 200


async def test_t37_a_body_that_is_no_dictionary_is_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-37: nothing, text, JSON, an array, half a document: a 400 that says what was expected."""
    for body, event in (
        (b"", "parse.plist"),
        (b"OK", "parse.plist"),
        (b"{}", "parse.plist"),
        (xml("<array/>"), "parse."),
        (_idle_with(device, "")[:-20], "parse."),
        (b"bplist00", "parse.plist"),
    ):
        answer = await device.send(body)
        assert answer.status == 400
        assert answer.body.startswith(event.encode()), answer


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_t38_more_than_a_message_may_hold_is_refused(rig: SocketRig, device: ServiceDevice) -> None:
    """T-38: a hundred thousand keys, a million empty arrays, megabytes of lines: refused, and nobody waits for it."""
    keys = "".join(f"<key>{number}</key><true/>" for number in range(30_000))
    arrays = "<key>x</key><array>" + "<array/>" * 100_000 + "</array>"
    lines = "\n" * 900_000
    for more, status, event in (
        (keys, 400, "parse.expansion"),
        (arrays, 400, "parse.expansion"),
        (lines, 400, "parse."),
    ):
        digest = await rig.server.store.state_digest()
        async with LoopProbe() as probe:
            answer = await device.send(_idle_with(device, more))
        assert (answer.status, answer.body.startswith(event.encode())) == (status, True), answer.body
        assert_cost(probe.worst_seconds, TOLERATED_STALL, f"refusing with {event}")
        assert await rig.server.store.state_digest() == digest
    assert (await device.send(_idle_with(device, "<key>x</key><string>" + "a" * 1_100_000 + "</string>"))).status == 413
    token = device.message("TokenUpdate", Token=b"t", PushMagic="m", Padding="a" * 300_000)
    await assert_refused_in_time(rig, device.send(token), "parse.size", status=413)


async def test_t39_characters_xml_does_not_know_are_refused(device: ServiceDevice) -> None:
    """T-39: no NUL, no half of a pair under any name, no control characters in XML."""
    for text in ("&#0;", "\ud800", "&#xD800;", "\x1b[2J", "\x07"):
        more = b"<key>x</key><string>" + text.encode("utf-8", "surrogatepass") + b"</string>"
        answer = await device.send(_idle_with(device, more))
        assert (answer.status, answer.body.startswith(b"parse.")) == (400, True), (text, answer)


async def test_t39_a_name_is_text_wherever_it_is_shown(
    rig: SocketRig, devices: ServiceRig, caplog: pytest.LogCaptureFixture
) -> None:
    """T-39: line feeds, escapes, overrides and markup in a name (binary plists can hold them) stay one line of text."""
    name = "one\ntwo\x1b[31m\u202eevil\u2066<script>alert(1)</script>\U0001f4f1"
    device = devices.device()
    await device.certify()
    with caplog.at_level(logging.DEBUG):
        body = plist.dumps(device.message("Authenticate", SerialNumber="S", DeviceName=name), binary=True)
        assert (await device.send(body)).status == 200
    assert not [record for record in caplog.records if "\n" in record.getMessage() or "\x1b" in record.getMessage()]
    status, found, headers = await rig.call("GET", f"/devices/{device.udid}")
    assert (status, found["name"], headers["Content-Type"]) == (200, name, "application/json")
    assert headers["X-Content-Type-Options"] == "nosniff"
    long = plist.dumps(device.message("Authenticate", SerialNumber="s" * 50_000, DeviceName="x" * 200_000))
    assert (await device.send(long)).status == 200
    shown = (await rig.call("GET", f"/devices/{device.udid}"))[1]
    assert max(len(shown["name"]), len(shown["serial_number"])) <= 1024
