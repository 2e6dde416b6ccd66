"""Logging in to the Hub of an enrolled device, logging out of it, and asking whose the device is."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from device_emulator.core.conversation import Conversation, Correspondent, Prove
from device_emulator.core.events import HubRefused, HubStepAnswered
from device_emulator.core.hub.asking import HubError, Question, Typist, ask, draft, refusal_in
from device_emulator.core.hub.login import Login, fill_in
from device_emulator.core.messages import RequestKind
from mdm_server.wire.hub import HUB_PATH, DeviceLogin, DeviceReply, HubDevice, parse_device_reply


@dataclass(frozen=True, slots=True)
class SharingOutcome:
    """What came of it: the assignment's state and its user, or the code and the text of a refusal."""

    state: str = ""
    user: str = ""
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class EnrolledHub:
    """The Hub of a device that is enrolled: where its server is, and how the device proves itself."""

    correspondent: Correspondent
    url: str
    device: HubDevice
    prove: Prove

    def log_in(self, login: Login, *, types: Typist = str) -> Conversation[SharingOutcome]:
        """Claim a staged device, or check a shared one out."""
        try:
            reply = yield from fill_in(login, types, self._log_in)
        except HubError as error:
            return self._refused("login", error.reason, error.detail)
        return self._outcome("login", reply)

    def log_out(self) -> Conversation[SharingOutcome]:
        """Check a shared device in."""
        return (yield from self._ask_plainly("logout", RequestKind.HUB_LOGOUT))

    def ask_status(self) -> Conversation[SharingOutcome]:
        """Ask whose the device is."""
        return (yield from self._ask_plainly("status", RequestKind.HUB_STATUS))

    def _log_in(self, message: DeviceLogin) -> Conversation[DeviceReply]:
        return self._send("login", RequestKind.HUB_LOGIN, message)

    def _ask_plainly(self, what: str, kind: RequestKind) -> Conversation[SharingOutcome]:
        try:
            reply = yield from self._send(what, kind, DeviceLogin())
        except HubError as error:
            return self._refused(what, error.reason, error.detail)
        return self._outcome(what, reply)

    def _send(self, what: str, kind: RequestKind, message: DeviceLogin) -> Conversation[DeviceReply]:
        question = Question(kind, f"{self.url.rstrip('/')}{HUB_PATH}/{what}")
        proved = self.prove(draft(question, msgspec.structs.replace(message, device=self.device)))
        reply = yield from ask(self.correspondent, proved, parse_device_reply)
        self.correspondent.emit(HubStepAnswered(what, refusal_in(reply.status)))
        return reply

    def _outcome(self, what: str, reply: DeviceReply) -> SharingOutcome:
        if reply.refused:
            return self._refused(what, refusal_in(reply.status), reply.status.notification)
        return SharingOutcome(reply.state, reply.user)

    def _refused(self, what: str, code: str, text: str) -> SharingOutcome:
        self.correspondent.emit(HubRefused(code, text, what))
        return SharingOutcome(code=code, text=text)
