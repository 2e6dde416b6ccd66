"""A server of a few lines for the channel of virtual Androids, with a Hub in front of it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from device_emulator.core.events import Event
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.messages import Request, RequestFailed, RequestKind, ResponseArrived
from mdm_server.wire.android_channel import (
    GONE,
    PREFIX,
    Assignment,
    ChannelMessage,
    Command,
    CommandResult,
    CommandType,
    Empty,
    EnrollReply,
    EnrollRequest,
    ErrorReply,
    Policy,
    StagingCredentials,
    StatusReport,
    SyncReply,
    authorization,
    encode,
    enroll_url,
    parse,
)
from mdm_server.wire.android_provisioning import StagingExtras
from mdm_server.wire.hub import DeviceReply, HubReply, HubStatus, NextStep, NextStepType, StatusCode
from mdm_server.wire.hub import encode as encode_hub

SERVER = "https://mdm.example"
STAGER = StagingCredentials(group_id="DEPOT", user_name="stager", password="let me in")
TOKEN = "one-time"
DEVICE, SECRET = "android-1", "secret-1"
EXTRAS = StagingExtras(
    server_url=SERVER, group_id=STAGER.group_id, user_name=STAGER.user_name, password=STAGER.password
)
INTENT = HubIntent(url=SERVER, group="DEPOT", user_name="ada", password="right")
Act = Callable[..., list[Event]]
"""Lets happenings and actions of a person come over a device until it is quiet, and returns what could be seen."""
ACKNOWLEDGEMENT = re.compile(r".*/operations/([^/]+):ack")


class AndroidServer:
    """Enrols who has the token or the stager's credentials, and hands out what a test puts into it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.scripted: dict[RequestKind, deque[ResponseArrived | RequestFailed]] = {}
        self.enrolments: list[EnrollRequest] = []
        self.reports: list[StatusReport] = []
        self.policy: Policy | None = Policy(version=1)
        self.assignment = Assignment(state="Assigned", user="ada")
        self.pending = False
        self.gone: str | None = None
        self.commands: list[Command] = []
        self.results: dict[str, list[CommandResult]] = {}
        self.left: list[str] = []
        self._operations = 0

    def command(self, kind: CommandType, **parameters: object) -> str:
        """Queue a command and return the name of its operation."""
        self._operations += 1
        name = f"op-{self._operations}"
        self.commands.append(msgspec.convert({"operation": name, "type": kind, **parameters}, Command))
        return name

    def script(self, kind: RequestKind, *replies: tuple[int, ChannelMessage] | RequestFailed) -> None:
        """Answer the next requests of a kind with these."""
        self.scripted.setdefault(kind, deque()).extend(
            reply if isinstance(reply, RequestFailed) else ResponseArrived(0, reply[0], {}, encode(reply[1]))
            for reply in replies
        )

    def asked(self, kind: RequestKind) -> list[Request]:
        """Return the requests of a kind."""
        return [request for request in self.requests if request.kind is kind]

    def answer(self, request: Request) -> ResponseArrived | RequestFailed:
        """Answer a request."""
        self.requests.append(request)
        waiting = self.scripted.get(request.kind)
        if waiting:
            return _numbered(waiting.popleft(), request.number)
        if PREFIX in request.url:
            status, message = self._answer(request)
            return ResponseArrived(request.number, status, {}, encode(message))
        return ResponseArrived(request.number, 200, {}, encode_hub(self._answer_hub(request)))

    def _answer(self, request: Request) -> tuple[int, ChannelMessage]:
        path = urlsplit(request.url).path
        if path.endswith("devices:enroll"):
            return self._enroll(parse(request.body, EnrollRequest))
        if request.headers.get("Authorization") != authorization(DEVICE, SECRET):
            return 404, ErrorReply(code="android.unknown", text="No such device.")
        if self.gone is not None:
            return GONE, ErrorReply(code=self.gone, text="Not managed.")
        if path.endswith(":sync"):
            self.reports.append(parse(request.body, StatusReport))
            commands = () if self.pending else tuple(self.commands)
            policy = None if self.pending else self.policy
            return 200, SyncReply(
                assignment=self.assignment, policy=policy, commands=commands, pending_verification=self.pending
            )
        found = ACKNOWLEDGEMENT.fullmatch(path)
        if found:
            self.commands = [command for command in self.commands if command.operation != found[1]]
            self.results.setdefault(found[1], []).append(parse(request.body, CommandResult))
        else:
            self.left.append(path)
        return 200, Empty()

    def _enroll(self, request: EnrollRequest) -> tuple[int, ChannelMessage]:
        self.enrolments.append(request)
        if request.token != TOKEN and request.credentials != STAGER:
            return 400, ErrorReply(code="BAD_CREDENTIALS", text="Invalid User Credentials")
        return 200, EnrollReply(device=DEVICE, secret=SECRET)

    def _answer_hub(self, request: Request) -> HubReply | DeviceReply:
        if request.kind is not RequestKind.HUB_WIZARD:
            return DeviceReply(state=self.assignment.state, user=self.assignment.user or "")
        if request.url.endswith("validateGroupIdentifier"):
            return HubReply(next_step=NextStep(NextStepType.CREDENTIALS))
        if b"wrong" in request.body:
            return HubReply(status=HubStatus(StatusCode.ERROR, "Invalid User Credentials", "BAD_CREDENTIALS"))
        return HubReply(next_step=NextStep(NextStepType.INSTALL, install_url=enroll_url(SERVER, TOKEN)))


def _numbered(reply: ResponseArrived | RequestFailed, number: int) -> ResponseArrived | RequestFailed:
    if isinstance(reply, RequestFailed):
        return RequestFailed(number, reply.reason, reply.retryable)
    return ResponseArrived(number, reply.status, reply.headers, reply.body)
