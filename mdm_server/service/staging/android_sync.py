"""What an enrolled Android says: how it is, what became of its commands, and good-bye.

An operation is delivered with every sync until it is acknowledged, and the first acknowledgement is the one that
counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from mdm_server.domain.enrollment import MANAGED, TRANSITIONS, EnrollmentEvent, EnrollmentStatus, advance
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.android_policy import policy_for
from mdm_server.domain.staging.android_verification import VerificationEvent, verify
from mdm_server.domain.staging.attempt import Attempt
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.guards import Verdict
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.domain.staging.withholding import GIVEN_TO_LOCKED_ANDROIDS, withholds
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.admission import apply, attempt_of
from mdm_server.service.staging.android_enrollment import identifiers_of, presented
from mdm_server.service.staging.android_identity import Speaker, speaker
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, ROOT_GROUP, Operation, OperationState, StagingRoom, StagingView
from mdm_server.wire.android_channel import (
    Assignment,
    Command,
    CommandResult,
    CommandType,
    Empty,
    Hardware,
    ManagementMode,
    Outcome,
    StatusReport,
    SyncReply,
)

WAITING = frozenset({OperationState.QUEUED, OperationState.SENT})
_ENDS = {
    (CommandType.WIPE, Outcome.SUCCEEDED): EnrollmentEvent.ERASE_ACKNOWLEDGED,
    (CommandType.WIPE, Outcome.FAILED): EnrollmentEvent.ERASE_FAILED,
    (CommandType.ENTERPRISE_WIPE, Outcome.SUCCEEDED): EnrollmentEvent.ENTERPRISE_WIPE_ACKNOWLEDGED,
    (CommandType.ENTERPRISE_WIPE, Outcome.FAILED): EnrollmentEvent.ENTERPRISE_WIPE_FAILED,
}
"""What the end of a command means to the enrolment."""


class AndroidSync:
    """Takes reports and acknowledgements."""

    def __init__(self, store: Store, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes

    async def synchronize(self, facts: RequestFacts, name: str, report: StatusReport) -> SyncReply | Refusal:
        """Take a report and return what holds and what is to be done; a device that is refused is returned as such.

        A report that says nothing new, from a device for which nothing is new, writes nothing.
        """
        reply = await self._store.staging.read(lambda view: _nothing_new(view, facts, name, report))
        if reply is not None:
            self._store.staging.saw(name, self._clock())
            return reply
        at, uuid = self._clock(), new_uuid(self._random_bytes)
        return await self._store.staging.transact(
            lambda room: _synchronize(room, facts, name, report, at, uuid), facts.occasion(at)
        )

    async def acknowledge(self, facts: RequestFacts, name: str, operation: str, result: CommandResult) -> Empty:
        """Take note of what became of a command; what was said first stands."""
        at = self._clock()
        await self._store.staging.transact(
            lambda room: _acknowledge(room, facts, name, operation, result, at), facts.occasion(at)
        )
        return Empty()

    async def unenroll(self, facts: RequestFacts, name: str) -> Empty:
        """Take note that a device is managed no longer; twice is harmless."""
        at = self._clock()
        await self._store.staging.transact(lambda room: _unenroll(room, facts, name), facts.occasion(at))
        return Empty()


def _speaker(view: StagingView | StagingRoom, facts: RequestFacts, name: str) -> Speaker:
    """Return who speaks, for themselves only."""
    speaking = speaker(view, facts)
    if speaking.channel.name != name:
        raise Refusal("device.unknown", reason="android")
    return speaking


def _is_gone(device: DeviceRecord, name: str) -> bool:
    """Say whether the enrolment that a channel belongs to is over, whatever has become of the device since."""
    managed = device.status in MANAGED or device.pending_verification
    return not managed or device.enrollment_key != name


def _nothing_new(view: StagingView, facts: RequestFacts, name: str, report: StatusReport) -> SyncReply | None:
    speaking = _speaker(view, facts, name)
    device = speaking.device
    if _is_gone(device, name):
        raise Refusal("android.gone")
    known = speaking.channel.reported == msgspec.to_builtins(report) and not device.pending_verification
    operations = _deliverable(view, device)
    if not known or any(operation.state is OperationState.QUEUED for operation in operations):
        return None
    return _reply(view, device, operations)


def _synchronize(
    room: StagingRoom, facts: RequestFacts, name: str, report: StatusReport, at: datetime, uuid: str
) -> SyncReply | Refusal:
    speaking = _speaker(room, facts, name)
    device = speaking.device
    if _is_gone(device, name):
        raise Refusal("android.gone")
    _keep_report(room, speaking, report)
    if device.pending_verification:
        event, verdict, attempt = _verify(room, device, report.hardware)
        if event is VerificationEvent.DENIED and verdict is not None:
            _turn_away(room, speaking, report.hardware, verdict)
            record = None if attempt.record is None else room.devices.get(attempt.record.id)
            apply(room, verdict, replace(attempt, record=record), at=at, uuid=uuid, step="Verification")
            return Refusal("android.gone", reason=verdict.code)
        if event is VerificationEvent.ALLOWED:
            device = _admit(room, speaking, report.hardware)
    else:
        device = replace(device, os_version=report.hardware.os_version, last_seen=at)
        room.devices.replace(device)
    operations = [] if device.pending_verification else _deliverable(room, device)
    return _reply(room, device, [_sent(room, device, operation, at) for operation in operations])


def _keep_report(room: StagingRoom, speaking: Speaker, report: StatusReport) -> None:
    """Keep what a device says of itself, if that is new."""
    reported: dict[str, Any] = msgspec.to_builtins(report)
    channel = speaking.channel
    if channel.reported == reported:
        return
    room.android.replace_channel(replace(channel, reported=reported, policy_version=report.applied_policy or 0))
    reason = "" if report.compliant else "not_compliant"
    room.journal.tell(JournalCode.ANDROID_SYNCED, device=channel.name, reason=reason)


def _verify(
    room: StagingRoom, device: DeviceRecord, hardware: Hardware
) -> tuple[VerificationEvent, Verdict | None, Attempt]:
    """Judge a work profile by what it has said of its hardware by now."""
    user = None if device.enrolling_user is None else room.users.get(device.enrolling_user)
    attempt = attempt_of(
        room,
        presented(hardware, ManagementMode.WORK_PROFILE),
        tree=room.groups.tree(),
        group=device.group,
        user=user,
        channel=device.via,
        ownership=device.ownership,
    )
    # Every enrolment binds: what this one has bound itself is no reason to let it in.
    expected = tuple(each for each in attempt.registrations if not _made_by_enrolling(each, device))
    attempt = replace(attempt, registrations=expected)
    event, verdict = verify(attempt)
    return event, verdict, attempt


def _made_by_enrolling(registration: Registration, device: DeviceRecord) -> bool:
    """Say whether a registration is the one that the device's own enrolment left behind, for want of another."""
    return registration.device == device.id and registration.created_at == device.assignment.since


