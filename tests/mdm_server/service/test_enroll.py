from __future__ import annotations

import base64
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

import pytest

from certs.authority import Authority
from certs.identity import Identity
from certs.identity import fingerprint as sha256
from certs.names import name_of
from certs.signed_data import sign
from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import PROFILE, Answer
from mdm_server.service.compat import Compat
from mdm_server.service.invitations import InvitationRequest
from mdm_server.wire import plist
from mdm_server.wire.enrollment_profile import EnrollmentSettings, read_enrollment_profile
from mdm_server.wire.mobileconfig import open_profile
from rigs.rejection import assert_rejected
from rigs.service import BASE_URL, ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]


@pytest.fixture(scope="session")
def device_authority() -> Authority:
    """Return an authority that plays Apple's: it vouches for what devices say of themselves."""
    now = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    return Authority.create(clock=lambda: now, random_bytes=random.Random(77).randbytes, organization="device CA TEST")


@pytest.fixture(scope="session")
def hardware(device_authority: Authority) -> Identity:
    """Return the identity a device was born with."""
    return device_authority.issue_identity(name_of("hardware"))


def _machine_info(rig: ServiceRig, signer: Identity, **keys: object) -> bytes:
    info = {
        "UDID": rig.device().udid,
        "SERIAL": rig.device().serial_number,
        "PRODUCT": "iPhone15,2",
        "VERSION": "21F79",
    }
    return sign(plist.dumps({**info, **keys}), signer, when=rig.clock())


def _settings(rig: ServiceRig, answer: Answer) -> EnrollmentSettings:
    opened = open_profile(answer.body, roots=[rig.authority.root.certificate], at=rig.clock())
    assert opened.signed
    return read_enrollment_profile(opened.profile)


# --- the profile -----------------------------------------------------------------------------------------------------


async def test_anybody_gets_a_signed_profile_with_a_challenge_of_its_own(rig: ServiceRig) -> None:
    """One GET, one one-time challenge, one content type (checklist row 11)."""
    answers = [await rig.suite.enroll.answer(rig.facts(method="GET"), b"") for _ in range(2)]
    assert {answer.content_type for answer in answers} == {PROFILE}
    one, two = (_settings(rig, answer) for answer in answers)
    assert one.scep.challenge
    assert one.scep.challenge != two.scep.challenge
    assert len(one.scep.challenge) == 43, "256 bits in base64 (T-13)"


async def test_the_profile_is_what_the_known_clients_can_read(rig: ServiceRig) -> None:
    """SCEP first, MDM second, a subject of common attributes, URLs without a query (checklist row 11)."""
    settings = _settings(rig, await rig.suite.enroll.answer(rig.facts(method="GET"), b""))
    assert [payload.type for payload in settings.profile.payloads[:2]] == ["com.apple.security.scep", "com.apple.mdm"]
    assert {pair[0] for relative in settings.scep.subject for pair in relative} <= {"C", "L", "ST", "O", "OU", "CN"}
    assert (settings.scep.url, settings.mdm.server_url) == (f"{BASE_URL}/scep", f"{BASE_URL}/mdm")
    assert settings.mdm.check_in_url == f"{BASE_URL}/checkin"
    assert settings.mdm.identity_certificate_uuid == settings.scep.payload_uuid
    assert settings.mdm.topic == rig.suite.settings.topic
    assert settings.scep.ca_fingerprint == bytes.fromhex(sha256(rig.authority.registration.certificate))
    assert len(settings.root_certificates) == 1


async def test_a_profile_carries_the_address_it_was_fetched_from(rig: ServiceRig) -> None:
    """Through the plain listener the URLs are plain ones, and devices sign because TLS shows no certificate there."""
    facts = rig.facts(method="GET", base_url="http://127.0.0.1:8080", query={"sign_message": "false"})
    settings = _settings(rig, await rig.suite.enroll.answer(facts, b""))
    assert settings.scep.url == "http://127.0.0.1:8080/scep"
    assert settings.mdm.sign_message


@pytest.mark.parametrize(("asked", "signs"), [("", True), ("true", True), ("false", False), ("0", False), ("x", True)])
async def test_a_device_may_ask_to_show_its_certificate_instead_of_signing(
    rig: ServiceRig, asked: str, signs: bool
) -> None:
    """Either proves the same thing, so it is the device's choice."""
    facts = rig.facts(method="GET", query={"sign_message": asked} if asked else {})
    assert _settings(rig, await rig.suite.enroll.answer(facts, b"")).mdm.sign_message is signs


