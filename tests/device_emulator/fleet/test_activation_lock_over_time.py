"""Activation Lock from Find My to the next owner, between a device, its server and Apple."""

from __future__ import annotations

from device_emulator.core import activation_locking
from device_emulator.core.actions import OpenEnrollmentLink, SignInAppleAccount, SignOutAppleAccount
from device_emulator.core.events import FindMyReported
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.setting_up.events import ActivationFailed, ActivationLocked
from device_emulator.core.states import LifeState
from mdm_server.wire.activation_lock import escrow_key, format_bypass_code, parse_bypass_code
from rigs.apple_world import AppleWorld, apple_world

ADA = AppleAccount(name="ada@icloud.example", password="analytical")
ALLOWED = {"Item": "MDMOptions", "MDMOptions": {"ActivationLockAllowedWhileSupervised": True}}


async def enroll(here: AppleWorld) -> None:
    """Set the device up without an account, and enrol it by the link."""
    await here.set_up()
    await here.do(OpenEnrollmentLink(here.world.enrollment_url))
    assert here.device.life is LifeState.ENROLLED


def locked_by(here: AppleWorld) -> str | None:
    """Return whose lock Apple knows."""
    lock = here.apple.business_manager.activation_lock(here.serial_number)
    return None if lock is None else lock.account


async def test_a_supervised_device_is_opened_by_the_code_its_server_asked_for() -> None:
    """Allowed, locked, erased, locked still: neither a guess nor the code of another life opens it, the right one does.

    What the server was given is the code whose escrow key Apple keeps; after the erase the device has another.
    """
    async with apple_world(supervised=True) as here:
        await enroll(here)
        answer = (await here.command("ActivationLockBypassCode")).answer or {}
        code = answer["ActivationLockBypassCode"]
        assert isinstance(code, str)
        await here.do(SignInAppleAccount(ADA))
        assert locked_by(here) is None
        assert (await here.command("Settings", Settings=[ALLOWED])).answer_status == "Acknowledged"
        assert FindMyReported(locked=True) in here.seen
        assert locked_by(here) == ADA.name
        lock = here.apple.business_manager.activation_lock(here.serial_number)
        assert lock is not None
        assert lock.escrow_key == escrow_key(parse_bypass_code(code))

        await here.command("EraseDevice")
        assert here.device.life is LifeState.SETUP_ASSISTANT
        assert locked_by(here) == ADA.name
        another = activation_locking.bypass_code(here.handheld)
        assert another is not None
        for wrong in (None, "a guess", format_bypass_code(another)):
            seen = await here.set_up(unlock=wrong)
            assert any(isinstance(event, ActivationLocked) for event in seen)
            assert [event.reason for event in seen if isinstance(event, ActivationFailed)] == ["activation.locked"]
            assert here.device.life is LifeState.SETUP_ASSISTANT
        await here.set_up(unlock=code)
        assert here.device.life is LifeState.IN_USE
        assert locked_by(here) is None


async def test_a_private_device_is_opened_by_its_owners_password() -> None:
    """Whoever signs in locks it, also in Setup Assistant; an erase gives a finder nothing."""
    async with apple_world() as here:
        await here.set_up(apple_account=ADA)
        assert locked_by(here) == ADA.name
        await here.do(OpenEnrollmentLink(here.world.enrollment_url))
        await here.command("EraseDevice")
        await here.set_up(unlock="babbage")
        assert here.device.life is LifeState.SETUP_ASSISTANT
        await here.set_up(unlock=ADA.password)
        assert here.device.life is LifeState.IN_USE


async def test_who_signs_out_leaves_an_open_device() -> None:
    """Apple is told, with the password, and the next erase is followed by an ordinary activation."""
    async with apple_world() as here:
        await here.set_up(apple_account=ADA)
        await here.do(SignOutAppleAccount(ADA.password))
        assert locked_by(here) is None
        await here.do(OpenEnrollmentLink(here.world.enrollment_url))
        await here.command("EraseDevice")
        await here.set_up()
        assert here.device.life is LifeState.IN_USE
