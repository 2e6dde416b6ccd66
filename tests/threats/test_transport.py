"""Transport and resources, T-40 to T-48: what hostile peers do below the protocol, on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import io
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import http_parser, web_protocol

from mdm_server.service.answer import Answer
from rigs.rejection import assert_rejected
from rigs.sockets import HASTY, PATIENT, LoopProbe, SocketRig, connect, say, socket_rig, status_of

TOLERATED_STALL = 0.1
REQUEST = b"PUT /mdm HTTP/1.1\r\nHost: mdm.example.test\r\n"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run a server."""
    async with socket_rig(tmp_path) as opened:
        yield opened


async def _answered(rig: SocketRig, *pieces: bytes, pause: float = 0.0) -> Answer:
    """Send raw bytes to the plain listener and return the status as an Answer."""
    status = status_of(await say(rig.plain, *pieces, pause=pause))
    assert status is not None, "the server closed without a word"
    return Answer(status=status)


async def _is_alive(rig: SocketRig) -> bool:
    async with rig.session.get(f"{rig.plain}/scep?operation=GetCACaps") as response:
        return response.status == 200


@pytest.fixture
async def hasty_rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run a server that has time for idle connections, and none for slow handshakes, headers and bodies."""
    async with socket_rig(tmp_path, limits=HASTY) as opened:
        yield opened


@pytest.fixture(scope="module")
def gzip_bomb() -> bytes:
    """Return one megabyte that unfolds to a gigabyte."""
    return gzip.compress(bytes(64 * 1024 * 1024), 9) * 16


@pytest.mark.parametrize("path", ["/mdm", "/checkin", "/scep?operation=PKIOperation", "/nowhere"])
async def test_t40_a_compressed_bomb_is_refused_unread_and_nobody_else_waits(
    rig: SocketRig, path: str, gzip_bomb: bytes
) -> None:
    """T-40: one megabyte that unfolds to a gigabyte costs the loop nothing, whatever address it is sent to."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Encoding: gzip\r\n".encode()
    length = f"Content-Length: {len(gzip_bomb)}\r\n\r\n".encode()
    async with LoopProbe() as probe:
        answer = await _answered(rig, head + length, gzip_bomb)
    assert answer.status == (404 if path == "/nowhere" else 415)
    assert probe.worst_seconds < TOLERATED_STALL


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x-gzip", "gzip, identity"])
async def test_t40_an_encoded_body_is_refused_by_the_rule(rig: SocketRig, encoding: str) -> None:
    """T-40: any Content-Encoding but identity is answered 415, with one event and no change of state."""
    request = REQUEST + f"Content-Encoding: {encoding}\r\nContent-Length: 2\r\n\r\nxx".encode()
    await assert_rejected(rig.server.store, _answered(rig, request), status=415, event="limit.encoding")


async def test_t40_an_identity_encoding_is_no_encoding(rig: SocketRig) -> None:
    """T-40: `Content-Encoding: identity` says nothing, so the body is read and judged by what it is."""
    answer = await say(
        rig.plain, REQUEST + b"Content-Encoding: identity\r\nConnection: close\r\nContent-Length: 2\r\n\r\nxx"
    )
    assert status_of(answer) == 400
    assert b"auth.missing" in answer


async def test_t41_dripping_headers_are_cut_off(hasty_rig: SocketRig) -> None:
    """T-41: a peer that sends a header line now and then is closed when the deadline for all of them has passed."""
    assert await say(hasty_rig.plain, REQUEST, *[b"X-Drip: 1\r\n"] * 200, pause=0.05) == b""


async def test_t41_a_second_request_has_its_own_deadline(hasty_rig: SocketRig) -> None:
    """T-41: the deadline holds for every request of a connection, not only for its first one."""
    answer = await say(
        hasty_rig.plain,
        REQUEST + b"Content-Length: 0\r\n\r\n",
        b"PUT /mdm HTTP/1.1\r\n",
        *[b"X-Drip: 1\r\n"] * 200,
        pause=0.05,
    )
    assert answer.count(b"HTTP/1.1 400") == 1


async def test_t41_a_silent_connection_is_closed(hasty_rig: SocketRig) -> None:
    """T-41: whoever connects and says nothing is closed too."""
    assert await say(hasty_rig.plain) == b""


async def test_t42_a_slow_body_is_refused_by_the_rule(hasty_rig: SocketRig) -> None:
    """T-42: a body that drips is answered 408 when its deadline has passed, and the connection is closed."""
    pieces = [REQUEST + b"Content-Length: 5000\r\n\r\n", *[b"x"] * 400]
    answered = _answered(hasty_rig, *pieces, pause=0.02)
    await assert_rejected(hasty_rig.server.store, answered, status=408, event="limit.deadline")


