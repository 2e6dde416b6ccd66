from __future__ import annotations

from collections.abc import Callable

import pytest

from device_emulator.core import locking, powering
from device_emulator.core.answers.sightings import LostModeSoundPlayed, MessageShown
from device_emulator.core.handheld import Handheld, LostMode
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.states import LifeState, LockState, PowerState
from mdm_server.wire.results import Status
from rigs.managed_device import PASSCODE, Clock, ask


def with_policy(handheld: Handheld, **policy: object) -> None:
    """Install a passcode policy."""
    payload = InstalledPayload("com.apple.mobiledevice.passwordpolicy", "p", "u", content=policy)
    handheld.profiles.install(InstalledProfile(identifier="policy", uuid="U", payloads=(payload,), is_managed=True))


def test_device_lock_locks_the_screen(make: Callable[..., Handheld]) -> None:
    """After DeviceLock the person has to type the passcode."""
    handheld = make(passcode=PASSCODE)

    assert ask(handheld, "DeviceLock").status is Status.ACKNOWLEDGED
    assert handheld.lock is LockState.LOCKED
    assert handheld.is_locked


@pytest.mark.parametrize(
    ("passcode", "result", "shown"),
    [(PASSCODE, "Success", [MessageShown("Call me", "+49 30 1")]), (None, "NoPasscodeSet", [])],
)
def test_the_message_of_device_lock_is_shown_over_a_passcode_only(
    make: Callable[..., Handheld], passcode: str | None, result: str, shown: list[MessageShown]
) -> None:
    """MessageResult says whether the message could be seen."""
    handheld = make(passcode=passcode)

    reply = ask(handheld, "DeviceLock", Message="Call me", PhoneNumber="+49 30 1")

    assert reply.values == {"MessageResult": result}
    assert [event for event in handheld.take_events() if isinstance(event, MessageShown)] == shown


def test_clear_passcode_needs_the_token_of_the_present_passcode(make: Callable[..., Handheld]) -> None:
    """A wrong token changes nothing, and neither does the token of a passcode that was changed since."""
    handheld = make(passcode=PASSCODE, locked=True)
    outdated = locking.unlock_token(handheld)
    locking.set_passcode(handheld, "314159")

    for token in (b"", b"wrong", outdated):
        reply = ask(handheld, "ClearPasscode", UnlockToken=token)
        assert (reply.status, reply.error_chain[0].code) == (Status.ERROR, 5013)
        assert handheld.passcode.is_set

    assert ask(handheld, "ClearPasscode", UnlockToken=locking.unlock_token(handheld)).status is Status.ACKNOWLEDGED
    assert not handheld.passcode.is_set
    assert not handheld.is_locked


def test_clear_passcode_opens_a_device_that_its_person_disabled(make: Callable[..., Handheld]) -> None:
    """Ten wrong passcodes disable the device, and the server's token is the way out."""
    handheld = make(passcode=PASSCODE, locked=True)
    clock = handheld.clock
    assert isinstance(clock, Clock)
    while not handheld.passcode.is_disabled:
        locking.try_passcode(handheld, "000000")
        clock.advance(hours=2)

    ask(handheld, "ClearPasscode", UnlockToken=locking.unlock_token(handheld))

    assert (handheld.lock, handheld.passcode.wrong_attempts) == (LockState.LOCKED, 0)


def test_security_info_judges_the_passcode_by_the_installed_policies(make: Callable[..., Handheld]) -> None:
    """A policy that the passcode does not meet makes it non-compliant."""
    handheld = make(passcode="123456")
    assert ask(handheld, "SecurityInfo").values["SecurityInfo"]["PasscodeCompliant"] is True

    with_policy(handheld, forcePIN=True, minLength=6, allowSimple=False)
    info = ask(handheld, "SecurityInfo").values["SecurityInfo"]

    assert (info["PasscodePresent"], info["PasscodeCompliantWithProfiles"]) == (True, False)


def test_a_policy_that_demands_a_passcode_is_not_met_without_one(iphone: Handheld) -> None:
    """No passcode is compliant until a policy asks for one."""
    with_policy(iphone, forcePIN=True)

    assert ask(iphone, "SecurityInfo").values["SecurityInfo"]["PasscodeCompliant"] is False


def test_the_bypass_code_is_always_the_same_until_it_is_cleared(iphone: Handheld) -> None:
    """The device gives its Activation Lock bypass code as often as asked, and none once it was cleared."""
    first = ask(iphone, "ActivationLockBypassCode").values["ActivationLockBypassCode"]
    assert ask(iphone, "ActivationLockBypassCode").values["ActivationLockBypassCode"] == first
    assert [len(group) for group in first.split("-")] == [5, 5, 4, 4, 4, 4]

    ask(iphone, "ClearActivationLockBypassCode")

    assert ask(iphone, "ActivationLockBypassCode").status is Status.ERROR


