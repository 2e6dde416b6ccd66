"""Direct Enrollment: whoever logs in to the Workspace ONE app is enrolled, or stays unmanaged, or is refused."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from device_emulator.core.conversation import Conversation, Correspondent
from device_emulator.core.events import HubRefused, HubStepAnswered
from device_emulator.core.hub.asking import NOT_AN_ANSWER, HubError, Question, Typist, ask, draft, refusal_in
from device_emulator.core.hub.login import Login, fill_in
from device_emulator.core.messages import RequestKind
from mdm_server.wire.hub import DIRECT_ENROLLMENT_PATH, DeviceLogin, DeviceReply, HubDevice, parse_device_reply

STEP = "direct"
# A result of Direct Enrollment, as the server spells it.
UNMANAGED = "Unmanaged"


@dataclass(frozen=True, slots=True)
class DirectOutcome:
    """A link to install; or neither link nor code: the device stays unmanaged; or the code and text of a refusal."""

    install_url: str | None = None
    code: str = ""
    text: str = ""

    @property
    def is_unmanaged(self) -> bool:
        """Say whether the person is in, and the device is not managed."""
        return self.install_url is None and not self.code


def enroll_directly(
    correspondent: Correspondent, url: str, device: HubDevice, login: Login, *, types: Typist = str
) -> Conversation[DirectOutcome]:
    """Log in to the Workspace ONE app."""
    question = Question(RequestKind.DIRECT_ENROLLMENT, f"{url.rstrip('/')}{DIRECT_ENROLLMENT_PATH}")

    def send(message: DeviceLogin) -> Conversation[DeviceReply]:
        request = draft(question, msgspec.structs.replace(message, device=device))
        reply = yield from ask(correspondent, request, parse_device_reply)
        correspondent.emit(HubStepAnswered(STEP, refusal_in(reply.status)))
        return reply

    try:
        reply = yield from fill_in(login, types, send)
    except HubError as error:
        outcome = DirectOutcome(code=error.reason, text=error.detail)
    else:
        outcome = _outcome(reply)
    if outcome.code:
        correspondent.emit(HubRefused(outcome.code, outcome.text, STEP))
    return outcome


def _outcome(reply: DeviceReply) -> DirectOutcome:
    if reply.refused:
        return DirectOutcome(code=refusal_in(reply.status), text=reply.status.notification)
    if reply.install_url or reply.result == UNMANAGED:
        return DirectOutcome(install_url=reply.install_url or None)
    return DirectOutcome(code=NOT_AN_ANSWER, text="The server lets the person in, and does not say to what.")
