"""Errands: the renewal of the identity, and new tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509

from certs import scep, signed_data
from certs.keys import KeyKind
from device_emulator.core.device import Device
from device_emulator.core.events import (
    CertificateRenewed,
    Event,
    RenewalFailed,
    RetryScheduled,
    TokenUpdated,
    Unenrolled,
)
from device_emulator.core.messages import Errand, Prompted, PushArrived, RequestFailed, RequestKind, TimePassed
from device_emulator.core.states import LifeState
from rigs.play_server import LINK, MovingClock, PlayServer, play


def renewals(events: list[Event]) -> int:
    """Count the successes."""
    return sum(isinstance(event, CertificateRenewed) for event in events)


def test_an_identity_is_renewed_before_it_expires(device: Device, server: PlayServer, moving: MovingClock) -> None:
    """RenewalReq, signed by the certificate about to expire; what follows is signed by the new one."""
    server.not_after = moving() + timedelta(days=100)
    play(device, server, LINK)
    old = device.handheld.keychain.certificate
    assert device.deadline == server.not_after - device.handheld.settings.renew_before  # type: ignore[operator]
    play(device, server, PushArrived(device.push_magic or ""))
    moving.now = device.deadline or moving()
    server.not_after = None
    assert renewals(play(device, server, TimePassed())) == 1
    request = next(request for request in server.requests if request.kind is RequestKind.SCEP_RENEWAL)
    message = scep.parse_request(request.body)
    assert message.message_type == scep.MessageType.RENEWAL_REQ
    assert message.signer == x509.load_der_x509_certificate(old or b"")
    play(device, server, PushArrived(device.push_magic or ""))
    idle = server.requests[-1]
    signed = signed_data.verify(base64.b64decode(idle.headers["Mdm-Signature"]), idle.body)
    assert signed.signer == x509.load_der_x509_certificate(device.handheld.keychain.certificate or b"")
    assert device.handheld.keychain.certificate != old


def test_a_short_identity_is_not_renewed_all_the_time(device: Device, server: PlayServer, moving: MovingClock) -> None:
    """Two days of validity and fourteen days of lead: the last fifth counts."""
    server.not_after = moving() + timedelta(days=2)
    play(device, server, LINK)
    assert device.deadline is not None
    assert timedelta(days=1) < device.deadline - moving() < timedelta(days=2)


def test_a_failed_renewal_keeps_the_old_identity(enrolled: Device, server: PlayServer, moving: MovingClock) -> None:
    """And is tried again, an hour later at the earliest."""
    old = enrolled.handheld.keychain.certificate
    server.script(RequestKind.SCEP_CERTIFICATES, (404, b""))
    moving.now = enrolled.deadline or moving()
    events = play(enrolled, server, TimePassed())
    assert [type(event) for event in events] == [RenewalFailed]
    assert enrolled.handheld.keychain.certificate == old
    assert enrolled.deadline == moving() + timedelta(hours=1)
    assert renewals(play(enrolled, server, clock=moving, patience=3600)) == 1


def test_who_asks_often_does_not_put_the_renewal_off(enrolled: Device, server: PlayServer, moving: MovingClock) -> None:
    """After a failure the next attempt is an hour away, and stays there whatever the device does meanwhile."""
    server.script(RequestKind.SCEP_CERTIFICATES, (404, b""))
    moving.now = enrolled.deadline or moving()
    play(enrolled, server, TimePassed())
    due = enrolled.deadline
    moving.now += timedelta(minutes=30)
    play(enrolled, server, PushArrived(enrolled.push_magic or ""))
    assert enrolled.deadline == due
    # An identity that was renewed before its time has a time of its own.
    server.not_after = moving() + timedelta(days=400)
    assert renewals(play(enrolled, server, Prompted(Errand.RENEWAL))) == 1
    assert enrolled.deadline is not None
    assert enrolled.deadline > moving() + timedelta(days=300)


@pytest.mark.parametrize("settings", [{"key_kind": KeyKind.P_256}, {}])
def test_where_there_is_no_renewal_it_is_a_first_request_again(
    settings: dict[str, KeyKind], make_device: Callable[..., Device], server: PlayServer
) -> None:
    """With P-256, which SCEP cannot answer to, or a server that does not say Renewal; the key stays the same."""
    if not settings:
        server.capabilities = "POSTPKIOperation\nSHA-256\nAES\n"
    device = make_device(**settings)
    play(device, server, LINK)
    before = device.handheld.keychain.identity
    assert renewals(play(device, server, Prompted(Errand.RENEWAL))) == 1
    after = device.handheld.keychain.identity
    assert before is not None
    assert after is not None
    assert before.key.public_key() == after.key.public_key()
    assert before.certificate != after.certificate


def test_a_new_token_replaces_the_old_one(enrolled: Device, server: PlayServer) -> None:
    """The server hears of it, and the old magic wakes nobody."""
    old_token, old_magic = enrolled.push_token, enrolled.push_magic or ""
    assert play(enrolled, server, Prompted(Errand.TOKEN_UPDATE)) == [TokenUpdated()]
    assert (old_token, old_magic) != (enrolled.push_token, enrolled.push_magic)
    assert play(enrolled, server, PushArrived(old_magic)) == []


def test_a_token_update_that_is_not_taken_is_sent_again(
    enrolled: Device, server: PlayServer, moving: MovingClock
) -> None:
    """As often as it takes; a server certificate nobody trusts gets the longest pause."""
    server.script(RequestKind.TOKEN_UPDATE, (500, b""), (400, b""), RequestFailed(0, "tls.untrusted", retryable=False))
    events = play(enrolled, server, Prompted(Errand.TOKEN_UPDATE), clock=moving, patience=3600)
    reasons = [event.reason for event in events if isinstance(event, RetryScheduled)]
    assert reasons == ["http.500", "http.400", "tls.untrusted"]
    assert events[-1] == TokenUpdated()


def test_a_token_update_may_end_management(enrolled: Device, server: PlayServer) -> None:
    """401 means the same everywhere."""
    server.script(RequestKind.TOKEN_UPDATE, (401, b""))
    assert Unenrolled("http.401") in play(enrolled, server, Prompted(Errand.TOKEN_UPDATE))
    assert enrolled.life is LifeState.IN_USE


def test_a_managed_device_is_not_prompted_to_enrol(enrolled: Device, server: PlayServer) -> None:
    """That is its person's business."""
    assert play(enrolled, server, Prompted(Errand.ENROLL)) == []


def test_prompting_a_device_that_nobody_manages_does_nothing(device: Device, server: PlayServer) -> None:
    """There is no server to talk to."""
    for errand in Errand:
        assert play(device, server, Prompted(errand)) == []
    assert server.requests == []
