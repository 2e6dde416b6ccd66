"""Automated Device Enrollment: a device from Apple Business Manager asks for its enrolment profile in Setup Assistant.

It says who it is in a MachineInfo that a device authority vouches for, and who its person is by HTTP's Basic scheme
where the DEP profile wants to know. Behind that door it goes through the same wizard as a device with a Hub, with
nobody to be asked. https://developer.apple.com/documentation/devicemanagement/machineinfo
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.enrollment_program import ProgramProfile, required_update
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.registration import token_hash
from mdm_server.domain.staging.vocabulary import EntryChannel
from mdm_server.service.answer import PROFILE, TEXT, Answer
from mdm_server.service.device_description import envelope_of, machine_of, open_description
from mdm_server.service.journal import Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.completion import Completion
from mdm_server.service.staging.credentials import BAD_CREDENTIALS
from mdm_server.service.staging.hub import Hub
from mdm_server.service.staging.wizard import Door
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingView
from mdm_server.wire.basic_authorization import basic_pair
from mdm_server.wire.device_errors import JSON, encode_device_error, software_update_required
from mdm_server.wire.hub import DeviceType, HubDevice, HubHeader, HubReply, HubRequest, NextStepType, Step
from mdm_server.wire.machine_info import MachineInfo

CHALLENGE = {"WWW-Authenticate": 'Basic realm="mdmsim"'}
MACHINE_INFO = "enroll.machine_info"


@dataclass(frozen=True, slots=True)
class Unattended:
    """Who enrols where no wizard asks: somebody with credentials or with a token, or a default user."""

    user_name: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    default_user: int | None = None


class AutomatedEnrollment:
    """Answers devices in Setup Assistant."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        completion: Completion,
        settings: ServiceSettings,
        journal: Journal,
        limiter: GuessLimiter,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._hub = hub
        self._completion = completion
        self._settings = settings
        self._journal = journal
        self._limiter = limiter
        self._clock = clock

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer a device's MachineInfo.

        The enrolment profile; 401 to ask who the person is; 403 `com.apple.softwareupdate.required` to have the device
        update first; or a refusal of staging, as text with its status. Raises Refusal `enroll.machine_info` for a
        device nobody vouches for, and `dep.not_assigned`.
        """
        with self._journal.guard(facts) as exchange:
            info = self._describe(facts, body)
            exchange.device = info.udid or ""
            program = await self._store.staging.read(
                lambda view: view.enrollment_program.assigned_to(info.serial or "")
            )
            if program is None:
                raise Refusal("dep.not_assigned")
            version = required_update(program, info.os_version or "", can_update=bool(info.can_request_software_update))
            if version is not None:
                self._journal.note(JournalCode.PROGRAM_UPDATE_REQUIRED, facts, device=info.udid or "")
                return Answer(encode_device_error(software_update_required(version)), JSON, status=403)
            return await self._enroll(facts, info, program)

    def _describe(self, facts: RequestFacts, body: bytes) -> MachineInfo:
        """Return what a device says of itself, if a device authority vouches for it."""
        envelope = envelope_of(facts, body)
        if envelope is None:
            raise Refusal(MACHINE_INFO, reason="missing")
        description = open_description(envelope, self._settings, self._clock(), code=MACHINE_INFO)
        if not description.vouched:
            raise Refusal(MACHINE_INFO, reason="untrusted")
        return machine_of(description, code=MACHINE_INFO)

    async def _enroll(self, facts: RequestFacts, info: MachineInfo, program: ProgramProfile) -> Answer:
        """Go through the wizard in the name of whoever holds the device, or of the default user."""
        who = Unattended(default_user=program.default_user)
        if program.authentication_required:
            typed = _typed(facts.authorization)
            if typed is None:
                return Answer(status=401, headers=CHALLENGE)
            wait = self._limiter.retry_after(facts.peer)
            if wait is not None:
                raise Refusal("limit.rate", reason="dep", retry_after=wait)
            who = await self._store.staging.read(lambda view: _somebody(view, *typed))
        group = await self._store.staging.read(lambda view: view.groups.get(program.group))
        reply = await self._go_through_wizard(facts, _device(info), "" if group is None else group.group_id, who)
        if not reply.refused:
            return Answer(await self._completion.profile(reply.header.session_id, facts), PROFILE)
        if reply.status.reason == BAD_CREDENTIALS:
            self._limiter.failed(facts.peer)
            return Answer(status=401, headers=CHALLENGE)
        self._journal.note(JournalCode.HUB_REFUSED, facts, reason=reply.status.reason, device=info.udid or "")
        status = STAGING_REFUSALS[reply.status.reason].status
        return Answer(reply.status.notification.encode(), TEXT, status=status)

    async def _go_through_wizard(
        self, facts: RequestFacts, device: HubDevice, group_id: str, who: Unattended
    ) -> HubReply:
        """Go as far as the install URL or a refusal.

        A token stands in the place of the Group ID, and with a default user nobody types anything.
        """
        door = Door(EntryChannel.DEP, who.default_user)
        request = HubRequest(device=device, group_id=who.token or group_id)
        reply = await self._hub.answer(facts, Step.GROUP, request, door=door)
        for step in (Step.CREDENTIALS, Step.INSTALL_URL):
            if reply.refused:
                break
            if step is Step.CREDENTIALS and reply.next_step.type == NextStepType.INSTALL:
                continue
            header = HubHeader(session_id=reply.header.session_id)
            request = HubRequest(header=header, device=device, username=who.user_name, password=who.password)
            reply = await self._hub.answer(facts, step, request, door=door)
        return reply


def _typed(authorization: str | None) -> tuple[str, str] | None:
    """Return what was typed in Setup Assistant; None if nobody was asked yet."""
    scheme, _, encoded = (authorization or "").partition(" ")
    return basic_pair(encoded) if scheme.lower() == "basic" else None


def _somebody(view: StagingView, user_name: str, password: str) -> Unattended:
    """Return whom the device is for; a registration token is typed into both fields (F4, row 47)."""
    if user_name == password and view.registrations.by_token_hash(token_hash(user_name)) is not None:
        return Unattended(token=user_name)
    return Unattended(user_name, password)


def _device(info: MachineInfo) -> HubDevice:
    return HubDevice(
        identifier=info.udid or "",
        serial_number=info.serial or "",
        imei=info.imei or "",
        type=DeviceType.APPLE,
        os_version=info.os_version or "",
        product=info.product or "",
    )
