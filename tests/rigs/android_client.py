"""An Android as the server sees it: the bytes of its channel, and of the Hub's wizard before, without sockets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from mdm_server.service.answer import Answer
from mdm_server.service.staging.android_barcode import hub_device
from mdm_server.wire.android_channel import (
    ChannelMessage,
    CommandError,
    CommandResult,
    Empty,
    EnrollReply,
    EnrollRequest,
    ErrorReply,
    Hardware,
    ManagementMode,
    Outcome,
    ProvisioningMethod,
    StagingCredentials,
    StatusReport,
    SyncReply,
    acknowledgement_url,
    authorization,
    device_url,
    encode,
    enroll_url,
    parse,
)
from mdm_server.wire.hub import HubHeader, HubReply, HubRequest, Step, parse_reply
from mdm_server.wire.hub import encode as encode_hub
from rigs.service import ServiceRig

GROUP = "MDMSIM"
Message = TypeVar("Message", bound=ChannelMessage)


@dataclass
class AndroidClient:
    """One Android. `knows_itself` False is a work profile that was not told yet which machine it is on."""

    rig: ServiceRig
    number: int = 1
    mode: ManagementMode = ManagementMode.FULLY_MANAGED
    os_version: str = "14"
    knows_itself: bool = True
    identifier: str = ""
    name: str = ""
    secret: str = field(default="", repr=False)

    @property
    def serial_number(self) -> str:
        """What is printed on the machine."""
        return f"DROID{self.number:06d}"

    @property
    def hardware(self) -> Hardware:
        """What the agent says of the machine."""
        return Hardware(
            identifier=self.identifier or f"{self.number:016x}",
            brand="google",
            model="Pixel 8",
            os_version=self.os_version,
            api_level=34,
            serial_number=self.serial_number if self.knows_itself else None,
            imei=f"35{self.number:013d}" if self.knows_itself else None,
        )

    # --- enrolment ---------------------------------------------------------------------------------------------------

    async def token(self, user_name: str, password: str, *, group: str = GROUP) -> str:
        """Go through the wizard and return the token at its end, or the code of the refusal."""
        reply = await self._ask(Step.GROUP, "", group_id=group)
        session = reply.header.session_id
        if not reply.refused:
            reply = await self._ask(Step.CREDENTIALS, session, username=user_name, password=password)
        if not reply.refused:
            reply = await self._ask(Step.INSTALL_URL, session)
        if reply.refused:
            return reply.status.reason
        return parse_qs(urlsplit(reply.next_step.install_url).query)["token"][0]

    async def _ask(self, step: Step, session: str, **fields: Any) -> HubReply:
        device = hub_device(self.hardware, self.mode)
        message = HubRequest(header=HubHeader(session_id=session), device=device, **fields)
        answer = await self.rig.suite.hub.door.wizard(step)(self.rig.facts(method="POST"), encode_hub(message))
        return parse_reply(answer.body)

    def ask_to_enroll(self, **proof: Any) -> Any:
        """Ask to be enrolled with a token or with credentials; to be awaited for the answer."""
        request = EnrollRequest(
            hardware=self.hardware,
            management_mode=self.mode,
            provisioning_method=ProvisioningMethod.HUB,
            **proof,
        )
        return self.send(enroll_url("", "").partition("?")[0], encode(request))

    async def enroll(self, **proof: Any) -> str:
        """Enrol; return nothing, or the code of the refusal."""
        answer = await self.ask_to_enroll(**proof)
        if answer.status != 200:
            return code_of(answer)
        reply = parse(answer.body, EnrollReply)
        self.name, self.secret = reply.device, reply.secret
        return ""

    async def enroll_as(self, user_name: str, password: str, *, group: str = GROUP) -> str:
        """Go through the wizard, and enrol with its token; return nothing, or the code of the refusal."""
        token = await self.token(user_name, password, group=group)
        return token if token.isupper() else await self.enroll(token=token)

    async def scan(self, user_name: str, password: str, *, group: str = GROUP) -> str:
        """Enrol with the credentials of a provisioning code; return nothing, or the code of the refusal."""
        credentials = StagingCredentials(group_id=group, user_name=user_name, password=password)
        return await self.enroll(credentials=credentials)

    # --- afterwards --------------------------------------------------------------------------------------------------

    def ask_to_sync(self, **report: Any) -> Any:
        """Report; to be awaited for the answer."""
        message = StatusReport(hardware=self.hardware, **report)
        return self.send(device_url("", self.name, "sync"), encode(message), proved=True)

    async def sync(self, **report: Any) -> SyncReply:
        """Report, and return what holds."""
        return await self._read(self.ask_to_sync(**report), SyncReply)

    async def acknowledge(self, operation: str, error: CommandError | None = None) -> Empty:
        """Say what became of a command."""
        outcome = Outcome.SUCCEEDED if error is None else Outcome.FAILED
        body = encode(CommandResult(outcome=outcome, error=error))
        return await self._read(self.send(acknowledgement_url("", self.name, operation), body, proved=True), Empty)

    async def leave(self) -> Empty:
        """Say good-bye."""
        return await self._read(self.send(device_url("", self.name, "unenroll"), b"", proved=True), Empty)

    async def send(self, path: str, body: bytes, *, proved: bool = False) -> Answer:
        """Send bytes to an address of the channel."""
        proof = authorization(self.name, self.secret) if proved else None
        facts = self.rig.facts(method="POST", authorization=proof)
        return await self.rig.suite.android.door.answer(facts, path, body)

    async def _read(self, answer: Any, kind: type[Message]) -> Message:
        answered: Answer = await answer
        assert answered.status == 200, answered.body
        return parse(answered.body, kind)


def code_of(answer: Answer) -> str:
    """Return the code of a refusal."""
    return parse(answer.body, ErrorReply).code
