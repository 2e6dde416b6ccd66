"""Enrolment: the sequence on the wire, what is verified, and how it fails."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import plistlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs import signed_data
from certs.authority import Authority
from certs.keys import KeyKind
from device_emulator.core import scep_client
from device_emulator.core.actions import OpenProfile, ShutDown
from device_emulator.core.conversation import Conversation, Draft
from device_emulator.core.device import Device
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import (
    BootstrapTokenExchanged,
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    Event,
    PersonRefused,
    ProfileAccepted,
    ProfileRefused,
    RetryScheduled,
    StageReached,
    UserChannelRefused,
)
from device_emulator.core.messages import PersonActs, Request, RequestFailed, RequestKind
from device_emulator.core.settings import PlistFormat, ProofOfIdentity
from device_emulator.core.states import LifeState
from mdm_server.wire.enrollment_profile import ScepSettings
from mdm_server.wire.plist import loads_dict
from rigs.play_server import LINK, MDM_URL, SCEP_URL, MovingClock, PlayServer, play

Make = Callable[..., Device]


def kinds(server: PlayServer) -> list[RequestKind]:
    """Return what the server was asked, in order."""
    return [request.kind for request in server.requests]


def failure(events: list[Event]) -> tuple[EnrollmentStage, str]:
    """Return where and why an enrolment failed."""
    (found,) = [event for event in events if isinstance(event, EnrollmentFailed)]
    return found.stage, found.reason


def assert_nothing_stayed(device: Device) -> None:
    """Check that a failed enrolment left a device in use, with nothing of the enrolment on it."""
    assert device.life is LifeState.IN_USE
    assert device.handheld.management is None
    assert device.handheld.keychain.identity is None
    assert len(device.handheld.profiles) == 0
    assert (device.push_token, device.push_magic, device.is_busy) == (None, None, False)


# The good case


def test_a_device_enrols_from_a_link(device: Device, server: PlayServer) -> None:
    """Profile, SCEP, Authenticate, TokenUpdate, in this order; then it is managed."""
    events = play(device, server, LINK)
    assert kinds(server) == [
        RequestKind.PROFILE,
        RequestKind.SCEP_CAPABILITIES,
        RequestKind.SCEP_CERTIFICATES,
        RequestKind.SCEP_ENROLLMENT,
        RequestKind.AUTHENTICATE,
        RequestKind.TOKEN_UPDATE,
    ]
    assert [event.stage for event in events if isinstance(event, StageReached)] == [
        EnrollmentStage.PROFILE,
        EnrollmentStage.IDENTITY,
        EnrollmentStage.AUTHENTICATE,
        EnrollmentStage.TOKEN_UPDATE,
    ]
    assert events[-1] == Enrolled(MDM_URL)
    assert device.life is LifeState.ENROLLED


def test_a_device_enrols_from_a_file(device: Device, server: PlayServer) -> None:
    """A profile that came by mail needs no fetching."""
    play(device, server, PersonActs(OpenProfile(server.profile())))
    assert device.life is LifeState.ENROLLED
    assert RequestKind.PROFILE not in kinds(server)


def test_check_ins_say_who_the_device_is_and_how_to_reach_it(enrolled: Device, server: PlayServer) -> None:
    """Authenticate describes the machine; TokenUpdate has token, magic and unlock token."""
    authenticate, token_update = (plistlib.loads(request.body) for request in server.requests[-2:])
    machine = enrolled.handheld.hardware
    assert authenticate["MessageType"] == "Authenticate"
    assert authenticate["UDID"] == token_update["UDID"] == machine.udid
    assert authenticate["SerialNumber"] == machine.serial_number
    assert authenticate["ProductName"] == machine.model.product_name
    assert authenticate["Topic"] == "com.apple.mgmt.External.play"
    assert token_update["Token"] == enrolled.push_token
    assert token_update["PushMagic"] == enrolled.push_magic
    assert token_update["UnlockToken"] == enrolled.handheld.passcode.unlock_token(enrolled.handheld.randomness)


def test_messages_are_signed_when_the_profile_says_so(
    enrolled: Device, server: PlayServer, authority: Authority
) -> None:
    """SignMessage: detached CMS over the body, by the identity SCEP gave; no certificate in the handshake."""
    for request in server.requests[-2:]:
        signed = signed_data.verify(base64.b64decode(request.headers["Mdm-Signature"]), request.body)
        assert signed.signer == x509.load_der_x509_certificate(enrolled.handheld.keychain.certificate or b"")
        assert signed.signer.issuer == authority.issuing.certificate.subject
        assert request.identity is None


def test_without_sign_message_the_certificate_goes_into_the_handshake(
    device: Device, authority: Authority, moving: MovingClock
) -> None:
    """The request carries the identity and no signature."""
    server = PlayServer(authority, moving, mdm={"sign_message": False})
    play(device, server, LINK)
    for request in server.requests[-2:]:
        assert "Mdm-Signature" not in request.headers
        assert request.identity is not None
        assert request.identity.der == device.handheld.keychain.certificate
    assert all(request.identity is None for request in server.requests[:-2])


@pytest.mark.parametrize(("proof", "signs"), [(ProofOfIdentity.SIGNATURE, True), (ProofOfIdentity.TLS, False)])
def test_settings_may_overrule_the_profile(
    proof: ProofOfIdentity, server: PlayServer, make_device: Make, *, signs: bool
) -> None:
    """For servers whose profile does not say what they want."""
    play(make_device(proof=proof), server, LINK)
    assert ("Mdm-Signature" in server.requests[-1].headers) is signs


@pytest.mark.parametrize("plist_format", PlistFormat)
def test_a_device_speaks_the_format_it_is_told_to(
    plist_format: PlistFormat, server: PlayServer, make_device: Make
) -> None:
    """XML, binary, and binary by the other codec."""
    device = make_device(plist_format=plist_format, http_method="POST")
    play(device, server, LINK)
    request = server.requests[-1]
    assert request.body.startswith(b"<?xml" if plist_format is PlistFormat.XML else b"bplist00")
    assert request.method == "POST"
    assert loads_dict(request.body)["UDID"] == device.handheld.hardware.udid


def test_check_ins_go_to_the_check_in_url(device: Device, authority: Authority, moving: MovingClock) -> None:
    """Where the profile has one."""
    server = PlayServer(authority, moving, mdm={"check_in_url": "https://mdm.example/checkin"})
    play(device, server, LINK)
    assert {request.url for request in server.requests[-2:]} == {"https://mdm.example/checkin"}


def test_a_p256_identity_enrols_by_scep_too(make_device: Make, server: PlayServer) -> None:
    """The messages are signed by an RSA key, the certificate is for the elliptic one."""
    device = make_device(key_kind=KeyKind.P_256)
    play(device, server, LINK)
    identity = device.handheld.keychain.identity
    assert identity is not None
    assert isinstance(identity.key, ec.EllipticCurvePrivateKey)
    assert device.life is LifeState.ENROLLED


def test_the_subject_of_the_profile_is_asked_for(enrolled: Device) -> None:
    """With its variables replaced."""
    identity = enrolled.handheld.keychain.identity
    assert identity is not None
    assert identity.certificate.subject.rfc4514_string() == f"O=mdmsim,CN={enrolled.handheld.hardware.serial_number}"


# What is verified


def test_a_tampered_profile_is_refused(device: Device, server: PlayServer) -> None:
    """One byte changed under the signature; the refusal says why, from a link as from a file."""
    document = server.profile().replace(b"/mdm</string>", b"/mdn</string>")
    server.script(RequestKind.PROFILE, (200, document))
    for happening in (LINK, PersonActs(OpenProfile(document))):
        events = play(device, server, happening)
        assert [event.reason for event in events if isinstance(event, ProfileRefused)] == ["profile.signature"]
        assert_nothing_stayed(device)
    assert kinds(server) == [RequestKind.PROFILE]


def test_a_profile_of_an_untrusted_signer_is_refused(
    make_device: Make, server: PlayServer, rsa_keys: list[rsa.RSAPrivateKey], authority: Authority
) -> None:
    """The signature holds, but nobody told the device to trust whoever made it."""
    device = make_device(profile_roots=(authority.registration.certificate,))
    events = play(device, server, LINK)
    assert failure(events) == (EnrollmentStage.PROFILE, "profile.untrusted")
    assert any(isinstance(event, ProfileRefused) for event in events)
    assert kinds(server) == [RequestKind.PROFILE]
    assert_nothing_stayed(device)


def test_an_unsigned_profile_is_installed_unless_told_otherwise(make_device: Make, server: PlayServer) -> None:
    """A person taps Install; a strict device does not let them."""
    server.sign = False
    lenient, strict = make_device(), make_device(require_signed_profile=True)
    assert ProfileAccepted("example.enroll", None) in play(lenient, server, LINK)
    assert lenient.life is LifeState.ENROLLED
    assert failure(play(strict, server, LINK)) == (EnrollmentStage.PROFILE, "profile.unsigned")
    assert_nothing_stayed(strict)


@pytest.mark.parametrize("body", [b"", b"OK", b"<html>sign in</html>", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_profile_is_refused(body: bytes, device: Device, server: PlayServer) -> None:
    """A login page, a word, or nothing."""
    server.script(RequestKind.PROFILE, (200, body))
    stage, reason = failure(play(device, server, LINK))
    assert stage is EnrollmentStage.PROFILE
    assert reason.startswith("profile.")
    assert_nothing_stayed(device)


def test_a_certificate_for_another_key_is_refused(
    device: Device, server: PlayServer, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """The server certifies what nobody asked for."""
    server.certify_key = rsa_keys[(17 + 1) % len(rsa_keys)].public_key()
    assert failure(play(device, server, LINK)) == (EnrollmentStage.IDENTITY, "scep.other_key")
    assert_nothing_stayed(device)


def test_the_fingerprint_in_the_profile_protects_the_ca(
    device: Device, authority: Authority, moving: MovingClock
) -> None:
    """CAFingerprint names another CA than GetCACert gives; with the right one it enrols."""
    wrong = PlayServer(authority, moving, scep={"ca_fingerprint": b"x" * 32})
    assert failure(play(device, wrong, LINK)) == (EnrollmentStage.IDENTITY, "scep.fingerprint")
    assert_nothing_stayed(device)
    for algorithm in ("md5", "sha1", "sha256"):
        right = hashlib.new(algorithm, authority.issuing.der).digest()
        play(device, PlayServer(authority, moving, scep={"ca_fingerprint": right}), LINK)
        assert device.life is LifeState.ENROLLED
        device.handheld.life = LifeState.IN_USE


# SCEP servers


def test_a_server_without_post_gets_get(device: Device, server: PlayServer) -> None:
    """The message goes base64 into the query."""
    server.capabilities = "AES\nSHA-256\n"
    play(device, server, LINK)
    request = server.requests[3]
    assert (request.kind, request.method, request.body) == (RequestKind.SCEP_ENROLLMENT, "GET", b"")
    assert "+" not in request.url
    assert device.life is LifeState.ENROLLED


def test_a_server_without_capabilities_gets_the_oldest_ways(make_device: Make, server: PlayServer) -> None:
    """GetCACaps that answers 404 is no reason to give up: GET and SHA-1."""
    server.script(RequestKind.SCEP_CAPABILITIES, (404, b"no such operation"))
    device = make_device(legacy_algorithms=True)
    play(device, server, LINK)
    assert server.requests[3].method == "GET"
    assert device.life is LifeState.ENROLLED


def test_a_pending_certificate_is_asked_for_again(make_device: Make, server: PlayServer, moving: MovingClock) -> None:
    """GetCertInitial after each pause, until the certificate is there."""
    device = make_device()
    served = server.answer
    pending = 2

    def answer(request: Any) -> Any:
        nonlocal pending
        if request.kind in {RequestKind.SCEP_ENROLLMENT, RequestKind.SCEP_POLL} and pending:
            pending -= 1
            server._certify(request)
            server.script(request.kind, (200, server.pending(request)))
        return served(request)

    server.answer = answer  # type: ignore[method-assign]
    began = moving()
    play(device, server, LINK, clock=moving, patience=60)
    assert kinds(server).count(RequestKind.SCEP_POLL) == 2
    assert (moving() - began).total_seconds() == 20
    assert device.life is LifeState.ENROLLED


def test_a_certificate_that_stays_pending_ends_the_enrolment(
    make_device: Make, server: PlayServer, moving: MovingClock
) -> None:
    """After as many polls as the settings have patience for."""
    device = make_device(scep_polls=3)
    served = server.answer

    def answer(request: Any) -> Any:
        if request.kind in {RequestKind.SCEP_ENROLLMENT, RequestKind.SCEP_POLL}:
            server.script(request.kind, (200, server.pending(request)))
        return served(request)

    server.answer = answer  # type: ignore[method-assign]
    events = play(device, server, LINK, clock=moving, patience=600)
    assert failure(events) == (EnrollmentStage.IDENTITY, "scep.pending")
    assert_nothing_stayed(device)


def test_a_refused_certificate_ends_the_enrolment(device: Device, server: PlayServer) -> None:
    """A CertRep with a failInfo is final."""
    served = server.answer

    def answer(request: Any) -> Any:
        if request.kind is RequestKind.SCEP_ENROLLMENT:
            server.script(request.kind, (200, server.refusal(request)))
        return served(request)

    server.answer = answer  # type: ignore[method-assign]
    assert failure(play(device, server, LINK)) == (EnrollmentStage.IDENTITY, "scep.refused")
    assert_nothing_stayed(device)


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (RequestKind.SCEP_CERTIFICATES, 404, b""),
        (RequestKind.SCEP_CERTIFICATES, 200, b"no certificate"),
        (RequestKind.SCEP_ENROLLMENT, 400, b""),
        (RequestKind.SCEP_ENROLLMENT, 200, b"no CertRep"),
    ],
)
def test_what_is_no_scep_ends_the_enrolment(
    kind: RequestKind, status: int, body: bytes, device: Device, server: PlayServer
) -> None:
    """With a reason, and nothing left behind."""
    server.script(kind, (status, body))
    stage, reason = failure(play(device, server, LINK))
    assert stage is EnrollmentStage.IDENTITY
    assert reason.startswith("scep.")
    assert_nothing_stayed(device)


# MDM servers


@pytest.mark.parametrize("kind", [RequestKind.AUTHENTICATE, RequestKind.TOKEN_UPDATE])
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b"Bad Request\n", "http.400"),
        (401, b"", "unrecognized"),
        (403, b"", "http.403"),
        (403, b'{"code": "com.apple.unrecognized.device"}', "unrecognized"),
        (410, b"", "http.410"),
    ],
)
def test_a_check_in_that_is_not_taken_ends_the_enrolment(
    kind: RequestKind, status: int, body: bytes, reason: str, device: Device, server: PlayServer
) -> None:
    """Each server of apple-protocol.md §3.6 says no in its own way."""
    server.script(kind, (status, body), content_type="application/json")
    stage, found = failure(play(device, server, LINK))
    assert (stage.value, found) == (kind.value, reason)
    assert_nothing_stayed(device)


@pytest.mark.parametrize("kind", [RequestKind.PROFILE, RequestKind.SCEP_ENROLLMENT, RequestKind.AUTHENTICATE])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(
    kind: RequestKind, status: int, device: Device, server: PlayServer, moving: MovingClock
) -> None:
    """Twice no answer worth the name, then a good one."""
    server.script(kind, (status, b""), RequestFailed(0, "connect.refused"))
    events = play(device, server, LINK, clock=moving, patience=60)
    retries = [(event.what, event.reason) for event in events if isinstance(event, RetryScheduled)]
    assert retries == [(kind, f"http.{status}"), (kind, "connect.refused")]
    assert device.life is LifeState.ENROLLED


def test_retry_after_is_obeyed(device: Device, server: PlayServer, moving: MovingClock) -> None:
    """To the second."""
    server.script(RequestKind.PROFILE, (503, b""), retry_after="42")
    began = moving()
    play(device, server, LINK, clock=moving, patience=60)
    assert (moving() - began).total_seconds() == 42


def test_a_device_gives_up_enrolling_in_the_end(device: Device, server: PlayServer, moving: MovingClock) -> None:
    """After as many attempts as the settings allow."""
    attempts = device.handheld.settings.retry.attempts
    server.script(RequestKind.AUTHENTICATE, *[(500, b"")] * attempts)
    events = play(device, server, LINK, clock=moving, patience=3600)
    assert failure(events) == (EnrollmentStage.AUTHENTICATE, "server.unavailable")
    assert kinds(server).count(RequestKind.AUTHENTICATE) == attempts
    assert_nothing_stayed(device)


def test_an_untrusted_server_certificate_is_final(device: Device, server: PlayServer) -> None:
    """What the transport says cannot get better is not tried again."""
    server.script(RequestKind.PROFILE, RequestFailed(0, "tls.untrusted", retryable=False))
    assert failure(play(device, server, LINK)) == (EnrollmentStage.PROFILE, "tls.untrusted")
    assert_nothing_stayed(device)


def test_switching_off_in_the_middle_leaves_nothing(device: Device, server: PlayServer) -> None:
    """The enrolment is undone, and a new one may begin later."""
    device.handle(LINK)
    for _ in range(4):
        (request,) = device.requests()
        device.handle(server.answer(request))
    device.handle(PersonActs(ShutDown()))
    assert failure(device.events()) == (EnrollmentStage.AUTHENTICATE, "interrupted")
    assert_nothing_stayed(device)


def test_a_managed_device_is_not_enrolled_again(enrolled: Device, server: PlayServer) -> None:
    """Not before the management has ended."""
    before = len(server.requests)
    assert play(enrolled, server, LINK) == [PersonRefused("OpenEnrollmentLink", "already_enrolled")]
    assert len(server.requests) == before


# What only some devices say


def test_a_server_that_manages_no_users_says_gone(make_device: Make, server: PlayServer) -> None:
    """410 to UserAuthenticate means: not this user. The device stays enrolled."""
    server.script(RequestKind.USER_AUTHENTICATE, (410, b""))
    device = make_device(user_channel=True)
    assert UserChannelRefused() in play(device, server, LINK)
    assert device.life is LifeState.ENROLLED


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", False),
        (plistlib.dumps({"BootstrapToken": b""}), False),
        (b"OK", False),
        (plistlib.dumps({"BootstrapToken": b"secret"}), True),
    ],
)
def test_a_bootstrap_token_is_left_where_there_is_none(
    body: bytes, make_device: Make, server: PlayServer, *, found: bool
) -> None:
    """An empty body and a property list with empty data mean the same."""
    server.script(RequestKind.GET_BOOTSTRAP_TOKEN, (200, body))
    events = play(make_device(bootstrap_token=True), server, LINK)
    assert BootstrapTokenExchanged(found) in events
    assert (kinds(server)[-1] is RequestKind.SET_BOOTSTRAP_TOKEN) is not found


# Documents and servers that are nearly right


@pytest.mark.parametrize("status", [301, 404])
def test_a_link_that_leads_nowhere_ends_the_enrolment(status: int, device: Device, server: PlayServer) -> None:
    """No profile, no enrolment."""
    server.script(RequestKind.PROFILE, (status, b"<html>not here</html>"))
    assert failure(play(device, server, LINK)) == (EnrollmentStage.PROFILE, "profile.unavailable")
    assert_nothing_stayed(device)


def test_a_profile_that_only_talks_of_a_profile_service_is_a_profile(
    device: Device, authority: Authority, moving: MovingClock
) -> None:
    """What a profile is, its PayloadType says, and no other text in it."""
    server = PlayServer(authority, moving, description="Profile Service for com.apple.mdm")
    play(device, server, LINK)
    assert device.life is LifeState.ENROLLED


@pytest.mark.parametrize("payload_type", ["com.apple.wifi.managed", "com.apple.mdm"])
def test_a_profile_without_what_it_takes_to_enrol_is_refused(
    payload_type: str, device: Device, server: PlayServer
) -> None:
    """No MDM payload, or one whose identity is nowhere."""
    document = server.configuration("example.half", payload_type, {"ServerURL": MDM_URL, "Topic": "t"})
    server.script(RequestKind.PROFILE, (200, document))
    assert failure(play(device, server, LINK)) == (EnrollmentStage.PROFILE, "profile.malformed")
    assert_nothing_stayed(device)


@pytest.mark.parametrize(
    ("scep", "reason"),
    [
        ({"ca_fingerprint": b"x" * 7}, "scep.fingerprint"),
        ({"subject": ((("NoSuchAttribute", "x"),),)}, "scep.subject"),
    ],
)
def test_scep_settings_that_make_no_sense_end_the_enrolment(
    scep: dict[str, Any], reason: str, device: Device, server: PlayServer
) -> None:
    """Whoever wrote the profile is told what is wrong with it."""
    with pytest.raises(ExchangeError) as error:
        _drive(scep_client.obtain_identity(device.handheld, ScepSettings(url=SCEP_URL, **scep), None), server)
    assert error.value.reason == reason


def test_without_a_subject_the_certificate_is_for_the_udid(device: Device, server: PlayServer) -> None:
    """A profile need not ask for a name."""
    _drive(scep_client.obtain_identity(device.handheld, ScepSettings(url=SCEP_URL), None), server)
    identity = device.handheld.keychain.identity
    assert identity is not None
    assert identity.certificate.subject.rfc4514_string() == f"CN={device.handheld.hardware.udid}"


def _drive(conversation: Conversation[None], server: PlayServer) -> None:
    """Have a server answer everything a conversation sends."""
    reply: Any = None
    with contextlib.suppress(StopIteration):
        while True:
            draft = conversation.send(reply)
            assert isinstance(draft, Draft)
            reply = server.answer(Request(1, draft.kind, draft.method, draft.url, draft.headers, draft.body))
