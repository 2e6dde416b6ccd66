"""What goes into the store and what comes out: one frozen dataclass for each kind of row, and for each verb's facts.

Times are aware UTC datetimes. Certificates are named by the hexadecimal SHA-256 of their DER, whole (T-09).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mdm_server.domain.command_queue import CommandState
from mdm_server.domain.enrollment import Channel, ChannelKind, EnrollmentStatus
from mdm_server.domain.identity_binding import CertificateState

Details = Mapping[str, str | int | float | bool | None]
"""Plain facts about a device, as the console shows them: DeviceName, ProductName, OSVersion…"""


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and for whom a verb acts: goes into the journal with whatever the verb changes."""

    at: datetime
    request_id: str = ""
    peer: str = ""


# --- invitations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation to record. `udid` None: bound at the first Authenticate, once."""

    invitation_id: str
    challenge_hash: str
    expires_at: datetime
    max_uses: int = 1
    udid: str | None = None
    serial_number: str | None = None
    access_rights: int = 8191
    supervised: bool | None = None
    manual_approval: bool = False
    details: Details = field(default_factory=dict)
    """Whatever else made the profile (removable, sign_message…), for whoever reads the invitation later."""


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation as recorded."""

    invitation_id: str
    challenge_hash: str
    created_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int
    revoked: bool
    udid: str | None
    serial_number: str | None
    access_rights: int
    supervised: bool | None
    manual_approval: bool
    details: Details


# --- certificates and SCEP transactions ------------------------------------------------------------------------------


class IssuanceState(StrEnum):
    """How far a SCEP transaction has come."""

    PENDING = "Pending"
    """Waiting for an administrator; polled with GetCertInitial."""
    DENIED = "Denied"
    RECORDED = "Recorded"
    """About to be signed: everything in the certificate is on record."""
    ISSUED = "Issued"


@dataclass(frozen=True, slots=True)
class NewIssuance:
    """A certificate about to be signed: what it will hold, and by what right (record, sign, complete)."""

    transaction_id: str
    request_hash: str
    """SHA-256 of the request's DER: a retry must repeat exactly the same bytes (T-17)."""
    request: bytes
    """The DER of the request itself, kept so that an approved or interrupted issuance can be signed later."""
    serial_number: str
    """Of the certificate, in hexadecimal: UNIQUE."""
    subject: str
    not_before: datetime
    not_after: datetime
    public_key: str | None = None
    """SHA-256 of the SubjectPublicKeyInfo; None where keys shared by devices are tolerated."""
    challenge_hash: str | None = None
    """The right by challenge…"""
    renews: str | None = None
    """…or the right by renewal: the fingerprint of the certificate that signed the request."""


@dataclass(frozen=True, slots=True)
class IssuanceRow:
    """A SCEP transaction as recorded. `certificate` is its DER once it is issued."""

    transaction_id: str
    request_hash: str
    request: bytes
    state: IssuanceState
    serial_number: str
    subject: str
    not_before: datetime
    not_after: datetime
    device: str | None
    """The device the certificate is for, known when the invitation or the renewed certificate says so."""
    invitation_id: str | None
    renewal: bool
    recorded_at: datetime
    certificate: bytes | None
    replayed: bool = False
    """Whether this answer repeats an earlier one, so that nothing new was recorded."""


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """An issued certificate as recorded. `device` None: not bound yet."""

    fingerprint: str
    serial_number: str
    subject: str
    not_before: datetime
    not_after: datetime
    state: CertificateState
    device: str | None
    renewal: bool
    invitation_id: str | None
    issued_at: datetime
    bound_at: datetime | None
    der: bytes


# --- enrolments ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuthenticateFacts:
    """What an Authenticate message says."""

    channel: Channel
    topic: str
    serial_number: str | None = None
    details: Details = field(default_factory=dict)
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class TokenUpdateFacts:
    """What a TokenUpdate message says. An absent or empty `unlock_token` keeps the one on record."""

    channel: Channel
    topic: str
    push_token: bytes
    push_magic: str
    unlock_token: bytes | None = None
    awaiting_configuration: bool = False
    details: Details = field(default_factory=dict)
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class EnrollmentRow:
    """An enrolment as recorded: a device channel, or a user channel of one."""

    channel: Channel
    status: EnrollmentStatus
    topic: str | None
    push_token: bytes | None
    push_magic: str | None
    unlock_token: bytes | None
    bootstrap_token: bytes | None
    serial_number: str | None
    supervised: bool | None
    access_rights: int
    awaiting_configuration: bool
    token_updates: int
    """How many TokenUpdates this enrolment sent since its Authenticate: 1 means "just enrolled"."""
    details: Details
    invitation_id: str | None
    created_at: datetime
    authenticated_at: datetime | None
    enrolled_at: datetime | None
    unenrolled_at: datetime | None
    last_seen: datetime | None

    @property
    def kind(self) -> ChannelKind:
        """What the enrolment speaks for."""
        return self.channel.kind


# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewCommand:
    """A command to queue. The same `command_uuid` with the same `raw` for the same enrolment is the same command."""

    enrollment: str
    command_uuid: str
    request_type: str
    raw: bytes
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as recorded. `sequence` orders the queue; `result` is the whole answer as received."""

    sequence: int
    enrollment: str
    command_uuid: str
    request_type: str
    raw: bytes
    state: CommandState
    queued_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    expires_at: datetime | None
    result: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A device's answer to a command. `status` is spelled as on the wire: Acknowledged, Error, NotNow."""

    command_uuid: str
    status: str
    raw: bytes


class AnswerEffect(StrEnum):
    """What became of an answer."""

    NONE = "none"
    """There was no answer: the device was Idle."""
    RECORDED = "recorded"
    LATE = "late"
    """The command had ended already; nothing changed."""
    UNKNOWN = "unknown"
    """No such command in this queue; nothing changed."""
    NOT_ENROLLED = "not_enrolled"
    """The device has checked out or was erased: answered with nothing."""


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What a report led to: the command to deliver now (or None), and what became of the answer."""

    command: CommandRow | None = None
    effect: AnswerEffect = AnswerEffect.NONE
    answered: CommandRow | None = None
    """The command that was answered, in the state the answer left it in."""
    unenrolled: bool = False
    """Whether the answer ended the enrolment: an acknowledged EraseDevice, or the MDM profile removed on request."""


# --- the rest --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A configuration profile in the library. `identifier` is its PayloadIdentifier; storing it again replaces it."""

    identifier: str
    uuid: str
    display_name: str
    raw: bytes
    removal_disallowed: bool = False
    stored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """An administrator's credential. Only the hash of the token is kept."""

    name: str
    token_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """One entry of the journal; `sequence` is given by the store."""

    at: datetime
    code: str
    reason: str = ""
    device: str = ""
    certificate: str = ""
    """The first 16 hexadecimal digits of a fingerprint."""
    peer: str = ""
    request_id: str = ""
    detail: Details = field(default_factory=dict)
    sequence: int = 0


class ResetScope(StrEnum):
    """What `Store.reset` forgets. The administrator's credentials and the root group always stay."""

    EVERYTHING = "everything"
    DEVICES = "devices"
    """Enrolments, certificates, transactions, invitations and commands; with staging's devices their registrations,
    wipes, Hub sessions and failed logins. Groups, users and lists stay."""
    COMMANDS = "commands"
    PROFILES = "profiles"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of everything."""

    invitations: int
    certificates: int
    enrollments: Mapping[str, int]
    """Device channels by status."""
    commands: Mapping[str, int]
    """Commands by state."""
    profiles: int
    journal: int
