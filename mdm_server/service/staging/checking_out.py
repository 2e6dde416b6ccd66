"""The Hub of an enrolled device: the first login on a staged one claims it, one on a shared one checks it out.

The device proves itself as it does at a check-in, so whoever types here holds it in their hands. Whose it is changes in
one transaction with everything that follows from it; the enrolment and its status stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.check_out import logged_out_at
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.vocabulary import AssignmentState
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging import questions
from mdm_server.service.staging.captcha import is_solved
from mdm_server.service.staging.captcha_sessions import captcha_shown
from mdm_server.service.staging.credentials import BAD_CREDENTIALS, CredentialCheck, Login
from mdm_server.service.staging.device_login import DeviceDesk, Outcome, home_of, told
from mdm_server.service.staging.device_proof import DeviceProof
from mdm_server.service.staging.passwords import Passwords
from mdm_server.service.staging.sessions import draw
from mdm_server.service.staging.user_settings import draw_settings
from mdm_server.service.staging.waking import Waker
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import LARGEST_PAGE, StagingRoom, StagingView
from mdm_server.wire.hub import DeviceLogin, DeviceReply


class CheckingOut:
    """Answers the Hub of enrolled devices."""

    def __init__(
        self,
        store: Store,
        proof: DeviceProof,
        credentials: CredentialCheck,
        passwords: Passwords,
        waker: Waker,
        settings: ServiceSettings,
        journal: Journal,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._proof = proof
        self._credentials = credentials
        self._passwords = passwords
        self._waker = waker
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._random_bytes = random_bytes

    async def log_in(self, facts: RequestFacts, body: bytes, message: DeviceLogin) -> DeviceReply:
        """Let somebody take the device: claim it, check it out, or come back to it.

        What the rules refuse is an answer, too; raises the Refusals of `DeviceProof.of`.
        """
        key = await self._proof.of(facts, body)
        at = self._clock()
        login = await self._store.staging.read(lambda view: _login(view, key, message, at))
        proof = await self._credentials.check(login, message.password)
        passcode_good = proof.good and await self._passcode_matches(login, message.shared_passcode)
        fresh, drawn = draw(self._random_bytes), draw_settings(self._random_bytes)
        url = facts.base_url or self._settings.base_url

        def work(room: StagingRoom) -> Outcome:
            desk = DeviceDesk(room, _device(room, key), at, fresh, drawn)
            return desk.log_in(message, proof, passcode_matches=passcode_good, url=url)

        reply, changed = await self._transact(facts, at, work)
        if reply.status.reason == BAD_CREDENTIALS:
            self._credentials.failed(login)
        if changed is not None:
            await self._waker.wake([changed])
        return reply

    async def log_out(self, facts: RequestFacts, body: bytes) -> DeviceReply:
        """Let whoever has a shared device give it back; twice is harmless. Raises the Refusals of `DeviceProof.of`."""
        return await self._give_back(facts, await self._proof.of(facts, body), by="user")

    async def status(self, facts: RequestFacts, body: bytes) -> DeviceReply:
        """Tell whose a device is. Raises the Refusals of `DeviceProof.of`."""
        key = await self._proof.of(facts, body)
        return await self._store.staging.read(lambda view: told(view, _device(view, key)))

    async def log_out_forgotten(self) -> int:
        """Give back the shared devices whose users forgot to log out, where a timer says so; return how many."""
        now = self._clock()
        forgotten = await self._store.staging.read(lambda view: _forgotten(view, now))
        for key in forgotten:
            await self._give_back(INTERNAL, key, by="timer")
        return len(forgotten)

    async def _give_back(self, facts: RequestFacts, key: str, *, by: str) -> DeviceReply:
        at, fresh, drawn = self._clock(), draw(self._random_bytes), draw_settings(self._random_bytes)
        enrollment = await self._store.enrollments.find(key)
        unlock_token = None if enrollment is None else enrollment.unlock_token

        def work(room: StagingRoom) -> Outcome:
            return DeviceDesk(room, _device(room, key), at, fresh, drawn).log_out(unlock_token, by=by)

        reply, changed = await self._transact(facts, at, work)
        if changed is not None:
            await self._waker.wake([changed])
        return reply

    async def _transact(
        self,
        facts: RequestFacts,
        at: datetime,
        work: Callable[[StagingRoom], Outcome],
    ) -> Outcome:
        try:
            return await self._store.staging.transact(work, facts.occasion(at))
        except Refusal as refusal:
            if refusal.code not in STAGING_REFUSALS:
                raise
            self._journal.note(JournalCode.HUB_REFUSED, facts, reason=refusal.code)
            return DeviceReply(questions.status_of(refusal.code)), None

    async def _passcode_matches(self, login: Login, typed: str) -> bool:
        """Check the shared device passcode, of users who have one."""
        recorded = None if login.user is None else login.user.shared_passcode_hash
        return bool(typed) and recorded is not None and await self._passwords.verify(typed, recorded)


def _device(view: StagingView, key: str) -> DeviceRecord:
    device = view.devices.by_enrollment_key(key)
    if device is None or device.status not in MANAGED:
        raise Refusal("state.order", reason="not_enrolled")
    return device


def _login(view: StagingView, key: str, message: DeviceLogin, at: datetime) -> Login:
    """Look up who wants to log in."""
    device = _device(view, key)
    home, tree = home_of(device), view.groups.tree()
    shown = captcha_shown(view, device.identifiers, at, device_id=device.id)
    return Login(
        message.username,
        view.users.by_name(message.username, home),
        tree.customer(home).id,
        view.attempts.device_count(device.identifiers),
        tree.settings(home),
        captcha_solved=is_solved(shown, message.captcha_value),
    )


def _forgotten(view: StagingView, at: datetime) -> list[str]:
    """Return the devices whose users should have been logged out by now."""
    tree = view.groups.tree()
    found, offset = [], 0
    while page := view.devices.search(assignments=(AssignmentState.CHECKED_OUT,), offset=offset).rows:
        for device in page:
            due = logged_out_at(device, tree.settings(home_of(device)).shared)
            if due is not None and due <= at and device.enrollment_key is not None:
                found.append(device.enrollment_key)
        offset += LARGEST_PAGE
    return found
