"""Automated enrolment, T-20, T-21 and T-27: what whoever is not a device of ours learns, gets, and uses up."""

from __future__ import annotations

import base64
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.identity import certificates_to_pem
from certs.names import hardware_name, name_of
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import DeviceStagingType
from mdm_server.service.answer import Answer
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.staging.passwords import CHEAP
from mdm_server.web.limits import Limits
from mdm_server.wire import plist
from rigs.boxed_device import Box, vendor_since
from rigs.rejection import about
from rigs.service import service_rig
from rigs.sockets import SocketRig, socket_rig
from rigs.staging_office import StagingOffice

DOORS = ("/enroll/dep", "/enroll/dep/web")
MOST_OPEN = 50
ATTEMPTS = 10_000
"""A hundred thousand of them leave as little behind, and take longer."""


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """Return an authority in Apple's place."""
    return vendor_since(datetime.now(UTC))


@pytest.fixture
async def rig(tmp_path: Path, vendor: Authority) -> AsyncIterator[SocketRig]:
    """Run a server that believes the vendor, with the limits it has in earnest."""
    believed = tmp_path / "vendor.pem"
    believed.write_bytes(certificates_to_pem([vendor.root.certificate]))
    limits = Limits(stop_seconds=2.0)
    async with socket_rig(tmp_path, limits=limits, device_ca=believed, weak_passwords=True) as opened:
        yield opened


