from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.authority import Authority
from certs.identity import Identity
from certs.names import name_of
from certs.scep import self_signed
from certs.signed_data import sign
from mdm_server.service.answer import Answer
from mdm_server.service.compat import Compat
from mdm_server.wire import plist
from mdm_server.wire.mobileconfig import open_document, open_profile
from mdm_server.wire.profile_service import ProfileService, parse_profile_service, read_scep_profile
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice, ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENT = "enroll.profile_service"


async def _start(rig: ServiceRig) -> ProfileService:
    answer = await rig.suite.profile_service.start(rig.facts(method="GET"))
    document = open_document(answer.body, roots=[rig.authority.root.certificate], at=rig.clock())
    assert document.signer is not None
    return parse_profile_service(document.content)


def _attributes(device: ServiceDevice, challenge: str | None, **keys: Any) -> bytes:
    said = {"UDID": device.udid, "SERIAL": device.serial_number, "PRODUCT": "iPhone15,2", "VERSION": "21F79", **keys}
    return plist.dumps(said | ({} if challenge is None else {"CHALLENGE": challenge}))


async def _post(device: ServiceDevice, content: bytes, signer: Identity) -> Answer:
    body = sign(content, signer, when=device.rig.clock())
    return await device.rig.suite.profile_service.answer(device.rig.facts(method="POST"), body)


def _vendors(rig: ServiceRig) -> Identity:
    """Return an identity that some vendor put into the device, as far as we know."""
    return self_signed(ec.generate_private_key(ec.SECP256R1()), name_of("vendor"), when=rig.clock())


async def _phase_two(device: ServiceDevice, challenge: str | None) -> Identity:
    """Go through phase two and SCEP; return the identity for phase three."""
    answer = await _post(device, _attributes(device, challenge), _vendors(device.rig))
    assert answer.body.startswith(b"<?xml"), "phase two is answered unsigned"
    profile = open_profile(answer.body, roots=None, at=device.rig.clock()).profile
    return await device.redeem(read_scep_profile(profile))


async def test_a_device_enrols_over_the_air_in_three_phases(rig: ServiceRig) -> None:
    """Signed profile service, unsigned SCEP payload, signed enrolment profile: then it enrols as any other."""
    device = rig.device()
    service = await _start(rig)
    assert service.challenge
    assert {"UDID", "SERIAL", "PRODUCT", "VERSION"} <= set(service.device_attributes)
    identity = await _phase_two(device, service.challenge)
    answer = await _post(device, _attributes(device, service.challenge), identity)
    assert not answer.body.startswith(b"<?xml"), "phase three is answered signed"
    await device.enroll(answer.body)
    assert await device.idle() is None


async def test_attributes_without_our_challenge_are_refused(rig: ServiceRig) -> None:
    """Missing, made up, expired, tampered with: they answer no phase one of ours."""
    device = rig.device()
    service = await _start(rig)
    assert service.challenge is not None
    signer = _vendors(rig)
    tampered = service.challenge[:-4] + ("AAA=" if service.challenge[-4:] != "AAA=" else "BBB=")
    for challenge in (None, "", "made up", "é", tampered):
        request = _post(device, _attributes(device, challenge), signer)
        await assert_rejected(rig.store, request, status=400, event=f"{EVENT}:challenge")
    rig.clock.pass_time(hours=1)
    request = _post(device, _attributes(device, service.challenge), _vendors(rig))
    await assert_rejected(rig.store, request, status=400, event=f"{EVENT}:challenge")


async def test_a_restart_between_two_phases_is_no_obstacle(rig: ServiceRig, open_rig: OpenRig) -> None:
    """A challenge that was given out holds in the next process too, for it has the same authority."""
    challenge = (await _start(rig)).challenge
    async with open_rig() as restarted:
        await _phase_two(restarted.device(), challenge)


async def test_a_client_that_never_returns_the_challenge_needs_compat(open_rig: OpenRig) -> None:
    """Fleet's client leaves it out; a wrong one is refused even so."""
    async with open_rig(compat=frozenset({Compat.OTA_WITHOUT_CHALLENGE})) as rig:
        device = rig.device()
        await _phase_two(device, None)
        request = _post(device, _attributes(device, "wrong"), _vendors(rig))
        await assert_rejected(rig.store, request, status=400, event=f"{EVENT}:challenge")


async def test_phase_three_needs_a_certificate_on_record(rig: ServiceRig) -> None:
    """One that is ours but not recorded, revoked, or expired opens nothing."""
    device = rig.device()
    service = await _start(rig)
    unrecorded = rig.authority.issue_identity(name_of("unrecorded"))
    attributes = _attributes(device, service.challenge)
    request = _post(device, attributes, unrecorded)
    await assert_rejected(rig.store, request, status=400, event="auth.cert_invalid:unrecorded")
    identity = await _phase_two(device, service.challenge)
    await rig.suite.administration.revoke(identity.fingerprint)
    await assert_rejected(rig.store, _post(device, attributes, identity), status=400, event="auth.cert_invalid:revoked")
    rig.clock.pass_time(days=366)
    await assert_rejected(rig.store, _post(device, attributes, identity), status=400, event="auth.cert_invalid:expired")


async def test_an_enrolled_devices_certificate_gets_no_profile_for_another(rig: ServiceRig) -> None:
    """Bound is bound, here too (T-01: download)."""
    thief, victim = await rig.enrolled(1), rig.device(2)
    assert thief.identity is not None
    request = _post(victim, _attributes(victim, None), thief.identity)
    await assert_rejected(rig.store, request, status=400, event="auth.cert_mismatch")
    answer = await _post(thief, _attributes(thief, None), thief.identity)
    await thief.enroll(answer.body)


async def test_a_replaced_certificate_gets_no_profile(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Neither here is the old identity of any use (T-04)."""
    device = rig.device()
    await device.get_certificate(key=rsa_keys[1])
    await device.authenticate()
    await device.token_update()
    old = device.identity
    assert old is not None
    device.identity = await device.renew(rsa_keys[2])
    await device.idle()
    request = _post(device, _attributes(device, None), old)
    await assert_rejected(rig.store, request, status=400, event="auth.cert_superseded")


async def test_vouched_attributes_make_an_invitation_for_that_device(open_rig: OpenRig) -> None:
    """A device authority's word is enough to bind the certificate to the device from the start."""
    vendor = Authority.create(clock=lambda: NOW, random_bytes=random.Random(3).randbytes)
    async with open_rig(device_authorities=(vendor.root.certificate,)) as rig:
        device, service = rig.device(), await _start(rig)
        hardware = vendor.issue_identity(name_of("hardware"))
        await _post(device, _attributes(device, service.challenge), hardware)
        (invitation,) = await rig.suite.administration.invitations()
        assert (invitation.udid, invitation.serial_number) == (device.udid, device.serial_number)


@pytest.mark.parametrize("body", [b"", b"junk", b"<plist/>"])
async def test_what_is_no_signed_answer_is_refused(rig: ServiceRig, body: bytes) -> None:
    """Unsigned attributes are nobody's."""
    request = rig.suite.profile_service.answer(rig.facts(method="POST"), body)
    await assert_rejected(rig.store, request, status=400, event=EVENT)
