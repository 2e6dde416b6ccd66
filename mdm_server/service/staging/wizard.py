"""The wizard's answers, one for each step, each inside one transaction: read the session, judge, write, ask on.

A refusal is an answer like any other here, because it may have set a lock or counted a failure: it is returned, and
committed with what it left behind. Only what concerns no device is raised: a session that is over, an answer nobody
asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.guards import (
    Attempt,
    CaptchaAnswer,
    Credentials,
    GuardName,
    TermsAnswer,
    Verdict,
    judge,
    judge_token,
)
from mdm_server.domain.staging.hub_session import (
    EVENT_OF_STEP,
    RETRIABLE,
    HubSession,
    SessionEvent,
    SessionStep,
    advance,
    decided_mode,
    next_step,
)
from mdm_server.domain.staging.login_attempts import captcha_required
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.registration import Registration, expire, token_hash
from mdm_server.domain.staging.users import EnrollmentUser, enrollment_group_of
from mdm_server.domain.staging.vocabulary import (
    EntryChannel,
    GroupingMode,
    Ownership,
    Platform,
    StagingChoice,
    StagingMode,
)
from mdm_server.service.staging import questions, sessions
from mdm_server.service.staging.admission import apply, attempt_of, count_success, journal_words
from mdm_server.service.staging.captcha_sessions import captcha_answer
from mdm_server.service.staging.credentials import Proof
from mdm_server.service.staging.reservation import reserve
from mdm_server.service.staging.session_progress import (
    destination,
    ownership_known,
    reach,
    shown,
    vouched_for,
    wished,
)
from mdm_server.service.staging.sessions import Fresh
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingRoom
from mdm_server.wire.hub import HubReply, HubRequest

_UNTIL_GROUP = timedelta(minutes=30)
_CHOICES: Mapping[str, StagingChoice] = {choice.lower(): choice for choice in StagingChoice}
_OWNERSHIPS: Mapping[str, Ownership] = {ownership.lower(): ownership for ownership in Ownership}


@dataclass(frozen=True, slots=True)
class Door:
    """The way that a device has come, where it is not the device that says so; `user` needs no password there."""

    channel: EntryChannel
    user: int | None = None


class Wizard:
    """One request, inside its transaction."""

    def __init__(
        self, room: StagingRoom, request: HubRequest, at: datetime, fresh: Fresh, door: Door | None = None
    ) -> None:
        self._room = room
        self._request = request
        self._at = at
        self._fresh = fresh
        self._door = door or Door(sessions.channel_of(request.header.channel))
        self._tree = room.groups.tree()
        self._session_id = request.header.session_id
        self.ended_invitations: tuple[str, ...] = ()
        """The invitations of sessions that this one replaced: they are to be revoked."""

    @property
    def platform(self) -> Platform:
        """What the device of the session runs."""
        return self._session(SessionStep.INSTALL).device.platform

    # --- the steps ---------------------------------------------------------------------------------------------------

    def group(self) -> HubReply:
        """Take a Group ID, or a registration token in its place, and begin a session; or a token that was asked for."""
        device = sessions.presented(self._request.device)
        begun = None
        if self._request.header.session_id:
            begun = self._session(SessionStep.GROUP, SessionStep.TOKEN)
        group, registration = self._named(self._request.group_id)
        session = begun or HubSession(
            self._fresh.session_id,
            SessionStep.START,
            device,
            self._at + _UNTIL_GROUP,
            channel=self._door.channel,
        )
        session = replace(
            session,
            group=session.group if group is None else group.id,
            token_registration=None if registration is None else registration.id,
        )
        wants_token = begun is not None and begun.step is SessionStep.TOKEN
        attempt = replace(self._attempt(session), token_presented=wants_token or registration is not None)
        verdict = judge(attempt, last=GuardName.GROUP)
        if verdict is None and attempt.token_presented:
            verdict = judge_token(attempt)
        if verdict is not None:
            return self._refuse(begun, attempt, verdict)
        if begun is None:
            minutes = attempt.tree.settings(attempt.group.id).session_minutes if attempt.group else 0
            session = replace(session, expires_at=self._at + timedelta(minutes=minutes))
            sessions.replace_strangers(self._room, device.identifiers)
            session = self._room.sessions.add(session)
            self._session_id = session.id
            self._tell_begun(session, attempt)
        known = vouched_for(session, attempt, self._room.users) or self._door.user
        if known is not None:
            session = self._arrived(session, self._room.users.get(known))
        return self._proceed(session)

    def select_group(self) -> HubReply:
        """Take one of the groups that were offered."""
        session = self._session(SessionStep.GROUP_SELECT)
        wanted = self._request.location_group_id
        assert session.group is not None, "a group was typed before one is selected"
        chosen = next((group for group in self._tree.branch(session.group) if str(group) == wanted), None)
        if chosen is None:
            attempt = replace(self._attempt(session), group=None)
            verdict = judge(attempt, last=GuardName.GROUP)
            assert verdict is not None, "no group is refused by the first guard"
            return self._refuse(session, attempt, verdict)
        return self._proceed(replace(session, group=chosen, group_chosen=True))

    def log_in(self, proof: Proof) -> HubReply:
        """Take a user name and a password, whose check has been made outside."""
        session = self._session(SessionStep.CREDENTIALS, SessionStep.CAPTCHA)
        user = self._room.users.by_name(self._request.username, session.group)
        attempt = self._attempt(replace(session, user=None if user is None else user.id))
        attempt = replace(
            attempt,
            credentials=proof.credentials(user),
            captcha=captcha_answer(session.captcha, self._request.captcha_value),
            device_failures=max(attempt.device_failures, proof.strangers_failures),
        )
        verdict = judge(attempt, last=GuardName.USER_ENROLLABLE)
        if verdict is not None and verdict.code in RETRIABLE:
            return self._ask_again(session, attempt, verdict)
        failed = verdict is not None and verdict.counts_as_failure
        if attempt.credentials is Credentials.GOOD and user is not None and not failed:
            user = count_success(self._room, user, session.device.identifiers)
        if verdict is not None:
            return self._refuse(session, attempt, verdict)
        return self._proceed(self._arrived(session, user))

    def choose_staging(self) -> HubReply:
        """Take a staging user's choice between a device for one and a device for many."""
        session = self._session()
        choice = _CHOICES.get(self._request.staging_mode.lower())
        user = self._user(session.user)
        if user is None or choice is None:
            raise Refusal("STEP_OUT_OF_ORDER")
        asked = session.step is SessionStep.STAGING_CHOICE
        mode = user.staging_type.mode_of(choice) if asked else wished(choice, user)
        if mode is None:
            raise Refusal("STEP_OUT_OF_ORDER")
        return self._proceed(replace(session, mode=mode), asked=asked)

    def name_user(self) -> HubReply:
        """Take the name of the user for whom the device is being staged."""
        session = self._session()
        if session.user is None:
            raise Refusal("STEP_OUT_OF_ORDER")
        asked = session.step is SessionStep.ON_BEHALF_USER
        target = self._room.users.by_name(self._request.username, session.group) if self._request.username else None
        session = replace(session, mode=StagingMode.ADVANCED, on_behalf=None if target is None else target.id)
        attempt = self._attempt(session)
        verdict = judge(attempt, first=GuardName.CREDENTIALS, last=GuardName.BOUND_ELSEWHERE)
        if verdict is not None:
            return self._refuse(session, attempt, verdict)
        return self._proceed(session, asked=asked)

    def take_ownership(self) -> HubReply:
        """Take who owns the hardware."""
        session = self._session(SessionStep.OWNERSHIP)
        ownership = _OWNERSHIPS.get(self._request.ownership.lower(), Ownership.UNDEFINED)
        session = replace(session, ownership=ownership)
        attempt = self._attempt(session)
        verdict = judge(attempt, first=GuardName.CREDENTIALS, last=GuardName.OWNERSHIP)
        if verdict is not None:
            return self._refuse(session, attempt, verdict)
        return self._proceed(session)

    def accept_terms(self) -> HubReply:
        """Take what the user says to the terms of use."""
        session = self._session(SessionStep.TERMS_OF_USE)
        session = replace(session, terms_accepted=bool(self._request.accepted))
        attempt = self._attempt(session)
        if not session.terms_accepted:
            attempt = replace(attempt, terms=TermsAnswer.DECLINED)
        verdict = judge(attempt, first=GuardName.CREDENTIALS)
        if verdict is not None:
            return self._refuse(session, attempt, verdict)
        terms = None if session.group is None else self._tree.settings(session.group).terms
        if terms is not None and session.user is not None and session.group is not None:
            self._room.terms.accept(session.user, session.group, terms.version, self._at)
        return self._proceed(session)

    def install(self, install_url: str, invitation_id: str | None) -> HubReply:
        """Judge everything once more, and lead to the install URL; an Android's is known by the hash of its token."""
        session = self._session(SessionStep.INSTALL)
        attempt = self._attempt(session)
        verdict = judge(attempt, first=GuardName.CREDENTIALS)
        if verdict is not None:
            return self._refuse(session, attempt, verdict)
        session = replace(
            advance(session, SessionEvent.OFFER_INSTALL),
            group=destination(attempt),
            ownership=attempt.effective_ownership,
            invitation_id=invitation_id or session.invitation_id,
        )
        coming = reserve(self._room, session, attempt, self._fresh.uuid)
        session = replace(session, device_id=None if coming is None else coming.id)
        self._room.sessions.replace(session)
        return questions.question(session, self._tree, install_url=install_url)

    # --- what they share ---------------------------------------------------------------------------------------------

    def _session(self, *expected: SessionStep) -> HubSession:
        return sessions.find(self._room, self._session_id, self._request.device, self._at, *(expected or SessionStep))

    def _named(self, text: str) -> tuple[OrganizationGroup | None, Registration | None]:
        """Return the group that somebody typed, or that of the registration whose token it is."""
        group = self._tree.by_group_id(text)
        if group is not None:
            return group, None
        registration = self._room.registrations.by_token_hash(token_hash(text))
        if registration is None:
            return None, None
        return self._tree.get(registration.group), expire(registration, self._at)

    def _user(self, number: int | None) -> EnrollmentUser | None:
        return None if number is None else self._room.users.get(number)

    def _arrived(self, session: HubSession, user: EnrollmentUser | None) -> HubSession:
        """Return the session of somebody who has shown who they are; the device's other sessions are over."""
        if user is None:
            raise Refusal("SESSION_EXPIRED", reason="user")
        self.ended_invitations = sessions.replace_others(self._room, session)
        arrived = replace(session, user=user.id, captcha=None, group=self._group_of(session, user))
        return replace(arrived, mode=decided_mode(arrived, user))

    def _group_of(self, session: HubSession, user: EnrollmentUser) -> int | None:
        """Return where the device goes, where the user's groups decide it; never out of the customer's tree."""
        if session.group is None or self._tree.settings(session.group).grouping is not GroupingMode.USER_GROUP:
            return session.group
        wanted = enrollment_group_of(user, self._room.user_groups.all())
        customer = self._tree.customer(session.group).id
        return wanted if wanted in self._tree.branch(customer) else session.group

    def _attempt(self, session: HubSession) -> Attempt:
        """Return the attempt of a session, as far as it has come."""
        registration = None if session.token_registration is None else self._token(session.token_registration)
        attempt = attempt_of(
            self._room,
            session.device,
            tree=self._tree,
            group=session.group,
            user=self._user(session.user),
            on_behalf=self._user(session.on_behalf),
            mode=session.mode,
            channel=session.channel,
            ownership=session.ownership,
        )
        return replace(
            attempt,
            credentials=shown(session, attempt),
            captcha=CaptchaAnswer.MISSING if session.user is None else CaptchaAnswer.SOLVED,
            token_presented=registration is not None,
            token_registration=registration,
            terms=TermsAnswer.ACCEPTED if session.terms_accepted else TermsAnswer.NOT_ASKED,
        )

    def _token(self, number: int) -> Registration | None:
        registration = self._room.registrations.get(number)
        return None if registration is None else expire(registration, self._at)

    def _proceed(self, session: HubSession, *, asked: bool = True) -> HubReply:
        """Judge what is known by now, and ask the next question; an answer nobody asked for leads nowhere."""
        attempt = self._attempt(session)
        last = reach(session)
        verdict = judge(attempt, first=GuardName.CREDENTIALS, last=last) if session.user is not None else None
        if verdict is not None:
            return self._refuse(session, attempt, verdict)
        if not asked:
            raise Refusal("STEP_OUT_OF_ORDER")
        settings = None if session.group is None else self._tree.settings(session.group)
        step = next_step(
            session,
            self._tree,
            attempt.user,
            captcha_required=settings is not None and captcha_required(0, attempt.device_failures, settings),
            ownership_known=ownership_known(attempt),
            terms_accepted=attempt.terms_version_accepted,
        )
        return self._ask(session, step)

    def _ask(self, session: HubSession, step: SessionStep) -> HubReply:
        event = SessionEvent.RETRY if step is session.step else EVENT_OF_STEP[step]
        captcha = self._fresh.captcha if step is SessionStep.CAPTCHA else None
        session = replace(advance(session, event), captcha=captcha)
        self._room.sessions.replace(session)
        return questions.question(session, self._tree)

    def _refuse(self, session: HubSession | None, attempt: Attempt, verdict: Verdict) -> HubReply:
        """Write what a refusal leaves behind, and end the session unless the same question may be answered again."""
        apply(self._room, verdict, attempt, at=self._at, uuid=self._fresh.uuid, step=self._step_name(session))
        if session is None:
            return questions.refusal(verdict.code)
        if verdict.code in RETRIABLE:
            stored = self._room.sessions.get(session.id)
            return questions.refusal(verdict.code, stored, self._tree)
        self._room.sessions.replace(advance(session, SessionEvent.REFUSE))
        return questions.refusal(verdict.code, session)

    def _ask_again(self, session: HubSession, attempt: Attempt, verdict: Verdict) -> HubReply:
        """Refuse a login that may be tried again: with a CAPTCHA, once enough has failed."""
        apply(self._room, verdict, attempt, at=self._at, uuid=self._fresh.uuid, step=self._step_name(session))
        assert attempt.group is not None, "credentials are asked for in a group"
        user = None if attempt.user is None else self._room.users.get(attempt.user.id)
        # Of a name that nobody has, the failures before this one are in the attempt and nowhere else.
        failures = attempt.device_failures + verdict.counts_as_failure
        settings = self._tree.settings(attempt.group.id)
        wanted = captcha_required(0 if user is None else user.failed_logins, failures, settings)
        step = SessionStep.CAPTCHA if wanted else SessionStep.CREDENTIALS
        if wanted and session.step is not SessionStep.CAPTCHA:
            self._room.journal.tell(JournalCode.LOGIN_CAPTCHA, **journal_words(session.device))
        asked = self._ask(session, step)
        return HubReply(asked.header, questions.status_of(verdict.code), asked.next_step)

    def _tell_begun(self, session: HubSession, attempt: Attempt) -> None:
        told = journal_words(session.device)
        if attempt.group is not None:
            told["group"] = attempt.group.group_id
        if session.channel is EntryChannel.DEP:
            told["channel"] = session.channel
        self._room.journal.tell(JournalCode.HUB_SESSION_STARTED, **told)

    @staticmethod
    def _step_name(session: HubSession | None) -> str:
        return SessionStep.GROUP.value if session is None else session.step.value
