"""The Hub's wizard: one request in, one answer out, for a device that is to be enrolled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.vocabulary import EntryChannel, Platform
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging import questions
from mdm_server.service.staging.captcha import is_solved
from mdm_server.service.staging.completion import hash_of_android_token, install_url, revoke
from mdm_server.service.staging.credentials import BAD_CREDENTIALS, CredentialCheck, Login
from mdm_server.service.staging.half_open import HalfOpen
from mdm_server.service.staging.sessions import draw
from mdm_server.service.staging.wizard import Door, Wizard
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingView
from mdm_server.wire.android_channel import enroll_url
from mdm_server.wire.hub import HubDevice, HubReply, HubRequest, NextStepType, Step

_TOKEN_BYTES = 32
_STEPS: Mapping[Step, Callable[[Wizard], HubReply]] = {
    Step.GROUP: Wizard.group,
    Step.GROUP_SELECTOR: Wizard.select_group,
    Step.STAGING_CHOICE: Wizard.choose_staging,
    Step.ON_BEHALF_USER: Wizard.name_user,
    Step.OWNERSHIP: Wizard.take_ownership,
    Step.TERMS_OF_USE: Wizard.accept_terms,
}


class Hub:
    """Answers the wizard's requests."""

    def __init__(
        self,
        store: Store,
        credentials: CredentialCheck,
        settings: ServiceSettings,
        journal: Journal,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._random_bytes = random_bytes
        self._half_open = HalfOpen(settings.half_open_limit, clock)

    async def answer(
        self, facts: RequestFacts, step: Step, request: HubRequest, *, door: Door | None = None
    ) -> HubReply:
        """Answer one step. What the rules refuse is an answer, too.

        Without a `door` the device has come through the one that its request names.

        Raises:
            HubError: this is no such request.
            Refusal: `enroll.too_many_open`, or `limit.overload`: too many wizards, or passwords, at once.

        """
        reply = await self._in_words(self._answer(facts, step, request, door), facts, step, request.device)
        session_id = reply.header.session_id
        if _is_expected(door):
            return reply
        if reply.next_step.install_url or (reply.refused and reply.next_step.type == NextStepType.NONE):
            self._half_open.ended(session_id)
        elif session_id and session_id != request.header.session_id:
            self._half_open.begun(session_id)
        return reply

    async def lead_in(self, facts: RequestFacts, request: HubRequest, door: Door) -> HubReply:
        """Lead a device whose door asks nobody from its group to its install URL, in one transaction.

        Where somebody has to be asked after all, that question is the answer.
        """
        base_url = facts.base_url or self._settings.base_url

        def answer(wizard: Wizard) -> HubReply:
            reply = wizard.group()
            if reply.refused or reply.next_step.type != NextStepType.INSTALL:
                return reply
            return wizard.install(install_url(base_url, reply.header.session_id), None)

        return await self._in_words(self._take(facts, request, answer, door), facts, Step.GROUP, request.device)

    async def _in_words(
        self, answering: Awaitable[HubReply], facts: RequestFacts, step: Step, device: HubDevice
    ) -> HubReply:
        """Make an answer of what the rules of staging refuse."""
        try:
            return await answering
        except Refusal as refusal:
            if refusal.code not in STAGING_REFUSALS:
                raise
            self._tell(refusal, facts, step, device)
            return questions.refusal(refusal.code)

    async def _answer(self, facts: RequestFacts, step: Step, request: HubRequest, door: Door | None) -> HubReply:
        match step:
            case Step.CREDENTIALS:
                return await self._log_in(facts, request)
            case Step.INSTALL_URL:
                return await self._install(facts, request)
            case Step.GROUP if not (request.header.session_id or _is_expected(door)):
                self._half_open.make_room()
        return await self._take(facts, request, _STEPS[step], door)

    def _tell(self, refusal: Refusal, facts: RequestFacts, step: Step, device: HubDevice) -> None:
        """Journal a refusal of an answer that nobody waits for; no transaction was left to do it."""
        said = {"serial": device.serial_number, "udid": device.identifier}
        known = {name: value for name, value in said.items() if value}
        self._journal.note(JournalCode.HUB_REFUSED, facts, reason=refusal.code, step=step, **known)

    async def _take(
        self, facts: RequestFacts, request: HubRequest, answer: Callable[[Wizard], HubReply], door: Door | None = None
    ) -> HubReply:
        """Take one answer of the wizard, in one transaction."""
        at, fresh = self._clock(), draw(self._random_bytes)
        reply, ended = await self._store.staging.transact(
            lambda room: _with_what_ended(Wizard(room, request, at, fresh, door), answer), facts.occasion(at)
        )
        await revoke(self._store, ended, facts.occasion(at))
        return reply

    async def _log_in(self, facts: RequestFacts, request: HubRequest) -> HubReply:
        """Check a password, and then judge who it belongs to."""
        login = await self._store.staging.read(lambda view: _login(view, request))
        proof = await self._credentials.check(login, request.password)
        reply = await self._take(facts, request, lambda wizard: wizard.log_in(proof))
        if reply.status.reason == BAD_CREDENTIALS:
            self._credentials.failed(login)
        return reply

    async def _install(self, facts: RequestFacts, request: HubRequest) -> HubReply:
        """Lead to what installs the management: the enrolment profile, or the Android channel with a one-time token."""
        token = self._random_bytes(_TOKEN_BYTES).hex()
        base_url = facts.base_url or self._settings.base_url

        def answer(wizard: Wizard) -> HubReply:
            if wizard.platform is Platform.ANDROID:
                return wizard.install(enroll_url(base_url, token), hash_of_android_token(token))
            return wizard.install(install_url(base_url, request.header.session_id), None)

        return await self._take(facts, request, answer)


def _is_expected(door: Door | None) -> bool:
    """Say whether a device comes by a door that strangers cannot open: it neither needs their room nor takes any."""
    return door is not None and door.channel is EntryChannel.DEP


def _with_what_ended(wizard: Wizard, answer: Callable[[Wizard], HubReply]) -> tuple[HubReply, Sequence[str]]:
    return answer(wizard), wizard.ended_invitations


def _login(view: StagingView, request: HubRequest) -> Login:
    """Look up who wants to log in."""
    session = view.sessions.get(request.header.session_id)
    if session is None or session.group is None:
        raise Refusal("SESSION_EXPIRED", reason="unknown")
    tree = view.groups.tree()
    return Login(
        request.username,
        view.users.by_name(request.username, session.group),
        tree.customer(session.group).id,
        view.attempts.device_count(session.device.identifiers),
        tree.settings(session.group),
        captcha_solved=is_solved(session.captcha, request.captcha_value),
    )
