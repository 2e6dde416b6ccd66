"""Orders that arrive over time: looked at when somebody looks, for nothing here has a clock that rings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from mdm_server.clouds.apple.business_manager import placing
from mdm_server.clouds.apple.business_manager.ledger import Ledger, stamp
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.journal import Journal, Service

RESELLER = "reseller@example.com"


class Arrivals:
    """What was ordered and has not arrived."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime], journal: Journal) -> None:
        self._ledger = ledger
        self._clock = clock
        self._journal = journal
        self._next = self._soonest()

    def expect(self, organization: str, devices: Sequence[NewDevice], server: int | None, arrives_at: datetime) -> None:
        """Write an order down."""
        arrives = stamp(arrives_at)
        with self._ledger.transaction() as connection:
            connection.executemany(
                "INSERT INTO arrivals (arrives, organization, server, device) VALUES (?, ?, ?, ?)",
                [(arrives, organization, server, msgspec.json.encode(device)) for device in devices],
            )
        self._next = arrives if self._next is None else min(self._next, arrives)

    def let_in(self) -> None:
        """Take in what has arrived by now, in its order."""
        now = stamp(self._clock())
        if self._next is None or now < self._next:
            return
        with self._ledger.transaction() as connection:
            due = connection.execute(
                "SELECT arrives, organization, server, device FROM arrivals WHERE arrives <= ?"
                " ORDER BY arrives, number",
                (now,),
            ).fetchall()
            connection.execute("DELETE FROM arrivals WHERE arrives <= ?", (now,))
            for arrives, organization, server, written in due:
                device = msgspec.json.decode(written, type=NewDevice)
                known = placing.taken(connection, [device.serial_number])
                if not known:
                    placing.bring_in(connection, [device], organization, server, at=arrives, by=RESELLER)
                event = "arrival_dropped" if known else "device_arrived"
                self._journal.tell(Service.PORTAL, event, serial=device.serial_number, organization=organization)
        self._next = self._soonest()

    def _soonest(self) -> int | None:
        with self._ledger.reading() as connection:
            (soonest,) = connection.execute("SELECT min(arrives) FROM arrivals").fetchone()
        return None if soonest is None else int(soonest)