async def test_options_of_the_server_are_in_every_profile(open_rig: OpenRig) -> None:
    """Not removable, fewer rights, another topic."""
    options = {"removable": False, "access_rights": 3, "topic": "com.apple.mgmt.External.x", "sign_message": False}
    async with open_rig(**options) as rig:
        settings = _settings(rig, await rig.suite.enroll.answer(rig.facts(method="GET"), b""))
        assert settings.profile.removal_disallowed
        assert (settings.mdm.access_rights, settings.mdm.topic) == (3, "com.apple.mgmt.External.x")
        assert not settings.mdm.sign_message


async def test_options_of_an_invitation_reach_the_device_record(rig: ServiceRig) -> None:
    """The server knows what it put into the profile: supervision and rights decide about commands later."""
    request = InvitationRequest(supervised=True, access_rights=1 | 2 | 4, removable=False)
    device = rig.device()
    await device.enroll(await rig.suite.invitations.profile(request))
    view = await rig.suite.administration.device(device.udid)
    assert (view.supervised, view.access_rights) == (True, 7)


async def test_an_administrators_profile_may_be_unsigned(rig: ServiceRig) -> None:
    """For tools that cannot open a signed one (mdmb)."""
    profile = await rig.suite.invitations.profile(InvitationRequest(max_uses=500), signed=False)
    assert profile.startswith(b"<?xml")
    device = rig.device()
    await device.enroll(profile)
    assert (await rig.suite.administration.device(device.udid)).status == "Enrolled"


@pytest.mark.parametrize(
    "request_",
    [
        InvitationRequest(max_uses=0),
        InvitationRequest(max_uses=10**6),
        InvitationRequest(lifetime=timedelta(0)),
        InvitationRequest(max_uses=2, udid="X"),
    ],
    ids=["no use", "a million uses", "no time", "one device twice"],
)
async def test_an_invitation_that_makes_no_sense_is_refused(rig: ServiceRig, request_: InvitationRequest) -> None:
    """The administrator is told which part."""
    with pytest.raises(Refusal) as refused:
        await rig.suite.invitations.invite(request_)
    assert refused.value.status == 422


@pytest.mark.parametrize(
    "request_", [InvitationRequest(access_rights=2), InvitationRequest(base_url="https://x/?query=1")], ids=str
)
async def test_a_profile_that_cannot_be_built_leaves_no_invitation_behind(
    rig: ServiceRig, request_: InvitationRequest
) -> None:
    """Rights that contradict each other, an address that breaks clients: 422, and nothing is recorded (R0)."""
    with pytest.raises(Refusal) as refused:
        await rig.suite.invitations.profile(request_)
    assert refused.value.status == 422
    assert await rig.suite.administration.invitations() == []


async def test_half_open_invitations_are_bounded_and_expire(open_rig: OpenRig) -> None:
    """A crowd that fetches profiles and never enrols fills the limit, not the disk; an hour later there is room."""
    async with open_rig(half_open_limit=5) as rig:
        for _ in range(5):
            await rig.suite.enroll.answer(rig.facts(method="GET"), b"")
        request = rig.suite.enroll.answer(rig.facts(method="GET"), b"")
        await assert_rejected(rig.store, request, status=429, event="enroll.too_many_open")
        rig.clock.pass_time(minutes=60)
        assert (await rig.suite.enroll.answer(rig.facts(method="GET"), b"")).status == 200


async def test_half_open_enrolments_are_bounded_and_grow_old(open_rig: OpenRig) -> None:
    """Whoever authenticates and never says where to push counts too, for an hour; who completes makes room (T-27)."""
    async with open_rig(half_open_limit=3) as rig:
        crowd = [rig.device(number) for number in range(3)]
        for device in crowd:
            await device.get_certificate()
            await device.authenticate()
        with pytest.raises(Refusal, match="open"):
            await rig.device(9).fetch_profile()
        await crowd[0].token_update()
        rig.clock.pass_time(seconds=2)
        await rig.enrolled(9)
        await rig.device(10).fetch_profile()
        with pytest.raises(Refusal, match="open"):
            await rig.device(11).fetch_profile()
        rig.clock.pass_time(minutes=61)
        await rig.enrolled(12)


async def test_invitations_that_were_used_make_room(open_rig: OpenRig) -> None:
    """A fleet larger than the limit enrols, one after the other."""
    async with open_rig(half_open_limit=3) as rig:
        for number in range(8):
            await rig.enrolled(number)


