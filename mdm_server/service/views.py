"""What an administrator sees: plain records for the REST room, without secrets and without bytes of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mdm_server.service.command_fields import to_document
from mdm_server.service.push import target_of
from mdm_server.store.records import (
    CertificateRow,
    CommandRow,
    EnrollmentRow,
    InvitationRow,
    IssuanceRow,
    JournalEvent,
)
from mdm_server.wire.command import parse_command
from mdm_server.wire.plist import RESULT, loads_dict

_ENVELOPE = frozenset({"CommandUUID", "Status", "UDID", "EnrollmentID", "UserID", "UserShortName", "UserLongName"})


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device, or one user channel of it (`parent` is the device then)."""

    udid: str
    kind: str
    parent: str | None
    serial_number: str | None
    name: str | None
    model: str | None
    product_name: str | None
    os_version: str | None
    status: str
    supervised: bool | None
    access_rights: int
    topic: str | None
    can_be_pushed: bool
    can_be_unlocked: bool
    awaiting_configuration: bool
    details: Mapping[str, str | int | float | bool | None]
    authenticated_at: datetime | None
    enrolled_at: datetime | None
    unenrolled_at: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class CommandView:
    """One command of one device, with its answer once there is one."""

    command_uuid: str
    udid: str
    request_type: str
    state: str
    sequence: int
    queued_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    expires_at: datetime | None
    fields: Mapping[str, object]
    answer: Mapping[str, object] | None
    """The keys of the answer, without the envelope and without secrets; None while there is no answer."""
    answer_status: str | None


@dataclass(frozen=True, slots=True)
class EventView:
    """One entry of the journal."""

    sequence: int
    at: datetime
    event: str
    reason: str
    device: str
    certificate: str
    peer: str
    request_id: str
    detail: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class CertificateView:
    """One certificate we issued."""

    fingerprint: str
    serial_number: str
    subject: str
    udid: str | None
    state: str
    renewal: bool
    not_before: datetime
    not_after: datetime
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationView:
    """One invitation, without its challenge."""

    invitation_id: str
    max_uses: int
    uses: int
    revoked: bool
    udid: str | None
    serial_number: str | None
    manual_approval: bool
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PendingRequestView:
    """A SCEP request that waits for a person."""

    transaction_id: str
    subject: str
    udid: str | None
    invitation_id: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class EnqueuedView:
    """What became of one enqueue for one device: a command, or the reason there is none."""

    udid: str
    command_uuid: str | None
    code: str | None = None
    detail: str | None = None
    warnings: tuple[str, ...] = ()
    pushed: bool = False


def device_view(row: EnrollmentRow) -> DeviceView:
    """Show an enrolment; push token, unlock token and bootstrap token stay behind."""
    details = row.details
    return DeviceView(
        udid=row.channel.key,
        kind=row.channel.kind,
        parent=None if row.channel.is_device else row.channel.device,
        serial_number=row.serial_number,
        name=_text(details.get("DeviceName")),
        model=_text(details.get("ModelName") or details.get("Model")),
        product_name=_text(details.get("ProductName")),
        os_version=_text(details.get("OSVersion")),
        status=row.status,
        supervised=row.supervised,
        access_rights=row.access_rights,
        topic=row.topic,
        can_be_pushed=target_of(row) is not None,
        can_be_unlocked=bool(row.unlock_token),
        awaiting_configuration=row.awaiting_configuration,
        details=details,
        authenticated_at=row.authenticated_at,
        enrolled_at=row.enrolled_at,
        unenrolled_at=row.unenrolled_at,
        last_seen=row.last_seen,
    )


def command_view(row: CommandRow) -> CommandView:
    """Show a command, with its fields and its answer read from the bytes that are kept."""
    answer, status = (None, None) if row.result is None else _answer(row.result)
    return CommandView(
        command_uuid=row.command_uuid,
        udid=row.enrollment,
        request_type=row.request_type,
        state=row.state,
        sequence=row.sequence,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        answered_at=row.answered_at,
        expires_at=row.expires_at,
        fields=_document(parse_command(row.raw).fields),
        answer=answer,
        answer_status=status,
    )


def event_view(event: JournalEvent) -> EventView:
    """Show a journal entry."""
    return EventView(
        sequence=event.sequence,
        at=event.at,
        event=event.code,
        reason=event.reason,
        device=event.device,
        certificate=event.certificate,
        peer=event.peer,
        request_id=event.request_id,
        detail=event.detail,
    )


def certificate_view(row: CertificateRow) -> CertificateView:
    """Show a certificate."""
    return CertificateView(
        fingerprint=row.fingerprint,
        serial_number=row.serial_number,
        subject=row.subject,
        udid=row.device,
        state=row.state,
        renewal=row.renewal,
        not_before=row.not_before,
        not_after=row.not_after,
        issued_at=row.issued_at,
    )


def invitation_view(row: InvitationRow) -> InvitationView:
    """Show an invitation; the hash of its challenge stays behind."""
    return InvitationView(
        invitation_id=row.invitation_id,
        max_uses=row.max_uses,
        uses=row.uses,
        revoked=row.revoked,
        udid=row.udid,
        serial_number=row.serial_number,
        manual_approval=row.manual_approval,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def pending_view(row: IssuanceRow) -> PendingRequestView:
    """Show a request that waits."""
    return PendingRequestView(row.transaction_id, row.subject, row.device, row.invitation_id, row.recorded_at)


def _answer(result: bytes) -> tuple[Mapping[str, object], str | None]:
    """Read an answer as it was received; it was read once before it was kept."""
    values = loads_dict(result, limits=RESULT)
    shown = {key: value for key, value in values.items() if key not in _ENVELOPE}
    status: Any = values.get("Status")
    return _document(shown), status if isinstance(status, str) else None


def _document(values: Mapping[str, object]) -> Mapping[str, object]:
    return {name: to_document(value, name) for name, value in values.items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
