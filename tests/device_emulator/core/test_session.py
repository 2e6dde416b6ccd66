"""Sessions: the loop of commands, and every server of apple-protocol.md §3.6 that a device must survive."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from datetime import timedelta

import pytest

from device_emulator.core.actions import AnswerCall, EndCall, Lock, Unlock
from device_emulator.core.answers.answerer import Answer
from device_emulator.core.device import Device
from device_emulator.core.events import (
    CommandAnswered,
    Event,
    RetryScheduled,
    SessionEnded,
    SessionStarted,
    Unenrolled,
)
from device_emulator.core.hardware import MODELS, Hardware
from device_emulator.core.messages import (
    Errand,
    PersonActs,
    Prompted,
    PushArrived,
    RequestFailed,
    RequestKind,
    ResponseArrived,
    TimePassed,
)
from device_emulator.core.states import LifeState
from mdm_server.wire.command import build_command
from mdm_server.wire.results import Status
from rigs.play_server import LINK, MovingClock, PlayServer, play

QUERY = "DeviceInformation"
QUERIES = ["UDID"]


def push(device: Device) -> PushArrived:
    """Return the push the device heeds."""
    return PushArrived(device.push_magic or "")


def end(events: list[Event]) -> SessionEnded:
    """Return how the one session ended."""
    (found,) = [event for event in events if isinstance(event, SessionEnded)]
    return found


def answers(events: list[Event]) -> list[tuple[str, str]]:
    """Return the commands answered, and how."""
    return [(event.command_uuid, event.status) for event in events if isinstance(event, CommandAnswered)]


def test_a_push_starts_a_session_that_an_empty_answer_ends(enrolled: Device, server: PlayServer) -> None:
    """Commands are answered one by one; an empty body says that there is no more."""
    uuids = [server.command(QUERY, Queries=QUERIES) for _ in range(3)]
    before = len(server.requests)
    events = play(enrolled, server, push(enrolled))
    assert [request.kind for request in server.requests[before:]] == [RequestKind.IDLE] + [RequestKind.ANSWER] * 3
    assert answers(events) == [(uuid, "Acknowledged") for uuid in uuids]
    assert end(events) == SessionEnded(3, "finished")
    assert (enrolled.is_busy, enrolled.requests()) == (False, [])


def test_a_push_with_another_magic_is_not_heeded(enrolled: Device, server: PlayServer) -> None:
    """Somebody guesses, or the push was for the enrolment before."""
    assert play(enrolled, server, PushArrived("another")) == []


def test_a_push_during_a_session_is_not_lost(enrolled: Device, server: PlayServer) -> None:
    """The server may have queued something after it said that there was nothing."""
    enrolled.handle(push(enrolled))
    (idle,) = enrolled.requests()
    enrolled.handle(push(enrolled))
    enrolled.handle(push(enrolled))
    events = enrolled.events() + play(enrolled, server, server.answer(idle))
    assert events.count(SessionStarted()) == 2


def test_idle_is_signed_once(enrolled: Device, server: PlayServer) -> None:
    """The same body, the same signature: a signature costs a millisecond."""
    play(enrolled, server, push(enrolled))
    play(enrolled, server, push(enrolled))
    first, second = [request for request in server.requests if request.kind is RequestKind.IDLE]
    assert first.body == second.body
    assert first.headers["Mdm-Signature"] == second.headers["Mdm-Signature"]


def test_a_polling_device_asks_at_its_interval(
    make_device: Callable[..., Device], server: PlayServer, moving: MovingClock
) -> None:
    """The first time somewhere within it, so that a fleet does not come all at once."""
    poll = timedelta(seconds=60)
    device = make_device(poll=poll)
    play(device, server, LINK)
    assert device.deadline is not None
    assert moving() <= device.deadline <= moving() + poll
    events = play(device, server, clock=moving, patience=600)
    assert events.count(SessionStarted()) in {10, 11}


# What servers do that they should not


@pytest.mark.parametrize("status", [400, 403, 404, 410, 500, 502])
def test_another_status_ends_the_session_and_is_tried_again(
    status: int, enrolled: Device, server: PlayServer, moving: MovingClock
) -> None:
    """Bad signature 400/500/403, unknown device 500/400/410: the device stays enrolled and comes back later."""
    server.script(RequestKind.IDLE, (status, b"Bad Request\n"))
    uuid = server.command(QUERY, Queries=QUERIES)
    events = play(enrolled, server, push(enrolled))
    assert end(events).reason == f"http.{status}"
    (retry,) = [event for event in events if isinstance(event, RetryScheduled)]
    assert retry.at == enrolled.deadline
    events = play(enrolled, server, clock=moving, patience=10)
    assert answers(events) == [(uuid, "Acknowledged")]
    assert enrolled.life is LifeState.ENROLLED


def test_a_device_backs_off_but_never_gives_up(enrolled: Device, server: PlayServer, moving: MovingClock) -> None:
    """Longer each time up to the ceiling, for as long as it takes."""
    server.script(RequestKind.IDLE, *[(500, b"")] * 30)
    waits = []
    play(enrolled, server, push(enrolled))
    for _ in range(29):
        assert enrolled.deadline is not None
        waits.append(enrolled.deadline - moving())
        moving.now = enrolled.deadline
        play(enrolled, server, TimePassed())
    ceiling = enrolled.handheld.settings.retry.ceiling
    assert waits[0] <= timedelta(seconds=1)
    assert waits[0] < waits[4] < waits[8]
    assert all(ceiling / 2 <= wait <= ceiling for wait in waits[9:])
    events = play(enrolled, server, clock=moving, patience=600)
    assert end(events).reason == "finished"


@pytest.mark.parametrize("kind", [RequestKind.IDLE, RequestKind.ANSWER])
@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (401, b"Blocked", "text/plain"),
        (403, b'{"code": "com.apple.unrecognized.device"}', "application/json"),
        (403, plistlib.dumps({"code": "com.apple.unrecognized.device"}), "application/xml"),
    ],
)
def test_401_and_its_replacement_end_management(
    kind: RequestKind, status: int, body: bytes, content_type: str, enrolled: Device, server: PlayServer
) -> None:
    """As a real device does; everything management brought is gone."""
    server.script(kind, (status, body), content_type=content_type)
    server.command(QUERY, Queries=QUERIES)
    events = play(enrolled, server, push(enrolled))
    assert Unenrolled(f"http.{status}") in events
    assert end(events).reason == "unrecognized"
    assert enrolled.life is LifeState.IN_USE
    assert (enrolled.push_token, enrolled.deadline, enrolled.is_busy) == (None, None, False)
    assert len(enrolled.handheld.profiles) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"OK",
        b"   ",
        b"<html></html>",
        plistlib.dumps({}),
        plistlib.dumps({"Command": {"RequestType": QUERY}}),
        plistlib.dumps(["CommandUUID"]),
        plistlib.dumps({"CommandUUID": ""}),
    ],
)
def test_a_reply_that_is_no_command_ends_the_session(body: bytes, enrolled: Device, server: PlayServer) -> None:
    """And is never answered: mdmb goes on for ever here."""
    server.script(RequestKind.IDLE, *[(200, body)] * 5)
    before = len(server.requests)
    events = play(enrolled, server, push(enrolled))
    assert end(events).reason == "not_a_command"
    assert len(server.requests) == before + 1


@pytest.mark.parametrize("document", [{"CommandUUID": "x"}, {"CommandUUID": "x", "Command": {"RequestType": 7}}])
def test_a_malformed_command_with_a_uuid_is_answered(
    document: dict[str, object], enrolled: Device, server: PlayServer
) -> None:
    """CommandFormatError, so that the server can take it off its queue."""
    server.commands.append(plistlib.dumps(document))
    assert answers(play(enrolled, server, push(enrolled))) == [("x", "CommandFormatError")]
    assert server.answers["x"]["Status"] == "CommandFormatError"


def test_an_unknown_command_is_an_error(enrolled: Device, server: PlayServer) -> None:
    """With Apple's number for an invalid request type."""
    uuid = server.command("MakeCoffee")
    assert answers(play(enrolled, server, push(enrolled))) == [(uuid, "Error")]
    assert server.answers[uuid]["ErrorChain"][0]["ErrorCode"] == 12021


