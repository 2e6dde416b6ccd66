from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import Answer
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.invitations import InvitationRequest
from mdm_server.wire import plist
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice, ServiceRig, command_in

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
INFORMATION = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})

MESSAGES: dict[str, Callable[[ServiceDevice], dict[str, Any]]] = {
    "TokenUpdate": lambda d: d.message("TokenUpdate", Token=b"t" * 32, PushMagic="magic"),
    "CheckOut": lambda d: d.message("CheckOut"),
    "SetBootstrapToken": lambda d: d.message("SetBootstrapToken", BootstrapToken=b"stolen"),
    "GetBootstrapToken": lambda d: d.message("GetBootstrapToken"),
    "GetToken": lambda d: d.message("GetToken", TokenServiceType="com.apple.maid"),
    "UserAuthenticate": lambda d: d.message("UserAuthenticate", UserID="6D646D73-0000-4000-8000-000000000001"),
    "DeclarativeManagement": lambda d: d.message("DeclarativeManagement", Endpoint="tokens"),
    "Idle": lambda d: {"UDID": d.udid, "Status": "Idle"},
    "NotNow": lambda d: {"UDID": d.udid, "Status": "NotNow", "CommandUUID": "X"},
    "Acknowledged": lambda d: {"UDID": d.udid, "Status": "Acknowledged", "CommandUUID": "X"},
}
"""Everything an enrolled device may say, as `d` would say it."""


def _sent_as(thief: ServiceDevice, message: dict[str, Any]) -> Any:
    """Send a message that names whom it likes, with the thief's own identity."""
    return thief.send(message)


@pytest.mark.parametrize("over_tls", [False, True])
@pytest.mark.parametrize("name", sorted(MESSAGES))
async def test_a_device_cannot_speak_for_another(rig: ServiceRig, name: str, over_tls: bool) -> None:
    """A's certificate under B's UDID is refused for every message, and B's queue stays undelivered (T-01)."""
    thief, victim = await rig.enrolled(1, over_tls=over_tls), await rig.enrolled(2)
    await victim.send(victim.message("SetBootstrapToken", BootstrapToken=b"canary bootstrap token"))
    await rig.suite.commanding.enqueue(victim.udid, INFORMATION)
    event = await assert_rejected(
        rig.store,
        _sent_as(thief, MESSAGES[name](victim)),
        status=400,
        event="auth.cert_mismatch",
        secrets=[victim.token, victim.magic, b"canary bootstrap token"],
    )
    assert thief.identity is not None
    assert (event.device, event.certificate) == (victim.udid, thief.identity.fingerprint[:16])
    assert await victim.idle() is not None


async def test_an_enrolled_device_cannot_authenticate_as_another(rig: ServiceRig) -> None:
    """Authenticate is no way around it: a certificate in use stays with its device (T-01)."""
    thief, victim = await rig.enrolled(1), await rig.enrolled(2)
    message = victim.message("Authenticate", SerialNumber=victim.serial_number)
    await assert_rejected(rig.store, _sent_as(thief, message), status=400, event="enroll.cert_reuse")


async def test_no_pair_of_many_devices_can_be_swapped(rig: ServiceRig) -> None:
    """Every ordered pair of eight devices, a random message each: all refused, and nothing changes (T-01, I-02)."""
    devices = [await rig.enrolled(number) for number in range(8)]
    digest = await rig.store.state_digest()
    chance = random.Random(1)
    for thief, victim in itertools.permutations(devices, 2):
        with pytest.raises(Refusal) as refused:
            await _sent_as(thief, MESSAGES[chance.choice(sorted(MESSAGES))](victim))
        assert refused.value.code == "auth.cert_mismatch"
    assert await rig.store.state_digest() == digest