def _admit(room: StagingRoom, speaking: Speaker, hardware: Hardware) -> DeviceRecord:
    """Let a work profile that told which device it is on have its data, on the record that the device always had."""
    earlier = _known_before(room, speaking, hardware)
    device = speaking.device if earlier is None else _unite(room, earlier, speaking)
    admitted = replace(
        device,
        identifiers=identifiers_of(hardware).filled_from(device.identifiers),
        pending_verification=False,
        status=advance(device.status, EnrollmentEvent.TOKEN_UPDATE),
    )
    room.devices.replace(admitted)
    serial = admitted.identifiers.serial_number
    details = {} if serial is None else {"serial": serial}
    room.journal.tell(JournalCode.ANDROID_VERIFIED, device=admitted.enrollment_key, **details)
    return admitted


def _turn_away(room: StagingRoom, speaking: Speaker, hardware: Hardware, verdict: Verdict) -> None:
    """End the enrolment of a work profile that may not be."""
    device = speaking.device
    if _known_before(room, speaking, hardware) is None:
        device = replace(device, identifiers=identifiers_of(hardware).filled_from(device.identifiers))
    _leave(room, device, EnrollmentEvent.CHECK_OUT)
    room.journal.tell(JournalCode.ANDROID_UNENROLLED, device=device.enrollment_key, reason=verdict.code)


def _known_before(room: StagingRoom, speaking: Speaker, hardware: Hardware) -> DeviceRecord | None:
    """Return the other record of a device, by what is printed on it."""
    found = room.devices.by_identifiers(replace(identifiers_of(hardware), udid=None), Platform.ANDROID)
    return next((record for record in found if record.id != speaking.device.id), None)


def _unite(room: StagingRoom, earlier: DeviceRecord, speaking: Speaker) -> DeviceRecord:
    """Make one record of two: the device was known by its hardware before it enrolled without naming that."""
    device = speaking.device
    channel = room.android.channel(speaking.channel.name) or speaking.channel
    operations = room.android.operations(device.id, waiting=True)
    bound = room.registrations.of_device(device.id)
    room.devices.remove(device.id)
    united = replace(
        device,
        id=earlier.id,
        uuid=earlier.uuid,
        identifiers=device.identifiers.filled_from(earlier.identifiers),
        friendly_name=earlier.friendly_name or device.friendly_name,
        lock=earlier.lock,
    )
    room.devices.replace(united)
    for registration in bound:
        room.registrations.replace(replace(registration, device=united.id))
    room.android.open_channel(replace(channel, device=united.id))
    for operation in operations:
        room.android.add_operation(replace(operation, sequence=NEW, device=united.id))
    return united