def test_a_command_sent_for_ever_is_answered_but_ends_the_session(enrolled: Device, server: PlayServer) -> None:
    """A server that loses answers must not hold a device in an endless session."""
    command = build_command(QUERY, {"Queries": QUERIES}, "again")
    server.commands.extend([command] * 100)
    events = play(enrolled, server, push(enrolled))
    assert end(events) == SessionEnded(1, "command_repeated", "expected something new, found again again")
    assert answers(events) == [("again", "Acknowledged")] * 4


def test_a_session_has_an_end_even_if_the_server_knows_none(
    make_device: Callable[..., Device], server: PlayServer
) -> None:
    """A thousand commands, or as many as the settings say."""
    device = make_device(commands_per_session=7)
    play(device, server, LINK)
    for number in range(20):
        server.command(QUERY, uuid=f"c{number}", Queries=QUERIES)
    assert end(play(device, server, push(device))).reason == "too_many_commands"
    assert len(server.answers) == 7


class Rotating:
    """micromdm: an unanswered command goes to the end of the queue, so the next one comes first."""

    def __init__(self, names: str) -> None:
        self.names = list(names)
        self.seen: list[str] = []

    def next(self) -> str | None:
        """Return the next command; every second one is forgotten although it was answered."""
        if not self.names:
            return None
        self.seen.append(name := self.names.pop(0))
        if self.seen.count(name) == 1:
            self.names.append(name)
        return name


