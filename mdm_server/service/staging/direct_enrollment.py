"""Direct Enrollment: logging in to the Workspace ONE app enrols whoever qualifies, and leaves others unmanaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import structs

from mdm_server.domain.staging.attempt import Attempt, Credentials, TermsAnswer
from mdm_server.domain.staging.devices import DeviceRecord, PresentedDevice
from mdm_server.domain.staging.direct_enrollment import DirectOutcome, DirectResult, decide_direct
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import EntryChannel, Management, Platform, StagingMode
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging import questions
from mdm_server.service.staging.admission import apply, attempt_of, count_success, journal_name, journal_words
from mdm_server.service.staging.captcha import is_solved
from mdm_server.service.staging.captcha_sessions import (
    captcha_answer,
    captcha_shown,
    end_captcha,
    show_captcha,
    terms_answer,
)
from mdm_server.service.staging.completion import hash_of_android_token, install_url, revoke
from mdm_server.service.staging.credentials import BAD_CREDENTIALS, CredentialCheck, Login, Proof
from mdm_server.service.staging.reservation import reserve
from mdm_server.service.staging.sessions import Fresh, draw, presented, replace_others
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom, StagingView
from mdm_server.wire.android_channel import enroll_url
from mdm_server.wire.hub import DeviceLogin, DeviceReply

_TOKEN_BYTES = 32


class DirectEnrollment:
    """Answers logins to the Workspace ONE app."""

    def __init__(
        self,
        store: Store,
        credentials: CredentialCheck,
        settings: ServiceSettings,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._settings = settings
        self._clock = clock
        self._random_bytes = random_bytes

    async def log_in(self, facts: RequestFacts, message: DeviceLogin) -> DeviceReply:
        """Answer a login: "Enrolled" with an install URL, "Unmanaged", or "Refused".

        Raises:
            HubError: the device does not say what it is.

        """
        device, at = presented(message.device), self._clock()
        login = await self._store.staging.read(lambda view: _login(view, device, message, at))
        proof = await self._credentials.check(login, message.password)
        fresh, token = draw(self._random_bytes), self._random_bytes(_TOKEN_BYTES).hex()
        base_url = facts.base_url or self._settings.base_url

        def work(room: StagingRoom) -> tuple[DeviceReply, Sequence[str]]:
            desk = _Desk(room, device, at, fresh)
            return desk.log_in(message, proof, base_url, token), desk.ended_invitations

        reply, ended = await self._store.staging.transact(work, facts.occasion(at))
        await revoke(self._store, ended, facts.occasion(at))
        if reply.status.reason == BAD_CREDENTIALS:
            self._credentials.failed(login)
        return reply


class _Desk:
    """One login, inside its transaction."""

    def __init__(self, room: StagingRoom, device: PresentedDevice, at: datetime, fresh: Fresh) -> None:
        self._room = room
        self._device = device
        self._at = at
        self._fresh = fresh
        self.ended_invitations: tuple[str, ...] = ()

    def log_in(self, message: DeviceLogin, proof: Proof, base_url: str, token: str) -> DeviceReply:
        user = _user(self._room, message)
        # Until the password is right, an account's own group must not show in the answer.
        known = user if proof.credentials(user) is Credentials.GOOD else None
        group = _group(self._room, message, known)
        attempt = self._attempt(group, user, message, proof)
        end_captcha(self._room, self._device.identifiers)
        outcome = decide_direct(attempt)
        if attempt.credentials is Credentials.GOOD and user is not None:
            count_success(self._room, user, self._device.identifiers)
        if outcome.verdict is not None or user is None or group is None:
            return self._refuse(attempt, outcome)
        if outcome.result is DirectResult.UNMANAGED:
            return self._leave_unmanaged(attempt, user, outcome.reason)
        if attempt.terms is TermsAnswer.ACCEPTED and attempt.settings.terms is not None:
            self._room.terms.accept(user.id, group.id, attempt.settings.terms.version, self._at)
        return self._lead_on(attempt, user, group, base_url, token)

    def _attempt(
        self, group: OrganizationGroup | None, user: EnrollmentUser | None, message: DeviceLogin, proof: Proof
    ) -> Attempt:
        attempt = attempt_of(
            self._room,
            self._device,
            tree=self._room.groups.tree(),
            group=None if group is None else group.id,
            user=user,
            channel=EntryChannel.DIRECT,
        )
        shown = captcha_shown(self._room, self._device.identifiers, self._at)
        return replace(
            attempt,
            credentials=proof.credentials(user),
            captcha=captcha_answer(shown, message.captcha_value),
            device_failures=max(attempt.device_failures, proof.strangers_failures),
            terms=terms_answer(message.terms_accepted),
        )

    def _refuse(self, attempt: Attempt, outcome: DirectOutcome) -> DeviceReply:
        verdict = outcome.verdict
        assert verdict is not None, "who is nobody, or goes nowhere, is refused"
        apply(self._room, verdict, attempt, at=self._at, uuid=self._fresh.uuid)
        reply = DeviceReply(questions.status_of(verdict.code), result=outcome.result)
        if verdict.code == "CAPTCHA_REQUIRED":
            image = show_captcha(self._room, attempt, self._fresh, self._at)
            return structs.replace(reply, is_captcha_required=True, captcha_image=image)
        terms = attempt.settings.terms
        if verdict.code == "TOU_PENDING" and terms is not None:
            return structs.replace(reply, terms_of_use=terms.text or terms.version)
        return reply

    def _leave_unmanaged(self, attempt: Attempt, user: EnrollmentUser, reason: str) -> DeviceReply:
        """Let somebody in whose device is not managed; it may be adopted later (F10)."""
        record = attempt.record
        if record is None and self._device.identifiers and attempt.group is not None:
            record = self._room.devices.add(
                DeviceRecord(
                    NEW,
                    self._fresh.uuid,
                    self._device.platform,
                    self._device.identifiers,
                    model=self._device.model,
                    os_version=self._device.os_version,
                    group=attempt.group.id,
                    management=Management.UNMANAGED,
                    enrolling_user=user.id,
                    via=EntryChannel.DIRECT,
                )
            )
        self._room.journal.tell(
            JournalCode.HUB_UNMANAGED,
            device=journal_name(record),
            reason=reason,
            user=user.user_name,
            **journal_words(self._device),
        )
        return DeviceReply(user=user.user_name, result=DirectResult.UNMANAGED)

    def _lead_on(
        self, attempt: Attempt, user: EnrollmentUser, group: OrganizationGroup, base_url: str, token: str
    ) -> DeviceReply:
        """Lead to what installs the management, as the end of the wizard does."""
        android = self._device.platform is Platform.ANDROID
        session = HubSession(
            self._fresh.session_id,
            SessionStep.INSTALL,
            self._device,
            self._at + timedelta(minutes=attempt.settings.session_minutes),
            channel=EntryChannel.DIRECT,
            group=group.id,
            user=user.id,
            mode=StagingMode.NONE,
            ownership=attempt.effective_ownership,
            terms_accepted=attempt.terms is TermsAnswer.ACCEPTED,
            invitation_id=hash_of_android_token(token) if android else None,
        )
        coming = reserve(self._room, session, attempt, self._fresh.uuid)
        session = self._room.sessions.add(replace(session, device_id=None if coming is None else coming.id))
        self.ended_invitations = replace_others(self._room, session)
        url = enroll_url(base_url, token) if android else install_url(base_url, session.id)
        return DeviceReply(user=user.user_name, result=DirectResult.ENROLLED, install_url=url)


def _user(view: StagingView, message: DeviceLogin) -> EnrollmentUser | None:
    """Return who wants to log in, as far as the name tells."""
    if not message.group_id:
        return view.users.by_name(message.username)
    typed = view.groups.by_group_id(message.group_id)
    return None if typed is None else view.users.by_name(message.username, typed.id)


def _group(view: StagingView, message: DeviceLogin, user: EnrollmentUser | None) -> OrganizationGroup | None:
    """Return where somebody enrols: the group that was typed, or else that of the account, which is known by then."""
    if message.group_id:
        return view.groups.by_group_id(message.group_id)
    return view.groups.get(ROOT_GROUP if user is None else user.group)


def _login(view: StagingView, device: PresentedDevice, message: DeviceLogin, at: datetime) -> Login:
    """Look up who wants to log in."""
    tree = view.groups.tree()
    group = _group(view, message, None) or tree[ROOT_GROUP]
    return Login(
        message.username,
        _user(view, message),
        tree.customer(group.id).id,
        view.attempts.device_count(device.identifiers),
        tree.settings(group.id),
        captcha_solved=is_solved(captcha_shown(view, device.identifiers, at), message.captcha_value),
    )
