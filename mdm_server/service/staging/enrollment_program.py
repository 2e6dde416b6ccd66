"""DEP profiles, and which devices of Apple Business Manager get which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from mdm_server.service.abm.finding import the_token
from mdm_server.service.abm.inventory import Messenger, look_at
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.finding import Key, the_group
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, ROOT_GROUP, Staging, StagingRoom, StagingView


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileOrder(ProgramTerms):
    """A DEP profile that is wanted. `default_user` is a user's number."""

    group: Key | None = None


WRONG: Mapping[str, str] = {
    "name": "expected a name",
    "locked_needs_supervised": "expected a device that is supervised, or management that can be removed",
    "default_user": "expected a default user, because nobody is asked who they are",
    "web_sign_in": "expected authentication, because people are to sign in on a page",
}
"""What is wrong with a profile, by the reason for which the domain refuses it."""


class EnrollmentProgram:
    """Keeps DEP profiles and their assignments."""

    def __init__(
        self,
        staging: Staging,
        tell_apple: Messenger,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._staging = staging
        self._tell_apple = tell_apple
        self._clock = clock
        self._random_bytes = random_bytes

    async def all(self) -> list[ProgramProfile]:
        """Return every profile."""
        return list(await self._staging.read(lambda view: view.enrollment_program.all()))

    async def find(self, key: Key) -> ProgramProfile:
        """Return a profile by its number or its UUID; raises Refusal `api.not_found`."""
        return await self._staging.read(lambda view: _the_profile(view, key))

    async def assigned_to(self, serial_number: str) -> ProgramProfile | None:
        """Return the profile that is assigned to a device."""
        return await self._staging.read(lambda view: view.enrollment_program.assigned_to(serial_number))

    async def save(self, order: ProfileOrder, facts: RequestFacts = INTERNAL) -> ProgramProfile:
        """Save a new profile.

        Raises Refusal `dep.profile`, `group.unknown`, `api.not_found` for no such token, `api.conflict` for a name in
        use.
        """
        uuid = new_uuid(self._random_bytes)

        def work(room: StagingRoom) -> ProgramProfile:
            return self._keep(room, NEW, uuid, order)

        return await self._staging.transact(work, facts.occasion(self._clock()))

    async def change(self, key: Key, order: ProfileOrder, facts: RequestFacts = INTERNAL) -> ProgramProfile:
        """Save a profile anew; devices that have it get the new one at Apple, too.

        Raises Refusal as `save` does, and `api.not_found`.
        """
        now = self._clock()

        def work(room: StagingRoom) -> tuple[ProgramProfile, set[int]]:
            profile = _the_profile(room, key)
            kept = self._keep(room, profile.id, profile.uuid, order)
            room.abm.look_at_profile(profile.id, now)
            return kept, {token.id for token in room.abm.tokens() if room.abm.errands(token.id, now, 1)}

        kept, tokens = await self._staging.transact(work, facts.occasion(now))
        await self._tell_apple(tokens)
        return kept

    async def remove(self, key: Key, facts: RequestFacts = INTERNAL) -> None:
        """Remove a profile; raises Refusal `api.not_found`, and `api.conflict` while something has it."""

        def work(room: StagingRoom) -> None:
            room.enrollment_program.remove(_the_profile(room, key).id)

        await self._staging.transact(work, facts.occasion(self._clock()))

    async def assign(self, serial_number: str, profile_id: int | None, facts: RequestFacts = INTERNAL) -> None:
        """Assign a profile to a device, or take it away; Apple is told, if it has the device for us.

        Raises Refusal `DEP_ASSIGN_BLOCKED`, `api.not_found`, and `abm.other_server` for a profile that is for another
        server than the device's.
        """
        now = self._clock()

        def work(room: StagingRoom) -> set[int]:
            if profile_id is None:
                room.enrollment_program.assign(serial_number, None)
                room.journal.tell(JournalCode.PROGRAM_UNASSIGNED, serial=serial_number)
                return look_at(room, [serial_number], now)
            profile = _the_profile(room, profile_id)
            identifiers = DeviceIdentifiers(None, serial_number, None)
            entries = room.lists.for_identifiers(identifiers, Platform.IOS)
            check_assignment(list_verdict(entries, identifiers, Platform.IOS))
            tokens = look_at(room, [serial_number], now)
            if tokens and profile.token is not None and profile.token not in tokens:
                raise Refusal("abm.other_server")
            room.enrollment_program.assign(serial_number, profile.id)
            room.journal.tell(JournalCode.PROGRAM_ASSIGNED, serial=serial_number, profile=profile.name)
            return tokens

        await self._tell_apple(await self._staging.transact(work, facts.occasion(now)))

    def _keep(self, room: StagingRoom, profile_id: int, uuid: str, order: ProfileOrder) -> ProgramProfile:
        """Keep what was ordered, if it makes sense; what Apple knew under this number is not this profile any more."""
        group = ROOT_GROUP if order.group is None else the_group(room, order.group).id
        profile = ProgramProfile(id=profile_id, uuid=uuid, group=group, **terms_of(order))
        user = None if profile.default_user is None else room.users.get(profile.default_user)
        try:
            check_profile(profile, user)
        except Refusal as refusal:
            raise DetailedRefusal(refusal.code, reason=refusal.reason, detail=WRONG[refusal.reason]) from None
        if profile.token is not None:
            the_token(room, profile.token)
        if profile_id == NEW:
            profile = room.enrollment_program.add(profile)
        else:
            room.enrollment_program.replace(profile)
        room.journal.tell(JournalCode.PROGRAM_PROFILE_SAVED, profile=profile.name)
        return profile


def _the_profile(view: StagingView | StagingRoom, key: Key) -> ProgramProfile:
    program = view.enrollment_program
    found = program.get(key) if isinstance(key, int) else program.by_uuid(key)
    if found is None:
        raise Refusal("api.not_found", reason="profile")
    return found
