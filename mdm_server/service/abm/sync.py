"""Reads Apple Business Manager: all devices once, then what has changed, and tells it what was decided here.

A page and the cursor behind it are kept in one transaction, so that whatever happens in between, every device is read
and none twice. A cursor that Apple does not know, or that is a week old, begins a fetch anew; what is not in that fetch
is gone. How often that may happen in one run is bounded, for Apple may say so for ever.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from mdm_server.domain.abm.tokens import AbmToken, Phase, TokenState
from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm.assigning import Assigning
from mdm_server.service.abm.client import PATIENCE, AbmClient, AbmRefused
from mdm_server.service.abm.clients import AbmClients
from mdm_server.service.abm.finding import the_token
from mdm_server.service.abm.pages import Taken, begin_anew, take_end_of_fetch, take_page
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import Staging, StagingRoom, StagingView
from mdm_server.wire.dep_errors import DepErrorCode

T = TypeVar("T")

PAGE = 1_000
"""How many devices are asked for at once: the most that Apple gives."""
EVERY = timedelta(minutes=15)
"""How long a server goes without a look at Apple when nobody asks for one."""
FRESH_STARTS = 3
"""How often a run begins a fetch anew."""

_BAD_CURSOR = frozenset({DepErrorCode.INVALID_CURSOR, DepErrorCode.EXPIRED_CURSOR, DepErrorCode.CURSOR_REQUIRED})


@dataclass(slots=True)
class SyncReport:
    """What a run found and did."""

    token: int
    pages: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    begun_anew: int = 0
    assigned: int = 0
    unassigned: int = 0
    refused: int = 0
    throttled: int = 0

    def count(self, taken: Taken) -> None:
        """Count what was taken over."""
        self.pages += 1
        self.added += taken.added
        self.changed += taken.changed
        self.removed += taken.removed


class AbmSync:
    """Keeps our picture of Apple Business Manager, and Apple's of our wishes."""

    def __init__(
        self, staging: Staging, clients: AbmClients, assigning: Assigning, clock: Callable[[], datetime]
    ) -> None:
        self._staging = staging
        self._clients = clients
        self._assigning = assigning
        self._clock = clock
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, token_id: int, facts: RequestFacts = INTERNAL, *, anew: bool = False) -> SyncReport:
        """Read what there is to read, then tell what there is to tell; `anew` fetches all devices again.

        Raises Refusal `abm.refused`, `abm.unreachable`, `abm.token`, `abm.no_url`, `api.not_found`. What was read until
        then is kept, and the next run goes on from there.
        """
        async with self._turns[token_id]:
            token = await self._ready(token_id)
            report = SyncReport(token_id)
            client = self._clients.of(token)
            try:
                if anew and token.cursor is not None:
                    token = await self._act(lambda room: begin_anew(room, token), facts)
                await self._read(client, token, report, facts)
                await self._tell(client, report, facts)
            except Refusal as refusal:
                await self._note_trouble(token_id, refusal, facts)
                raise
            await self._act(lambda room: _journal(room, token, report), facts)
            return report

    async def run_all(self, *, anew: bool = False) -> list[SyncReport]:
        """Run every token that is good for it; what is refused is noted with its token, and tried the next time."""
        return await self._run_those_that_can(await self._staging.read(lambda view: view.abm.tokens()), anew=anew)

    async def run_due(self) -> list[SyncReport]:
        """Run the tokens that were not read for a while, or for which something is to be told."""
        due = self._clock() - EVERY

        def look(view: StagingView) -> list[AbmToken]:
            return [
                token
                for token in view.abm.tokens()
                if token.synced_at is None or token.synced_at <= due or view.abm.errands(token.id, self._clock(), 1)
            ]

        return await self._run_those_that_can(await self._staging.read(look))

    async def settle(self, tokens: Iterable[int], facts: RequestFacts = INTERNAL) -> None:
        """Tell Apple at once what was decided about devices of these tokens; what it refuses is tried again later."""
        for token_id in tokens:
            async with self._turns[token_id]:
                try:
                    client = self._clients.of(await self._ready(token_id))
                    await self._assigning.run(client, token_id, facts)
                except Refusal as refusal:
                    await self._note_trouble(token_id, refusal, facts)

    async def _run_those_that_can(self, tokens: Iterable[AbmToken], *, anew: bool = False) -> list[SyncReport]:
        now, reports = self._clock(), []
        for token in tokens:
            if token.state(now) is TokenState.ACTIVE and (token.not_before is None or token.not_before <= now):
                with suppress(Refusal):
                    reports.append(await self.run(token.id, anew=anew))
        return reports

    async def _ready(self, token_id: int) -> AbmToken:
        """Return a token that Apple does not want to be spared by."""
        token = await self._staging.read(lambda view: the_token(view, token_id))
        now = self._clock()
        if token.not_before is not None and token.not_before > now:
            wait = int((token.not_before - now).total_seconds()) + 1
            raise AbmRefused(429, DepErrorCode.TOO_MANY_REQUESTS, retry_after=wait)
        return token

    async def _read(self, client: AbmClient, token: AbmToken, report: SyncReport, facts: RequestFacts) -> None:
        more = True
        while more:
            token, more = await self._read_page(client, token, report, facts)

    async def _read_page(
        self, client: AbmClient, asked: AbmToken, report: SyncReport, facts: RequestFacts
    ) -> tuple[AbmToken, bool]:
        """Read one page, and return from where to go on, and whether to."""
        fetches = asked.phase is Phase.FETCH
        try:
            page = await (client.fetch if fetches else client.sync)(asked.cursor, PAGE)
        except AbmRefused as refused:
            if refused.word is DepErrorCode.EXHAUSTED_CURSOR and asked.cursor is not None:
                if not fetches:
                    return asked, False
                taken = await self._act(lambda room: take_end_of_fetch(room, asked, self._clock()), facts)
                report.removed += taken.removed
                return taken.token, True
            if refused.word not in _BAD_CURSOR or report.begun_anew >= FRESH_STARTS:
                raise
            report.begun_anew += 1
            return await self._act(lambda room: begin_anew(room, asked), facts), True
        if page.more_to_follow and page.cursor == asked.cursor:
            # The same page would come for ever.
            raise Refusal("abm.refused", reason="cursor_stands_still")
        taken = await self._act(lambda room: take_page(room, asked, page, self._clock()), facts)
        report.count(taken)
        # After the last page of a fetch come the changes that happened while it was read.
        return taken.token, page.more_to_follow or fetches

    async def _tell(self, client: AbmClient, report: SyncReport, facts: RequestFacts) -> None:
        done = await self._assigning.run(client, report.token, facts)
        report.assigned, report.unassigned = done.assigned, done.unassigned
        report.refused, report.throttled = done.refused, done.throttled

    async def _note_trouble(self, token_id: int, refusal: Refusal, facts: RequestFacts) -> None:
        """Keep with the token what went wrong, and until when Apple wants to be left alone."""
        now = self._clock()
        wait = None
        if isinstance(refusal, AbmRefused) and refusal.answered == 429:
            wait = now + timedelta(seconds=refusal.retry_after or PATIENCE)

        def work(room: StagingRoom) -> None:
            token = room.abm.token(token_id)
            if token is not None:
                # The web room journals what it refuses; of what nobody asked for, the first time is told.
                if facts is INTERNAL and token.trouble != refusal.event:
                    room.journal.tell(refusal.code, reason=refusal.reason, server=token.server_name)
                room.abm.replace_token(replace(token, trouble=refusal.event, not_before=wait or token.not_before))

        await self._staging.transact(work, facts.occasion(now))

    async def _act(self, work: Callable[[StagingRoom], T], facts: RequestFacts) -> T:
        return await self._staging.transact(work, facts.occasion(self._clock()))


def _journal(room: StagingRoom, token: AbmToken, report: SyncReport) -> None:
    """Tell of a run that found or did something; the others would fill the journal with nothing."""
    if report.begun_anew + report.added + report.changed + report.removed + report.assigned + report.unassigned:
        room.journal.tell(
            JournalCode.ABM_SYNCED,
            server=token.server_name,
            added=report.added,
            changed=report.changed,
            removed=report.removed,
            assigned=report.assigned,
            unassigned=report.unassigned,
        )
