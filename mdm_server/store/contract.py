"""The contract of a store: role-sized protocols whose every verb is one transaction.

A verb returns when what it did is durable; if it raises, it did nothing. Two kinds of exception leave a verb: a
`Refusal` of the domain (the rules said no, inside the same transaction) and `StoreUnavailable` (not written: 503).

Verbs that a device calls take the fingerprint of the certificate it proved to hold, and decide the binding themselves:
the record that is read and the record that is changed are the same, whatever else happens at that moment.

Staging is another kind of verb: a unit of work over all of its records at once (`store/staging/`).

The journal lines of a change are written with the change. `Journal.note` is for everything else: it costs no wait, and
the last quarter of a second of notes may be lost when the process is killed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from mdm_server.domain.command_queue import CommandState
from mdm_server.domain.enrollment import Channel, EnrollmentEvent, EnrollmentStatus
from mdm_server.store.records import (
    Answer,
    AuthenticateFacts,
    CertificateRow,
    CommandRow,
    Counts,
    CredentialRow,
    Details,
    EnrollmentRow,
    InvitationRow,
    IssuanceRow,
    JournalEvent,
    NewCommand,
    NewInvitation,
    NewIssuance,
    Occasion,
    ProfileRow,
    ReportOutcome,
    ResetScope,
    TokenUpdateFacts,
)
from mdm_server.store.staging import Staging

RETRY_WINDOW = timedelta(hours=1)
"""How long a lost SCEP reply is answered again."""
LARGEST_PAGE = 500
"""No list returns more rows than this, whatever is asked for."""


class Invitations(Protocol):
    """What enrolment profiles carry."""

    async def create(self, invitation: NewInvitation, occasion: Occasion) -> InvitationRow:
        """Record an invitation. One for a UDID also registers that device, unless it is known already."""

    async def find(self, challenge_hash: str) -> InvitationRow | None:
        """Find an invitation by its challenge. Advisory: only `Issuance.reserve` decides."""

    async def get(self, invitation_id: str) -> InvitationRow | None:
        """Find an invitation by its identifier."""

    async def list(self, *, after: str = "", limit: int = 100) -> Sequence[InvitationRow]:
        """List invitations by identifier."""

    async def revoke(self, invitation_id: str, occasion: Occasion) -> InvitationRow:
        """Revoke an invitation; raises `api.not_found`."""

    async def count_half_open(self, since: datetime, occasion: Occasion) -> int:
        """Count enrolments begun and not completed: open invitations, and devices that only authenticated since."""


class Issuance(Protocol):
    """SCEP transactions: record, then sign, then complete; a lost reply is answered again, a lost process resumed."""

    async def reserve(
        self, issuance: NewIssuance, occasion: Occasion, *, retry_window: timedelta = RETRY_WINDOW
    ) -> IssuanceRow:
        """Consume the right (challenge or renewal) and record what will be signed, in one transaction.

        The same transaction with the same request returns the row on record with `replayed` set: sign it when it is
        Recorded, send its certificate when it is Issued. Raises `scep.replay` for another request under the same
        transaction identifier, `scep.challenge`, `scep.challenge_used`, `scep.renewal` (not the current certificate),
        `scep.key` (the key is another device's). An invitation with manual approval gives a Pending row.
        After `retry_window` an issued transaction's identifier may be used again, and at once to renew the certificate
        it brought: clients that derive it from their key need that to renew.
        """

    async def complete(self, transaction_id: str, fingerprint: str, der: bytes, occasion: Occasion) -> IssuanceRow:
        """Record the signed certificate; nothing may be released before this returns.

        Completing twice returns the certificate recorded first: release that one.
        """

    async def find(self, transaction_id: str) -> IssuanceRow | None:
        """Find a transaction (GetCertInitial)."""

    async def approve(self, transaction_id: str, occasion: Occasion) -> IssuanceRow:
        """Make a Pending transaction Recorded; raises `api.not_found`, or `api.conflict` when it is not Pending."""

    async def deny(self, transaction_id: str, occasion: Occasion) -> IssuanceRow:
        """Make a Pending transaction Denied; raises `api.not_found`, or `api.conflict` when it is not Pending."""

    async def list_pending(self, *, after: str = "", limit: int = 100) -> Sequence[IssuanceRow]:
        """List transactions that wait for an administrator."""


class Certificates(Protocol):
    """Issued certificates and whom they belong to."""

    async def find(self, fingerprint: str) -> CertificateRow | None:
        """Find a certificate by the whole SHA-256 of its DER."""

    async def list(self, device: str) -> Sequence[CertificateRow]:
        """List the certificates of a device, newest first."""

    async def revoke(self, fingerprint: str, occasion: Occasion) -> CertificateRow:
        """Revoke a certificate; raises `api.not_found`. From then on it is refused `auth.cert_invalid`."""


class Enrollments(Protocol):
    """Devices and their user channels."""

    async def authenticate(self, facts: AuthenticateFacts, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """Begin an enrolment: bind or accept the certificate, clear the queues of the device and its users.

        Raises the Refusals of `identity_binding.decide_authenticate`, and `state.order` on a user channel.
        """

    async def token_update(self, facts: TokenUpdateFacts, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """Record how to push; the first one enrols the device, or opens the user channel.

        A token that was replaced before is a late duplicate: it is accepted and changes nothing (I-47).
        """

    async def check_out(self, channel: Channel, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """End an enrolment: nothing is delivered any more, the queue is cleared. Repeating it is harmless."""

    async def admit(self, channel: Channel, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """Let another check-in message pass (GetToken, DeclarativeManagement…) and return who sent it."""

    async def set_bootstrap_token(
        self, channel: Channel, token: bytes | None, fingerprint: str, occasion: Occasion
    ) -> EnrollmentRow:
        """Keep a bootstrap token, or forget it; raises `state.order` when the device is not enrolled."""

    async def find(self, key: str) -> EnrollmentRow | None:
        """Find an enrolment by its key: the UDID (or EnrollmentID), or that of a user channel."""

    async def find_by_serial_number(self, serial_number: str) -> Sequence[EnrollmentRow]:
        """Find device channels that gave this serial number."""

    async def list(
        self,
        *,
        after: str = "",
        limit: int = 100,
        status: EnrollmentStatus | None = None,
        device: str | None = None,
    ) -> Sequence[EnrollmentRow]:
        """List enrolments by key: every device channel, or with `device` that device and its user channels."""

    async def describe(
        self, key: str, details: Details, occasion: Occasion, *, supervised: bool | None = None
    ) -> EnrollmentRow:
        """Add what a DeviceInformation answer told; raises `api.not_found`."""

    async def move(self, key: str, event: EnrollmentEvent, occasion: Occasion) -> EnrollmentRow:
        """Apply an administrator's event (Retire, EnterpriseWipeRequested…); `api.not_found` or `api.conflict`."""


class Commands(Protocol):
    """The queues."""

    async def enqueue(self, commands: Sequence[NewCommand], occasion: Occasion) -> Sequence[CommandRow]:
        """Queue commands, all or none, in this order.

        A command that is there already with the same bytes is returned as it is; with other bytes `api.conflict`.
        Raises `api.not_found` for an unknown enrolment and `state.not_enrolled` for one that takes no commands.
        """

    async def report_and_next(
        self, channel: Channel, answer: Answer | None, fingerprint: str, occasion: Occasion
    ) -> ReportOutcome:
        """Take in a report (None: Idle) and return what to deliver now, in one transaction.

        An Idle that finds nothing to deliver writes nothing. Raises `auth.cert_mismatch`, `auth.cert_superseded`,
        `auth.cert_invalid`, `state.order`. A device that checked out or was erased gets nothing, and no refusal.
        """

    async def find(self, enrollment: str, command_uuid: str) -> CommandRow | None:
        """Find a command."""

    async def list(
        self,
        enrollment: str,
        *,
        after: int = 0,
        limit: int = 100,
        states: Collection[CommandState] = (),
    ) -> Sequence[CommandRow]:
        """List commands of a queue in order; `states` empty means every state."""

    async def cancel(self, enrollment: str, command_uuid: str, occasion: Occasion) -> CommandRow:
        """Clear one waiting command; `api.not_found`, or `api.conflict` when it has ended already."""

    async def clear(self, enrollment: str, occasion: Occasion) -> int:
        """Clear every waiting command of a queue; return how many."""

    async def waiting(self, *, after: str = "", limit: int = LARGEST_PAGE) -> Sequence[str]:
        """List the enrolments that have something to deliver, to push them after a restart."""


class Profiles(Protocol):
    """The library of configuration profiles."""

    async def put(self, profile: ProfileRow, occasion: Occasion) -> ProfileRow:
        """Store a profile, replacing the one of the same identifier."""

    async def find(self, identifier: str) -> ProfileRow | None:
        """Find a profile."""

    async def list(self, *, after: str = "", limit: int = 100) -> Sequence[ProfileRow]:
        """List profiles by identifier."""

    async def remove(self, identifier: str, occasion: Occasion) -> None:
        """Remove a profile; raises `api.not_found`."""


class AdminCredentials(Protocol):
    """Who may administer."""

    async def put(self, name: str, token_hash: str, occasion: Occasion) -> CredentialRow:
        """Store a credential, replacing the one of the same name."""

    async def find(self, token_hash: str) -> CredentialRow | None:
        """Find a credential by the hash of its token."""

    async def list(self) -> Sequence[CredentialRow]:
        """List credentials by name."""

    async def remove(self, name: str, occasion: Occasion) -> None:
        """Remove a credential; raises `api.not_found`."""


class Journal(Protocol):
    """What happened, in order, append-only."""

    def note(self, event: JournalEvent) -> None:
        """Append an entry without waiting: it is written with the next batch, a quarter of a second later at most."""

    async def list(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 100,
        device: str | None = None,
        code: str | None = None,
        newest_first: bool = False,
    ) -> Sequence[JournalEvent]:
        """List entries in order, everything noted until now included. `code` also matches as a prefix: `auth.`."""

    async def trim(self, keep: int) -> int:
        """Forget all but the newest `keep` entries; return how many went."""


class Store(Protocol):
    """All roles over one state."""

    @property
    def invitations(self) -> Invitations: ...  # noqa: D102 - the type says it
    @property
    def issuance(self) -> Issuance: ...  # noqa: D102
    @property
    def certificates(self) -> Certificates: ...  # noqa: D102
    @property
    def enrollments(self) -> Enrollments: ...  # noqa: D102
    @property
    def commands(self) -> Commands: ...  # noqa: D102
    @property
    def profiles(self) -> Profiles: ...  # noqa: D102
    @property
    def credentials(self) -> AdminCredentials: ...  # noqa: D102
    @property
    def journal(self) -> Journal: ...  # noqa: D102
    @property
    def staging(self) -> Staging: ...  # noqa: D102

    @property
    def description(self) -> str:
        """What keeps the state, for the line a server prints at its start."""

    async def counts(self) -> Counts:
        """Count everything."""

    async def state_digest(self) -> str:
        """Return a hash over all state but the journal and the counters: equal before and after a refusal (R0)."""

    async def reset(self, scope: ResetScope, occasion: Occasion) -> None:
        """Forget everything in `scope`, in one transaction."""

    async def close(self) -> None:
        """Write what is noted, and close. Harmless when repeated."""