async def test_a_fresh_certificate_cannot_displace_an_enrolled_device(rig: ServiceRig) -> None:
    """Whoever has an unused certificate of ours may enrol himself, not B's UDID; B's queue is intact (T-02, I-03)."""
    victim = await rig.enrolled(2)
    await rig.suite.commanding.enqueue(victim.udid, INFORMATION)
    stranger = rig.device(3)
    await stranger.get_certificate()
    message = victim.message("Authenticate", SerialNumber=victim.serial_number)
    await assert_rejected(
        rig.store, _sent_as(stranger, message), status=400, event="enroll.cert_not_for_device:enrolled"
    )
    assert await victim.idle() is not None
    assert (await stranger.authenticate()).status == 200


async def test_a_certificate_issued_for_one_device_enrols_no_other(rig: ServiceRig) -> None:
    """An invitation for C makes a certificate that is C's from the start (T-02)."""
    invited, other = rig.device(1), rig.device(2)
    profile = await rig.suite.invitations.profile(InvitationRequest(udid=invited.udid))
    await other.get_certificate(profile)
    await assert_rejected(rig.store, other.authenticate(), status=400, event="enroll.cert_not_for_device")
    invited.identity = other.identity
    assert (await invited.authenticate()).status == 200


@pytest.mark.parametrize("inline", [True, False])
async def test_one_certificate_enrols_one_of_sixteen_devices(open_rig: OpenRig, inline: bool) -> None:
    """Sixteen tasks, one certificate, sixteen UDIDs: exactly one is bound (T-03, I-01)."""
    async with open_rig(inline=inline) as rig:
        for round_number in range(4):
            devices = [rig.device(100 * round_number + number) for number in range(16)]
            await devices[0].get_certificate()
            for device in devices:
                device.identity = devices[0].identity
            answers = await asyncio.gather(*(device.authenticate() for device in devices), return_exceptions=True)
            won = [answer for answer in answers if isinstance(answer, Answer)]
            lost = [answer.code for answer in answers if isinstance(answer, Refusal)]
            assert (len(won), len(lost)) == (1, 15)
            assert set(lost) == {"enroll.cert_reuse"}


