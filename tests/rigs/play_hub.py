"""A Hub's server of a few lines: it says what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import base64
import json
from collections import deque
from datetime import datetime
from typing import Any, TypeVar

from device_emulator.core.conversation import Conversation, Draft, Pause, Reply
from device_emulator.core.events import Event
from device_emulator.core.messages import RequestFailed, ResponseArrived
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings
from mdm_server.wire.hub import DeviceReply, HubHeader, HubReply, HubStatus, NextStep, NextStepType, StatusCode, encode

Result = TypeVar("Result")

HUB = "https://hub.example"
INSTALL_URL = "https://hub.example/enroll?session=1"
CAPTCHA = "data:image/svg+xml;base64," + base64.b64encode(b'<svg><text x="1">471100</text></svg>').decode()


class Somebody:
    """A device, as far as a conversation asks."""

    def __init__(self, now: datetime) -> None:
        self.settings = DeviceSettings()
        self.randomness = Randomness(1, 17)
        self.events: list[Event] = []
        self._now = now

    def clock(self) -> datetime:
        """Return the time."""
        return self._now

    def emit(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)


class PlayHub:
    """Answers one question after the other with what it was given, and keeps the questions."""

    def __init__(self, *replies: HubReply | DeviceReply | ResponseArrived | RequestFailed) -> None:
        self.replies = deque(replies)
        self.drafts: list[Draft] = []

    def hold(self, conversation: Conversation[Result]) -> Result:
        """Hold a conversation to its end, and return what came of it; nobody waits in its pauses."""
        reply: Reply = None
        while True:
            try:
                step = conversation.send(reply)
            except StopIteration as end:
                result: Result = end.value
                return result
            reply = None if isinstance(step, Pause) else self._answer(step)

    def _answer(self, draft: Draft) -> Reply:
        self.drafts.append(draft)
        reply = self.replies.popleft()
        if isinstance(reply, ResponseArrived | RequestFailed):
            return reply
        return ResponseArrived(0, 200, {"content-type": "application/json"}, encode(reply))

    @property
    def steps(self) -> list[str]:
        """The last parts of the addresses that were asked."""
        return [draft.url.rsplit("/", 1)[-1] for draft in self.drafts]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was asked, as JSON."""
        return [json.loads(draft.body) for draft in self.drafts]


def asks(kind: NextStepType, **particulars: Any) -> HubReply:
    """Return a reply that takes the answer and asks the next question."""
    return HubReply(header=HubHeader(session_id="S"), next_step=NextStep(type=kind, **particulars))


def refuses(code: str, text: str = "No.", then: NextStepType = NextStepType.NONE, **particulars: Any) -> HubReply:
    """Return a reply that refuses, and may ask again."""
    status = HubStatus(code=StatusCode.ERROR, notification=text, reason=code)
    return HubReply(header=HubHeader(session_id="S"), status=status, next_step=NextStep(type=then, **particulars))


def offers() -> HubReply:
    """Return a reply with the link to install."""
    return asks(NextStepType.INSTALL, install_url=INSTALL_URL)


def device_refuses(code: str, text: str = "No.", **particulars: Any) -> DeviceReply:
    """Return a reply to a login that refuses it."""
    return DeviceReply(status=HubStatus(code=StatusCode.ERROR, notification=text, reason=code), **particulars)
