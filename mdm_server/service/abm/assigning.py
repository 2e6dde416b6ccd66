"""Tells Apple Business Manager which device gets which profile: by hand, by rule, and never one that is denied.

What is to be told is kept as errands: a server that dies between telling and keeping it tells it once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from mdm_server.domain.abm.definition import to_dep
from mdm_server.domain.abm.devices import Errand
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.enrollment_program import ProgramProfile, terms_of
from mdm_server.service.abm.client import AbmClient, AbmRefused
from mdm_server.service.abm.planning import plan, record_assigned, record_removed
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import Staging, StagingRoom
from mdm_server.wire.dep import ResponseStatus
from mdm_server.wire.dep_errors import DepErrorCode

T = TypeVar("T")


@dataclass(slots=True)
class Assigned:
    """How the devices fared that were looked at."""

    assigned: int = 0
    unassigned: int = 0
    refused: int = 0
    throttled: int = 0


class Assigning:
    """Does the errands of a token."""

    def __init__(self, staging: Staging, base_url: str, clock: Callable[[], datetime]) -> None:
        self._staging = staging
        self._base_url = base_url
        self._clock = clock

    async def run(self, client: AbmClient, token_id: int, facts: RequestFacts = INTERNAL) -> Assigned:
        """Do every errand that is due; each one is done, or put off. Raises what the client raises."""
        done = Assigned()
        while True:
            made = await self._act(lambda room: plan(room, token_id, self._clock()), facts)
            if not made.looked_at:
                return done
            done.refused += made.refused
            for profile_id, errands in made.assign.items():
                await self._assign(client, token_id, profile_id, errands, done, facts)
            if made.remove:
                await self._remove(client, made.remove, done, facts)

    async def _assign(
        self,
        client: AbmClient,
        token_id: int,
        profile_id: int,
        errands: Sequence[Errand],
        done: Assigned,
        facts: RequestFacts,
    ) -> None:
        """Tell Apple of the devices of one profile; a definition that Apple lost is made once more."""
        serial_numbers = [errand.serial_number for errand in errands]
        profile = await self._defined(client, token_id, profile_id, facts)
        try:
            reply = await client.assign(profile.abm_uuid or "", serial_numbers)
        except AbmRefused as refused:
            if refused.word is not DepErrorCode.PROFILE_NOT_FOUND:
                raise
            profile = await self._defined(client, token_id, profile_id, facts, lost=profile.abm_uuid)
            reply = await client.assign(profile.abm_uuid or "", serial_numbers)
        fared = await self._act(lambda room: record_assigned(room, profile, errands, reply, self._clock()), facts)
        done.assigned += fared.pop(ResponseStatus.SUCCESS, 0)
        done.throttled += fared.pop(ResponseStatus.THROTTLED, 0)
        done.refused += sum(fared.values())

    async def _remove(self, client: AbmClient, errands: Sequence[Errand], done: Assigned, facts: RequestFacts) -> None:
        """Take the profiles of devices away at Apple."""
        reply = await client.remove([errand.serial_number for errand in errands])
        await self._act(lambda room: record_removed(room, errands, reply, self._clock()), facts)
        done.unassigned += sum(status is ResponseStatus.SUCCESS for status in reply.devices.values())

    async def _defined(
        self, client: AbmClient, token_id: int, profile_id: int, facts: RequestFacts, *, lost: str | None = None
    ) -> ProgramProfile:
        """Return a profile that Apple knows; `lost` is the definition that it does not know any more."""
        profile = await self._staging.read(lambda view: view.enrollment_program.get(profile_id))
        if profile is None:
            raise Refusal("api.not_found", reason="profile")
        if profile.abm_uuid is not None and profile.abm_uuid != lost:
            return profile
        told = profile
        reply = await client.define(to_dep(told, self._base_url))
        if not reply.profile_uuid:
            raise Refusal("abm.refused", reason="malformed_answer")

        def keep(room: StagingRoom) -> ProgramProfile:
            defined = replace(told, token=token_id, abm_uuid=reply.profile_uuid)
            # Somebody may have changed the profile meanwhile: then this definition serves once, and another follows.
            current = room.enrollment_program.get(profile_id)
            if current is not None and terms_of(current) == terms_of(told):
                room.enrollment_program.replace(defined)
            room.journal.tell(JournalCode.ABM_PROFILE_DEFINED, profile=told.name)
            return defined

        return await self._act(keep, facts)

    async def _act(self, work: Callable[[StagingRoom], T], facts: RequestFacts) -> T:
        return await self._staging.transact(work, facts.occasion(self._clock()))
