"""What is to be told to Apple Business Manager: which devices get which profile, and what came of telling it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from mdm_server.domain.abm.devices import AbmDevice, Errand, next_try
from mdm_server.domain.abm.rules import profile_for
from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.domain.staging.lists import list_verdict
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.service.abm.client import patience
from mdm_server.service.abm.finding import the_token
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingRoom, StagingView
from mdm_server.wire.dep import AssignReply, ProfileStatus, ResponseStatus, same_uuid

BATCH = 1_000
"""No call to Apple is about more devices."""


@dataclass(slots=True)
class Plan:
    """What a batch of errands comes to; `looked_at` counts them."""

    looked_at: int
    assign: dict[int, list[Errand]] = field(default_factory=dict)
    """By the number of the profile."""
    remove: list[Errand] = field(default_factory=list)
    refused: int = 0


def plan(room: StagingRoom, token_id: int, now: datetime) -> Plan:
    """Look at the devices that are due, settle what needs no call, and return the rest."""
    token = the_token(room, token_id)
    errands = room.abm.errands(token_id, now, BATCH)
    made = Plan(len(errands))
    for found in errands:
        device = room.abm.device(token_id, found.serial_number)
        if device is None:
            room.abm.settled(found)
            continue
        # Whoever sent the errand may have typed the number in small letters; Apple is told it as Apple spells it.
        errand = replace(found, serial_number=device.serial_number)
        wanted = _wanted(room, token, device, errand, made)
        if wanted is not None and not device.has(wanted):
            made.assign.setdefault(wanted.id, []).append(errand)
        elif wanted is None and _is_ours(room, device):
            made.remove.append(errand)
        else:
            room.abm.settled(errand)
    return made


def is_denied(view: StagingView | StagingRoom, serial_number: str) -> bool:
    """Say whether a device may not have a DEP profile (§2.1 rule 7, row 49)."""
    identifiers = DeviceIdentifiers(None, serial_number, None)
    entries = view.lists.for_identifiers(identifiers, Platform.IOS)
    return list_verdict(entries, identifiers, Platform.IOS).denied is not None


def record_assigned(
    room: StagingRoom, profile: ProgramProfile, errands: Sequence[Errand], reply: AssignReply, now: datetime
) -> dict[ResponseStatus, int]:
    """Keep what came of assigning a profile; return how many devices fared how."""
    fared: dict[ResponseStatus, int] = {}
    wait = timedelta(seconds=patience(reply.retry_after_seconds))
    for errand in errands:
        status = reply.devices.get(errand.serial_number, ResponseStatus.FAILED)
        fared[status] = fared.get(status, 0) + 1
        if status is ResponseStatus.SUCCESS:
            _tell_profile(room, errand, profile.abm_uuid, ProfileStatus.ASSIGNED)
            room.journal.tell(JournalCode.ABM_ASSIGNED, serial=errand.serial_number, profile=profile.name)
            room.abm.settled(errand)
        elif status is ResponseStatus.THROTTLED:
            room.journal.tell(JournalCode.ABM_THROTTLED, serial=errand.serial_number, profile=profile.name)
            room.abm.postpone(errand, now + wait)
        else:
            _refused(room, errand.serial_number, status.lower())
            if status is ResponseStatus.FAILED:
                room.abm.postpone(errand, next_try(errand, now))
            else:
                room.abm.settled(errand)
    return fared


def record_removed(room: StagingRoom, errands: Sequence[Errand], reply: AssignReply, now: datetime) -> None:
    """Keep what came of taking profiles away."""
    for errand in errands:
        status = reply.devices.get(errand.serial_number, ResponseStatus.FAILED)
        if status in (ResponseStatus.FAILED, ResponseStatus.THROTTLED):
            room.abm.postpone(errand, next_try(errand, now))
            continue
        if status is ResponseStatus.SUCCESS:
            _tell_profile(room, errand, None, ProfileStatus.REMOVED)
        room.abm.settled(errand)


def _wanted(room: StagingRoom, token: AbmToken, device: AbmDevice, errand: Errand, made: Plan) -> ProgramProfile | None:
    """Return the profile that a device should have: the one it was given, or the one of the rules when it is new."""
    serial_number = device.serial_number
    assigned = room.enrollment_program.assigned_to(serial_number)
    if is_denied(room, serial_number):
        made.refused += 1
        _refused(room, serial_number, "denied")
        if assigned is not None:
            room.enrollment_program.assign(serial_number, None)
            room.journal.tell(JournalCode.PROGRAM_UNASSIGNED, serial=serial_number)
        return None
    if assigned is not None and assigned.token in (None, token.id):
        return assigned
    if errand.arrived:
        number = profile_for(device.listed, room.abm.rules(token.id), token.default_profile)
        chosen = None if number is None else room.enrollment_program.get(number)
        if chosen is not None and chosen.token in (None, token.id):
            room.enrollment_program.assign(serial_number, chosen.id)
            room.journal.tell(JournalCode.PROGRAM_ASSIGNED, serial=serial_number, profile=chosen.name)
            return chosen
    if assigned is not None:
        made.refused += 1
        _refused(room, serial_number, "other_server")
    return None


def _is_ours(room: StagingRoom, device: AbmDevice) -> bool:
    """Say whether Apple gives a device a profile that was defined here: another's is none of our business."""
    if not device.listed.profile_uuid or device.listed.profile_status is ProfileStatus.REMOVED:
        return False
    defined = (profile.abm_uuid for profile in room.enrollment_program.all() if profile.abm_uuid)
    return any(same_uuid(device.listed.profile_uuid, uuid) for uuid in defined)


def _tell_profile(room: StagingRoom, errand: Errand, profile_uuid: str | None, status: ProfileStatus) -> None:
    """Write into our own record what Apple will say of the device the next time anyway."""
    device = room.abm.device(errand.token, errand.serial_number)
    if device is not None:
        listed = msgspec.structs.replace(device.listed, profile_uuid=profile_uuid, profile_status=status)
        room.abm.put(AbmDevice(device.token, listed, device.generation))


def _refused(room: StagingRoom, serial_number: str, reason: str) -> None:
    room.journal.tell(JournalCode.ABM_ASSIGN_REFUSED, serial=serial_number, reason=reason)
