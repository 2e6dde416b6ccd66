"""A page of devices, taken over together with the cursor behind it: both are kept, or neither."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from mdm_server.domain.abm.devices import AbmDevice, in_order
from mdm_server.domain.abm.tokens import AbmToken, Phase
from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm.finding import the_token
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingRoom
from mdm_server.wire.dep import DepDevice, FetchReply, OpType


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over: the token as it is now, and how many devices came, changed and went."""

    token: AbmToken
    added: int = 0
    changed: int = 0
    removed: int = 0


def take_page(room: StagingRoom, asked: AbmToken, page: FetchReply, now: datetime) -> Taken:
    """Take over a page that was asked for with the cursor of `asked`.

    Raises Refusal `api.conflict` if that is not the cursor any more: the page was taken over already.
    """
    _expect_unread(room, asked)
    added = changed = removed = 0
    for device in in_order(page.devices):
        if device.op_type is OpType.DELETED:
            removed += forget_device(room, asked, device.serial_number)
        elif device.serial_number:
            known = _there(room, asked, device, now)
            added, changed = added + (known is None), changed + (known is False)
    read = replace(asked, cursor=page.cursor)
    if asked.phase is Phase.FETCH and not page.more_to_follow:
        read, gone = _fetched(room, read)
        removed += gone
    return Taken(_keep(room, read, now), added, changed, removed)


def take_end_of_fetch(room: StagingRoom, asked: AbmToken, now: datetime) -> Taken:
    """Take over that there is no page any more: from this cursor on, changes are asked for."""
    _expect_unread(room, asked)
    read, gone = _fetched(room, asked)
    return Taken(_keep(room, read, now), removed=gone)


def begin_anew(room: StagingRoom, asked: AbmToken) -> AbmToken:
    """Forget a cursor that is no good, or that is not wanted any more."""
    _expect_unread(room, asked)
    begun = asked.begun_anew()
    room.abm.replace_token(begun)
    return begun


def _expect_unread(room: StagingRoom, asked: AbmToken) -> None:
    current = the_token(room, asked.id)
    if (current.phase, current.cursor, current.generation) != (asked.phase, asked.cursor, asked.generation):
        raise Refusal("api.conflict", reason="abm_sync")


def _keep(room: StagingRoom, read: AbmToken, now: datetime) -> AbmToken:
    """Keep how far was read, in the token as it is: it may have been uploaded anew meanwhile."""
    kept = replace(
        the_token(room, read.id), phase=read.phase, cursor=read.cursor, synced_at=now, not_before=None, trouble=""
    )
    room.abm.replace_token(kept)
    return kept


def _fetched(room: StagingRoom, token: AbmToken) -> tuple[AbmToken, int]:
    """Go over to changes; what was not in the fetch is not there any more."""
    gone = room.abm.remove_older(token.id, token.generation)
    for serial_number in gone:
        _forget(room, token, serial_number)
    return replace(token, phase=Phase.SYNC), len(gone)


def _there(room: StagingRoom, token: AbmToken, device: DepDevice, now: datetime) -> bool | None:
    """Keep a device as it is now; return whether it was known just like this, or None if not at all."""
    listed = msgspec.structs.replace(device, op_type=None, op_date=None, response_status=None)
    known = room.abm.device(token.id, device.serial_number)
    room.abm.put(AbmDevice(token.id, listed, token.generation))
    if known is None:
        room.journal.tell(JournalCode.ABM_DEVICE_ADDED, serial=device.serial_number, server=token.server_name)
    if known is None or device.op_type is OpType.ADDED:
        room.abm.look_at(token.id, device.serial_number, now, arrived=True)
    elif (known.listed.profile_uuid, known.listed.profile_status) != (listed.profile_uuid, listed.profile_status):
        room.abm.look_at(token.id, device.serial_number, now)
    return None if known is None else known.listed == listed


def forget_device(room: StagingRoom, token: AbmToken, serial_number: str) -> bool:
    """Forget a device that Apple does not have for this server any more; say whether it was known."""
    if not room.abm.remove(token.id, serial_number):
        return False
    _forget(room, token, serial_number)
    return True


def _forget(room: StagingRoom, token: AbmToken, serial_number: str) -> None:
    """Take the DEP profile of a device away that no server of ours has any more."""
    room.journal.tell(JournalCode.ABM_DEVICE_REMOVED, serial=serial_number, server=token.server_name)
    if not room.abm.holding(serial_number) and room.enrollment_program.assigned_to(serial_number) is not None:
        room.enrollment_program.assign(serial_number, None)
        room.journal.tell(JournalCode.PROGRAM_UNASSIGNED, serial=serial_number)
