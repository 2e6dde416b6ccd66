"""Management servers of other people, as small as they can be and as peculiar as they are.

Each answers as its source code does where a device can tell: which methods, addresses and statuses it knows, how it
says "nothing", and in which order commands come (nanomdm: head of line; micromdm: in turn; zentral: never twice).
SCEP is that of micromdm/scep: SHA-1, single DES, and the CA's certificate behind the issued one. Nothing here uses the
project's own code but to listen.
"""

from __future__ import annotations

import base64
import json
import plistlib
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from aiohttp import web
from asn1crypto import csr as asn1_csr
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from rigs import foreign_pkcs7 as pkcs7
from rigs.foreign_introductions import machine_info
from rigs.foreign_messages import document

PROFILE_TYPE = "application/x-apple-aspen-config"
SNIFFED = "text/xml; charset=utf-8"
UNRECOGNIZED = json.dumps({"code": "com.apple.unrecognized.device", "description": "who are you?"}).encode()
CHALLENGE = "secret"
TOPIC = "com.apple.mgmt.External.foreign"
SCEP_UUID = "5F0A6C7E-0000-4000-8000-000000000001"


# --- the order of commands -------------------------------------------------------------------------------------------


class Nanomdm:
    """Head of line: the first unanswered command, until it is answered; a NotNow skips what got NotNow."""

    def __init__(self) -> None:
        self.waiting: dict[str, bytes] = {}
        self.put_off: set[str] = set()

    def add(self, command_uuid: str, command: bytes) -> None:
        """Queue a command."""
        self.waiting[command_uuid] = command

    def next(self, status: str, answered: str | None) -> bytes | None:
        """Take a report, and return the command to send."""
        if status == "NotNow" and answered is not None:
            self.put_off.add(answered)
        elif answered is not None:
            self.waiting.pop(answered, None)
        skipped = self.put_off if status == "NotNow" else set()
        return next((command for name, command in self.waiting.items() if name not in skipped), None)


class Micromdm(Nanomdm):
    """In turn: a command that is sent goes to the end; what got NotNow waits until there is nothing else."""

    def next(self, status: str, answered: str | None) -> bytes | None:
        """Take a report, and return the command to send."""
        if answered is not None and status == "NotNow":
            self.put_off.add(answered)
        elif answered is not None:
            self.waiting.pop(answered, None)
            self.put_off.discard(answered)
        fresh = next((name for name in self.waiting if name not in self.put_off), None)
        if fresh is not None:
            self.waiting[fresh] = self.waiting.pop(fresh)
            return self.waiting[fresh]
        late = next(iter(self.waiting), None) if status != "NotNow" else None
        if late is None:
            return None
        self.put_off.discard(late)
        return self.waiting[late]


