"""Apple, as far as a device in Setup Assistant can tell, beside a server that enrols it."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.names import hardware_name
from certs.request import RequestPolicy, check_request
from device_emulator.core.activation import AppleAddress
from device_emulator.core.messages import Request, RequestFailed, RequestKind, ResponseArrived
from mdm_server.wire.activation import (
    ActivationReply,
    ActivationRequest,
    ActivationState,
    CloudConfiguration,
    encode_reply,
    parse_request,
)
from mdm_server.wire.dep import DepProfile
from rigs.play_server import PlayServer

APPLE = AppleAddress("https://apple.example")
DEP_URL = "https://mdm.example/enroll/dep"
WEB_URL = "https://mdm.example/enroll/dep/web"
PAGE = b"""<html><body><h1>Who are you?</h1>
<form method="post" action="/enroll/dep/web?step=2">
<input type="hidden" name="state" value="a&amp;b"><input name="user"><input type="password" name="pass">
<input type="checkbox" name="terms"><button name="go" value="in">Sign in</button></form></body></html>"""


def decided(**profile: Any) -> CloudConfiguration:
    """Return what an organization decided; the fields of its DEP profile go by name."""
    chosen = DepProfile(**{"url": DEP_URL, "is_supervised": True, **profile})
    return CloudConfiguration(profile=chosen, profile_uuid="P", organization_name="Example", server_uuid="S")


class PlayApple:
    """Activates devices for the organization whose DEP profile it was told, and passes on all that is not Apple's."""

    def __init__(self, server: PlayServer, authority: Authority, **profile: Any) -> None:
        self.server = server
        self.authority = authority
        self.profile: DepProfile | None = decided(**profile).profile
        self.locked_with: str | None = None
        self.asked: list[ActivationRequest] = []
        self.pages: deque[ResponseArrived] = deque()
        self.typed: list[dict[str, str]] = []
        self.scripted: deque[ResponseArrived | RequestFailed] = deque()
        self.requests: list[Request] = []

    def answer(self, request: Request) -> ResponseArrived | RequestFailed:
        """Answer one request."""
        self.requests.append(request)
        match request.kind:
            case RequestKind.ACTIVATION if self.scripted:
                reply = self.scripted.popleft()
                if isinstance(reply, RequestFailed):
                    return RequestFailed(request.number, reply.reason, reply.retryable)
                return ResponseArrived(request.number, reply.status, reply.headers, reply.body)
            case RequestKind.ACTIVATION:
                return ResponseArrived(request.number, 200, {}, encode_reply(self._activate(request)))
            case RequestKind.FIND_MY:
                return ResponseArrived(request.number, 200)
            case RequestKind.WEB_SIGN_IN:
                return self._sign_in(request)
        return self.server.answer(request)

    def page(self, body: bytes = PAGE, status: int = 200, **headers: str) -> None:
        """Show this page next in the web view."""
        said = {"content-type": "text/html; charset=utf-8", **{k.replace("_", "-"): v for k, v in headers.items()}}
        self.pages.append(ResponseArrived(0, status, said, body))

    def _activate(self, request: Request) -> ActivationReply:
        asked = parse_request(request.body)
        self.asked.append(asked)
        if self.locked_with is not None and asked.unlock != self.locked_with:
            return ActivationReply(state=ActivationState.LOCKED, lock_message="Call 030 1234567")
        csr = check_request(asked.certificate_request, RequestPolicy())
        certificate = self.authority.issue(csr.public_key, hardware_name(asked.udid, asked.serial_number))
        configuration = None if self.profile is None else replace(decided(), profile=self.profile)
        chain = (certificate.public_bytes(Encoding.DER), self.authority.issuing.der)
        return ActivationReply(
            state=ActivationState.ACTIVATED, certificate_chain=chain, cloud_configuration=configuration
        )

    def _sign_in(self, request: Request) -> ResponseArrived:
        if request.body:
            self.typed.append(dict(parse_qsl(request.body.decode())))
        if self.pages:
            page = self.pages.popleft()
            return ResponseArrived(request.number, page.status, page.headers, page.body)
        headers = {"content-type": "application/x-apple-aspen-config"}
        return ResponseArrived(request.number, 200, headers, self.server.profile())
