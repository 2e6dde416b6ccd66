"""The enrolment wizard: the server says what comes next, the Hub asks its person, up to a link or a refusal."""

from __future__ import annotations

from device_emulator.core.conversation import Conversation, Correspondent
from device_emulator.core.hub.intent import HubDevice, HubIntent, HubOutcome


def enroll(correspondent: Correspondent, device: HubDevice, intent: HubIntent) -> Conversation[HubOutcome]:
    """Go through the wizard as the person wants it; every answer leaves a `HubStepAnswered`."""
    raise NotImplementedError
    yield