def test_lost_mode_from_its_beginning_to_its_end(make: Callable[..., Handheld]) -> None:
    """Location and sound are for a lost device only, and DisableLostMode leaves it locked."""
    handheld = make(passcode=PASSCODE)
    assert [ask(handheld, name).error_chain[0].code for name in ("DeviceLocation", "PlayLostModeSound")] == [12067] * 2

    ask(handheld, "EnableLostMode", Message="Lost", PhoneNumber="+49 30 1", Footnote="Thanks")
    assert (handheld.lock, handheld.lost_mode) == (LockState.LOST, LostMode("Lost", "+49 30 1", "Thanks"))
    place = ask(handheld, "DeviceLocation").values
    assert place == ask(handheld, "DeviceLocation").values
    assert (round(place["Latitude"]), place["Timestamp"]) == (
        52 if place["Latitude"] < 52.5 else 53,
        "2026-06-01T12:00:00Z",
    )
    ask(handheld, "PlayLostModeSound")
    assert LostModeSoundPlayed() in handheld.take_events()
    assert ask(handheld, "DeviceLock", Message="x").values == {"MessageResult": "DeviceInLostMode"}

    assert ask(handheld, "DisableLostMode").status is Status.ACKNOWLEDGED
    assert (handheld.lock, handheld.lost_mode) == (LockState.LOCKED, None)
    assert ask(handheld, "DisableLostMode").error_chain[0].code == 12067


def test_lost_mode_needs_something_to_show(iphone: Handheld) -> None:
    """A footnote alone does not tell anybody whom to call."""
    assert ask(iphone, "EnableLostMode", Footnote="Thanks").error_chain[0].code == 12066
    assert iphone.lost_mode is None


def test_a_lost_device_does_not_bother_its_person(iphone: Handheld) -> None:
    """A command that would ask the person something is refused in lost mode."""
    ask(iphone, "EnableLostMode", Message="Lost")

    assert ask(iphone, "RequestMirroring", DestinationName="Room 2").error_chain[0].code == 12078


@pytest.mark.parametrize(
    ("request_type", "power"), [("RestartDevice", PowerState.STARTING), ("ShutDownDevice", PowerState.OFF)]
)
def test_the_device_goes_down_after_its_report(iphone: Handheld, request_type: str, power: PowerState) -> None:
    """Restart and shutdown are acknowledged while the device still runs."""
    reply = ask(iphone, request_type)
    assert (reply.status, iphone.power) == (Status.ACKNOWLEDGED, PowerState.ON)

    assert reply.afterwards is not None
    reply.afterwards(iphone)

    assert iphone.power is power


def test_erase_takes_the_device_back_to_setup_assistant(make: Callable[..., Handheld]) -> None:
    """Nothing of its person or server is left, and that happens after the report."""
    handheld = make(passcode=PASSCODE)
    reply = ask(handheld, "EraseDevice")
    assert handheld.life is LifeState.ENROLLED

    assert reply.afterwards is not None
    reply.afterwards(handheld)

    assert (handheld.life, handheld.management, len(handheld.profiles)) == (LifeState.SETUP_ASSISTANT, None, 0)
    assert not handheld.passcode.is_set


@pytest.mark.parametrize("request_type", ["RestartDevice", "ShutDownDevice"])
def test_nobody_is_cut_off_in_a_call(iphone: Handheld, request_type: str) -> None:
    """On a call the device puts off what would end it."""
    iphone.on_call = True

    assert ask(iphone, request_type).status is Status.NOT_NOW


def test_before_the_first_unlock_some_commands_have_to_wait(make: Callable[..., Handheld]) -> None:
    """After a restart the keychain is sealed: CertificateList waits, DeviceInformation and ClearPasscode do not."""
    handheld = make(passcode=PASSCODE)
    powering.restart(handheld)
    powering.finish_starting(handheld)
    assert handheld.power is PowerState.BEFORE_FIRST_UNLOCK

    assert ask(handheld, "CertificateList").status is Status.NOT_NOW
    assert ask(handheld, "DeviceInformation", Queries=["UDID"]).status is Status.ACKNOWLEDGED

    ask(handheld, "ClearPasscode", UnlockToken=locking.unlock_token(handheld))
    assert ask(handheld, "CertificateList").status is Status.ACKNOWLEDGED


def test_a_command_that_wants_a_cable_is_refused(iphone: Handheld) -> None:
    """RequestRequiresNetworkTether may stand in any command, and no device here has a cable."""
    assert ask(iphone, "ProfileList", RequestRequiresNetworkTether=True).error_chain[0].code == 12081
    assert ask(iphone, "ProfileList", RequestRequiresNetworkTether=False).status is Status.ACKNOWLEDGED


def test_an_unknown_request_type_is_an_error_like_a_real_devices(iphone: Handheld) -> None:
    """MCMDMErrorDomain 12021, with the name of the request type."""
    (link,) = ask(iphone, "MakeCoffee").error_chain

    assert (link.domain, link.code, link.us_english) == (
        "MCMDMErrorDomain",
        12021,
        "“MakeCoffee” is not a valid request type.",
    )
