from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir

import pytest

from mdm_server.embed.in_process import InProcessServer, authority_since
from mdm_server.embed.journal_lines import Mask, journal_lines
from mdm_server.service.push import PushTarget
from mdm_server.store.records import JournalEvent
from mdm_server.wire.android_channel import PREFIX

Clock = Callable[[], datetime]


async def test_a_server_in_process_answers_like_one_on_a_port(clock: Clock) -> None:
    """A profile is to be had; an unknown address is 404; what is refused is told in the same words as over HTTP."""
    async with InProcessServer.open(clock=clock, seed=1) as server:
        profile = await server.answer("GET", f"{server.url}/enroll", {}, b"", peer="device-1")
        assert (profile.status, profile.content_type) == (200, "application/x-apple-aspen-config")
        assert (await server.answer("GET", f"{server.url}/nowhere", {}, b"", peer="device-1")).status == 404
        refused = await server.answer("PUT", f"{server.url}/mdm", {"X-Any": "thing"}, b"", peer="device-1")
        assert (refused.status, refused.body.split(b":")[0]) == (400, b"auth.missing")


async def test_the_hub_is_reached_in_any_spelling_and_by_post_alone(clock: Clock) -> None:
    """Its addresses are those of the first port, and so is the channel of virtual Androids."""
    async with InProcessServer.open(clock=clock, seed=1) as server:
        wizard = f"{server.url}/DeviceServices/AIRWATCHENROLL.aws/enrollment/validateGroupIdentifier"
        question = b'{"GroupId": "nobody", "Device": {"SerialNumber": "F17XQ2", "Type": "2"}}'
        asked = await server.answer("POST", wizard, {}, question, peer="a")
        assert (asked.status, asked.content_type) == (200, "application/json")
        assert b"GROUP_UNKNOWN" in asked.body
        assert (await server.answer("GET", wizard, {}, b"", peer="a")).status == 404
        channel = await server.answer("POST", f"{server.url}{PREFIX}/devices:enroll", {}, b"{", peer="a")
        assert channel.status == 400
        assert (await server.answer("POST", f"{server.url}/nowhere", {}, b"", peer="a")).status == 404


async def test_the_query_and_the_headers_of_a_request_are_read(clock: Clock) -> None:
    """Header names count in any spelling, and what is percent-encoded in a query is decoded."""
    async with InProcessServer.open(clock=clock, seed=1) as server:
        caps = await server.answer("GET", f"{server.url}/scep?operation=GetCACaps&message=a%20b", {}, b"", peer="a")
        assert b"SHA-256" in caps.body
        headers = {"MDM-SIGNATURE": "!"}
        refused = await server.answer("PUT", f"{server.url}/mdm", headers, b"", peer="a")
        assert refused.body.startswith(b"auth.cms")


async def test_a_stopped_server_refuses_connections_and_remembers_its_state(clock: Clock) -> None:
    """What was answered before the stop is there after the start."""
    async with InProcessServer.open(clock=clock, seed=1) as server:
        await server.answer("GET", f"{server.url}/enroll", {}, b"", peer="device-1")
        await server.stop()
        assert not server.is_running
        with pytest.raises(ConnectionRefusedError):
            await server.answer("GET", f"{server.url}/enroll", {}, b"", peer="device-1")
        with pytest.raises(ConnectionRefusedError):
            _ = server.suite
        with pytest.raises(ConnectionRefusedError):
            _ = server.store
        await server.start()
        assert (await server.store.counts()).invitations == 1


async def test_nothing_of_a_server_in_process_is_left_behind(clock: Clock) -> None:
    """Its folder goes when it goes, also when the block ends with an error."""

    def folders() -> set[Path]:
        return set(Path(gettempdir()).glob("mdmsim-virtual-*"))

    async def fail() -> None:
        async with InProcessServer.open(clock=clock, seed=1):
            assert folders() > before
            raise ZeroDivisionError

    before = folders()
    with pytest.raises(ZeroDivisionError):
        await fail()
    assert folders() == before


async def test_pushes_are_delivered_by_a_call_in_the_order_in_which_they_are_sent(clock: Clock) -> None:
    """The server is its own push service; until somebody delivers them, pushes go nowhere."""
    delivered: list[tuple[bytes, str]] = []
    async with InProcessServer.open(clock=clock, seed=1) as server:
        await server.send([PushTarget(b"none", "magic", "topic")])
        server.deliver = lambda token, magic: delivered.append((token, magic))
        await server.send([PushTarget(b"a", "1", "topic"), PushTarget(b"b", "2", "topic")])
    assert delivered == [(b"a", "1"), (b"b", "2")]


async def test_a_server_that_is_too_busy_says_when_to_come_back(clock: Clock) -> None:
    """Refusals that ask for patience say how much, and never by chance."""
    async with InProcessServer.open(clock=clock, seed=1) as server:
        operation = f"{server.url}/scep?operation=PKIOperation"
        for _ in range(10):
            server.suite.scep._limiter.failed("guesser")
        answer = await server.answer("POST", operation, {}, b"", peer="guesser")
        assert (answer.status, answer.headers["Retry-After"].isdecimal()) == (429, True)


def test_worlds_that_begin_at_the_same_moment_share_an_authority(now: datetime) -> None:
    """Its keys are made once; they are never drawn from a seed."""
    assert authority_since(now) is authority_since(now)


async def test_the_same_requests_make_the_same_journal(clock: Clock) -> None:
    """Identifiers come from the seed: the same for one, others for another."""

    async def journal(seed: int) -> list[str]:
        async with InProcessServer.open(clock=clock, seed=seed) as server:
            for number in range(3):
                await server.answer("GET", f"{server.url}/enroll", {}, b"", peer=f"device-{number}")
            return [line async for line in journal_lines(server.store)]

    assert await journal(7) == await journal(7)
    assert await journal(7) != await journal(8)


def test_a_mask_numbers_what_signatures_made_different(now: datetime) -> None:
    """A fingerprint and a transaction get a number each when they first appear, and keep it; the rest is untouched."""
    mask = Mask()
    first = JournalEvent(now, "scep.issued", certificate="abcd", detail={"transaction": "1f", "serial_number": "2a"})
    again = mask.over(first), mask.over(first)
    assert again[0] == again[1]
    assert again[0].certificate == "certificate-1"
    assert again[0].detail == {"transaction": "transaction-1", "serial_number": "2a"}
    assert mask.over(JournalEvent(now, "auth.missing")) == JournalEvent(now, "auth.missing")
    assert mask.over(JournalEvent(now, "certificate.bound", certificate="ef01")).certificate == "certificate-2"
