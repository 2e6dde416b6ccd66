"""A device reports on its last command and is given the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.service.answer import Answer
from mdm_server.service.device_identity import PresentedCertificate
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.store.contract import Store
from mdm_server.wire.results import CommandResult


class CommandReports:
    """Records a report and takes the next command off the queue, in one transaction."""

    def __init__(self, store: Store, journal: Journal, clock: Callable[[], datetime]) -> None: ...

    async def answer(self, facts: RequestFacts, presented: PresentedCertificate, report: CommandResult) -> Answer:
        """Return the next command's plist, or 200 without a body when there is none.

        A late, repeated or unknown answer is recorded and harmless: the first terminal result stays.
        """
        raise NotImplementedError
