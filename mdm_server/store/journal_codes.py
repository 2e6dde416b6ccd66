"""The codes of what the store itself writes into the journal; refusals bring their own (`domain/refusal.py`)."""

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
