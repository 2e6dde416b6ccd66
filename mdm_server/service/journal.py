"""The journal: one structured event for each exchange and decision, made of allow-listed fields only.

A body, a challenge, a token or a key cannot get in, because no field is there to hold it: see DETAILS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.service.refusals import refusal_of
from mdm_server.service.request_facts import RequestFacts
from mdm_server.store.contract import Store
from mdm_server.store.errors import StoreUnavailable
from mdm_server.store.records import JournalEvent
from mdm_server.wire.errors import WireError

DETAILS = frozenset(
    {
        *("command", "count", "header", "invitation", "message", "profile", "request_type", "status", "transaction"),
        *("platform", "serial", "step", "udid"),
    }
)
"""The only names under which an event may carry more than its code, reason, device, certificate, peer and request."""
LONGEST_VALUE = 128


@dataclass(slots=True)
class Exchange:
    """What is known of a request so far, for the event that its refusal leaves behind."""

    device: str = ""
    certificate: str = ""
    message: str = ""


class Journal:
    """Writes events; `guard` writes the one event that R0 asks of every refusal."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def note(
        self,
        code: str,
        facts: RequestFacts,
        *,
        reason: str = "",
        device: str = "",
        certificate: str = "",
        **details: str | int,
    ) -> None:
        """Append one event; a detail outside the allow-list is a programming error and raises ValueError."""
        if not details.keys() <= DETAILS:
            raise ValueError(f"expected details among {sorted(DETAILS)}, found {sorted(details.keys() - DETAILS)}")
        self._store.journal.note(
            JournalEvent(
                at=self._clock(),
                code=code,
                reason=reason[:LONGEST_VALUE],
                device=device[:LONGEST_VALUE],
                certificate=certificate[:16],
                peer=facts.peer,
                request_id=facts.request_id,
                detail={
                    name: value[:LONGEST_VALUE] if isinstance(value, str) else value for name, value in details.items()
                },
            )
        )

    def refused(self, refusal: Refusal, facts: RequestFacts, exchange: Exchange) -> None:
        """Append the event of a refused request: its code, reason, device, certificate, peer and request (R0)."""
        self.note(
            refusal.code,
            facts,
            reason=refusal.reason,
            device=exchange.device,
            certificate=exchange.certificate,
            **({"message": exchange.message} if exchange.message else {}),
        )

    @contextmanager
    def guard(self, facts: RequestFacts) -> Iterator[Exchange]:
        """Journal whatever is refused in the block, and let it go on to the web room as a Refusal.

        What the wire room cannot read and what the store cannot write become refusals here, in one place.
        """
        exchange = Exchange()
        try:
            try:
                yield exchange
            except WireError as error:
                raise refusal_of(error) from error
            except StoreUnavailable as error:
                raise Refusal("store.unavailable", retry_after=error.retry_after) from error
        except Refusal as refusal:
            self.refused(refusal, facts, exchange)
            raise
