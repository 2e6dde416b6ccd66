"""Handing a staged or shared device over: the record, the registration, the user's settings and the journal together.

All functions here run inside one transaction of `Staging`, after the guards have let somebody through. They return the
record as it was stored, the very same one when nothing changed; whoever calls wakes a device that did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mdm_server.domain.staging import assignment, registration
from mdm_server.domain.staging.check_out import home_group
from mdm_server.domain.staging.devices import Assignment, DeviceRecord
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.service.staging.admission import journal_name
from mdm_server.service.staging.user_settings import Drawn, give_settings, take_settings
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom


@dataclass(frozen=True, slots=True)
class HandOver:
    """One hand-over: when, by whose doing ("user", "timer", "administrator"), and what it needs that is random."""

    at: datetime
    by: str
    uuid: str
    """For a registration, if there has to be a new one."""
    drawn: Drawn
    url: str = ""
    """Where the start page of a user's settings leads."""


def claim(
    room: StagingRoom, device: DeviceRecord, user: EnrollmentUser, expected: Registration | None, how: HandOver
) -> DeviceRecord:
    """Let the first qualified user take a staged device, once (T16); raises the Refusal of `assignment.claim`.

    `expected` is the registration the device comes under, if there is one: it is bound to the device now.
    """
    moved = assignment.claim(device, user.id, how.at)
    if moved is device.assignment:
        return device
    claimed = replace(device, assignment=moved, claimed_at=how.at, claimed_once=True)
    room.devices.replace(claimed)
    _bind(room, claimed, user, expected, how)
    _tell(room, JournalCode.ASSIGNMENT_CLAIMED, claimed, moved, how)
    give_settings(room, claimed, user, how.drawn, how.url)
    return claimed


def check_out(
    room: StagingRoom, device: DeviceRecord, user: EnrollmentUser, group: int | None, how: HandOver
) -> DeviceRecord:
    """Let somebody take a shared device along into a group (T19); raises the Refusal of `assignment.check_out`."""
    moved = assignment.check_out(device, user.id, how.at)
    if moved is device.assignment:
        return device
    home = home_group(device)
    taken = replace(device, assignment=moved, group=home if group is None else group, home_group=home)
    room.devices.replace(taken)
    _tell(room, JournalCode.ASSIGNMENT_CHECKED_OUT, taken, moved, how)
    give_settings(room, taken, user, how.drawn, how.url)
    return taken


def check_in(room: StagingRoom, device: DeviceRecord, unlock_token: bytes | None, how: HandOver) -> DeviceRecord:
    """Take a shared device back (T20): the user's settings go, and the passcode; twice is harmless.

    Raises the Refusal of `assignment.check_in`.
    """
    moved = assignment.check_in(device, how.at)
    if moved is device.assignment:
        return device
    home = home_group(device)
    returned = replace(device, assignment=moved, group=home, home_group=None)
    room.devices.replace(returned)
    _tell(room, JournalCode.ASSIGNMENT_CHECKED_IN, returned, device.assignment, how)
    clear = room.groups.tree().settings(ROOT_GROUP if home is None else home).shared.clear_passcode
    take_settings(room, returned, how.drawn, unlock_token, clear_passcode=clear)
    return returned


def _bind(
    room: StagingRoom, device: DeviceRecord, user: EnrollmentUser, expected: Registration | None, how: HandOver
) -> None:
    """Bind a registration to the device, a new one when there is none: whoever enrols owns it from then on (rule 3)."""
    there = expected
    if there is None or there.user not in (None, user.id):
        there = room.registrations.add(
            Registration(
                NEW,
                how.uuid,
                user.id,
                device.group or ROOT_GROUP,
                device.platform,
                device.identifiers,
                device.ownership,
                device.friendly_name,
                created_at=how.at,
            )
        )
    room.registrations.replace(registration.bind(replace(there, user=user.id), device.id, device.identifiers))
    room.journal.tell(JournalCode.REGISTRATION_BOUND, device=journal_name(device), user=user.user_name)


def _tell(room: StagingRoom, code: str, device: DeviceRecord, people: Assignment, how: HandOver) -> None:
    """Journal who has the device, who staged it, and where it is."""
    named = {"user": people.user, "stager": people.stager}
    found = {role: room.users.get(number) for role, number in named.items() if number is not None}
    told = {role: user.user_name for role, user in found.items() if user is not None}
    group = None if device.group is None else room.groups.get(device.group)
    if group is not None:
        told["group"] = group.group_id
    room.journal.tell(code, device=journal_name(device), by=how.by, **told)
