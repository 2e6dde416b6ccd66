"""What an administrator sees: plain records for the REST room, without secrets and without bytes of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device."""

    udid: str
    serial_number: str | None
    name: str | None
    model: str | None
    product_name: str | None
    os_version: str | None
    status: str
    supervised: bool
    topic: str | None
    can_be_pushed: bool
    access_rights: int
    enrolled_at: datetime | None
    last_seen: datetime | None
    queued: int


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
    fields: Mapping[str, object]
    answer: Mapping[str, object] | None
    error_chain: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class EventView:
    """One entry of the journal."""

    sequence: int
    at: datetime
    event: str
    fields: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class CertificateView:
    """One certificate we issued."""

    fingerprint: str
    serial_number: str
    subject: str
    udid: str | None
    state: str
    not_before: datetime
    not_after: datetime
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationView:
    """One invitation, without its challenge."""

    invitation_id: str
    max_uses: int
    used: int
    udid: str | None
    serial_number: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EnqueuedView:
    """What became of one enqueue for one device: a command, or the reason there is none."""

    udid: str
    command_uuid: str | None
    code: str | None = None
    detail: str | None = None
    warnings: tuple[str, ...] = ()
    pushed: bool = False
