"""Admission: everything the guards want to know, gathered from the store; and what a refusal leaves behind.

All functions here run inside one transaction of `Staging`: what they read is still true when the verdict is written.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging import login_attempts
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock, DeviceRecord, PresentedDevice
from mdm_server.domain.staging.guards import Attempt, Purpose, Verdict
from mdm_server.domain.staging.organization import GroupTree
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    EntryChannel,
    Ownership,
    StagingMode,
    UserStatus,
)
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, StagingRoom, StagingView
from mdm_server.store.staging.counting import count_devices


def attempt_of(
    view: StagingView,
    device: PresentedDevice,
    *,
    tree: GroupTree,
    group: int | None,
    user: EnrollmentUser | None = None,
    on_behalf: EnrollmentUser | None = None,
    mode: StagingMode | None = None,
    channel: EntryChannel = EntryChannel.HUB,
    purpose: Purpose = Purpose.ENROLL,
    ownership: Ownership | None = None,
) -> Attempt:
    """Return an attempt with everything the store knows; what was answered just now is for the caller to add."""
    attempt = Attempt(
        tree=tree,
        group=None if group is None else tree.get(group),
        device=device,
        channel=channel,
        purpose=purpose,
        user=user,
        on_behalf=on_behalf,
        mode=mode or StagingMode.NONE,
        record=record_of(view, device),
        device_failures=view.attempts.device_count(device.identifiers),
        ownership=ownership,
    )
    attempt = replace(attempt, registrations=_registrations(view, attempt))
    if attempt.group is None:
        return attempt
    above = [ancestor.id for ancestor in tree.ancestors(attempt.group.id)]
    attempt = replace(
        attempt,
        entries=tuple(view.lists.for_identifiers(device.identifiers, device.platform, above)),
        terms_version_accepted=None if user is None else view.terms.accepted(user.id, attempt.group.id),
    )
    own = None if attempt.record is None else attempt.record.id
    return replace(attempt, counts=count_devices(view.devices, attempt, own))


def record_of(view: StagingView, device: PresentedDevice) -> DeviceRecord | None:
    """Return what is on record of a device that knocks.

    A locked record comes first, of whichever platform: who puts another system on a locked device has not unlocked it.
    """
    return min(
        view.devices.by_identifiers(device.identifiers),
        key=lambda record: (record.lock is None, record.platform is not device.platform, record.id),
        default=None,
    )


def journal_name(record: DeviceRecord | None) -> str | None:
    """Return the name under which the journal knows a device: its enrolment, or else its number."""
    if record is None:
        return None
    return record.enrollment_key or f"device:{record.id}"


def journal_words(device: PresentedDevice) -> dict[str, str]:
    """Return what the journal says of a device that knocks: it may have no other name there yet."""
    known = {"serial": device.identifiers.serial_number, "udid": device.identifiers.udid}
    return {"platform": device.platform.value, **{name: value for name, value in known.items() if value}}


def apply(room: StagingRoom, verdict: Verdict, attempt: Attempt, *, at: datetime, uuid: str, **details: str) -> None:
    """Write what a refusal leaves behind: counters, the lock it sets, and the journal; nothing else (rule R0).

    `uuid` is for the record of a device that is locked and was not on record.
    """
    if verdict.counts_as_failure:
        count_failure(room, attempt, at)
    record = attempt.record
    if verdict.sets_lock is not None:
        user = None if attempt.user is None else attempt.user.id
        record = lock(room, attempt, DeviceLock(verdict.sets_lock, at, user), uuid)
    told = {"guard": verdict.guard.value, **journal_words(attempt.device), **details}
    if attempt.group is not None:
        told["group"] = attempt.group.group_id
    if attempt.user is not None:
        told["user"] = attempt.user.user_name
    room.journal.tell(JournalCode.HUB_REFUSED, device=journal_name(record), reason=verdict.code, **told)


def lock(room: StagingRoom, attempt: Attempt, wanted: DeviceLock, uuid: str) -> DeviceRecord:
    """Lock a device, on record or not yet; the first lock stays."""
    device, record = attempt.device, attempt.record
    if record is not None and record.lock is not None:
        return record
    if record is None:
        expected = any(each.identifiers.matches(device.identifiers) for each in attempt.registrations)
        record = room.devices.add(
            DeviceRecord(
                NEW,
                uuid,
                device.platform,
                device.identifiers,
                model=device.model,
                os_version=device.os_version,
                group=None if attempt.group is None else attempt.group.id,
                status=EnrollmentStatus.REGISTERED if expected else EnrollmentStatus.DISCOVERED,
                lock=wanted,
                via=attempt.channel,
            )
        )
    else:
        record = replace(record, lock=wanted)
        room.devices.replace(record)
    room.journal.tell(
        JournalCode.LOCK_SET,
        device=journal_name(record),
        reason=wanted.reason,
        **({} if attempt.user is None else {"user": attempt.user.user_name}),
    )
    return record


def count_failure(room: StagingRoom, attempt: Attempt, at: datetime) -> None:
    """Count a failed login of the user, if there is one, and of the device; lock the account when it is time."""
    failures = room.attempts.fail_device(attempt.device.identifiers, at)
    name = journal_name(attempt.record)
    user = attempt.user
    if user is None or attempt.group is None:
        room.journal.tell(JournalCode.LOGIN_FAILED, device=name, count=failures)
        return
    failed = login_attempts.after_failure(user, attempt.tree.settings(attempt.group.id))
    room.users.replace(failed)
    room.journal.tell(JournalCode.LOGIN_FAILED, device=name, user=user.user_name, count=failed.failed_logins)
    if failed.status is UserStatus.LOCKED and user.status is not UserStatus.LOCKED:
        room.journal.tell(JournalCode.LOGIN_USER_LOCKED, device=name, user=user.user_name)


def count_success(room: StagingRoom, user: EnrollmentUser, identifiers: DeviceIdentifiers) -> EnrollmentUser:
    """Forget the failed logins of a user who knew the password, and those of the device."""
    room.attempts.reset_device(identifiers)
    remembered = login_attempts.after_success(user)
    if remembered != user:
        room.users.replace(remembered)
    return remembered


def _registrations(view: StagingView, attempt: Attempt) -> tuple[Registration, ...]:
    """Return the registrations that name a device or are bound to it, and its owner's that wait, each once."""
    found = [*view.registrations.for_identifiers(attempt.device.identifiers)]
    if attempt.record is not None:
        found += view.registrations.of_device(attempt.record.id)
    if attempt.owner is not None:
        found += view.registrations.waiting_for_any(attempt.owner.id)
    return tuple({registration.id: registration for registration in found}.values())
