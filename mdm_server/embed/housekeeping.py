"""What a server does of its own accord while it runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from mdm_server.service.suite import ServiceSuite
from mdm_server.store.contract import Store
from mdm_server.store.errors import StoreUnavailable
from mdm_server.web.events_log import log

JOURNAL_ENTRIES = 1_000_000
"""The newest so many stay. A journal that anybody may make grow by being refused must not fill the disk."""
TRIM_EVERY_SECONDS = 600.0
SWEEP_EVERY = timedelta(minutes=1)
"""How late a forgotten user may be logged out, and a place be given back that nobody came to take."""

SYNCHRONIZE_EVERY = timedelta(minutes=1)
"""How late Apple is told again what it did not take; how often it is read is for the use case to say."""


async def wake_waiting(suite: ServiceSuite) -> None:
    """Push the devices for which commands wait: pushes do not survive a restart, queues do."""
    await suite.pusher.wake_waiting()
    await suite.android.commands.wake_waiting()


async def trim_journal(store: Store, keep: int = JOURNAL_ENTRIES, every: float = TRIM_EVERY_SECONDS) -> None:
    """Keep the journal from growing without end, until cancelled."""
    while True:
        await asyncio.sleep(every)
        try:
            await store.journal.trim(keep)
        except StoreUnavailable as error:
            log.warning("journal.not_trimmed", reason=str(error))


async def sweep(suite: ServiceSuite, every: timedelta = SWEEP_EVERY) -> None:
    """Do what time does by itself, until cancelled: log out, expire, forgive."""
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            await suite.hub.sweep.run()
        except StoreUnavailable as error:
            log.warning("hub.not_swept", reason=str(error))


async def synchronize(suite: ServiceSuite, every: timedelta = SYNCHRONIZE_EVERY) -> None:
    """Ask Apple Business Manager what is new, until cancelled; what went wrong is in the journal, and tried again."""
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            await suite.abm.sync.run_due()
        except StoreUnavailable as error:
            log.warning("abm.not_synchronized", reason=str(error))
