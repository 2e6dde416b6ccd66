"""Holding one conversation at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from certs.identity import Identity
from device_emulator.core.conversation import Conversation, Draft, Pause, Reply
from device_emulator.core.conversing import OFFLINE, Conversing
from device_emulator.core.errors import ExchangeError
from device_emulator.core.messages import RequestFailed, RequestKind, ResponseArrived

ASK = Draft(RequestKind.IDLE, "PUT", "https://mdm.example/mdm")


class Talker(Conversing):
    """Asks twice, and keeps what it hears."""

    def __init__(self, pause_until: datetime | None = None) -> None:
        super().__init__()
        self.heard: list[Reply] = []
        self.ends: list[str] = []
        self._pause_until = pause_until
        self._conversation = self._talk()
        self._advance(None)

    def _talk(self) -> Conversation[None]:
        try:
            self.heard.append((yield ASK))
            if self._pause_until is not None:
                yield Pause(self._pause_until)
            self.heard.append((yield ASK))
        except GeneratorExit:
            self.ends.append("hung up")
            return
        if any(isinstance(reply, RequestFailed) for reply in self.heard):
            raise ExchangeError("failed", "expected answers")

    def _client_identity(self) -> Identity | None:
        return None

    def _finish(self) -> None:
        self.ends.append("finished")
        self._conversation = None

    def _try_again(self, failure: ExchangeError) -> None:
        self.ends.append(failure.reason)
        self._conversation = None


def test_each_request_has_its_number_and_is_handed_out_once() -> None:
    """Only the reply with that number goes on."""
    talker = Talker()
    (first,) = talker.requests()
    assert talker.requests() == []
    talker._take_reply(ResponseArrived(first.number + 1, 200))
    assert talker.heard == []
    talker._take_reply(ResponseArrived(first.number, 200))
    talker._take_reply(ResponseArrived(first.number, 500))
    (second,) = talker.requests()
    assert second.number == first.number + 1
    talker._take_reply(ResponseArrived(second.number, 200))
    assert talker.ends == ["finished"]


def test_a_conversation_goes_on_when_its_pause_is_over(now: datetime) -> None:
    """Not earlier."""
    talker = Talker(pause_until=now + timedelta(seconds=10))
    (first,) = talker.requests()
    talker._take_reply(ResponseArrived(first.number, 200))
    talker._resume(now + timedelta(seconds=9))
    assert talker.requests() == []
    talker._resume(now + timedelta(seconds=10))
    assert len(talker.requests()) == 1


def test_a_lost_reply_is_a_failure_that_may_pass() -> None:
    """What was not sent yet is not sent any more."""
    talker = Talker()
    talker._lose_reply()
    (failure,) = talker.heard
    assert isinstance(failure, RequestFailed)
    assert (failure.reason, failure.retryable) == (OFFLINE, True)
    (second,) = talker.requests()
    talker._take_reply(ResponseArrived(second.number, 200))
    assert talker.ends == ["failed"]
    talker._lose_reply()


def test_nobody_waits_after_hanging_up(now: datetime) -> None:
    """Neither for a reply nor for the clock."""
    talker = Talker(pause_until=now)
    (first,) = talker.requests()
    talker._hang_up()
    talker._take_reply(ResponseArrived(first.number, 200))
    talker._resume(now)
    assert (talker.ends, talker.heard, talker.requests()) == (["hung up"], [], [])
    talker._hang_up()


def test_what_follows_from_an_end_is_for_others_to_say() -> None:
    """This half of a device cannot know."""
    silent = Conversing()
    for verb in (silent._client_identity, silent._finish, lambda: silent._try_again(ExchangeError("a", "b"))):
        with pytest.raises(NotImplementedError):
            verb()
