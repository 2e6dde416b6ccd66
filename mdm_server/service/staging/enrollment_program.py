"""DEP profiles, and which devices of Apple Business Manager get which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.enrollment_program import (
    ProgramProfile,
    ProgramTerms,
    check_assignment,
    check_profile,
    terms_of,
)
from mdm_server.domain.staging.lists import list_verdict
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.finding import Key, the_group
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, ROOT_GROUP, Staging, StagingRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileOrder(ProgramTerms):
    """A DEP profile that is wanted. `default_user` is a user's number."""

    group: Key | None = None


class EnrollmentProgram:
    """Keeps DEP profiles and their assignments."""

    def __init__(self, staging: Staging, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        self._staging = staging
        self._clock = clock
        self._random_bytes = random_bytes

    async def all(self) -> list[ProgramProfile]:
        """Return every profile."""
        return list(await self._staging.read(lambda view: view.enrollment_program.all()))

    async def assigned_to(self, serial_number: str) -> ProgramProfile | None:
        """Return the profile that is assigned to a device."""
        return await self._staging.read(lambda view: view.enrollment_program.assigned_to(serial_number))

    async def save(self, order: ProfileOrder, facts: RequestFacts = INTERNAL) -> ProgramProfile:
        """Save a new profile; raises Refusal `dep.profile`, `group.unknown`, and `api.conflict` for a name in use."""
        uuid = new_uuid(self._random_bytes)

        def work(room: StagingRoom) -> ProgramProfile:
            group = ROOT_GROUP if order.group is None else the_group(room, order.group).id
            profile = ProgramProfile(id=NEW, uuid=uuid, group=group, **terms_of(order))
            user = None if profile.default_user is None else room.users.get(profile.default_user)
            check_profile(profile, user)
            saved = room.enrollment_program.add(profile)
            room.journal.tell(JournalCode.PROGRAM_PROFILE_SAVED, profile=saved.name)
            return saved

        return await self._staging.transact(work, facts.occasion(self._clock()))

    async def assign(self, serial_number: str, profile_id: int | None, facts: RequestFacts = INTERNAL) -> None:
        """Assign a profile to a device, or take it away; raises Refusal `DEP_ASSIGN_BLOCKED`, `api.not_found`."""

        def work(room: StagingRoom) -> None:
            if profile_id is None:
                room.enrollment_program.assign(serial_number, None)
                room.journal.tell(JournalCode.PROGRAM_UNASSIGNED, serial=serial_number)
                return
            profile = room.enrollment_program.get(profile_id)
            if profile is None:
                raise Refusal("api.not_found", reason="profile")
            identifiers = DeviceIdentifiers(None, serial_number, None)
            entries = room.lists.for_identifiers(identifiers, Platform.IOS)
            check_assignment(list_verdict(entries, identifiers, Platform.IOS))
            room.enrollment_program.assign(serial_number, profile.id)
            room.journal.tell(JournalCode.PROGRAM_ASSIGNED, serial=serial_number, profile=profile.name)

        await self._staging.transact(work, facts.occasion(self._clock()))