class Zentral(Nanomdm):
    """Never twice: what was sent is not sent again, unless it got NotNow."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: set[str] = set()

    def next(self, status: str, answered: str | None) -> bytes | None:
        """Take a report, and return the command to send."""
        if answered is not None and status == "NotNow":
            self.put_off.add(answered)
        elif answered is not None:
            self.waiting.pop(answered, None)
        again = self.put_off if status != "NotNow" else set()
        for name, command in self.waiting.items():
            if name not in self.sent or name in again:
                self.sent.add(name)
                self.put_off.discard(name)
                return command
        return None


class Commandment(Nanomdm):
    """Next, please: whatever was said about a command, it is over."""

    def next(self, status: str, answered: str | None) -> bytes | None:
        """Take a report, and return the command to send."""
        name = next(iter(self.waiting), None)
        return None if name is None else self.waiting.pop(name)


# --- the manners of a server -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Manners:
    """What a device can tell one server from another by."""

    queue: type[Nanomdm]
    check_in: str
    connect: str
    methods: frozenset[str] = frozenset({"PUT"})
    bad_signature: int = 400
    unknown_device: int = 500
    unenrols: tuple[int, str, bytes] | None = (401, "", b"")
    """How it tells a device that it is not managed any more, if it can."""
    no_bootstrap_token: bytes = b""
    done: bytes = b""
    """The body of an answer to a check-in."""
    profile: str = "/enroll"
    profile_type: str = PROFILE_TYPE
    signs_profile: bool = False
    digest_challenge: bool = False
    chunked: bool = False
    """Whether an empty answer is chunked, and so has no Content-Length."""


NO_TOKEN = document(BootstrapToken=b"")
MANNERS: Mapping[str, Manners] = {
    "nanomdm": Manners(Nanomdm, "/mdm", "/mdm", frozenset({"PUT", "POST"}), 400, 500, None),
    "micromdm": Manners(
        Micromdm,
        "/mdm/checkin",
        "/mdm/connect",
        bad_signature=500,
        no_bootstrap_token=NO_TOKEN,
        profile="/mdm/enroll",
    ),
    "zentral": Manners(
        Zentral,
        "/public/mdm/checkin/",
        "/public/mdm/connect/",
        unknown_device=400,
        unenrols=(401, "text/html; charset=utf-8", b"Blocked"),
        no_bootstrap_token=NO_TOKEN,
        signs_profile=True,
    ),
    "commandment": Manners(
        Commandment,
        "/checkin",
        "/mdm",
        bad_signature=403,
        unknown_device=410,
        unenrols=None,
        no_bootstrap_token=NO_TOKEN,
        done=b"OK",
    ),
}
"""By name; `replace` makes variants."""


@dataclass(frozen=True)
class Received:
    """One request of a device."""

    method: str
    path: str
    headers: Mapping[str, str]
    message: dict[str, Any] = field(default_factory=dict)


class ForeignServer:
    """One of them, listening on a free port of this machine."""

    LIMIT: ClassVar[int] = 500
    """More requests than any test needs; a device that goes round in circles is stopped here."""

    def __init__(self, manners: Manners, authority: pkcs7.SmallAuthority) -> None:
        self.manners = manners
        self.authority = authority
        self.url = ""
        self.scep_url = ""
        self.requests: list[Received] = []
        self.queues: dict[str, Nanomdm] = {}
        self.enrolled: set[str] = set()
        self.blocked = False
        self.believes = True
        self.refuses: dict[str, int] = {}
        """Check-ins that it answers with a status of their own."""
        self.loses = 0
        """How many reports more it gets and does not keep: it answers 500, and knows nothing of them."""
        self.oddities: deque[tuple[int, str, bytes]] = deque()
        """Answers to be given, one each, to the next reports instead of its own."""
        self.device_root: Path | None = None
        """Whom it believes (PEM) about devices that introduce themselves."""
        self.introduced: list[dict[str, Any]] = []
        """What they said of themselves."""

    # What a test does

    @property
    def messages(self) -> list[str]:
        """What it was told, in one word each: a check-in's type, or a report's status."""
        return [
            str(received.message.get("MessageType") or received.message.get("Status"))
            for received in self.requests
            if received.message
        ]

    def answers(self, udid: str) -> list[tuple[str, str]]:
        """Return the reports on commands: which, and how it went."""
        reports = [received.message for received in self.requests if received.message.get("UDID") == udid]
        return [(report["CommandUUID"], report["Status"]) for report in reports if "CommandUUID" in report]

    def order(self, udid: str, command_uuid: str, request_type: str = "DeviceInformation", **fields: Any) -> str:
        """Queue a command."""
        fields = fields or ({"Queries": ["DeviceName"]} if request_type == "DeviceInformation" else {})
        command = document(CommandUUID=command_uuid, Command={"RequestType": request_type, **fields})
        self.queues.setdefault(udid, self.manners.queue()).add(command_uuid, command)
        return command_uuid

    # What it does

    async def enroll(self, request: web.Request) -> web.Response:
        """Give out a profile: SCEP first, MDM second, a challenge for everybody."""
        scep = {"URL": self.scep_url or f"{self.url}/scep", "Challenge": CHALLENGE, "Keysize": 2048, "Key Type": "RSA"}
        scep |= {"Subject": [[["O", "foreign"]], [["CN", "%SerialNumber%"]]], "Name": "foreign"}
        mdm: dict[str, Any] = {
            "ServerURL": self.url + self.manners.connect,
            "CheckInURL": self.url + self.manners.check_in,
        }
        mdm |= {"Topic": TOPIC, "AccessRights": 8191, "SignMessage": True, "CheckOutWhenRemoved": True}
        mdm |= {"IdentityCertificateUUID": SCEP_UUID}
        payloads = [
            _payload("com.apple.security.scep", SCEP_UUID, PayloadContent=scep),
            _payload("com.apple.mdm", str(uuid.uuid4()), **mdm),
        ]
        profile = document(**_payload("Configuration", str(uuid.uuid4()), PayloadContent=payloads))
        if self.manners.signs_profile:
            profile = pkcs7.sign(profile, self.authority.key, self.authority.certificate, digest="sha256")
        return web.Response(body=profile, headers={"Content-Type": self.manners.profile_type})

    async def introduce(self, request: web.Request) -> web.Response:
        """Give a profile to a device that Apple has led here, and vouches for."""
        if self.device_root is None:
            return web.Response(status=405)
        try:
            root = x509.load_pem_x509_certificate(self.device_root.read_bytes())
            self.introduced.append(machine_info(await request.read(), root))
        except (KeyError, ValueError, InvalidSignature):
            return web.Response(status=403)
        return await self.enroll(request)

    async def scep(self, request: web.Request) -> web.Response:
        """Answer as micromdm/scep does."""
        match request.query["operation"]:
            case "GetCACaps":
                text = "Renewal\nSHA-1\nSHA-256\nAES\nDES3\nSCEPStandard\nPOSTPKIOperation"
                return web.Response(text=text)
            case "GetCACert":
                der = self.authority.certificate.public_bytes(Encoding.DER)
                return web.Response(body=der, headers={"Content-Type": "application/x-x509-ca-cert"})
        asked = pkcs7.verify(await request.read())
        csr = pkcs7.decrypt(asked.content, self.authority.key)
        issued = None
        if _challenge_of(csr) == CHALLENGE:
            wanted = x509.load_der_x509_csr(csr)
            issued = self.authority.issue(wanted.public_key(), wanted.subject)  # type: ignore[arg-type]
        reply = pkcs7.cert_rep(asked, self.authority.key, self.authority.certificate, issued=issued)
        return web.Response(body=reply, headers={"Content-Type": "application/x-pki-message"})

    async def mdm(self, request: web.Request) -> web.StreamResponse:
        """Take a message of a device, check-in or report."""
        body = await request.read()
        self.requests.append(Received(request.method, request.path, dict(request.headers), plistlib.loads(body)))
        assert len(self.requests) < self.LIMIT, "a device goes round in circles"
        message = self.requests[-1].message
        if request.method not in self.manners.methods:
            return web.Response(status=405)
        if not self.believes or not self._is_signed(request, body):
            return web.Response(status=self.manners.bad_signature, text="Bad Request\n")
        if self.blocked and self.manners.unenrols is not None:
            status, content_type, blocked = self.manners.unenrols
            return web.Response(status=status, body=blocked, headers={"Content-Type": content_type})
        if "MessageType" in message:
            return self._check_in(message)
        return await self._report(request, message)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        try:
            signed = pkcs7.verify(base64.b64decode(request.headers["Mdm-Signature"], validate=True), body)
            signed.signer.verify_directly_issued_by(self.authority.certificate)
        except (KeyError, ValueError, InvalidSignature):
            return False
        return True

    def _check_in(self, message: dict[str, Any]) -> web.Response:
        kind = message["MessageType"]
        if kind in self.refuses:
            return web.Response(status=self.refuses[kind], text="no\n")
        match kind:
            case "Authenticate":
                self.queues.pop(message["UDID"], None)
            case "TokenUpdate":
                self.enrolled.add(message["UDID"])
            case "CheckOut":
                self.enrolled.discard(message["UDID"])
            case "UserAuthenticate" if self.manners.digest_challenge and "DigestResponse" not in message:
                return web.Response(body=document(DigestChallenge=""), headers={"Content-Type": SNIFFED})
            case "UserAuthenticate":
                return web.Response(status=200 if self.manners.digest_challenge else 410)
            case "GetBootstrapToken":
                return web.Response(body=self.manners.no_bootstrap_token)
        return web.Response(body=self.manners.done)

    async def _report(self, request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        if message["UDID"] not in self.enrolled:
            return web.Response(status=self.manners.unknown_device, text="no such device\n")
        if self.oddities:
            status, content_type, odd = self.oddities.popleft()
            return web.Response(status=status, body=odd, headers={"Content-Type": content_type})
        queue = self.queues.setdefault(message["UDID"], self.manners.queue())
        if message["Status"] != "Idle" and self.loses:
            self.loses -= 1
            return web.Response(status=500)
        command = queue.next(message["Status"], message.get("CommandUUID"))
        if command is not None:
            return web.Response(body=command, headers={"Content-Type": SNIFFED})
        if not self.manners.chunked:
            return web.Response()
        chunked = web.StreamResponse()
        chunked.enable_chunked_encoding()
        await chunked.prepare(request)
        await chunked.write_eof()
        return chunked


@asynccontextmanager
async def foreign_server(name: str, authority: pkcs7.SmallAuthority, **manners: Any) -> AsyncIterator[ForeignServer]:
    """Run the server of that name, with some of its manners changed."""
    server = ForeignServer(replace(MANNERS[name], **manners), authority)
    application = web.Application()
    application.router.add_route("*", "/scep", server.scep)
    application.router.add_route("GET", server.manners.profile, server.enroll)
    application.router.add_route("POST", server.manners.profile, server.introduce)
    for path in {server.manners.check_in, server.manners.connect}:
        application.router.add_route("*", path, server.mdm)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


def _payload(kind: str, payload_uuid: str, **content: Any) -> dict[str, Any]:
    identifier = f"example.foreign.{kind.rsplit('.', 1)[-1].lower()}"
    names = {"PayloadType": kind, "PayloadIdentifier": identifier, "PayloadUUID": payload_uuid, "PayloadVersion": 1}
    return {**names, "PayloadDisplayName": "foreign", **content}


def _challenge_of(csr: bytes) -> str | None:
    attributes = asn1_csr.CertificationRequest.load(csr)["certification_request_info"]["attributes"]
    found = [each["values"][0].native for each in attributes if each["type"].native == "challenge_password"]
    return str(found[0]) if found else None