def test_commands_that_rotate_are_all_answered(enrolled: Device, server: PlayServer) -> None:
    """Out of order and twice: each answer goes to the command that was sent."""
    queue = Rotating("abcd")
    while (name := queue.next()) is not None:
        server.command(QUERY, uuid=name, Queries=QUERIES)
    events = play(enrolled, server, push(enrolled))
    assert [uuid for uuid, _ in answers(events)] == list("abcdabc")
    assert end(events).reason == "command_repeated"


def test_a_command_never_sent_again_is_no_concern_of_the_device(
    enrolled: Device, server: PlayServer, moving: MovingClock
) -> None:
    """zentral: the answer got lost, the command does not come back, and the next session is a normal one."""
    server.command(QUERY, Queries=QUERIES)
    server.script(RequestKind.ANSWER, RequestFailed(0, "connection.reset"))
    assert end(play(enrolled, server, push(enrolled))).reason == "connection.reset"
    events = play(enrolled, server, clock=moving, patience=60)
    assert end(events) == SessionEnded(0, "finished")


def test_an_answer_that_got_lost_is_given_again(enrolled: Device, server: PlayServer, moving: MovingClock) -> None:
    """nanomdm: the unanswered command is the first of the next session."""
    uuid = server.command(QUERY, Queries=QUERIES)
    again = server.commands[0]
    server.script(RequestKind.ANSWER, RequestFailed(0, "timeout"))
    assert answers(play(enrolled, server, push(enrolled))) == []
    server.commands.append(again)
    assert answers(play(enrolled, server, clock=moving, patience=60)) == [(uuid, "Acknowledged")]


def test_a_late_reply_is_nobodys(enrolled: Device, server: PlayServer) -> None:
    """The transport gave up on a request and its reply came all the same."""
    play(enrolled, server, push(enrolled))
    enrolled.handle(ResponseArrived(server.requests[-1].number, 401))
    assert enrolled.life is LifeState.ENROLLED
    assert enrolled.events() == []


# NotNow


def test_a_locked_device_puts_off_what_needs_its_person_and_comes_back(enrolled: Device, server: PlayServer) -> None:
    """NotNow while locked; after the unlock it asks again of its own accord."""
    server.command(
        "InstallProfile", uuid="p", Payload=server.configuration("example.wifi", "com.apple.wifi.managed", {})
    )
    again = server.commands[0]
    play(enrolled, server, PersonActs(Lock()))
    assert answers(play(enrolled, server, push(enrolled))) == [("p", "NotNow")]
    assert not enrolled.is_busy
    server.commands.append(again)
    assert answers(play(enrolled, server, PersonActs(Unlock()))) == [("p", "Acknowledged")]
    assert enrolled.handheld.profiles.find("example.wifi") is not None


