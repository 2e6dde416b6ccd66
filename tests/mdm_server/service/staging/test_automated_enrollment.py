"""Setup Assistant at the server's door: who is believed, who is asked, who is sent to update, who gets in."""

from __future__ import annotations

import base64
import random
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.identity import Identity
from certs.names import hardware_name, name_of
from certs.signed_data import sign
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, EntryChannel
from mdm_server.service.answer import PROFILE, Answer
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.service.staging.passwords import CHEAP
from mdm_server.wire import plist
from mdm_server.wire.device_errors import DeviceErrorCode, parse_device_error
from rigs.hub import password_of
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice, service_rig
from rigs.staging_office import StagingOffice


@pytest.fixture(scope="session")
def vendor() -> Authority:
    """Return an authority in Apple's place."""
    now = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    return Authority.create(clock=lambda: now, random_bytes=random.Random(77).randbytes, organization="vendor TEST")


@pytest.fixture
async def store(
    tmp_path: Path, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey], now: datetime, vendor: Authority
) -> AsyncIterator[StagingOffice]:
    """Return an administrator whose server believes the vendor."""
    believed = (vendor.root.certificate,)
    async with service_rig(tmp_path, authority, rsa_keys, now, password_cost=CHEAP, device_authorities=believed) as rig:
        yield StagingOffice(rig)


class Box:
    """A device of the company's, out of its box, and whoever holds it."""

    def __init__(self, office: StagingOffice, vendor: Authority, number: int = 1) -> None:
        self.office = office
        self.device: ServiceDevice = office.rig.device(number)
        self.born: Identity = vendor.issue_identity(hardware_name(self.device.udid, self.device.serial_number))

    def describe(self, signer: Identity | None = None, **keys: object) -> bytes:
        """Return the device's MachineInfo, signed with the key it was born with unless told otherwise."""
        info = {
            "UDID": self.device.udid,
            "SERIAL": self.device.serial_number,
            "PRODUCT": "iPhone15,2",
            "OS_VERSION": "17.5",
            "MDM_CAN_REQUEST_SOFTWARE_UPDATE": True,
            **keys,
        }
        known = {name: value for name, value in info.items() if value != ""}
        return sign(plist.dumps(known), signer or self.born, when=self.office.rig.clock())

    async def ask(self, typed: tuple[str, str] | None = None, body: bytes | None = None) -> Answer:
        """Ask for the enrolment profile, as somebody or as nobody."""
        authorization = None if typed is None else "Basic " + base64.b64encode(":".join(typed).encode()).decode()
        facts = self.office.rig.facts(method="POST", authorization=authorization)
        return await self.office.rig.suite.hub.setup_assistant.answer(facts, body or self.describe())

    async def assigned(self, **order: object) -> Box:
        """Give the device a DEP profile."""
        saved = await self.office.staging.program.save(ProfileOrder(name="corporate", **order))  # type: ignore[arg-type]
        await self.office.staging.program.assign(self.device.serial_number, saved.id)
        return self


async def test_who_is_asked_and_answers_gets_a_device_that_is_theirs(store: StagingOffice, vendor: Authority) -> None:
    """401 first; with credentials the profile, whose management cannot be removed from a supervised device."""
    ann, box = await store.person("ann"), await Box(store, vendor).assigned()
    asked = await box.ask()
    assert (asked.status, asked.headers["WWW-Authenticate"]) == (401, 'Basic realm="mdmsim"')
    answer = await box.ask(("ann", password_of("ann")))
    assert (answer.status, answer.content_type) == (200, PROFILE)
    await box.device.enroll(answer.body)
    record = await store.record(box.device)
    assert (record.assignment.state, record.assignment.user) == (AssignmentState.ASSIGNED, ann.id)
    assert record.via is EntryChannel.DEP
    enrollment = await store.rig.store.enrollments.find(box.device.udid)
    assert enrollment is not None
    assert enrollment.supervised


