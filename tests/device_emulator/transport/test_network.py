from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from certs.authority import Authority
from certs.identity import Identity, identity_from_pem
from certs.names import name_of
from device_emulator.core.messages import Request, RequestFailed, RequestKind, ResponseArrived
from device_emulator.transport.network import NetworkTransport, reason_of


def _put(url: str, identity: Identity | None = None, number: int = 1, body: bytes = b"hello") -> Request:
    return Request(number, RequestKind.IDLE, "PUT", f"{url}/mdm", {}, body, identity)


async def test_a_device_presents_its_own_certificate_even_when_many_connect_at_once(
    tls_authority: Authority, tls_server, ca_file: Path
) -> None:
    """One TLS context serves the fleet, and nobody is taken for another."""
    identities = [tls_authority.issue_identity(name_of(f"device-{n}", "mdmsim TEST")) for n in range(40)]
    transport = NetworkTransport(ca_file=ca_file)
    outcomes = await asyncio.gather(
        *(transport.send(n, _put(tls_server.url, identity)) for n, identity in enumerate(identities))
    )
    await transport.close()
    assert [outcome.body.decode() for outcome in outcomes] == [f"device-{n}" for n in range(40)]


async def test_a_device_without_a_certificate_never_borrows_anothers(
    tls_authority: Authority, tls_server, ca_file: Path
) -> None:
    """After a device has shown its certificate, one that has none still shows none."""
    transport = NetworkTransport(ca_file=ca_file)
    known = await transport.send(1, _put(tls_server.url, tls_authority.issue_identity(name_of("one", "mdmsim TEST"))))
    unknown = await transport.send(2, _put(tls_server.url))
    await transport.close()
    assert isinstance(known, ResponseArrived)
    assert isinstance(unknown, ResponseArrived)
    assert (known.body, unknown.body) == (b"one", b"nobody")


async def test_a_conversation_keeps_one_connection_and_hanging_up_ends_it(tls_server, ca_file: Path) -> None:
    """A device keeps its connection until it has nothing more to say."""
    transport = NetworkTransport(ca_file=ca_file)
    await transport.send(1, _put(tls_server.url))
    await transport.send(1, _put(tls_server.url))
    await transport.hang_up(1)
    await transport.send(1, _put(tls_server.url))
    await transport.close()
    first, second, third = (connection for _, _, connection in tls_server.visits)
    assert first == second
    assert third != first


async def test_a_device_that_gets_an_identity_opens_a_new_connection(
    tls_authority: Authority, tls_server, ca_file: Path
) -> None:
    """A certificate is shown in a handshake, so the anonymous connection of the enrolment cannot be used on."""
    transport = NetworkTransport(ca_file=ca_file)
    await transport.send(1, _put(tls_server.url))
    await transport.send(1, _put(tls_server.url, tls_authority.issue_identity(name_of("me", "mdmsim TEST"))))
    await transport.close()
    assert [name for name, _, _ in tls_server.visits] == [None, "me"]


async def test_only_the_headers_of_the_device_are_sent(tls_server, ca_file: Path) -> None:
    """A device must be able to send no Content-Type with Idle, as mdmb does."""
    transport = NetworkTransport(ca_file=ca_file)
    outcome = await transport.send(1, _put(tls_server.url))
    await transport.close()
    assert isinstance(outcome, ResponseArrived)
    assert outcome.headers["x-kind"] == "none"


async def test_a_server_that_is_not_trusted_is_refused_for_good(tls_server, tmp_path: Path, tls_authority) -> None:
    """A certificate of another authority ends the conversation before a byte of it is sent."""
    other = tmp_path / "other.pem"
    other.write_bytes(identity_from_pem(tls_authority.issue_server(["elsewhere"]).pem()).pem())
    transport = NetworkTransport(ca_file=other)
    outcome = await transport.send(1, _put(tls_server.url))
    await transport.close()
    assert outcome == RequestFailed(1, "tls.untrusted", retryable=False)
    assert tls_server.visits == []


async def test_a_port_nobody_listens_on_is_worth_another_try() -> None:
    """A refused connection may be a restart."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    transport = NetworkTransport()
    outcome = await transport.send(1, _put(f"http://127.0.0.1:{port}"))
    await transport.close()
    assert outcome == RequestFailed(1, "connect.refused", retryable=True)


async def test_an_answer_that_never_comes_is_a_timeout() -> None:
    """A server that takes the request and says nothing does not hold a device for ever."""
    writers: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    transport = NetworkTransport(timeout=0.2)
    outcome = await transport.send(1, _put(f"http://127.0.0.1:{port}"))
    await transport.close()
    for writer in writers:
        writer.close()
        await writer.wait_closed()
    silent.close()
    assert outcome == RequestFailed(1, "timeout", retryable=True)


async def test_an_answer_cut_short_is_told_apart_from_one_that_is_no_http() -> None:
    """Both are failures a device survives, and a report can name."""
    answers = iter([b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b"what?\r\n\r\n"])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"hello")
        writer.write(next(answers))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = NetworkTransport()
    outcomes = [await transport.send(1, _put(f"http://127.0.0.1:{port}")) for _ in range(2)]
    await transport.close()
    server.close()
    assert [outcome.reason for outcome in outcomes] == ["answer.truncated", "answer.not_http"]


async def test_the_identities_files_are_gone_when_the_transport_is_closed(
    tls_authority: Authority, tls_server, ca_file: Path
) -> None:
    """Private keys touch the disk only while OpenSSL needs them, readable by their owner alone."""
    transport = NetworkTransport(ca_file=ca_file)
    await transport.send(1, _put(tls_server.url, tls_authority.issue_identity(name_of("me", "mdmsim TEST"))))
    folder = transport._folder
    assert folder is not None
    assert [oct(path.stat().st_mode & 0o777) for path in folder.iterdir()] == ["0o600"]
    await transport.close()
    assert not folder.exists()


def test_a_failure_nobody_has_thought_of_is_final() -> None:
    """What is not in the table is not tried again for ever."""
    assert reason_of(ValueError("odd")) == ("failed", False)
