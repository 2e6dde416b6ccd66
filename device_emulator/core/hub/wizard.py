"""The enrolment wizard: the server says what comes next, the Hub asks its person, up to a link or a refusal."""

from __future__ import annotations

import msgspec

from device_emulator.core.conversation import Conversation, Correspondent
from device_emulator.core.events import HubRefused, HubStepAnswered
from device_emulator.core.hub.asking import (
    CAPTCHA_REQUIRED,
    ENDLESS,
    HubError,
    Question,
    Typist,
    ask,
    draft,
    refusal_in,
)
from device_emulator.core.hub.intent import HubIntent, HubOutcome
from device_emulator.core.hub.pages import Answer, answer, first_page, insisting
from device_emulator.core.messages import RequestKind
from mdm_server.wire.hub import (
    ENROLLMENT_PATH,
    PROTOCOL_REVISION,
    HubDevice,
    HubHeader,
    HubReply,
    HubRequest,
    NextStep,
    NextStepType,
    Step,
    parse_reply,
)

# As the vendor's own sample client says it.
ENROLLMENT_MODE = "2"
# No wizard asks so much; a server that goes round in circles must not keep its device for ever.
MOST_STEPS = 40
TYPE_AGAIN = frozenset({NextStepType.CREDENTIALS, NextStepType.CAPTCHA})


def enroll(
    correspondent: Correspondent, device: HubDevice, intent: HubIntent, *, types: Typist = str
) -> Conversation[HubOutcome]:
    """Go through the wizard as the person wants it.

    Every answer leaves a `HubStepAnswered`, a refusal a `HubRefused`. `types` types the password, each time anew.
    """
    outcome = yield from Wizard(correspondent, device, intent, types).converse()
    if outcome.install_url is None:
        correspondent.emit(HubRefused(outcome.code, outcome.text, outcome.step))
    return outcome


class Wizard:
    """One walk through the wizard, and what has to be remembered from page to page."""

    def __init__(self, correspondent: Correspondent, device: HubDevice, intent: HubIntent, types: Typist) -> None:
        self._correspondent = correspondent
        self._device = device
        self._intent = intent
        self._types = types
        self._session = ""
        self._step = Step.GROUP
        self._wrong = 0
        self._said: set[Step] = set()

    def converse(self) -> Conversation[HubOutcome]:
        """Answer the wizard's questions until there is a link or a refusal."""
        page = first_page(self._intent)
        try:
            for _ in range(MOST_STEPS):
                reply = yield from self._send(*page)
                if reply.refused and not self._may_type_again(reply):
                    return HubOutcome(self._step, code=refusal_in(reply.status), text=reply.status.notification)
                if reply.next_step.install_url:
                    return HubOutcome(self._step, install_url=reply.next_step.install_url)
                page = self._unasked(reply.next_step) or answer(self._intent, reply.next_step, self._types)
        except HubError as error:
            return HubOutcome(self._step, code=error.reason, text=error.detail)
        return HubOutcome(self._step, code=ENDLESS, text=f"The wizard did not end after {MOST_STEPS} questions.")

    def _send(self, step: Step, message: HubRequest) -> Conversation[HubReply]:
        self._step = step
        self._said.add(step)
        header = HubHeader(
            session_id=self._session,
            language="en",
            protocol_revision=PROTOCOL_REVISION,
            mode=ENROLLMENT_MODE,
            channel=self._intent.channel,
        )
        message = msgspec.structs.replace(message, header=header, device=self._device)
        question = Question(RequestKind.HUB_WIZARD, f"{self._intent.url.rstrip('/')}{ENROLLMENT_PATH}/{step}")
        reply = yield from ask(self._correspondent, draft(question, message), parse_reply)
        self._session = reply.header.session_id or self._session
        self._correspondent.emit(HubStepAnswered(step, refusal_in(reply.status)))
        return reply

    def _unasked(self, asked: NextStep) -> Answer | None:
        """Return what somebody who insists says before they install, though nobody asked; only once."""
        if not self._intent.insists or asked.type != NextStepType.INSTALL:
            return None
        pages = insisting(self._intent)
        return next((page for page in pages if page[0] not in self._said), None)

    def _may_type_again(self, reply: HubReply) -> bool:
        """Say whether the wizard offers its password field again, and the person has patience left."""
        if reply.next_step.type not in TYPE_AGAIN:
            return False
        if reply.status.reason == CAPTCHA_REQUIRED:
            return True
        self._wrong += 1
        return self._wrong < self._intent.attempts
