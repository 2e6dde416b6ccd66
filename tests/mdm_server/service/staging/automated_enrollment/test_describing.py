"""Which device it is: what is believed of a MachineInfo, and how everything else is refused alike (T-20, T-21)."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.names import hardware_name, name_of
from certs.signed_data import sign
from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import say_no
from mdm_server.service.staging.automated_enrollment.describing import FURTHEST_AHEAD, LONGEST_AGO
from mdm_server.wire import plist
from rigs.boxed_device import Box
from rigs.forged_cms import Forgery
from rigs.rejection import about, assert_rejected
from rigs.staging_office import StagingOffice

Envelope = Callable[[Box, Box, Authority], bytes]


def _by_a_stranger(box: Box, _: Box, __: Authority) -> bytes:
    stranger = box.office.rig.authority.issue_identity(hardware_name(box.device.udid, box.device.serial_number))
    return box.describe(stranger)


def _by_a_namesake(box: Box, _: Box, vendor: Authority) -> bytes:
    """Return what another authority of the vendor's own name signs."""
    twin = Authority.create(clock=vendor.clock, random_bytes=random.Random(78).randbytes, organization="vendor TEST")
    return box.describe(twin.issue_identity(hardware_name(box.device.udid, box.device.serial_number)))


def _without_a_date(box: Box, _: Box, __: Authority) -> bytes:
    content = plist.dumps({"UDID": box.device.udid, "SERIAL": box.device.serial_number})
    certificates = [box.born.der, *(each.public_bytes(Encoding.DER) for each in box.born.chain)]
    return Forgery(content, box.born, embedded=content, attributes=None, certificates=certificates).build()


REFUSED: dict[str, Envelope] = {
    "missing": lambda *_: b"",
    "asn1 nonsense": lambda *_: b"junk",
    "asn1 unsigned": lambda box, *_: plist.dumps({"UDID": box.device.udid, "SERIAL": box.device.serial_number}),
    "message_digest": lambda box, *_: box.describe().replace(b"iPhone15,2", b"iPhone15,3"),
    "untrusted stranger": _by_a_stranger,
    "untrusted namesake": _by_a_namesake,
    "untrusted junk": lambda box, *_: sign(
        b"junk", box.office.rig.authority.issue_identity(name_of("x")), when=box.office.rig.clock()
    ),
    "parse.not_plist": lambda box, *_: sign(b"junk", box.born, when=box.office.rig.clock()),
    "parse.schema": lambda box, *_: box.describe(SERIAL=7),
    "incomplete": lambda box, *_: box.describe(SERIAL=""),
    "another_device": lambda box, other, _: box.describe(other.born),
    "another_device serial": lambda box, other, _: box.describe(SERIAL=other.device.serial_number),
    "another_device udid": lambda box, other, _: box.describe(UDID=other.device.udid),
    "another_device nameless": lambda box, _, vendor: box.describe(vendor.issue_identity(name_of(box.device.udid))),
    "another_device profile signer": lambda box, _, vendor: box.describe(vendor.profile_signer),
    "undated": _without_a_date,
    "too_old": lambda box, *_: box.describe(when=box.office.rig.clock() - LONGEST_AGO - timedelta(seconds=1)),
    "ahead_of_time": lambda box, *_: box.describe(when=box.office.rig.clock() + FURTHEST_AHEAD + timedelta(seconds=1)),
    "not_assigned": lambda box, other, _: other.describe(),
}


async def test_whoever_is_not_believed_gets_one_and_the_same_answer(office: StagingOffice, vendor: Authority) -> None:
    """T-20, T-21: strangers, forgers, one device in another's name, one of nobody's; the journal has the reason."""
    box, other = await Box(office, vendor).assigned(), Box(office, vendor, 2)
    answers = set()
    for case, envelope in REFUSED.items():
        with about(case):
            reason = case.partition(" ")[0]
            body = envelope(box, other, vendor)
            event = f"ade.machineinfo:{reason}"
            await assert_rejected(office.rig.store, box.ask(body=body), status=400, event=event)
            with pytest.raises(Refusal) as refused:
                await box.ask(body=body)
            answers.add(str(say_no(refused.value)))
    (answer,) = answers
    assert not [word for word in (box.device.serial_number, "corporate", "mdmsim") if word in answer]


async def test_base64_that_is_none_is_refused_alike(office: StagingOffice, vendor: Authority) -> None:
    """In the query and in the header."""
    box = await Box(office, vendor).assigned()
    for facts in ({"query": {"deviceinfo": "*"}}, {"device_info": "*"}):
        request = box.ask(body=b"", method="GET", **facts)
        await assert_rejected(office.rig.store, request, status=400, event="ade.machineinfo:base64")


async def test_a_device_may_be_a_little_slow_or_fast(office: StagingOffice, vendor: Authority) -> None:
    """Up to the edges of what is believed, both included."""
    box = await Box(office, vendor).assigned()
    for when in (office.rig.clock() - LONGEST_AGO, office.rig.clock() + FURTHEST_AHEAD):
        assert (await box.ask(body=box.describe(when=when))).status == 401


async def test_a_description_is_good_for_whoever_sent_it_first(office: StagingOffice, vendor: Authority) -> None:
    """T-21: the device may repeat itself; whoever has listened may not, whichever form they choose."""
    box = await Box(office, vendor).assigned()
    heard = box.describe()
    assert [(await box.ask(body=heard)).status for _ in range(2)] == [401, 401]
    replay = box.ask(body=heard, peer="198.51.100.9")
    await assert_rejected(office.rig.store, replay, status=400, event="ade.machineinfo:replayed")
    header = base64.b64encode(heard).decode()
    replay = box.ask(body=b"", peer="198.51.100.9", method="GET", device_info=header)
    await assert_rejected(office.rig.store, replay, status=400, event="ade.machineinfo:replayed")
    office.rig.clock.pass_time(minutes=5)
    assert (await box.ask(peer="203.0.113.5")).status == 401


async def test_what_was_heard_is_forgotten_when_it_is_too_old_to_be_repeated(
    office: StagingOffice, vendor: Authority
) -> None:
    """A stranger who kept it is refused for its age then."""
    box = await Box(office, vendor).assigned()
    heard = box.describe()
    await box.ask(body=heard)
    office.rig.clock.pass_time(hours=2)
    await box.ask()
    replay = box.ask(body=heard, peer="198.51.100.9")
    await assert_rejected(office.rig.store, replay, status=400, event="ade.machineinfo:too_old")


async def test_the_journal_names_the_device_that_is_ours_and_has_no_profile(
    office: StagingOffice, vendor: Authority
) -> None:
    """Its administrator finds out why it was turned away; what a stranger claims to be is not on record."""
    box = Box(office, vendor)
    request = box.ask()
    event = await assert_rejected(office.rig.store, request, status=400, event="ade.machineinfo:not_assigned")
    assert event.device == box.device.udid
    request = box.ask(body=_by_a_stranger(box, box, vendor))
    event = await assert_rejected(office.rig.store, request, status=400, event="ade.machineinfo:untrusted")
    assert event.device == ""
