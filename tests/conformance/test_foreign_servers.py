"""What devices survive: the behaviours of nanomdm, micromdm, zentral and commandment, over real sockets.

Each test is a row of the comparison in the design's reference (section 3.6), or a peculiarity told beside it. The fleet
is the real one, on its real loop; what is asserted is the state of the device and what the server was asked, so that a
device which spins does not go unnoticed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from device_emulator.core.actions import FinishSetupAssistant, Lock, SetPasscode, Unlock
from device_emulator.core.events import (
    BootstrapTokenExchanged,
    EnrollmentFailed,
    ProfileAccepted,
    RetryScheduled,
    Unenrolled,
    UserChannelRefused,
)
from device_emulator.core.messages import Errand, Prompted
from device_emulator.core.states import LifeState
from rigs import foreign_pkcs7 as pkcs7
from rigs.foreign_fleet import Fleet, foreign_fleet
from rigs.foreign_messages import document
from rigs.foreign_servers import MANNERS, SNIFFED, UNRECOGNIZED, foreign_server

SERVERS = sorted(MANNERS)
OpenFleet = Callable[..., AbstractAsyncContextManager[Fleet]]


@pytest.fixture
def fleet_at(rsa_keys: list[rsa.RSAPrivateKey]) -> OpenFleet:
    """Return what runs a foreign server and enrols devices with it."""
    authority = pkcs7.SmallAuthority.create(rsa_keys[2], "foreign CA TEST")

    @asynccontextmanager
    async def opened(
        name: str, *, count: int = 1, devices: dict[str, Any] | None = None, **manners: Any
    ) -> AsyncIterator[Fleet]:
        async with (
            foreign_server(name, authority, **manners) as server,
            foreign_fleet(server, rsa_keys, count=count, **(devices or {})) as fleet,
        ):
            yield fleet

    return opened


# --- enrolment, and a command ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVERS)
async def test_devices_enrol_take_commands_and_leave(fleet_at: OpenFleet, name: str) -> None:
    """The whole of it, at each: profile, micromdm's SCEP, check-ins, commands in order, CheckOut; nothing twice."""
    async with fleet_at(name, count=2) as fleet:
        orders = [fleet.server.order(fleet.udid, f"c-{number}") for number in range(3)]
        await fleet.ask()
        assert fleet.server.answers(fleet.udid) == [(order, "Acknowledged") for order in orders]
        assert fleet.reasons() == ["finished"]
        for number in fleet.loop.devices:
            fleet.loop.happen(number, Prompted(Errand.CHECK_OUT))
        await fleet.quiet()
        assert fleet.server.enrolled == set()
        assert {device.life for device in fleet.loop.devices.values()} == {LifeState.IN_USE}
        assert sorted(fleet.server.messages) == sorted(
            ["Authenticate", "TokenUpdate", "CheckOut"] * 2 + ["Idle"] + ["Acknowledged"] * 3
        )


@pytest.mark.parametrize("profile_type", ["text/xml", "application/xml; charset=utf-8", "application/octet-stream", ""])
async def test_a_profile_is_a_profile_whatever_its_content_type(fleet_at: OpenFleet, profile_type: str) -> None:
    """Unsigned XML under any name: who opens the link gets what is in it, and the event says that nobody signed."""
    async with fleet_at("micromdm", profile_type=profile_type) as fleet:
        assert fleet.device.life is LifeState.ENROLLED
        assert [event.signer for event in fleet.events(ProfileAccepted)] == [None]


async def test_a_device_may_insist_on_signed_profiles(fleet_at: OpenFleet) -> None:
    """One server signs, another does not; nothing of a refused profile is asked for."""
    strict = {"require_signed_profile": True}
    async with fleet_at("zentral", devices=strict) as fleet:
        assert fleet.device.life is LifeState.ENROLLED
    async with fleet_at("micromdm", devices=strict) as fleet:
        assert [event.reason for event in fleet.events(EnrollmentFailed)] == ["profile.unsigned"]
        assert fleet.server.requests == []


async def test_a_device_that_knows_no_old_algorithms_says_so(fleet_at: OpenFleet) -> None:
    """The SCEP server of micromdm answers in SHA-1 and DES whatever it is asked in: one sentence, not a riddle."""
    async with fleet_at("nanomdm", devices={"legacy_algorithms": False}) as fleet:
        (failure,) = fleet.events(EnrollmentFailed)
        assert failure.reason.startswith("scep.")
        assert "sha1" in failure.detail.lower()
        assert fleet.server.requests == []