@pytest.fixture
def office(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> StagingOffice:
    """Return the administrator of that server."""
    return StagingOffice.on_sockets(rig, rsa_keys)


def claims(box: Box, vendor: Authority) -> Iterator[bytes]:
    """Make up what somebody may send who knows, or guesses, the serial number of a device and has not got it."""
    stranger = box.office.rig.authority.issue_identity(hardware_name(box.device.udid, box.device.serial_number))
    mallory = vendor.issue_identity(hardware_name("MALLORY", "MALLORY"))
    yield plist.dumps({"UDID": box.device.udid, "SERIAL": box.device.serial_number})
    yield box.device.serial_number.encode()
    yield box.describe().replace(b"iPhone15,2", b"iPhone15,3")
    yield box.describe(stranger)
    yield box.describe(mallory)
    yield box.describe(vendor.issue_identity(name_of(box.device.udid)))


async def asked(rig: SocketRig, method: str, path: str, **request: Any) -> tuple[int, bytes, dict[str, str]]:
    """Ask for a profile; return all that is told, but for the time of day."""
    async with rig.session.request(method, rig.server.url + path, ssl=rig.tls, **request) as response:
        headers = {name: value for name, value in response.headers.items() if name != "Date"}
        return response.status, await response.read(), headers


async def test_t20_a_guessed_serial_number_tells_nothing(
    rig: SocketRig, office: StagingOffice, vendor: Authority
) -> None:
    """T-20: known or not, in whatever form, at either door: one answer each, byte for byte, and nothing changes."""
    known = await Box(office, vendor).assigned(web_sign_in=True)
    digest = await rig.server.store.state_digest()
    answers: dict[str, set[str]] = {door: set() for door in DOORS}
    for box in (known, Box(office, vendor, 2)):
        for claim in claims(box, vendor):
            standard, in_url = base64.b64encode(claim).decode(), base64.urlsafe_b64encode(claim).decode()
            requests: list[dict[str, Any]] = [
                {"method": "GET", "headers": {"x-apple-aspen-deviceinfo": standard}},
                {"method": "GET", "params": {"deviceinfo": in_url}},
            ]
            for door in DOORS:
                posts = [{"method": "POST", "data": claim}] if door == "/enroll/dep" else []
                for request in (*requests, *posts, {"method": "GET"}):
                    with about((door, request)):
                        answers[door].add(repr(await asked(rig, path=door, **request)))
    answers["/enroll/dep"].add(repr(await asked(rig, "POST", "/enroll/dep", data=Box(office, vendor, 3).describe())))
    assert [len(each) for each in answers.values()] == [1, 1]
    assert all("400" in said and known.device.serial_number not in said for each in answers.values() for said in each)
    assert await rig.server.store.state_digest() == digest


async def test_t20_a_guess_takes_as_long_as_another(rig: SocketRig, office: StagingOffice, vendor: Authority) -> None:
    """T-20: what a stranger signs costs the same whether there is such a serial number or not."""
    known, unknown = await Box(office, vendor).assigned(), Box(office, vendor, 2)
    door = rig.server.suite.hub.setup_assistant
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    stranger = office.rig.authority.issue_identity(name_of("stranger"))
    envelopes = {"known": known.describe(stranger), "unknown": unknown.describe(stranger)}
    for _ in range(60):
        for name, envelope in envelopes.items():
            started = time.thread_time()
            with pytest.raises(Exception, match="cannot be enrolled"):
                await door.answer(office.rig.facts(method="POST"), envelope)
            spent[name].append(time.thread_time() - started)
    assert 0.5 < statistics.median(spent["known"]) / statistics.median(spent["unknown"]) < 2


async def test_t21_no_device_enrols_in_the_name_of_another(
    rig: SocketRig, office: StagingOffice, vendor: Authority
) -> None:
    """T-21: of two devices that are both ours, neither gets the other's profile, nor its own with what it kept."""
    stager = await office.person("stager", staging_type=DeviceStagingType.STANDARD)
    order = {"authentication_required": False, "default_user": stager.id}
    a = await Box(office, vendor, 1).assigned(name="a", **order)
    b = await Box(office, vendor, 2).assigned(name="b", **order)
    now = datetime.now(UTC)
    refused = {
        "signed by a, in the name of b": b.describe(a.born),
        "b's serial number, a's UDID": a.describe(SERIAL=b.device.serial_number),
        "a's serial number, b's UDID": a.describe(UDID=b.device.udid),
        "of yesterday": a.describe(when=now - timedelta(days=1)),
        "of tomorrow": a.describe(when=now + timedelta(days=1)),
        "by the vendor itself": a.describe(vendor.profile_signer),
    }
    digest = await rig.server.store.state_digest()
    for case, claim in refused.items():
        with about(case):
            assert (await asked(rig, "POST", "/enroll/dep", data=claim))[0] == 400
    assert await rig.server.store.state_digest() == digest
    for box in (a, b):
        status, profile, _ = await asked(rig, "POST", "/enroll/dep", data=box.describe(when=datetime.now(UTC)))
        assert status == 200
        await box.device.enroll(profile)
    assert (await office.record(b.device)).identifiers.udid == b.device.udid


async def test_t27_enrolments_that_are_begun_for_ever_are_bounded(
    tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey], now: datetime
) -> None:
    """T-27: strangers fill the limit and no more; who is enrolled goes on, and who comes through Apple gets in."""
    apple = vendor_since(now)
    own = Authority.create(clock=lambda: now, random_bytes=random.Random(5).randbytes)
    settings: dict[str, Any] = {
        "password_cost": CHEAP,
        "half_open_limit": MOST_OPEN,
        "device_authorities": (apple.root.certificate,),
    }
    async with service_rig(tmp_path, own, rsa_keys, now, **settings) as rig:
        office = StagingOffice(rig)
        enrolled = await rig.enrolled(1)
        statuses = {200: 0, 429: 0}
        for number in range(ATTEMPTS):
            if number < MOST_OPEN // 2:
                device = rig.device(100 + number)
                await device.get_certificate()
                await device.authenticate()
                statuses[200] += 1
                continue
            statuses[await _status(rig.suite.enroll.answer(rig.facts(method="GET"), b""))] += 1
        assert (statuses[200], statuses[429]) == (MOST_OPEN, ATTEMPTS - MOST_OPEN)
        assert (await rig.store.counts()).invitations <= MOST_OPEN + 1
        await rig.suite.commanding.enqueue(enrolled.udid, CommandOrder(request_type="ProfileList", fields={}))
        assert await enrolled.idle() is not None
        stager = await office.person("stager", staging_type=DeviceStagingType.STANDARD)
        box = await Box(office, apple, 2).assigned(authentication_required=False, default_user=stager.id)
        await box.device.enroll((await box.ask()).body)
        assert (await office.record(box.device)).assignment.stager == stager.id


async def test_t27_pages_and_guesses_leave_nothing_behind(
    rig: SocketRig, office: StagingOffice, vendor: Authority
) -> None:
    """T-27: neither a sign-in page that is never sent back nor a description that is not believed is kept."""
    box = await Box(office, vendor).assigned(web_sign_in=True)
    stranger = box.describe(office.rig.authority.issue_identity(name_of("stranger")))
    page = {"x-apple-aspen-deviceinfo": base64.b64encode(box.describe()).decode()}
    digest, before = await rig.server.store.state_digest(), await rig.server.store.counts()
    for _ in range(300):
        assert (await asked(rig, "GET", "/enroll/dep/web", headers=page))[0] == 200
        assert (await asked(rig, "POST", "/enroll/dep", data=stranger))[0] == 400
    assert await rig.server.store.state_digest() == digest
    after = await rig.server.store.counts()
    assert (after.invitations, after.enrollments) == (before.invitations, before.enrollments)


async def _status(request: Awaitable[Answer]) -> int:
    try:
        return (await request).status
    except Refusal as refusal:
        return refusal.status