def _deliverable(view: StagingView | StagingRoom, device: DeviceRecord) -> Sequence[Operation]:
    """Return what a device is to be told: of what is withheld from a locked one nothing, though it waits (I-21)."""
    waiting = view.android.operations(device.id, waiting=True)
    if not _is_withheld_from(view, device):
        return waiting
    return [operation for operation in waiting if operation.type in GIVEN_TO_LOCKED_ANDROIDS]


def _is_withheld_from(view: StagingView | StagingRoom, device: DeviceRecord) -> bool:
    if device.lock is None:
        return False
    registrations = view.registrations
    about = [*registrations.for_identifiers(device.identifiers), *registrations.of_device(device.id)]
    return withholds(device, about, view.groups.tree().settings(device.group or ROOT_GROUP))


def _sent(room: StagingRoom, device: DeviceRecord, operation: Operation, at: datetime) -> Operation:
    """Take note that an operation goes out, the first time that it does."""
    if operation.state is not OperationState.QUEUED:
        return operation
    sent = replace(operation, state=OperationState.SENT, sent_at=at)
    room.android.replace_operation(sent)
    room.journal.tell(
        JournalCode.ANDROID_COMMAND_SENT,
        device=device.enrollment_key,
        command=operation.name,
        request_type=operation.type,
    )
    return sent


def _reply(view: StagingView | StagingRoom, device: DeviceRecord, operations: Sequence[Operation]) -> SyncReply:
    settings = view.groups.tree().settings(device.group or ROOT_GROUP)
    holder = device.assignment.user
    user = None if holder is None else view.users.get(holder)
    return SyncReply(
        assignment=Assignment(state=device.assignment.state, user=None if user is None else user.user_name),
        policy=policy_for(device, settings.android, withheld=_is_withheld_from(view, device)),
        commands=tuple(
            Command(operation=each.name, type=CommandType(each.type), **each.parameters) for each in operations
        ),
        pending_verification=device.pending_verification,
    )


def _acknowledge(
    room: StagingRoom, facts: RequestFacts, name: str, operation_name: str, result: CommandResult, at: datetime
) -> None:
    device = _speaker(room, facts, name).device
    operation = room.android.operation(device.id, operation_name)
    if operation is None:
        raise Refusal("command.not_found")
    succeeded = result.outcome is Outcome.SUCCEEDED
    late = operation.state not in WAITING
    if not late:
        state = OperationState.DONE if succeeded else OperationState.FAILED
        # Whatever it carried, a password for one, has done its work.
        answered = replace(operation, state=state, answered_at=at, answer=msgspec.to_builtins(result), parameters={})
        room.android.replace_operation(answered)
    room.journal.tell(
        JournalCode.ANDROID_COMMAND_ANSWERED,
        device=device.enrollment_key,
        reason="late" if late else (result.error or ""),
        command=operation.name,
        request_type=operation.type,
        status=result.outcome,
    )
    event = _ENDS.get((CommandType(operation.type), result.outcome))
    if late or event is None or _is_gone(device, name):
        return
    following = TRANSITIONS.after(device.status, event)
    if succeeded:
        _leave(room, device, event)
    elif following is not None:
        # Another wipe may be under way meanwhile: then this one's failure changes nothing.
        room.devices.replace(replace(device, status=following))


def _unenroll(room: StagingRoom, facts: RequestFacts, name: str) -> None:
    device = _speaker(room, facts, name).device
    if _is_gone(device, name):
        return
    _leave(room, device, EnrollmentEvent.CHECK_OUT)
    room.journal.tell(JournalCode.ANDROID_UNENROLLED, device=device.enrollment_key, reason="checked_out")


def _leave(room: StagingRoom, device: DeviceRecord, event: EnrollmentEvent) -> None:
    """End an enrolment. The channel stays, to tell the device so if it should ask; nothing waits on it any more."""
    left = replace(device, status=advance(device.status, event))
    assert left.status is EnrollmentStatus.UNENROLLED, "these events end an enrolment"
    room.completion.leave(left, wiped=event is EnrollmentEvent.ERASE_ACKNOWLEDGED)
    for operation in room.android.operations(device.id, waiting=True):
        room.android.replace_operation(replace(operation, state=OperationState.CANCELLED, parameters={}))