async def test_posting_devices_are_405_to_a_server_that_knows_put_only(fleet_at: OpenFleet) -> None:
    """Fleet's way of sending, to micromdm: the enrolment fails at Authenticate, and is not tried for ever."""
    async with fleet_at("micromdm", devices={"http_method": "POST"}) as fleet:
        assert [event.reason for event in fleet.events(EnrollmentFailed)] == ["http.405"]
        assert fleet.server.messages == ["Authenticate"]
        assert fleet.device.life is LifeState.IN_USE


# --- row: bad signature; row: unknown device -------------------------------------------------------------------------


async def _backs_off_and_comes_back(fleet: Fleet, status: int, heal: Callable[[], None]) -> None:
    """See that a device stays enrolled, asks ever less often, and asks no more once it was heard."""
    fleet.server.order(fleet.udid, "waits")
    before, began = len(fleet.server.requests), time.monotonic()
    fleet.loop.happen(0, Prompted(Errand.SESSION))
    await fleet.sees(lambda: len(fleet.events(RetryScheduled)) == 3)
    assert fleet.device.life is LifeState.ENROLLED
    assert [event.reason for event in fleet.events(RetryScheduled)] == [f"http.{status}"] * 3
    # Half of 0.2 s and half of 0.4 s are the least that the jitter leaves of the first two pauses.
    assert time.monotonic() - began > 0.25
    assert len(fleet.server.requests) - before == 3
    heal()
    await fleet.sees(lambda: fleet.server.answers(fleet.udid))
    await fleet.quiet()
    assert fleet.server.answers(fleet.udid) == [("waits", "Acknowledged")]
    assert fleet.reasons() == [f"http.{status}"] * 3 + ["finished"]


@pytest.mark.parametrize(
    ("name", "status"), [("nanomdm", 400), ("micromdm", 500), ("zentral", 400), ("commandment", 403)]
)
async def test_a_signature_that_is_not_believed(fleet_at: OpenFleet, name: str, status: int) -> None:
    """400, 500 or a bare 403: the device stays enrolled, comes back later each time, and goes on once believed."""
    async with fleet_at(name) as fleet:
        fleet.server.believes = False
        await _backs_off_and_comes_back(fleet, status, lambda: setattr(fleet.server, "believes", True))


@pytest.mark.parametrize(("name", "status"), [("nanomdm", 500), ("zentral", 400), ("commandment", 410)])
async def test_a_device_that_the_server_does_not_know(fleet_at: OpenFleet, name: str, status: int) -> None:
    """500, 400, even 410: only Apple's own words end management, everything else may pass."""
    async with fleet_at(name) as fleet:
        fleet.server.enrolled.clear()
        await _backs_off_and_comes_back(fleet, status, lambda: fleet.server.enrolled.add(fleet.udid))


async def test_the_other_device_does_not_suffer(fleet_at: OpenFleet) -> None:
    """While one backs off, the other is served."""
    async with fleet_at("nanomdm", count=2) as fleet:
        fleet.server.enrolled.discard(fleet.udid)
        other = fleet.loop.devices[1].handheld.hardware.udid
        fleet.server.order(other, "c")
        fleet.loop.happen_to_all([0, 1], Prompted(Errand.SESSION))
        await fleet.sees(lambda: fleet.server.answers(other))
        assert fleet.server.answers(other) == [("c", "Acknowledged")]


# --- row: the server wants the device to leave -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "unenrols",
    [
        MANNERS["micromdm"].unenrols,
        MANNERS["zentral"].unenrols,
        (403, "application/json", UNRECOGNIZED),
        (403, "application/xml", document(code="com.apple.unrecognized.device")),
    ],
    ids=["micromdm 401", "zentral 401", "403 as JSON", "403 as a plist"],
)
@pytest.mark.parametrize("errand", [Errand.SESSION, Errand.TOKEN_UPDATE])
async def test_a_device_that_is_sent_away_leaves(
    fleet_at: OpenFleet, errand: Errand, unenrols: tuple[int, str, bytes]
) -> None:
    """401, or 403 with Apple's code, to any message: management ends, its profile goes, and nothing is asked again."""
    async with fleet_at("micromdm", unenrols=unenrols) as fleet:
        fleet.server.blocked = True
        before = len(fleet.server.requests)
        fleet.loop.happen(0, Prompted(errand))
        await fleet.quiet()
        assert fleet.device.life is LifeState.IN_USE
        assert [event.reason for event in fleet.events(Unenrolled)] == [f"http.{unenrols[0]}"]
        assert list(fleet.device.handheld.profiles) == []
        await fleet.ask()
        assert len(fleet.server.requests) == before + 1
        assert fleet.device.deadline is None


