"""The guards that look at the device: its lock, the lists, its registration, what it is, and how many there are."""

from __future__ import annotations

from fnmatch import fnmatchcase

from mdm_server.domain.staging.attempt import Attempt, GuardName, Purpose, Verdict
from mdm_server.domain.staging.device_lock import keeps_out
from mdm_server.domain.staging.devices import version_of
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    EnrollmentMode,
    EntryChannel,
    Ownership,
    Platform,
    RegistrationState,
    StagingMode,
)


def device_lock(attempt: Attempt) -> Verdict | None:
    """Refuse a locked device with the code that locked it, and one whose staging user is gone (T31)."""
    record = attempt.record
    if record is None:
        return None
    if record.assignment.state is AssignmentState.ORPHANED:
        return Verdict("STAGING_USER_GONE", GuardName.DEVICE_LOCK, sets_lock=DeviceLockReason.STAGING_USER_GONE)
    person = None if attempt.owner is None else attempt.owner.id
    if record.lock is None or not keeps_out(record.lock, person, attempt.registration, attempt.settings):
        return None
    return Verdict(record.lock.reason, GuardName.DEVICE_LOCK, "locked")


def deny_list(attempt: Attempt) -> Verdict | None:
    """Refuse what the deny list names, whatever else allows it (invariant (g))."""
    denied = attempt.listed.denied
    if denied is None:
        return None
    lock = DeviceLockReason.DEVICE_DENYLISTED
    return Verdict("DEVICE_DENYLISTED", GuardName.DENY_LIST, denied.attribute.lower(), sets_lock=lock)


def allowed_devices(attempt: Attempt) -> Verdict | None:
    """Refuse a device that is neither registered nor on the allow list, where one of the two is asked for.

    A work profile that hides its hardware is let in, and verified when it tells (row 58).
    """
    mode = attempt.settings.mode
    if mode is EnrollmentMode.OPEN or attempt.device.hides_hardware:
        return None
    if attempt.listed.allowed is not None or _registered(attempt):
        return None
    code = "DEVICE_NOT_REGISTERED" if mode is EnrollmentMode.REGISTERED_ONLY else "DEVICE_NOT_ALLOWLISTED"
    return Verdict(code, GuardName.ALLOWED_DEVICES)


def registration_owner(attempt: Attempt) -> Verdict | None:
    """Refuse, and lock, a device that is registered to somebody else (§2.1 rule 2).

    Somebody who stages it owns nothing, so that is no mismatch; whoever claims it later is judged again (row 27). A
    staging user who names the wrong person is refused without locking anything (§4 no. 30).
    """
    registration, owner = attempt.registration, attempt.owner
    if registration is None or registration.state is RegistrationState.BOUND or owner is None:
        return None
    if registration.user is None or registration.user == owner.id:
        return None
    lock = None if _advanced(attempt) else DeviceLockReason.REG_USER_MISMATCH
    return Verdict("REG_USER_MISMATCH", GuardName.REGISTRATION_OWNER, sets_lock=lock)


def bound_elsewhere(attempt: Attempt) -> Verdict | None:
    """Refuse a device that another customer manages, and one that still belongs to who had it before (§2.1 rule 3)."""
    elsewhere = _other_customer(attempt)
    if elsewhere is not None:
        return elsewhere
    registration, taker = attempt.registration, attempt.owner or attempt.user
    if registration is None or registration.state is not RegistrationState.BOUND or taker is None:
        return None
    if registration.user is None or registration.user == taker.id:
        return None
    lock = None if _advanced(attempt) else DeviceLockReason.REG_BOUND_TO_OTHER
    return Verdict("REG_BOUND_TO_OTHER", GuardName.BOUND_ELSEWHERE, sets_lock=lock)


