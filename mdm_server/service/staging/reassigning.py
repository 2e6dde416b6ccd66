"""The console's hand on whose a device is: `PATCH …/enrollmentuser/…` gives a staged device away, or takes one back.

The documents contradict each other (staging-flows.md §6, C2): one says single staging only, one multi staging only.
Here any device will do that a staging user has enrolled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.assignment import AssignmentEvent, patch_enrollment_user, reassign
from mdm_server.domain.staging.check_out import check_out_group
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.registration import Registration, find_registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.admission import journal_name
from mdm_server.service.staging.device_facts import DeviceFacts, describe
from mdm_server.service.staging.finding import Key, the_device, the_user
from mdm_server.service.staging.handing_over import HandOver, check_in, check_out, claim
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.service.staging.user_settings import draw_settings, give_settings
from mdm_server.service.staging.waking import Waker
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingRoom

BY = "administrator"


class Reassigning:
    """Gives devices to users, by an administrator's word."""

    def __init__(
        self,
        store: Store,
        waker: Waker,
        settings: ServiceSettings,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._waker = waker
        self._settings = settings
        self._clock = clock
        self._random_bytes = random_bytes

    async def assign(self, key: Key, user: Key, facts: RequestFacts = INTERNAL) -> DeviceFacts:
        """Give a staged device to a user, or, with its staging user, take a shared one back (T18–T22).

        Raises Refusal `device.unknown`, `user.unknown`, `DEVICE_NOT_STAGED`, `CHECKED_OUT`, `STAGING_CANNOT_CLAIM`,
        `STAGING_USER_GONE`, and `REG_USER_MISMATCH` for a device that is registered to somebody else: registration
        beats staging for administrators, too, but locks nothing.
        """
        found = await self._store.staging.read(lambda view: the_device(view, key))
        enrollment = await self._store.enrollments.find(found.enrollment_key or "")
        how = HandOver(
            self._clock(), BY, new_uuid(self._random_bytes), draw_settings(self._random_bytes), self._settings.base_url
        )
        unlock_token = None if enrollment is None else enrollment.unlock_token

        def work(room: StagingRoom) -> tuple[DeviceFacts, bool]:
            device, target = the_device(room, found.id), the_user(room, user)
            changed = _give(room, device, target, unlock_token, how)
            return describe(room, changed), changed is not device

        given, changed = await self._store.staging.transact(work, facts.occasion(how.at))
        if changed:
            await self._waker.wake([given.device])
        return given


def _give(
    room: StagingRoom, device: DeviceRecord, target: EnrollmentUser, unlock_token: bytes | None, how: HandOver
) -> DeviceRecord:
    enrolling = None if device.enrolling_user is None else room.users.get(device.enrolling_user)
    event, _ = patch_enrollment_user(device, target, enrolling, how.at)
    match event:
        case AssignmentEvent.CLAIM:
            return claim(room, device, target, _expected(room, device, target), how)
        case AssignmentEvent.CHECK_OUT:
            group = check_out_group(device, room.groups.tree(), target, room.user_groups.all(), None)
            return check_out(room, device, target, None if group is None else group.id, how)
        case AssignmentEvent.CHECK_IN:
            return check_in(room, device, unlock_token, how)
        case AssignmentEvent.REASSIGN:
            return _reassign(room, device, target, how)
    return device


def _expected(room: StagingRoom, device: DeviceRecord, target: EnrollmentUser) -> Registration | None:
    """Return the registration a device comes under; one of somebody else is in the way."""
    known = [*room.registrations.for_identifiers(device.identifiers), *room.registrations.waiting_for_any(target.id)]
    found = find_registration(known, device.identifiers, target.id, device.platform)
    if found is not None and found.user not in (None, target.id):
        raise Refusal("REG_USER_MISMATCH", reason="administrator")
    return found


def _reassign(room: StagingRoom, device: DeviceRecord, target: EnrollmentUser, how: HandOver) -> DeviceRecord:
    """Take a device from the user who has it and give it to another; its registrations follow."""
    moved = reassign(device, target.id, how.at)
    given = replace(device, assignment=moved)
    before = None if device.assignment.user is None else room.users.get(device.assignment.user)
    room.devices.replace(given)
    for bound in room.registrations.of_device(device.id):
        room.registrations.replace(replace(bound, user=target.id))
    room.journal.tell(
        JournalCode.ASSIGNMENT_REASSIGNED,
        device=journal_name(given),
        reason=f"from {before.user_name}" if before else "",
        user=target.user_name,
        by=how.by,
    )
    give_settings(room, given, target, how.drawn, how.url)
    return given
