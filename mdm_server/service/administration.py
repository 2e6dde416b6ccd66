"""What an administrator reads and changes besides commands and profiles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.service.journal import Journal
from mdm_server.service.push import Pusher
from mdm_server.service.views import CertificateView, DeviceView, EventView, InvitationView
from mdm_server.store.contract import Store

LARGEST_PAGE = 500


class Administration:
    """Devices, events, certificates and invitations. A page is never larger than LARGEST_PAGE (T-71)."""

    def __init__(self, store: Store, pusher: Pusher, journal: Journal, clock: Callable[[], datetime]) -> None: ...

    async def devices(
        self, *, status: str | None = None, limit: int = 100, after: str | None = None
    ) -> list[DeviceView]:
        """Return devices in the order of their UDIDs, beginning behind `after`."""
        raise NotImplementedError

    async def device(self, udid: str) -> DeviceView:
        """Return one device; raises Refusal `device.unknown` (404)."""
        raise NotImplementedError

    async def push(self, udid: str) -> bool:
        """Wake a device without queueing anything; says whether it has a push token."""
        raise NotImplementedError

    async def events(
        self, *, device: str | None = None, event: str | None = None, limit: int = 100, after: int = 0
    ) -> list[EventView]:
        """Return journal entries in order, beginning behind sequence number `after`."""
        raise NotImplementedError

    async def certificates(self, *, udid: str | None = None, limit: int = 100) -> list[CertificateView]:
        """Return issued certificates, newest first."""
        raise NotImplementedError

    async def revoke(self, fingerprint: str) -> CertificateView:
        """Revoke a certificate: it never authenticates again; raises Refusal `certificate.unknown` (404)."""
        raise NotImplementedError

    async def invitations(self, *, limit: int = 100) -> list[InvitationView]:
        """Return invitations that can still be used, newest first."""
        raise NotImplementedError

    async def approve(self, transaction_id: str) -> None:
        """Approve a SCEP request that waits for a person; raises Refusal `scep.unknown_transaction` (404)."""
        raise NotImplementedError

    async def counts(self) -> dict[str, int]:
        """Return how many rows of each kind the store holds."""
        raise NotImplementedError