async def test_a_certificate_is_dead_once_its_successor_was_used(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """A renewed certificate takes over when it is first used; from then on its predecessor is refused (T-04, I-04)."""
    device = rig.device()
    await device.get_certificate(key=rsa_keys[1])
    await device.authenticate()
    await device.token_update()
    old, new = device.identity, await device.renew(rsa_keys[2])
    assert await device.idle() is None, "the old one works until the new one is used"
    device.identity = new
    assert await device.idle() is None
    device.identity = old
    await assert_rejected(rig.store, device.report("Idle"), status=400, event="auth.cert_superseded")
    await assert_rejected(rig.store, device.authenticate(), status=400, event="auth.cert_superseded")


async def test_a_certificate_for_an_enrolled_device_is_of_no_use_before_it_authenticated(rig: ServiceRig) -> None:
    """One from an invitation, unlike a renewed one, begins an enrolment; it cannot slip into one that runs (T-29)."""
    device = await rig.enrolled()
    profile = await rig.suite.invitations.profile(InvitationRequest(udid=device.udid))
    old = device.identity
    await device.get_certificate(profile)
    await assert_rejected(rig.store, device.report("Idle"), status=400, event="state.order")
    assert (await device.authenticate()).status == 200
    device.identity = old
    await assert_rejected(rig.store, device.report("Idle"), status=400, event="auth.cert_superseded")


async def test_the_certificate_of_an_erased_device_is_dead_after_re_enrolment(rig: ServiceRig) -> None:
    """After a wipe the device comes back with a new identity; the old one opens nothing (T-04)."""
    device = await rig.enrolled()
    order = CommandOrder(request_type="EraseDevice", fields={})
    queued = await rig.suite.commanding.enqueue(device.udid, order)
    assert await device.idle() is not None
    await device.report("Acknowledged", queued.command_uuid)
    assert (await rig.suite.administration.device(device.udid)).status == "Unenrolled"
    old = device.identity
    await device.enroll()
    device.identity = old
    await assert_rejected(rig.store, device.report("Idle"), status=400, event="auth.cert_superseded")


# --- T-07: what was heard before -------------------------------------------------------------------------------------


async def test_a_repeated_message_gets_the_same_answer_and_does_nothing_new(rig: ServiceRig) -> None:
    """Mdm-Signature has no nonce, so every message may come again: once, ten times, later (T-07)."""
    device = rig.device()
    await device.get_certificate()
    for message in (
        device.message("Authenticate", SerialNumber=device.serial_number),
        device.message("TokenUpdate", Token=b"1" * 32, PushMagic="one"),
        device.message("SetBootstrapToken", BootstrapToken=b"bootstrap"),
        device.message("GetBootstrapToken"),
        {"UDID": device.udid, "Status": "Idle"},
        device.message("CheckOut"),
    ):
        body = plist.dumps(message)
        facts = device.facts_for(body)
        first = await rig.suite.device_channel.answer(facts, body)
        for _ in range(10):
            assert await rig.suite.device_channel.answer(facts, body) == first


async def test_an_old_token_update_does_not_roll_back_a_newer_one(rig: ServiceRig) -> None:
    """A replayed TokenUpdate is heard, and the newer token stays (T-07, I-47)."""
    device = await rig.enrolled()
    old = plist.dumps(device.message("TokenUpdate", Token=device.token, PushMagic=device.magic))
    facts = device.facts_for(old)
    await device.token_update()
    newer = device.token
    assert (await rig.suite.device_channel.answer(facts, old)).status == 200
    row = await rig.store.enrollments.find(device.udid)
    assert row is not None
    assert (row.push_token, row.push_magic) == (newer, device.magic)


async def test_a_repeated_answer_does_not_answer_a_second_command(rig: ServiceRig) -> None:
    """The first terminal answer stays; its repetitions are recorded and deliver the next command again (T-07)."""
    device = await rig.enrolled()
    first = await rig.suite.commanding.enqueue(device.udid, INFORMATION)
    second = await rig.suite.commanding.enqueue(device.udid, INFORMATION)
    await device.idle()
    body = plist.dumps({"UDID": device.udid, "Status": "Acknowledged", "CommandUUID": first.command_uuid})
    facts = device.facts_for(body)
    for _ in range(10):
        command = command_in(await rig.suite.device_channel.answer(facts, body))
        assert command is not None
        assert command["CommandUUID"] == second.command_uuid
    assert [view.state for view in await rig.suite.commanding.list(device.udid)] == ["Acknowledged", "Sent"]


# --- T-29: order -----------------------------------------------------------------------------------------------------

STEPS = ("Authenticate", "TokenUpdate", "SetBootstrapToken", "Idle", "GetBootstrapToken", "CheckOut")


def _allowed(step: str, status: str) -> bool:
    """Say whether a device in this status may take a step: the whole rule, written independently of the server."""
    if step == "Authenticate":
        return True
    if status == "new":
        return False
    if status == "in progress":
        return step in {"TokenUpdate", "CheckOut"}
    if status == "enrolled":
        return True
    return step in {"CheckOut", "Idle"}  # gone: it may say so again, and is told nothing


def _after(step: str, status: str) -> str:
    return {"Authenticate": "in progress", "TokenUpdate": "enrolled", "CheckOut": "gone"}.get(step, status)


@pytest.mark.parametrize("first", STEPS)
async def test_every_order_of_six_messages_is_taken_or_refused_by_the_rule(rig: ServiceRig, first: str) -> None:
    """All permutations: a step out of order is `state.order` and changes nothing (T-29)."""
    rest = [step for step in STEPS if step != first]
    for number, order in enumerate(itertools.permutations(rest)):
        device = rig.device(number)
        await device.certify()
        status = "new"
        for step in (first, *order):
            message = MESSAGES[step](device) if step in MESSAGES else device.message(step, SerialNumber="S")
            if _allowed(step, status):
                assert (await device.send(message)).status == 200, (first, *order)
                status = _after(step, status)
            else:
                before = await rig.store.enrollments.find(device.udid), await rig.store.certificates.list(device.udid)
                with pytest.raises(Refusal) as refused:
                    await device.send(message)
                assert refused.value.code == "state.order", (first, *order, step)
                after = await rig.store.enrollments.find(device.udid), await rig.store.certificates.list(device.udid)
                assert after == before