async def test_t42_a_slow_chunked_body_is_refused(hasty_rig: SocketRig) -> None:
    """T-42: a body of unknown size has a deadline that grows with what arrives, and arriving slowly is not enough."""
    pieces = [REQUEST + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 400]
    assert (await _answered(hasty_rig, *pieces, pause=0.02)).status == 408


async def test_t42_many_slow_senders_keep_nobody_waiting(tmp_path: Path) -> None:
    """T-42: slow bodies take no turn, so that honest devices are served while hundreds of them hang."""
    async with socket_rig(tmp_path, limits=replace(PATIENT, requests_in_flight=4)) as rig:
        slow = [await connect(rig.plain) for _ in range(200)]
        for _, writer in slow:
            writer.write(REQUEST + b"Content-Length: 5000\r\n\r\nx")
        for _ in range(20):
            assert await _is_alive(rig)
        for _, writer in slow:
            writer.close()


async def test_t43_a_stalled_handshake_is_dropped(hasty_rig: SocketRig) -> None:
    """T-43: a peer that opens a TLS connection and says no more is closed by the handshake's own deadline."""
    stalled = [await connect(hasty_rig.server.url) for _ in range(50)]
    for _, writer in stalled:
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00")  # the beginning of a ClientHello
    async with asyncio.timeout(10):
        for reader, writer in stalled:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
    status, _, _ = await hasty_rig.call("GET", "/server")
    assert status == 200


async def test_t44_a_flood_is_shed_at_the_cap_and_the_cap_frees_itself(tmp_path: Path) -> None:
    """T-44: connections above the total are reset at once; when some leave, others may come."""
    async with socket_rig(tmp_path, limits=replace(PATIENT, connections=20)) as rig:
        held = [line for _ in range(30) if (line := await _get_in(rig.plain)) is not None]
        assert len(held) == 20
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(10):
            await _until_somebody_may_speak(rig)


