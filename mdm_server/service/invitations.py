"""Invitations: what an enrolment profile carries, and the profile made from one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from certs.authority import Authority
from mdm_server.service.journal import Journal
from mdm_server.service.running import Runner
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.contract import Store


@dataclass(frozen=True, slots=True)
class InvitationRequest:
    """What is wanted of a new invitation; None means "as the settings say".

    `max_uses` above one makes the reusable kind, for tools that install one profile on many devices: its requests may
    name any subject, and a certificate is bound to its device at the first Authenticate.
    """

    max_uses: int = 1
    lifetime: timedelta | None = None
    udid: str | None = None
    serial_number: str | None = None
    removable: bool | None = None
    supervised: bool | None = None
    access_rights: int | None = None
    sign_message: bool | None = None
    manual_approval: bool = False
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """A new invitation. The challenge exists only here and in the profile; the store keeps its hash."""

    invitation_id: str
    challenge: str
    expires_at: datetime
    max_uses: int


class Invitations:
    """Makes invitations and the enrolment profiles that carry them."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        settings: ServiceSettings,
        journal: Journal,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        run: Runner,
    ) -> None: ...

    async def invite(self, request: InvitationRequest) -> IssuedInvitation:
        """Record a new invitation; raises Refusal `enroll.too_many_open` (429) when half-open ones reach the limit."""
        raise NotImplementedError

    async def profile(self, request: InvitationRequest, *, signed: bool = True) -> bytes:
        """Record a new invitation and return the enrolment profile that carries it, signed unless told otherwise."""
        raise NotImplementedError