async def test_a_blocked_device_does_not_enrol(fleet_at: OpenFleet) -> None:
    """401 to Authenticate: the enrolment has failed, and the device is as it was."""
    async with fleet_at("micromdm") as fleet:
        fleet.loop.happen(0, Prompted(Errand.CHECK_OUT))
        await fleet.quiet()
        fleet.server.blocked = True
        await fleet.enroll()
        assert [event.reason for event in fleet.events(EnrollmentFailed)] == ["unrecognized"]
        assert fleet.device.life is LifeState.IN_USE


@pytest.mark.parametrize(
    "oddity", [(403, "application/json", b'{"code": "com.apple.softwareupdate.required"}'), (403, "text/html", b"no")]
)
async def test_another_403_sends_nobody_away(fleet_at: OpenFleet, oddity: tuple[int, str, bytes]) -> None:
    """A proxy's 403, or another code of Apple's: the device stays enrolled and comes back."""
    async with fleet_at("nanomdm") as fleet:
        fleet.server.oddities.append(oddity)
        fleet.loop.happen(0, Prompted(Errand.SESSION))
        await fleet.sees(lambda: len(fleet.reasons()) == 2)
        assert fleet.reasons() == ["http.403", "finished"]
        assert fleet.device.life is LifeState.ENROLLED


@pytest.mark.parametrize("status", [404, 410, 500])
async def test_who_wants_to_leave_leaves(fleet_at: OpenFleet, status: int) -> None:
    """404 from commandment, which does not know the device, or 500: CheckOut is a courtesy, not a question."""
    async with fleet_at("commandment") as fleet:
        fleet.server.refuses["CheckOut"] = status
        fleet.loop.happen(0, Prompted(Errand.CHECK_OUT))
        await fleet.quiet()
        assert fleet.device.life is LifeState.IN_USE
        assert fleet.server.messages.count("CheckOut") == 1
        assert fleet.device.deadline is None


@pytest.mark.parametrize(
    ("message", "status", "attempts", "reason"),
    [
        ("Authenticate", 500, 3, "server.unavailable"),
        ("Authenticate", 400, 1, "http.400"),
        ("TokenUpdate", 410, 1, "http.410"),
        ("TokenUpdate", 500, 3, "server.unavailable"),
    ],
)
async def test_an_enrolment_that_is_refused_ends(
    fleet_at: OpenFleet, message: str, status: int, attempts: int, reason: str
) -> None:
    """500, as of nanomdm, may pass and is tried again, so often and no more; 410, as of commandment, is an answer."""
    async with fleet_at("commandment") as fleet:
        fleet.loop.happen(0, Prompted(Errand.CHECK_OUT))
        await fleet.quiet()
        before = fleet.server.messages.count(message)
        fleet.server.refuses[message] = status
        await fleet.enroll()
        await fleet.sees(lambda: fleet.events(EnrollmentFailed))
        assert [event.reason for event in fleet.events(EnrollmentFailed)] == [reason]
        assert fleet.server.messages.count(message) - before == attempts
        assert (fleet.device.life, fleet.device.deadline) == (LifeState.IN_USE, None)


# --- row: UserAuthenticate; row: no bootstrap token ------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVERS)
async def test_410_to_user_authenticate_is_a_no_to_the_user_only(fleet_at: OpenFleet, name: str) -> None:
    """All four say 410: the user is not managed, the device is."""
    async with fleet_at(name, devices={"user_channel": True}) as fleet:
        assert fleet.events(UserChannelRefused) == [UserChannelRefused()]
        assert fleet.device.life is LifeState.ENROLLED
        assert fleet.server.messages.count("UserAuthenticate") == 1


async def test_nanomdms_digest_challenge_is_survived(fleet_at: OpenFleet) -> None:
    """With -ua-zl-dc it answers a plist with an empty DigestChallenge: no refusal, and no endless ceremony."""
    async with fleet_at("nanomdm", devices={"user_channel": True}, digest_challenge=True) as fleet:
        assert fleet.device.life is LifeState.ENROLLED
        assert fleet.events(UserChannelRefused) == []
        assert fleet.server.messages.count("UserAuthenticate") in {1, 2}
        await fleet.ask()
        assert fleet.reasons() == ["finished"]


@pytest.mark.parametrize("name", SERVERS)
async def test_no_bootstrap_token_is_no_bootstrap_token(fleet_at: OpenFleet, name: str) -> None:
    """An empty body, or a plist with empty data: both mean none, and the device leaves one of its own."""
    async with fleet_at(name, devices={"bootstrap_token": True}) as fleet:
        assert fleet.events(BootstrapTokenExchanged) == [BootstrapTokenExchanged(found=False)]
        assert fleet.server.messages.count("SetBootstrapToken") == 1


