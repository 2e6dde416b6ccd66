"""What somebody watching a device could have seen. Every event is a fact in the past tense, and carries no secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from device_emulator.core.gauges import Network
from device_emulator.core.messages import Errand, RequestKind
from device_emulator.core.states import LifeState, LockState, PowerState


class EnrollmentStage(StrEnum):
    """How far an enrolment has come; the funnel of a report counts these, in this order."""

    PROFILE = "profile"
    PROFILE_SERVICE = "profile_service"
    IDENTITY = "identity"
    AUTHENTICATE = "authenticate"
    TOKEN_UPDATE = "token_update"  # noqa: S105 - the name of a message


class Event:
    """Something a watcher could have seen."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class EnrollmentStarted(Event):
    """The person opened an enrolment link (`url`) or a profile (`url` is None)."""

    url: str | None


@dataclass(frozen=True, slots=True)
class StageReached(Event):
    """The enrolment entered a stage."""

    stage: EnrollmentStage


@dataclass(frozen=True, slots=True)
class ProfileAccepted(Event):
    """A profile passed every check; `signer` is its signer's name, None for an unsigned one."""

    identifier: str
    signer: str | None


@dataclass(frozen=True, slots=True)
class ProfileRefused(Event):
    """A profile was not installed; `reason` is a stable token, `detail` a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class CertificateIssued(Event):
    """SCEP gave the device an identity."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class CertificateRenewed(Event):
    """SCEP gave the device a new identity in place of one about to expire."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class RenewalFailed(Event):
    """The device keeps its old identity."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Enrolled(Event):
    """The server took the first TokenUpdate: the device is managed."""

    server_url: str


@dataclass(frozen=True, slots=True)
class EnrollmentFailed(Event):
    """The enrolment ended without success; nothing of it stays on the device."""

    stage: EnrollmentStage
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class RetryScheduled(Event):
    """Something failed for a reason that may pass; the device tries again at `at`. `what` is a request or an errand."""

    what: RequestKind | Errand
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenUpdated(Event):
    """The server took a TokenUpdate after the first."""


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    """The device asks for commands."""


@dataclass(frozen=True, slots=True)
class SessionEnded(Event):
    """The device stopped asking; `reason` is `finished` in the good case, else a stable token."""

    commands: int
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CommandReceived(Event):
    """The server sent a command."""

    command_uuid: str
    request_type: str


@dataclass(frozen=True, slots=True)
class CommandAnswered(Event):
    """The server took the device's answer to a command."""

    command_uuid: str
    request_type: str
    status: str


@dataclass(frozen=True, slots=True)
class UserChannelRefused(Event):
    """The server said 410 to UserAuthenticate: it does not manage this user."""


@dataclass(frozen=True, slots=True)
class FindMyReported(Event):
    """Apple was told of Find My; `locked` says whether it locks the activation of the device."""

    locked: bool


@dataclass(frozen=True, slots=True)
class FindMyRefused(Event):
    """Apple did not take what it was told of Find My."""

    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class BootstrapTokenExchanged(Event):
    """The server was asked for its bootstrap token; `found` says whether it had one."""

    found: bool


@dataclass(frozen=True, slots=True)
class CheckedOut(Event):
    """The server took the CheckOut message."""


@dataclass(frozen=True, slots=True)
class Unenrolled(Event):
    """Management ended and everything it had installed is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class LifeChanged(Event):
    """The device moved on in life (Setup Assistant, in use, enrolling, enrolled)."""

    before: LifeState
    after: LifeState


@dataclass(frozen=True, slots=True)
class LockChanged(Event):
    """The screen was locked, unlocked, disabled or put in lost mode."""

    before: LockState
    after: LockState


@dataclass(frozen=True, slots=True)
class PowerChanged(Event):
    """The device was switched on or off, or finished starting up."""

    before: PowerState
    after: PowerState


@dataclass(frozen=True, slots=True)
class PasscodeChanged(Event):
    """A passcode was set or removed."""

    present: bool


@dataclass(frozen=True, slots=True)
class PasscodeRefused(Event):
    """A wrong passcode was typed, for the `attempts`th time; until `blocked_until` no other is taken."""

    attempts: int
    blocked_until: datetime | None


@dataclass(frozen=True, slots=True)
class PersonRefused(Event):
    """The device did not let its person do something; `reason` is a stable token."""

    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProfileInstalled(Event):
    """A configuration profile is on the device."""

    identifier: str


@dataclass(frozen=True, slots=True)
class ProfileRemoved(Event):
    """A configuration profile left the device."""

    identifier: str


@dataclass(frozen=True, slots=True)
class DeviceErased(Event):
    """Everything on the device was erased."""


@dataclass(frozen=True, slots=True)
class SetupAssistantReached(Event):
    """The device greets whoever holds it with Setup Assistant."""


@dataclass(frozen=True, slots=True)
class SystemUpdated(Event):
    """A newer operating system was installed."""

    version: str


@dataclass(frozen=True, slots=True)
class SetupAssistantFinished(Event):
    """The person went through the panes of Setup Assistant."""

    panes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkChanged(Event):
    """The device lost its network, or found one."""

    before: Network
    after: Network


@dataclass(frozen=True, slots=True)
class HandedOver(Event):
    """Somebody else holds the device now."""

    to: str


@dataclass(frozen=True, slots=True)
class PersonForgot(Event):
    """The person meant to do something and did not."""

    action: str


@dataclass(frozen=True, slots=True)
class DevicePrepared(Event):
    """Apple Configurator prepared the device."""

    supervised: bool


@dataclass(frozen=True, slots=True)
class HubStepAnswered(Event):
    """The server answered a step of the Hub's; `code` is the refusal's, empty where there was none."""

    step: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class HubRefused(Event):
    """The Hub showed its person a refusal: `text` is what they read. A code `hub.…` is the Hub's own."""

    code: str
    text: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class HubLoginShown(Event):
    """The Hub of a staged or shared device waits for somebody to log in; `state` is the device's assignment."""

    state: str


@dataclass(frozen=True, slots=True)
class HubSignedIn(Event):
    """Somebody logged in to the Hub: the device is theirs, for good (Assigned) or for now (CheckedOut)."""

    user: str
    state: str


@dataclass(frozen=True, slots=True)
class HubSignedOut(Event):
    """Whoever had checked the device out gave it back, or somebody else did; the server now clears what was theirs."""

    user: str


@dataclass(frozen=True, slots=True)
class UnmanagedEntered(Event):
    """Somebody logged in to the Workspace ONE app, and the device stays unmanaged."""

    user: str
