"""What both doors share: a device is recognized, told to update if it must, and taken through the wizard.

It is the wizard that a device with a Hub goes through, with nobody to be asked, so the guards and their order are the
same. Restrictions of ownership, platform and system do not apply to a device that Apple Business Manager has assigned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.enrollment_program import ProgramProfile, required_update
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.registration import token_hash
from mdm_server.domain.staging.vocabulary import EntryChannel
from mdm_server.service.answer import Answer
from mdm_server.service.journal import Exchange, Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.automated_enrollment.describing import CODE, Descriptions
from mdm_server.service.staging.completion import Completion
from mdm_server.service.staging.credentials import BAD_CREDENTIALS
from mdm_server.service.staging.hub import Hub
from mdm_server.service.staging.wizard import Door
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingView
from mdm_server.wire.device_errors import JSON, encode_device_error, software_update_required
from mdm_server.wire.hub import DeviceType, HubDevice, HubHeader, HubReply, HubRequest, Step
from mdm_server.wire.machine_info import MachineInfo


@dataclass(frozen=True, slots=True)
class Unattended:
    """Who enrols where no wizard asks: somebody with credentials or with a token, or a default user."""

    user_name: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    default_user: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A device that is known to be what it says, and the DEP profile it has."""

    device: HubDevice
    program: ProgramProfile


@dataclass(frozen=True, slots=True)
class Declined:
    """Nobody is let in: why, in a word and in a sentence for the person, and with which status."""

    reason: str
    text: str
    status: int

    @property
    def may_try_again(self) -> bool:
        """Whether other credentials would do."""
        return self.reason == BAD_CREDENTIALS


class Entrance:
    """Takes devices from Setup Assistant to their enrolment profiles."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        completion: Completion,
        descriptions: Descriptions,
        journal: Journal,
        limiter: GuessLimiter,
    ) -> None:
        self._store = store
        self._hub = hub
        self._completion = completion
        self._descriptions = descriptions
        self._journal = journal
        self._limiter = limiter

    async def recognize(self, facts: RequestFacts, body: bytes, exchange: Exchange) -> tuple[MachineInfo, Arrival]:
        """Return which device asks; raises Refusal `ade.machineinfo`, also for one that has no DEP profile."""
        info = self._descriptions.read(facts, body)
        exchange.device = info.udid or ""
        return info, await self.admit(_device(info))

    async def admit(self, device: HubDevice) -> Arrival:
        """Return a device with its DEP profile; raises Refusal `ade.machineinfo` if it has none."""
        program = await self._store.staging.read(lambda view: view.enrollment_program.assigned_to(device.serial_number))
        if program is None:
            raise Refusal(CODE, reason="not_assigned")
        return Arrival(device, program)

    def update_first(self, facts: RequestFacts, info: MachineInfo, program: ProgramProfile) -> Answer | None:
        """Return 403 `com.apple.softwareupdate.required` for a device whose system is too old to enrol."""
        version = required_update(program, info.os_version or "", can_update=bool(info.can_request_software_update))
        if version is None:
            return None
        self._journal.note(JournalCode.ADE_UPDATE_REQUIRED, facts, device=info.udid or "")
        return Answer(encode_device_error(software_update_required(version)), JSON, status=403)

    async def enroll_as(self, facts: RequestFacts, arrival: Arrival, typed: tuple[str, str]) -> bytes | Declined:
        """Enrol a device for whoever typed a name and a password, or a token into both fields.

        Raises Refusal `limit.rate` for a peer that has guessed too often.
        """
        wait = self._limiter.retry_after(facts.peer)
        if wait is not None:
            raise Refusal("limit.rate", reason="dep", retry_after=wait)
        who = await self._store.staging.read(lambda view: _somebody(view, *typed))
        outcome = await self.enroll(facts, arrival, who)
        if isinstance(outcome, Declined) and outcome.may_try_again:
            self._limiter.failed(facts.peer)
        return outcome

    async def enroll(self, facts: RequestFacts, arrival: Arrival, who: Unattended) -> bytes | Declined:
        """Go through the wizard in the name of whoever holds the device, or of the default user."""
        group = await self._store.staging.read(lambda view: view.groups.get(arrival.program.group))
        group_id = "" if group is None else group.group_id
        reply = await self._go_through_wizard(facts, arrival.device, group_id, who)
        if not reply.refused:
            return await self._completion.profile(reply.header.session_id, facts)
        declined = Declined(
            reply.status.reason, reply.status.notification, STAGING_REFUSALS[reply.status.reason].status
        )
        if not declined.may_try_again:
            device = arrival.device.identifier
            self._journal.note(JournalCode.HUB_REFUSED, facts, reason=declined.reason, device=device)
        return declined

    async def _go_through_wizard(
        self, facts: RequestFacts, device: HubDevice, group_id: str, who: Unattended
    ) -> HubReply:
        """Go as far as the install URL or a refusal.

        A token stands in the place of the Group ID, and with a default user nobody types anything.
        """
        door = Door(EntryChannel.DEP, who.default_user)
        reply = await self._hub.lead_in(facts, HubRequest(device=device, group_id=who.token or group_id), door)
        for step in (Step.CREDENTIALS, Step.INSTALL_URL):
            if reply.refused or reply.next_step.install_url:
                break
            header = HubHeader(session_id=reply.header.session_id)
            request = HubRequest(header=header, device=device, username=who.user_name, password=who.password)
            reply = await self._hub.answer(facts, step, request, door=door)
        return reply


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
