"""Activation locks: one a device, whoever set it."""

from __future__ import annotations

from mdm_server.clouds.apple.business_manager.ledger import Ledger
from mdm_server.clouds.apple.business_manager.records import ActivationLock, LockKind


class Locks:
    """Keeps them, of any device: a person's device may be in no organization."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def of(self, serial: str) -> ActivationLock | None:
        """Return the lock of a device."""
        with self._ledger.reading() as connection:
            row = connection.execute(
                "SELECT kind, escrow_key, account, password_digest, message FROM locks WHERE serial = ?", (serial,)
            ).fetchone()
        if row is None:
            return None
        kind, escrow_key, account, password_digest, message = row
        return ActivationLock(
            kind=LockKind(kind),
            escrow_key=escrow_key,
            account=account,
            password_digest=password_digest,
            message=message,
        )

    def put(self, serial: str, lock: ActivationLock | None) -> None:
        """Lock a device in the place of the lock it has, or free it."""
        with self._ledger.transaction() as connection:
            if lock is None:
                connection.execute("DELETE FROM locks WHERE serial = ?", (serial,))
                return
            values = (serial, lock.kind, lock.escrow_key, lock.account, lock.password_digest, lock.message)
            connection.execute("REPLACE INTO locks VALUES (?, ?, ?, ?, ?, ?)", values)