async def test_a_closed_server_gives_nothing_to_strangers(open_rig: OpenRig) -> None:
    """With open enrolment off, only devices that a device authority vouches for get a profile."""
    async with open_rig(open_enrollment=False) as rig:
        await assert_rejected(
            rig.store, rig.suite.enroll.answer(rig.facts(method="GET"), b""), status=400, event="enroll.closed"
        )
        await assert_rejected(
            rig.store, rig.suite.profile_service.start(rig.facts(method="GET")), status=400, event="enroll.closed"
        )


# --- MachineInfo (checklist row 13) ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["query", "query padded", "header", "body", "body without a type"])
async def test_machine_info_may_come_three_ways(
    open_rig: OpenRig, device_authority: Authority, hardware: Identity, way: str
) -> None:
    """As Fleet's, Apple's and zentral's devices send it; the invitation is then for that device and no other."""
    async with open_rig(device_authorities=(device_authority.root.certificate,)) as rig:
        envelope = _machine_info(rig, hardware)
        in_query = base64.urlsafe_b64encode(envelope).decode()
        facts, body = {
            "query": (rig.facts(method="GET", query={"deviceinfo": in_query.rstrip("=")}), b""),
            "query padded": (rig.facts(method="GET", query={"deviceinfo": in_query}), b""),
            "header": (rig.facts(method="GET", device_info=base64.b64encode(envelope).decode()), b""),
            "body": (rig.facts(method="POST", content_type="application/pkcs7-signature"), envelope),
            "body without a type": (rig.facts(method="POST"), envelope),
        }[way]
        answer = await rig.suite.enroll.answer(facts, body)
        (invitation,) = await rig.suite.administration.invitations()
        assert (invitation.udid, invitation.serial_number) == (rig.device().udid, rig.device().serial_number)
        other, named = rig.device(2), rig.device(1)
        await other.get_certificate(answer.body)
        await assert_rejected(rig.store, other.authenticate(), status=400, event="enroll.cert_not_for_device")
        named.identity = other.identity
        assert (await named.authenticate()).status == 200


async def test_a_vouched_device_may_take_its_own_place_again(
    open_rig: OpenRig, device_authority: Authority, hardware: Identity
) -> None:
    """After an erase nobody told us of, the device itself comes back; that is the one that may."""
    async with open_rig(device_authorities=(device_authority.root.certificate,)) as rig:
        await rig.enrolled(1)
        again = rig.device(1)
        answer = await rig.suite.enroll.answer(rig.facts(method="POST"), _machine_info(rig, hardware))
        await again.enroll(answer.body)
        assert await again.idle() is None


async def test_machine_info_of_strangers_is_refused(
    open_rig: OpenRig, device_authority: Authority, hardware: Identity
) -> None:
    """Not signed by a device authority, tampered with, incomplete, or no CMS at all (T-21)."""
    async with open_rig(device_authorities=(device_authority.root.certificate,)) as rig:
        genuine = _machine_info(rig, hardware)
        stranger = rig.authority.issue_identity(name_of("stranger"))
        table = {
            "untrusted": _machine_info(rig, stranger),
            "message_digest": genuine.replace(b"iPhone15,2", b"iPhone15,3"),
            "incomplete": _machine_info(rig, hardware, UDID=""),
            "asn1": b"junk",
        }
        for reason, envelope in table.items():
            request = rig.suite.enroll.answer(rig.facts(method="POST"), envelope)
            await assert_rejected(rig.store, request, status=400, event=f"enroll.machine_info:{reason}")
        request = rig.suite.enroll.answer(rig.facts(method="GET", query={"deviceinfo": "!"}), b"")
        await assert_rejected(rig.store, request, status=400, event="enroll.machine_info:base64")


async def test_tolerated_machine_info_opens_no_more_than_a_strangers_request(open_rig: OpenRig) -> None:
    """With `--compat any-device-ca` a claim is heard and not believed: it cannot displace an enrolled device."""
    async with open_rig(compat=frozenset({Compat.ANY_DEVICE_CA})) as rig:
        victim = await rig.enrolled(1)
        stranger = rig.authority.issue_identity(name_of("fleet's throw-away signer"))
        answer = await rig.suite.enroll.answer(rig.facts(method="POST"), _machine_info(rig, stranger))
        thief = rig.device(1)
        await thief.get_certificate(answer.body)
        await assert_rejected(rig.store, thief.authenticate(), status=400, event="enroll.cert_not_for_device")
        assert await victim.idle() is None