async def test_t44_one_greedy_address_leaves_room_for_the_others(tmp_path: Path) -> None:
    """T-44: an address has its own cap, which its neighbour does not feel."""
    limits = replace(PATIENT, connections_per_peer=5, exempt_loopback=False)
    async with socket_rig(tmp_path, limits=limits) as rig:
        greedy = [line for _ in range(8) if (line := await _get_in(rig.plain)) is not None]
        assert len(greedy) == 5
        reader, writer = await connect(rig.plain, local_addr=("127.0.0.2", 0))
        writer.write(b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status_of(await reader.read()) == 200
        for _, each in [*greedy, (reader, writer)]:
            each.close()


async def _get_in(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """Connect, and return the line if something is answered on it: a shed one is reset at once."""
    try:
        reader, writer = await connect(url)
    except ConnectionError:
        return None
    with contextlib.suppress(ConnectionError):
        writer.write(b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: x\r\n\r\n")
        if status_of(await reader.readline()) == 200:
            return reader, writer
    writer.close()
    return None


async def _until_somebody_may_speak(rig: SocketRig) -> None:
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            if await _is_alive(rig):
                return


MALFORMED = {
    "a header line above 16 KiB": REQUEST + b"X-Long: " + b"a" * (16 * 1024 + 1) + b"\r\n\r\n",
    "ten thousand headers": REQUEST + b"".join(b"X-%d: 1\r\n" % number for number in range(10_000)) + b"\r\n",
    "a request line above 32 KiB": b"GET /scep?message=" + b"a" * (32 * 1024 + 1) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a length and chunks": REQUEST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": REQUEST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nxxx",
    "a negative length": REQUEST + b"Content-Length: -1\r\n\r\n",
    "a length that is no number": REQUEST + b"Content-Length: 0x10\r\n\r\n",
    "no Host": b"PUT /mdm HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": REQUEST + b"X-Space : 1\r\n\r\n",
    "a NUL in a header": REQUEST + b"X-Nul: a\x00b\r\n\r\n",
    "an unknown transfer encoding": REQUEST + b"Transfer-Encoding: gzip\r\n\r\n",
    "a chunk size that is no number": REQUEST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "TLS where HTTP is spoken": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
}


@pytest.mark.parametrize("parser", ["c", "python"])
@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=list(MALFORMED))
async def test_t45_what_is_no_good_http_is_answered_400_and_closed(
    rig: SocketRig, monkeypatch: pytest.MonkeyPatch, parser: str, request_bytes: bytes
) -> None:
    """T-45: both of aiohttp's parsers refuse it, our answer does not repeat it, and the connection ends."""
    if parser == "python":
        monkeypatch.setattr(web_protocol, "HttpRequestParser", http_parser.HttpRequestParserPy)
    digest = await rig.server.store.state_digest()
    answer = await say(rig.plain, request_bytes)
    assert status_of(answer) == 400
    assert b"X-" not in answer.replace(b"X-Content-Type-Options", b"")
    assert await rig.server.store.state_digest() == digest


async def test_t45_bare_line_feeds_smuggle_no_second_request(rig: SocketRig) -> None:
    """T-45: lines that end without a carriage return are one request or none, never two."""
    answer = await say(
        rig.plain, b"GET /ca.pem HTTP/1.1\nHost: x\nConnection: close\n\nGET /ca.pem HTTP/1.1\nHost: x\n\n"
    )
    assert answer.count(b"HTTP/1.1 ") <= 1


async def test_t45_a_signature_of_sixteen_kibibytes_is_read(rig: SocketRig) -> None:
    """T-45: the limit is above what an Mdm-Signature with a chain needs: 15 KiB reach the rule that judges it."""
    answer = await say(rig.plain, REQUEST + b"Connection: close\r\nMdm-Signature: " + b"A" * 15_000 + b"\r\n\r\n")
    assert b"auth.cms" in answer


async def test_t45_a_scep_message_in_a_long_query_is_read(rig: SocketRig) -> None:
    """T-45: mdmb's POST repeats its message in the query, 7.5 kB of it: it is served, and the body is what counts."""
    line = b"POST /scep?operation=PKIOperation&message=" + b"%41" * 2500
    answer = await say(rig.plain, line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nxx")
    assert status_of(answer) == 400
    assert b"scep." in answer


async def test_t45_ten_thousand_pipelined_requests_are_answered_without_a_stall(rig: SocketRig) -> None:
    """T-45: a pipeline is read as it is answered, and the others get their turn in between."""
    count = 10_000
    request = b"GET /ca.pem HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /ca.pem HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with LoopProbe() as probe:
        answer = await say(rig.plain, request * (count - 1) + last)
    assert answer.count(b"HTTP/1.1 200") == count
    assert probe.worst_seconds < TOLERATED_STALL


async def test_t46_an_announced_flood_is_refused_at_once(rig: SocketRig) -> None:
    """T-46: ten gigabytes announced are answered 413 before the first of them is read."""
    request = REQUEST + b"Content-Length: 10000000000\r\n\r\n"
    event = await assert_rejected(rig.server.store, _answered(rig, request), status=413, event="limit.body:announced")
    assert event.peer == "127.0.0.1"


async def test_t46_endless_chunks_are_refused_at_the_cap(rig: SocketRig) -> None:
    """T-46: a chunked body is counted while it arrives and refused when it passes the cap of its route."""
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    pieces = [REQUEST + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 64]
    async with LoopProbe() as probe:
        assert (await _answered(rig, *pieces)).status == 413
    assert probe.worst_seconds < TOLERATED_STALL


async def test_t46_half_a_million_tiny_chunks_are_refused_without_a_stall(rig: SocketRig) -> None:
    """T-46: chunks are counted too, so a small body in very many of them is refused early."""
    pieces = [REQUEST + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n" * 5000] * 100]
    async with LoopProbe() as probe:
        assert (await _answered(rig, *pieces)).status == 413
    assert probe.worst_seconds < TOLERATED_STALL


@pytest.mark.parametrize(
    ("path", "cap"),
    [
        ("/checkin", PATIENT.check_in_bytes),
        ("/mdm", PATIENT.result_bytes),
        ("/scep?operation=PKIOperation", PATIENT.scep_bytes),
        ("/enroll", PATIENT.enroll_bytes),
    ],
)
async def test_t46_every_route_has_its_own_cap(rig: SocketRig, path: str, cap: int) -> None:
    """T-46: one byte above the route's cap is 413; at the cap the body is judged by what it says."""
    for size, status in ((cap, 400), (cap + 1, 413)):
        async with rig.session.post(rig.plain + path, data=io.BytesIO(bytes(size))) as response:
            assert response.status == status


@pytest.mark.parametrize(
    ("version", "is_served"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_t47_old_tls_is_refused(rig: SocketRig, version: ssl.TLSVersion, is_served: bool) -> None:
    """T-47: TLS 1.2 and 1.3 are served, anything older is not, however willing the client is."""
    context = ssl.create_default_context(cafile=str(rig.server.ca_file))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    url = f"{rig.server.url}/ca.pem"
    if is_served:
        async with rig.session.get(url, ssl=context) as response:
            assert response.status == 200
    else:
        with pytest.raises(aiohttp.ClientConnectorError):
            await rig.session.get(url, ssl=context)


@pytest.mark.parametrize("ciphers", ["aNULL", "eNULL", "PSK", "SHA1+kRSA"])
async def test_t47_weak_suites_are_refused(rig: SocketRig, ciphers: str) -> None:
    """T-47: a client that offers nothing but weak suites finds no common one."""
    context = ssl.create_default_context(cafile=str(rig.server.ca_file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with pytest.raises(aiohttp.ClientConnectorError):
        await rig.session.get(f"{rig.server.url}/ca.pem", ssl=context)


async def test_t47_no_server_name_and_a_strange_protocol_are_no_obstacle(rig: SocketRig) -> None:
    """T-47: clients without SNI are served, and nobody is answered in a protocol we do not speak."""
    context = ssl.create_default_context(cafile=str(rig.server.ca_file))
    context.check_hostname = False
    context.set_alpn_protocols(["h2", "spdy/3"])
    reader, writer = await connect(rig.server.url, ssl=context, server_hostname="")
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() is None
    writer.write(b"GET /ca.pem HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status_of(await reader.read()) == 200
    writer.close()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "DELETE", "PATCH", "GET", "OPTIONS"])
async def test_t48_other_methods_reach_no_device_endpoint(rig: SocketRig, method: str) -> None:
    """T-48: /mdm takes PUT and POST; anything else is refused, and changes nothing (CONNECT names no path: 404)."""
    digest = await rig.server.store.state_digest()
    request = f"{method} /mdm HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    assert status_of(await say(rig.plain, request)) in ({404} if method == "CONNECT" else {400, 405})
    assert await rig.server.store.state_digest() == digest


MUTATIONS = [
    "/{path}",
    "/./{path}",
    "/x/../{path}",
    "/x/..;/{path}",
    "/%2e/{path}",
    "/x/%2e%2e/{path}",
    "/x/%2e%2e%2f{path}",
    "//{path}",
    "/{path}/",
    "/{path}%00",
    "/{path}%00.html",
    "/{path};x=1",
    "/{path}%20",
    "/{path}..",
    "/{upper}",
    "/．．/{path}",
    "/api/docs/../v1/devices?{path}",
]


@pytest.mark.parametrize("path", ["api/v1/devices", "api/v1/events", "api/v1/profiles", "api/v1/server"])
async def test_t48_no_spelling_of_a_path_gets_around_the_guard(rig: SocketRig, path: str) -> None:
    """T-48: without a token every spelling of an administrator's address is refused or unknown."""
    for mutation in MUTATIONS:
        target = mutation.format(path=path, upper=path.upper()).encode()
        answer = await say(rig.plain, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status_of(answer) in {400, 401, 404}, (mutation, answer)


@pytest.mark.parametrize(
    "target", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/ca.pem/../state.sqlite", "/authority/root.pem"]
)
async def test_t48_no_file_is_served(rig: SocketRig, target: str) -> None:
    """T-48: the server serves no files, so no path leads to one."""
    answer = await say(rig.plain, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert status_of(answer) in {400, 404}


async def test_an_overloaded_server_says_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests above what is worked on at once wait a moment, then get 503 with Retry-After; others go on."""
    async with socket_rig(tmp_path, limits=replace(PATIENT, requests_in_flight=1, queue_seconds=0.2)) as rig:
        entered, release = asyncio.Event(), asyncio.Event()
        original = rig.server.store.state_digest

        async def slow_operation() -> str:
            entered.set()
            await release.wait()
            return await original()

        monkeypatch.setattr(type(rig.server.suite.administration), "counts", lambda _: slow_operation())
        held = asyncio.create_task(rig.call("GET", "/server"))
        await entered.wait()
        status, problem, headers = await rig.call("GET", "/devices")
        assert (status, problem["code"]) == (503, "limit.overload")
        assert int(headers["Retry-After"]) >= 1
        release.set()
        await held
        assert await _is_alive(rig)


async def test_a_peer_that_takes_no_answer_is_given_up_by_the_kernel(rig: SocketRig) -> None:
    """Accepted sockets carry TCP_USER_TIMEOUT where the system has it, so unread answers do not pin a connection."""
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("this system has no TCP_USER_TIMEOUT")
    reader, writer = await connect(rig.plain)
    writer.write(b"GET /ca.pem HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readline()
    split = urlsplit(rig.plain)
    accepted = _accepted_sockets(split.port or 0)
    assert [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for each in accepted] == [
        PATIENT.idle_seconds * 1000
    ]
    writer.close()


def _accepted_sockets(port: int) -> list[socket.socket]:
    """Return the accepted sockets of a listener in this process."""
    return [
        candidate.get_extra_info("socket")
        for candidate in gc.get_objects()
        if isinstance(candidate, asyncio.Transport)
        and not candidate.is_closing()
        and (candidate.get_extra_info("sockname") or ("", 0))[1] == port
    ]
