"""Logging in to the Hub of an enrolled device, logging out of it, and asking whose the device is."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.conversation import Conversation, Correspondent, Prove
from device_emulator.core.hub.intent import HubDevice


@dataclass(frozen=True, slots=True)
class SharingOutcome:
    """What came of it: the assignment's state and its user, or the code and the text of a refusal."""

    state: str = ""
    user: str | None = None
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What somebody types to log in."""

    user_name: str
    password: str
    group: str | None = None
    shared_passcode: str | None = None
    accept_terms: bool = True


def log_in(
    correspondent: Correspondent, base_url: str, device: HubDevice, login: Login, prove: Prove
) -> Conversation[SharingOutcome]:
    """Claim a staged device, or check a shared one out."""
    raise NotImplementedError
    yield


def log_out(
    correspondent: Correspondent, base_url: str, device: HubDevice, prove: Prove
) -> Conversation[SharingOutcome]:
    """Check a shared device in."""
    raise NotImplementedError
    yield


def ask_status(
    correspondent: Correspondent, base_url: str, device: HubDevice, prove: Prove
) -> Conversation[SharingOutcome]:
    """Ask whose the device is."""
    raise NotImplementedError
    yield