def test_not_now_offered_again_at_once_is_said_again(enrolled: Device, server: PlayServer) -> None:
    """Nanomdm and zentral: the command put off comes back after every other answer, in the same session."""
    play(enrolled, server, PersonActs(Lock()))
    put_off = build_command("InstallProfile", {"Payload": b"x"}, "off")
    for number in range(6):
        server.commands.append(put_off)
        server.command(QUERY, uuid=f"q{number}", Queries=QUERIES)
    server.commands.append(put_off)
    events = play(enrolled, server, push(enrolled))
    assert answers(events) == [
        pair for number in range(6) for pair in (("off", "NotNow"), (f"q{number}", "Acknowledged"))
    ] + [("off", "NotNow")]
    assert end(events).reason == "finished"


def test_a_call_puts_off_what_would_interrupt_it(
    make_device: Callable[..., Device], server: PlayServer, moving: MovingClock
) -> None:
    """The command to restart waits until its person hangs up."""
    device = make_device(supervised=True)
    machine = device.handheld.hardware
    phone = next(model for model in MODELS if model.is_phone)
    device.handheld.hardware = Hardware(phone, machine.udid, machine.serial_number, machine.capacity)
    play(device, server, LINK, PersonActs(AnswerCall()))
    server.command("RestartDevice", uuid="r")
    assert answers(play(device, server, push(device))) == [("r", "NotNow")]
    assert play(device, server, PersonActs(EndCall())).count(SessionStarted()) == 1


def test_prompting_starts_a_session(enrolled: Device, server: PlayServer) -> None:
    """The command line asks for one where no courier can push."""
    assert play(enrolled, server, Prompted(Errand.SESSION)).count(SessionStarted()) == 1


def test_requests_are_numbered_and_one_at_a_time(enrolled: Device, server: PlayServer) -> None:
    """The number is what a reply is recognised by."""
    server.command(QUERY, Queries=QUERIES)
    play(enrolled, server, push(enrolled))
    numbers = [request.number for request in server.requests]
    assert numbers == sorted(set(numbers))


def test_a_command_put_off_for_no_visible_reason_is_asked_for_later(
    enrolled: Device, server: PlayServer, moving: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that came back at once would do nothing else."""
    monkeypatch.setattr("device_emulator.core.session.answer", lambda *_: Answer(status=Status.NOT_NOW))
    server.command(QUERY, uuid="later", Queries=QUERIES)
    again = server.commands[0]
    assert answers(play(enrolled, server, push(enrolled))) == [("later", "NotNow")]
    assert not enrolled.is_busy
    assert enrolled.deadline == moving() + enrolled.handheld.settings.retry.ceiling
    monkeypatch.undo()
    server.commands.append(again)
    assert answers(play(enrolled, server, clock=moving, patience=600)) == [("later", "Acknowledged")]


def test_a_push_ends_the_waiting_after_failures(enrolled: Device, server: PlayServer, moving: MovingClock) -> None:
    """The server that pushes is there again; a device must not sleep through that."""
    server.script(RequestKind.IDLE, *[RequestFailed(0, "connect.refused")] * 6)
    play(enrolled, server, push(enrolled), clock=moving, patience=30)
    assert enrolled.is_busy
    server.scripted.clear()
    assert end(play(enrolled, server, push(enrolled))).reason == "finished"
    assert not enrolled.is_busy


def test_a_session_that_cannot_begin_has_an_end_too(enrolled: Device, server: PlayServer) -> None:
    """Whoever counts sessions finds as many ends as beginnings."""
    server.script(RequestKind.IDLE, RequestFailed(0, "tls.untrusted", retryable=False))
    assert end(play(enrolled, server, push(enrolled))).reason == "tls.untrusted"