def ownership(attempt: Attempt) -> Verdict | None:
    """Refuse an ownership that is not allowed; Direct Enrollment takes only dedicated and employee's own (row 43)."""
    allowed = attempt.settings.allowed_ownerships
    found = attempt.effective_ownership
    direct = attempt.channel is EntryChannel.DIRECT
    if direct and found not in (Ownership.CORPORATE_DEDICATED, Ownership.EMPLOYEE_OWNED):
        return Verdict("OWNERSHIP_NOT_ALLOWED", GuardName.OWNERSHIP, "direct_enrollment")
    if allowed is None or found in allowed:
        return None
    return Verdict("OWNERSHIP_NOT_ALLOWED", GuardName.OWNERSHIP)


def device_type(attempt: Attempt) -> Verdict | None:
    """Refuse a platform, a model, a system version or a kind of management that is not allowed."""
    settings, device = attempt.settings, attempt.device
    if settings.dep_only and device.platform is Platform.IOS:
        return Verdict("DEP_REQUIRED", GuardName.DEVICE_TYPE)
    if settings.allowed_platforms is not None and device.platform not in settings.allowed_platforms:
        return Verdict("TYPE_NOT_ALLOWED", GuardName.DEVICE_TYPE, "platform")
    models = settings.allowed_models
    if models is not None and not any(fnmatchcase(device.model.casefold(), model.casefold()) for model in models):
        return Verdict("TYPE_NOT_ALLOWED", GuardName.DEVICE_TYPE, "model")
    minimum = settings.minimum_os.get(device.platform)
    if minimum is not None and version_of(device.os_version) < version_of(minimum):
        return Verdict("TYPE_NOT_ALLOWED", GuardName.DEVICE_TYPE, "os_version")
    kinds = settings.allowed_enrollment_types
    if kinds is not None and device.enrollment_type not in kinds:
        return Verdict("ENROLL_TYPE_NOT_ALLOWED", GuardName.DEVICE_TYPE)
    if device.work_profile and attempt.mode is not StagingMode.NONE:
        return Verdict("ENROLL_TYPE_NOT_ALLOWED", GuardName.DEVICE_TYPE, "staged_work_profile")
    return None


def user_limit(attempt: Attempt) -> Verdict | None:
    """Refuse one device more than its user may have, of all or of its ownership (invariant (f))."""
    settings, counts = attempt.settings, attempt.counts
    if settings.max_devices is not None and counts.of_user >= settings.max_devices:
        return Verdict("MAX_DEVICES", GuardName.USER_LIMIT)
    limit = settings.max_devices_by_ownership.get(attempt.effective_ownership)
    if limit is not None and counts.of_user_with_ownership >= limit:
        return Verdict("MAX_DEVICES_OWNERSHIP", GuardName.USER_LIMIT)
    return None


def group_limit(attempt: Attempt) -> Verdict | None:
    """Refuse one device more than the branch of the group may have."""
    limit = attempt.settings.max_devices_group
    if limit is None or attempt.counts.of_group < limit:
        return None
    return Verdict("MAX_DEVICES_OG", GuardName.GROUP_LIMIT)


def _advanced(attempt: Attempt) -> bool:
    return attempt.purpose is Purpose.ENROLL and attempt.mode is StagingMode.ADVANCED


def _registered(attempt: Attempt) -> bool:
    """Say whether a registration lets the device in; an expired one does so only through DEP (F4)."""
    registration = attempt.registration
    if registration is None:
        return False
    return registration.state is not RegistrationState.EXPIRED or attempt.channel is EntryChannel.DEP


def _other_customer(attempt: Attempt) -> Verdict | None:
    """Refuse a device that is managed for another customer (row 59), in the words of its platform (§4 no. 39, 40)."""
    record, group, tree = attempt.record, attempt.group, attempt.tree
    if record is None or group is None or not attempt.managed or not attempt.settings.cross_customer_block:
        return None
    if record.group is None or record.group not in tree or tree.customer(record.group) == tree.customer(group.id):
        return None
    code = "ENROLLED_ELSEWHERE" if attempt.device.platform is Platform.ANDROID else "OTHER_ENVIRONMENT"
    return Verdict(code, GuardName.BOUND_ELSEWHERE)
