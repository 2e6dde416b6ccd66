"""Journal entries as tests write them: what happened, one after the other, a minute apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mdm_server.store.records import JournalEvent

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
DEVICE = "device:5"


def entry(
    code: str, *, device: str = DEVICE, reason: str = "", at: datetime = BEGIN, **detail: str | int
) -> JournalEvent:
    """Return one entry."""
    return JournalEvent(at, code, reason, device, detail=detail)


def entries(*told: JournalEvent) -> list[JournalEvent]:
    """Return entries a minute apart, numbered."""
    return [
        replace(each, at=BEGIN + number * timedelta(minutes=1), sequence=number + 1) for number, each in enumerate(told)
    ]


REFUSED = entry("hub.refused", reason="REG_USER_MISMATCH", user="bert", guard="RegistrationOwner", serial="F17XQ2")
LOCKED = entry("lock.set", reason="REG_USER_MISMATCH", user="bert")
REGISTERED = entry("registration.created", user="anna", serial="F17XQ2")


def wrong_user() -> list[JournalEvent]:
    """Return the journal of a device that the wrong user tried to have."""
    return entries(REGISTERED, entry("hub.session_started", device="", serial="F17XQ2"), LOCKED, REFUSED)
