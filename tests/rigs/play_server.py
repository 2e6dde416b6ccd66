"""A server of a few lines for one device at a time, so that tests of devices need no other room.

It answers `Request`s with `ResponseArrived`, keeps everything it got, and can be told to answer otherwise: `scripted`
maps a kind of request to replies that are used up one by one before it goes back to its own.
"""

from __future__ import annotations

import base64
import plistlib
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from cryptography import x509

from certs import scep, signed_data
from certs.authority import Authority
from certs.request import RequestPolicy, check_request
from device_emulator.core.actions import OpenEnrollmentLink
from device_emulator.core.events import Event
from device_emulator.core.messages import (
    Happening,
    PersonActs,
    Request,
    RequestFailed,
    RequestKind,
    ResponseArrived,
    TimePassed,
)
from device_emulator.core.virtual_device import VirtualDevice
from mdm_server.wire import plist
from mdm_server.wire.command import build_command
from mdm_server.wire.enrollment_profile import (
    EnrollmentProfile,
    MdmSettings,
    ScepSettings,
    build_enrollment_profile,
)
from mdm_server.wire.mobileconfig import Payload, Profile, build_profile, sign_profile

MDM_URL = "https://mdm.example/mdm"
SCEP_URL = "https://mdm.example/scep"
PROFILE_URL = "https://mdm.example/enroll"
LINK = PersonActs(OpenEnrollmentLink(PROFILE_URL))
"""What enrols a device."""


