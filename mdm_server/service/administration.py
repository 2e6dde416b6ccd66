"""What an administrator reads and changes besides commands and profiles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.domain.enrollment import EnrollmentEvent, EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.service.push import Pusher
from mdm_server.service.refusals import DetailedRefusal, named
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.views import (
    CertificateView,
    DeviceView,
    EventView,
    InvitationView,
    PendingRequestView,
    certificate_view,
    device_view,
    event_view,
    invitation_view,
    pending_view,
)
from mdm_server.store.contract import Store
from mdm_server.store.records import Counts, EnrollmentRow


class Administration:
    """Devices, events, certificates and invitations. A page is never larger than the store's LARGEST_PAGE (T-71)."""

    def __init__(self, store: Store, pusher: Pusher, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._pusher = pusher
        self._clock = clock

    async def devices(self, *, status: str | None = None, limit: int = 100, after: str = "") -> list[DeviceView]:
        """Return devices in the order of their UDIDs, beginning behind `after`; raises Refusal `api.invalid`."""
        wanted = None
        if status is not None:
            try:
                wanted = EnrollmentStatus(status)
            except ValueError as error:
                known = ", ".join(EnrollmentStatus)
                raise DetailedRefusal(
                    "api.invalid", reason="status", detail=f"status: expected one of {known}"
                ) from error
        rows = await self._store.enrollments.list(after=after, limit=limit, status=wanted)
        return [device_view(row) for row in rows]

    async def device(self, udid: str) -> DeviceView:
        """Return one device; raises Refusal `device.unknown` (404)."""
        return device_view(await self._enrollment(udid))

    async def users(self, udid: str) -> list[DeviceView]:
        """Return the user channels of a device; raises Refusal `device.unknown` (404)."""
        await self._enrollment(udid)
        rows = await self._store.enrollments.list(device=udid)
        return [device_view(row) for row in rows if not row.channel.is_device]

    async def push(self, udid: str) -> bool:
        """Wake a device without queueing anything; says whether it has a push token."""
        return await self._pusher.wake([await self._enrollment(udid)]) > 0

    async def retire(self, udid: str, facts: RequestFacts = INTERNAL) -> DeviceView:
        """Take a device out of management for good: it gets no more commands until it enrols again."""
        await self._enrollment(udid)
        occasion = facts.occasion(self._clock())
        return device_view(await self._store.enrollments.move(udid, EnrollmentEvent.RETIRE, occasion))

    async def events(
        self,
        *,
        device: str | None = None,
        event: str | None = None,
        limit: int = 100,
        after: int = 0,
        newest_first: bool = False,
    ) -> list[EventView]:
        """Return journal entries, beginning behind sequence number `after`; `event` also matches as a prefix."""
        entries = await self._store.journal.list(
            after=after, limit=limit, device=device, code=event, newest_first=newest_first
        )
        return [event_view(entry) for entry in entries]

    async def certificates(self, udid: str) -> list[CertificateView]:
        """Return the certificates of a device, newest first."""
        return [certificate_view(row) for row in await self._store.certificates.list(udid)]

    async def revoke(self, fingerprint: str, facts: RequestFacts = INTERNAL) -> CertificateView:
        """Revoke a certificate: it never authenticates again; raises Refusal `certificate.unknown` (404)."""
        try:
            return certificate_view(await self._store.certificates.revoke(fingerprint, facts.occasion(self._clock())))
        except Refusal as refusal:
            raise named(refusal, {"api.not_found": "certificate.unknown"}) from refusal

    async def invitations(self, *, after: str = "", limit: int = 100) -> list[InvitationView]:
        """Return invitations by identifier."""
        return [invitation_view(row) for row in await self._store.invitations.list(after=after, limit=limit)]

    async def revoke_invitation(self, invitation_id: str, facts: RequestFacts = INTERNAL) -> InvitationView:
        """Revoke an invitation: its challenge opens nothing any more; raises Refusal `invitation.unknown` (404)."""
        try:
            return invitation_view(await self._store.invitations.revoke(invitation_id, facts.occasion(self._clock())))
        except Refusal as refusal:
            raise named(refusal, {"api.not_found": "invitation.unknown"}) from refusal

    async def pending(self, *, after: str = "", limit: int = 100) -> list[PendingRequestView]:
        """Return SCEP requests that wait for a person."""
        return [pending_view(row) for row in await self._store.issuance.list_pending(after=after, limit=limit)]

    async def approve(self, transaction_id: str, facts: RequestFacts = INTERNAL) -> None:
        """Approve a SCEP request that waits for a person; raises Refusal `scep.unknown_transaction` (404)."""
        try:
            await self._store.issuance.approve(transaction_id, facts.occasion(self._clock()))
        except Refusal as refusal:
            raise named(refusal, {"api.not_found": "scep.unknown_transaction"}) from refusal

    async def deny(self, transaction_id: str, facts: RequestFacts = INTERNAL) -> None:
        """Deny a SCEP request that waits for a person; raises Refusal `scep.unknown_transaction` (404)."""
        try:
            await self._store.issuance.deny(transaction_id, facts.occasion(self._clock()))
        except Refusal as refusal:
            raise named(refusal, {"api.not_found": "scep.unknown_transaction"}) from refusal

    async def counts(self) -> Counts:
        """Return how many rows of each kind the store holds."""
        return await self._store.counts()

    async def _enrollment(self, udid: str) -> EnrollmentRow:
        row = await self._store.enrollments.find(udid)
        if row is None:
            raise Refusal("device.unknown")
        return row
