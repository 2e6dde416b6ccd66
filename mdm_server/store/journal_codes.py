"""The codes of what the journal tells; refusals bring their own (`domain/refusal.py`).

The first block is what the store's own verbs write, the second what a unit of work of staging tells.
"""

from __future__ import annotations

from enum import StrEnum


class JournalCode(StrEnum):
    """One word for each change of state."""

    INVITATION_CREATED = "invitation.created"
    INVITATION_REVOKED = "invitation.revoked"
    ISSUANCE_PENDING = "scep.pending"
    ISSUANCE_RECORDED = "scep.recorded"
    ISSUANCE_APPROVED = "scep.approved"
    ISSUANCE_DENIED = "scep.denied_by_administrator"
    ISSUANCE_COMPLETED = "scep.issued"
    CERTIFICATE_BOUND = "certificate.bound"
    CERTIFICATE_CURRENT = "certificate.current"
    CERTIFICATE_SUPERSEDED = "certificate.superseded"
    CERTIFICATE_REVOKED = "certificate.revoked"
    AUTHENTICATED = "enroll.authenticated"
    ENROLLED = "enroll.enrolled"
    TOKEN_UPDATED = "enroll.token_updated"  # noqa: S105 - a code, not a password
    TOKEN_STALE = "enroll.token_stale"  # noqa: S105
    BOOTSTRAP_TOKEN_SET = "enroll.bootstrap_token_set"  # noqa: S105
    CHECKED_OUT = "enroll.checked_out"
    ERASED = "enroll.erased"
    ENTERPRISE_WIPED = "enroll.enterprise_wiped"
    MOVED = "enroll.moved"
    DESCRIBED = "enroll.described"
    COMMAND_QUEUED = "command.queued"
    COMMAND_SENT = "command.sent"
    COMMAND_ANSWERED = "command.answered"
    COMMAND_LATE = "command.late_answer"
    COMMAND_UNKNOWN = "command.unknown_answer"
    COMMAND_CLEARED = "command.cleared"
    COMMAND_EXPIRED = "command.expired"
    REPORT_NOT_ENROLLED = "report.not_enrolled"
    PROFILE_STORED = "profile.stored"
    PROFILE_REMOVED = "profile.removed"
    CREDENTIAL_STORED = "credential.stored"
    CREDENTIAL_REMOVED = "credential.removed"
    JOURNAL_OVERFLOWED = "journal.overflowed"
    STORE_RESET = "store.reset"

    REGISTRATION_CREATED = "registration.created"
    REGISTRATION_BOUND = "registration.bound"
    REGISTRATION_DELETED = "registration.deleted"
    REGISTRATION_TOKEN_RESET = "registration.token_reset"  # noqa: S105
    REGISTRATION_TOKEN_REVOKED = "registration.token_revoked"  # noqa: S105
    REGISTRATION_TOKEN_EXPIRED = "registration.token_expired"  # noqa: S105
    ASSIGNMENT_ASSIGNED = "assignment.assigned"
    ASSIGNMENT_STAGED = "assignment.staged"
    ASSIGNMENT_CLAIMED = "assignment.claimed"
    ASSIGNMENT_CHECKED_OUT = "assignment.checked_out"
    ASSIGNMENT_CHECKED_IN = "assignment.checked_in"
    ASSIGNMENT_REASSIGNED = "assignment.reassigned"
    ASSIGNMENT_ORPHANED = "assignment.orphaned"
    ASSIGNMENT_ENDED = "assignment.ended"
    """The enrolment is over, and with it whoever had the device."""
    LOCK_SET = "lock.set"
    LOCK_RELEASED = "lock.released"
    HUB_SESSION_STARTED = "hub.session_started"
    HUB_SESSION_EXPIRED = "hub.session_expired"
    HUB_REFUSED = "hub.refused"
    HUB_UNMANAGED = "hub.unmanaged"
    LOGIN_FAILED = "login.failed"
    LOGIN_CAPTCHA = "login.captcha"
    LOGIN_USER_LOCKED = "login.user_locked"
    LIST_ALLOWED = "list.allowed"
    LIST_DENIED = "list.denied"
    LIST_REMOVED = "list.removed"
    WIPE_REQUESTED = "wipe.requested"
    WIPE_ON_HOLD = "wipe.on_hold"
    WIPE_APPROVED = "wipe.approved"
    WIPE_REJECTED = "wipe.rejected"
    WIPE_DONE = "wipe.done"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_REMOVED = "user.removed"
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    ANDROID_ENROLLED = "android.enrolled"
    ANDROID_SYNCED = "android.synced"
    ANDROID_COMMAND_SENT = "android.command_sent"
    ANDROID_COMMAND_ANSWERED = "android.command_answered"
    ANDROID_UNENROLLED = "android.unenrolled"
    ANDROID_PENDING_VERIFICATION = "android.pending_verification"
    ANDROID_VERIFIED = "android.verified"