# --- row: an unanswered command --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The report on `a` is lost. nanomdm: a again. micromdm: b, for a went to the end. zentral: never a again.
        ("nanomdm", ["a", "a", "b"]),
        ("micromdm", ["a", "b", "a"]),
        ("zentral", ["a", "b"]),
        ("commandment", ["a", "b"]),
    ],
)
async def test_a_command_whose_answer_was_lost(fleet_at: OpenFleet, name: str, expected: list[str]) -> None:
    """Re-sent first, in turn, or never: the device answers whatever comes, once each time, and ends its session."""
    async with fleet_at(name) as fleet:
        for command in ("a", "b"):
            fleet.server.order(fleet.udid, command)
        fleet.server.loses = 1
        fleet.loop.happen(0, Prompted(Errand.SESSION))
        await fleet.sees(lambda: "finished" in fleet.reasons())
        await fleet.quiet()
        assert fleet.server.answers(fleet.udid) == [(command, "Acknowledged") for command in expected]
        assert fleet.device.life is LifeState.ENROLLED


async def test_a_command_that_is_sent_for_ever_is_not_answered_for_ever(fleet_at: OpenFleet) -> None:
    """A server that never forgets a command: after a few repetitions the device ends the session."""
    async with fleet_at("nanomdm") as fleet:
        again = document(CommandUUID="again", Command={"RequestType": "SecurityInfo"})
        fleet.server.oddities.extend([(200, SNIFFED, again)] * 100)
        before = len(fleet.server.requests)
        await fleet.ask()
        assert fleet.reasons() == ["command_repeated"]
        assert len(fleet.server.requests) - before < 10


# --- row: a command that got NotNow ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nanomdm", ["late NotNow", "a Acknowledged", "late NotNow", "b Acknowledged", "late NotNow"]),
        ("micromdm", ["late NotNow", "a Acknowledged", "b Acknowledged", "late NotNow"]),
        ("zentral", ["late NotNow", "a Acknowledged", "late NotNow", "b Acknowledged", "late NotNow"]),
        ("commandment", ["late NotNow", "a Acknowledged", "b Acknowledged"]),
    ],
)
async def test_a_command_that_got_not_now(fleet_at: OpenFleet, name: str, expected: list[str]) -> None:
    """Offered again at once, when nothing else is left, or never: the device says NotNow as long as it is locked.

    It asks again of its own accord once it is unlocked, and then does what it was told, where it is told again.
    """
    async with fleet_at(name) as fleet:
        await fleet.act(FinishSetupAssistant(), SetPasscode("123456"), Lock())
        fleet.server.order(fleet.udid, "late", "RemoveProfile", Identifier="example.nothing")
        for command in ("a", "b"):
            fleet.server.order(fleet.udid, command)
        await fleet.ask()
        said = [f"{command} {status}" for command, status in fleet.server.answers(fleet.udid)]
        assert said == expected
        assert fleet.reasons() == ["finished"]
        before = fleet.server.messages.count("Idle")
        await fleet.act(Unlock("123456"))
        assert fleet.server.messages.count("Idle") == before + 1
        said = [f"{command} {status}" for command, status in fleet.server.answers(fleet.udid)]
        assert said == [*expected, *(["late Error"] if name != "commandment" else [])]


# --- ways to say nothing, and to say something odd -------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVERS)
async def test_an_empty_answer_may_be_chunked(fleet_at: OpenFleet, name: str) -> None:
    """No Content-Length at all, where Fleet's client would give up: the session is over."""
    async with fleet_at(name, chunked=True) as fleet:
        fleet.server.order(fleet.udid, "c")
        await fleet.ask()
        assert fleet.reasons() == ["finished"]


@pytest.mark.parametrize(
    "oddity",
    [
        (200, "text/plain", b"OK"),
        (200, "text/html; charset=utf-8", b"<html><body>Welcome</body></html>"),
        (200, SNIFFED, document()),
        (200, SNIFFED, document(Command={"RequestType": "SecurityInfo"})),
        (200, SNIFFED, document(CommandUUID="c")),
        (200, "application/json", b"{}"),
    ],
    ids=["OK", "HTML", "an empty dictionary", "no CommandUUID", "no Command", "JSON"],
)
async def test_an_answer_that_is_no_command_is_answered_once_at_most(
    fleet_at: OpenFleet, oddity: tuple[int, str, bytes]
) -> None:
    """Where mdmb would answer for ever, the device ends the session, and is there for the next."""
    async with fleet_at("commandment") as fleet:
        fleet.server.oddities.extend([oddity] * 50)
        before = len(fleet.server.requests)
        await fleet.ask()
        assert len(fleet.server.requests) - before < 10
        fleet.server.oddities.clear()
        fleet.server.order(fleet.udid, "real")
        await fleet.ask()
        assert fleet.reasons()[-1] == "finished"
        assert fleet.server.answers(fleet.udid)[-1] == ("real", "Acknowledged")