class MovingClock:
    """A clock that moves when told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def move(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)


class PlayServer:
    """Gives out a profile and an identity, takes check-ins, and sends `commands` one after the other."""

    def __init__(self, authority: Authority, clock: Callable[[], datetime], **profile: Any) -> None:
        self.authority = authority
        self.clock = clock
        self.requests: list[Request] = []
        self.scripted: dict[RequestKind, deque[ResponseArrived | RequestFailed]] = {}
        self.commands: deque[bytes] = deque()
        self.answers: dict[str, dict[str, Any]] = {}
        self.sign = True
        self.certify_key: Any = None
        self.capabilities = scep.write_capabilities()
        self.not_after: datetime | None = None
        self._profile = profile
        self._sent: str | None = None

    # What a test tells it

    def script(self, kind: RequestKind, *replies: tuple[int, bytes] | RequestFailed, **headers: str) -> None:
        """Answer the next requests of a kind with these statuses and bodies."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.scripted.setdefault(kind, deque()).extend(
            reply if isinstance(reply, RequestFailed) else ResponseArrived(0, reply[0], names, reply[1])
            for reply in replies
        )

    def command(self, request_type: str, uuid: str | None = None, **fields: Any) -> str:
        """Queue a command and return its UUID."""
        uuid = uuid or f"{request_type}-{len(self.commands) + len(self.answers) + 1}"
        self.commands.append(build_command(request_type, fields, uuid))
        return uuid

    # What it does

    def answer(self, request: Request) -> ResponseArrived | RequestFailed:
        """Answer one request."""
        self.requests.append(request)
        scripted = self.scripted.get(request.kind)
        if scripted:
            reply = scripted.popleft()
            if isinstance(reply, RequestFailed):
                return RequestFailed(request.number, reply.reason, reply.retryable)
            return ResponseArrived(request.number, reply.status, reply.headers, reply.body)
        headers, body = self._serve(request)
        return ResponseArrived(request.number, 200, headers, body)

    def profile(self) -> bytes:
        """Return the enrolment profile, signed unless told otherwise."""
        options = dict(self._profile)
        mdm = {"sign_message": True, "check_out_when_removed": True} | options.pop("mdm", {})
        enrollment = EnrollmentProfile(
            identifier="example.enroll",
            uuid="2B1E6E1C-6E0F-4D6B-9E0B-0A6E0B6E1C01",
            display_name="Play",
            organization="mdmsim TEST",
            scep=ScepSettings(
                url=SCEP_URL,
                challenge="secret",
                subject=((("CN", "%SerialNumber%"),), (("O", "mdmsim"),)),
                payload_uuid="2B1E6E1C-6E0F-4D6B-9E0B-0A6E0B6E1C02",
                payload_identifier="example.enroll.scep",
                **options.pop("scep", {}),
            ),
            mdm=MdmSettings(
                server_url=MDM_URL,
                topic="com.apple.mgmt.External.play",
                identity_certificate_uuid="2B1E6E1C-6E0F-4D6B-9E0B-0A6E0B6E1C02",
                **mdm,
            ),
            **options,
        )
        document = plist.dumps(build_enrollment_profile(enrollment))
        return sign_profile(document, self.authority.profile_signer, self.clock()) if self.sign else document

    def configuration(self, identifier: str, payload_type: str, content: dict[str, Any], **profile: Any) -> bytes:
        """Return a signed configuration profile of one payload."""
        payload = Payload(payload_type, f"{identifier}.payload", f"{identifier}-1", content=content)
        built = build_profile(Profile(identifier=identifier, uuid=f"{identifier}-0", payloads=(payload,), **profile))
        return sign_profile(plist.dumps(built), self.authority.profile_signer, self.clock())

    def _serve(self, request: Request) -> tuple[Mapping[str, str], bytes]:
        match request.kind:
            case RequestKind.PROFILE:
                return {"content-type": "application/x-apple-aspen-config"}, self.profile()
            case RequestKind.SCEP_CAPABILITIES:
                return {"content-type": "text/plain"}, self.capabilities.encode()
            case RequestKind.SCEP_CERTIFICATES:
                body, content_type = scep.write_ca_certificates(self.authority.scep_certificates)
                return {"content-type": content_type}, body
            case RequestKind.SCEP_ENROLLMENT | RequestKind.SCEP_POLL | RequestKind.SCEP_RENEWAL:
                return {"content-type": "application/x-pki-message"}, self._certify(request)
            case RequestKind.IDLE | RequestKind.ANSWER:
                return {}, self._next_command(request)
        return {}, b""

    def scep_message(self, request: Request) -> bytes:
        """Return the SCEP message of a request, from its body or its query."""
        if request.method == "POST":
            return request.body
        return base64.b64decode(parse_qs(urlsplit(request.url).query)["message"][0])

    def pending(self, request: Request) -> bytes:
        """Return a CertRep that says PENDING."""
        message = scep.parse_request(self.scep_message(request), digests=signed_data.LEGACY_DIGESTS)
        return scep.pending_reply(
            message, responder=self.authority.registration, when=self.clock(), sender_nonce=b"n" * 16
        )

    def refusal(self, request: Request) -> bytes:
        """Return a CertRep that says FAILURE."""
        message = scep.parse_request(self.scep_message(request), digests=signed_data.LEGACY_DIGESTS)
        responder = self.authority.registration
        return scep.failure_reply(
            message, scep.FailInfo.BAD_REQUEST, responder=responder, when=self.clock(), sender_nonce=b"n" * 16
        )

    def _certify(self, request: Request) -> bytes:
        message = scep.parse_request(self.scep_message(request), digests=signed_data.LEGACY_DIGESTS)
        if request.kind is RequestKind.SCEP_POLL:
            key, subject = self._asked
        else:
            csr = check_request(scep.open_request(message, self.authority.registration), RequestPolicy())
            key, subject = self._asked = csr.public_key, csr.subject
        certificate = self.authority.issue(self.certify_key or key, subject, not_after=self.not_after)
        return scep.certificate_reply(
            message,
            certificate,
            responder=self.authority.registration,
            when=self.clock(),
            sender_nonce=b"n" * 16,
        )

    _asked: tuple[Any, x509.Name]

    def _next_command(self, request: Request) -> bytes:
        report = plistlib.loads(request.body)
        if report["Status"] != "Idle":
            self.answers[report["CommandUUID"]] = report
        return self.commands.popleft() if self.commands else b""


class Answering(Protocol):
    """A server, as far as a device can tell."""

    def answer(self, request: Request) -> ResponseArrived | RequestFailed:
        """Answer a request."""


def play(
    device: VirtualDevice,
    server: Answering,
    *happenings: Happening,
    clock: MovingClock | None = None,
    patience: float = 0,
) -> list[Event]:
    """Let things happen to a device until it is quiet, and return what could be seen.

    With a clock, wait for the device's deadlines as long as they come within `patience` seconds.
    """
    seen: list[Event] = []
    until = None if clock is None else clock() + timedelta(seconds=patience)
    waiting = deque(happenings)
    for _ in range(10_000):
        if waiting:
            device.handle(waiting.popleft())
        seen += device.events()
        requests = device.requests()
        waiting.extend(server.answer(request) for request in requests)
        if waiting:
            continue
        deadline = device.deadline
        if clock is None or until is None or deadline is None or deadline > until:
            return seen
        clock.now = max(clock.now, deadline)
        waiting.append(TimePassed())
    raise AssertionError("expected the device to become quiet, found it busy for ever")