async def test_a_wrong_password_an_unknown_name_and_nonsense_are_the_same(
    store: StagingOffice, vendor: Authority
) -> None:
    """All are asked again; nobody learns which names there are."""
    await store.person("ann")
    box = await Box(store, vendor).assigned()
    answers = [await box.ask(typed) for typed in (("ann", "wrong"), ("nobody", "wrong"), ("", ""))]
    assert {(answer.status, answer.body, str(answer.headers)) for answer in answers} == {
        (401, b"", str({"WWW-Authenticate": 'Basic realm="mdmsim"'}))
    }


@pytest.mark.parametrize(
    ("staging", "state"),
    [
        (DeviceStagingType.STANDARD, AssignmentState.STAGED_UNCLAIMED),
        (DeviceStagingType.MULTI, AssignmentState.MULTI_IDLE),
    ],
)
async def test_where_nobody_is_asked_the_default_user_stages(
    store: StagingOffice, vendor: Authority, staging: DeviceStagingType, state: AssignmentState
) -> None:
    """Row 48: single or shared, as the default user may."""
    stager = await store.person("stager", staging_type=staging)
    box = await Box(store, vendor).assigned(authentication_required=False, default_user=stager.id)
    await box.device.enroll((await box.ask()).body)
    record = await store.record(box.device)
    assert (record.assignment.state, record.assignment.stager) == (state, stager.id)


async def test_an_old_system_is_sent_to_update_before_anybody_is_asked(store: StagingOffice, vendor: Authority) -> None:
    """Row 51: 403 with Apple's code and the version; one that is new enough, or cannot be told, is asked who it is."""
    box = await Box(store, vendor).assigned(minimum_os="18.1")
    answer = await box.ask()
    error = parse_device_error(answer.body, answer.content_type)
    assert answer.status == 403
    assert error is not None
    assert (error.code, error.details["OSVersion"]) == (DeviceErrorCode.SOFTWARE_UPDATE_REQUIRED, "18.1")
    assert (await box.ask(body=box.describe(OS_VERSION="18.1"))).status == 401
    assert (await box.ask(body=box.describe(MDM_CAN_REQUEST_SOFTWARE_UPDATE=False))).status == 401


async def test_whom_nobody_vouches_for_learns_nothing(store: StagingOffice, vendor: Authority) -> None:
    """A strange signer, a changed body, a description without a serial number, none at all: refused alike, R0."""
    box = await Box(store, vendor).assigned()
    genuine = box.describe()
    stranger = store.rig.authority.issue_identity(name_of("stranger"))
    table = {
        "untrusted": box.describe(stranger),
        "message_digest": genuine.replace(b"iPhone15,2", b"iPhone15,3"),
        "incomplete": box.describe(SERIAL=""),
        "asn1": b"junk",
    }
    for reason, envelope in table.items():
        event = f"ade.machineinfo:{reason}"
        await assert_rejected(store.rig.store, box.ask(body=envelope), status=400, event=event)


async def test_a_guessed_serial_number_is_refused(store: StagingOffice, vendor: Authority) -> None:
    """A device whose vendor vouches for it, and to which no profile is assigned, gets none."""
    await Box(store, vendor).assigned()
    await assert_rejected(store.rig.store, Box(store, vendor, 2).ask(), status=400, event="ade.machineinfo:not_assigned")


async def test_the_guards_stand_behind_this_door_too(store: StagingOffice, vendor: Authority) -> None:
    """A device that is registered to somebody refuses another, and is locked, whichever way they came."""
    ann = await store.person("ann")
    await store.person("bob")
    box = await Box(store, vendor).assigned()
    await store.register(ann.id, store.hub(1))
    refused = await box.ask(("bob", password_of("bob")))
    assert (refused.status, b"registered to another user" in refused.body) == (400, True)
    again = await box.ask(("ann", password_of("ann")))
    assert (again.status, again.body) == (refused.status, refused.body)
