"""An iPhone and its Hub: enrolling, claiming, checking out and in, and what stays on the device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from device_emulator.core.actions import (
    DirectEnroll,
    GoOffline,
    HandOver,
    HubEnroll,
    HubLogin,
    HubLogout,
    OpenEnrollmentLink,
    RemoveProfile,
    Restart,
    SetPasscode,
)
from device_emulator.core.device import Device
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    Event,
    HubLoginShown,
    HubRefused,
    HubSignedIn,
    HubSignedOut,
    HubStepAnswered,
    PasscodeChanged,
    PersonForgot,
    PersonRefused,
    ProfileRemoved,
    UnmanagedEntered,
)
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.installing import install_profile
from device_emulator.core.leaving import erase
from device_emulator.core.messages import (
    Errand,
    PersonActs,
    Prompted,
    PushArrived,
    RequestFailed,
    RequestKind,
    ResponseArrived,
)
from device_emulator.core.person import Habits, Person
from device_emulator.core.settings import ProofOfIdentity
from device_emulator.core.states import LifeState
from mdm_server.wire.hub import DeviceReply, HubReply, NextStepType, encode
from rigs.play_hub import HUB, INSTALL_URL, asks, device_refuses, offers, refuses
from rigs.play_server import LINK, PlayServer, play

ADA = Person(name="Ada", user_name="ada", password="engine")
STAGER = HubIntent(url=HUB, group="MAIN", user_name="stager", password="stage")
LOGIN = PersonActs(HubLogin("ada", "engine"))
LOGOUT = PersonActs(HubLogout())
STAGED, IDLE = DeviceReply(state="StagedUnclaimed"), DeviceReply(state="MultiIdle")
ASSIGNED, CHECKED_OUT = DeviceReply(state="Assigned", user="ada"), DeviceReply(state="CheckedOut", user="ada")


def say(server: PlayServer, kind: RequestKind, *replies: HubReply | DeviceReply) -> None:
    """Have the server answer so."""
    server.script(kind, *((200, encode(reply)) for reply in replies))


def stage(device: Device, server: PlayServer, state: DeviceReply) -> list[Event]:
    """Enrol a device through the Hub; afterwards it is in this state."""
    say(server, RequestKind.HUB_WIZARD, asks(NextStepType.CREDENTIALS), offers())
    say(server, RequestKind.HUB_STATUS, state)
    return play(device, server, PersonActs(HubEnroll(STAGER)))


@pytest.fixture
def shared(device: Device, server: PlayServer) -> Device:
    """Return a shared device that waits for somebody."""
    stage(device, server, IDLE)
    return device


def kinds(events: list[Event], *wanted: type[Event]) -> list[Event]:
    """Return the events of these kinds."""
    return [event for event in events if isinstance(event, wanted)]


# Enrolling


def test_the_wizard_leads_to_enrolment_and_then_the_hub_asks_whose_the_device_is(
    device: Device, server: PlayServer
) -> None:
    """The link is opened as if the person had tapped it; a staged device then shows its login."""
    events = stage(device, server, STAGED)
    assert kinds(events, Enrolled, HubLoginShown) == [
        Enrolled("https://mdm.example/mdm"),
        HubLoginShown("StagedUnclaimed"),
    ]
    assert next(request.url for request in server.requests if request.kind is RequestKind.PROFILE) == INSTALL_URL
    assert device.life is LifeState.ENROLLED
    assert not device.is_busy


def test_the_hub_says_which_device_it_runs_on(device: Device, server: PlayServer) -> None:
    """Serial number, UDID and IMEI are those of the machine."""
    stage(device, server, STAGED)
    handheld = device.handheld
    body = server.requests[0].body.decode()
    for fact in (handheld.hardware.udid, handheld.hardware.serial_number, handheld.hardware.imei(handheld.randomness)):
        assert str(fact) in body
    assert '"Type":"2"' in body


def test_an_ordinary_user_owns_the_device_at_once(device: Device, server: PlayServer) -> None:
    """The Hub shows them in, not a login."""
    assert kinds(stage(device, server, ASSIGNED), HubSignedIn, HubLoginShown) == [HubSignedIn("ada", "Assigned")]


def test_a_refused_device_stays_as_it_was(device: Device, server: PlayServer) -> None:
    """No profile is fetched, and nothing is kept."""
    say(server, RequestKind.HUB_WIZARD, refuses("DEVICE_DENYLISTED", "Enrollment Denied."))
    events = play(device, server, PersonActs(HubEnroll(STAGER)))
    assert events[-1] == HubRefused("DEVICE_DENYLISTED", "Enrollment Denied.", "validateGroupIdentifier")
    assert device.life is LifeState.IN_USE
    assert device.handheld.hub is None
    assert {request.kind for request in server.requests} == {RequestKind.HUB_WIZARD}


def test_an_enrolment_that_fails_after_the_wizard_is_forgotten_by_the_hub(device: Device, server: PlayServer) -> None:
    """It has nothing to ask about."""
    server.script(RequestKind.AUTHENTICATE, (400, b""))
    events = stage(device, server, STAGED)
    assert kinds(events, EnrollmentFailed)
    assert device.handheld.hub is None
    assert not device.is_busy


def test_a_device_that_was_enrolled_without_the_hub_asks_nobody(enrolled: Device, server: PlayServer) -> None:
    """Load tests pay for what they ask for."""
    assert not {RequestKind.HUB_STATUS, RequestKind.HUB_WIZARD} & {request.kind for request in server.requests}
    assert enrolled.handheld.hub is None


def test_the_holder_types_their_own_credentials(device: Device, server: PlayServer) -> None:
    """When nobody says otherwise."""
    intent = replace(STAGER, user_name=None, password=None)
    say(server, RequestKind.HUB_WIZARD, asks(NextStepType.CREDENTIALS), refuses("USER_LOCKED"))
    play(device, server, PersonActs(HandOver(ADA)), PersonActs(HubEnroll(intent)))
    assert b'"Username":"ada","Password":"engine"' in server.requests[-1].body


def test_nobody_in_particular_has_no_credentials(device: Device, server: PlayServer) -> None:
    """The form stays empty, unless nobody sits before it anyway."""
    intent = replace(STAGER, user_name=None)
    assert kinds(play(device, server, PersonActs(HubEnroll(intent))), PersonRefused) == [
        PersonRefused("HubEnroll", "no_credentials")
    ]
    say(server, RequestKind.HUB_WIZARD, asks(NextStepType.CREDENTIALS))
    silent = replace(intent, channel=Channel.BARCODE)
    assert kinds(play(device, server, PersonActs(HubEnroll(silent))), HubRefused)


def test_a_device_goes_through_the_wizard_once(enrolled: Device, server: PlayServer) -> None:
    """An enrolled device does not enrol."""
    events = play(enrolled, server, PersonActs(HubEnroll(STAGER)), PersonActs(DirectEnroll(HUB, "ada", "engine")))
    assert events == [
        PersonRefused("HubEnroll", "already_enrolled"),
        PersonRefused("DirectEnroll", "already_enrolled"),
    ]


def test_a_wizard_that_is_switched_off_ends_in_a_refusal(device: Device, server: PlayServer) -> None:
    """The person reads nothing any more, but whoever watches does."""
    device.handle(PersonActs(HubEnroll(STAGER)))
    device.handle(PersonActs(Restart()))
    assert [event.code for event in device.events() if isinstance(event, HubRefused)] == ["hub.interrupted"]
    assert not device.is_busy


# Claiming


def test_a_claim_makes_the_device_its_users(device: Device, server: PlayServer) -> None:
    """Logged in for good."""
    stage(device, server, STAGED)
    say(server, RequestKind.HUB_LOGIN, ASSIGNED)
    assert kinds(play(device, server, LOGIN), HubSignedIn, HubSignedOut) == [HubSignedIn("ada", "Assigned")]
    assert device.handheld.hub is not None
    assert device.handheld.hub.is_settled


def test_a_refused_claim_leaves_the_login(device: Device, server: PlayServer) -> None:
    """The device is as unclaimed as before."""
    stage(device, server, STAGED)
    say(server, RequestKind.HUB_LOGIN, device_refuses("REG_USER_MISMATCH", "No."))
    assert kinds(play(device, server, LOGIN), HubRefused, HubSignedIn) == [
        HubRefused("REG_USER_MISMATCH", "No.", "login")
    ]
    assert device.handheld.hub is not None
    assert device.handheld.hub.state == "StagedUnclaimed"


@pytest.mark.parametrize(("proof", "signed"), [(ProofOfIdentity.SIGNATURE, True), (ProofOfIdentity.TLS, False)])
def test_a_login_is_proved_like_a_check_in(
    proof: ProofOfIdentity, signed: bool, make_device: Callable[..., Device], server: PlayServer
) -> None:
    """By signature or by certificate, whichever the device uses."""
    device = make_device(proof=proof)
    stage(device, server, STAGED)
    say(server, RequestKind.HUB_LOGIN, ASSIGNED)
    play(device, server, LOGIN)
    login = server.requests[-1]
    assert ("Mdm-Signature" in login.headers) is signed
    assert (login.identity is None) is signed


def test_a_device_enrolled_without_the_hub_can_log_in_too(enrolled: Device, server: PlayServer) -> None:
    """Its Hub asks the server that manages it."""
    say(server, RequestKind.HUB_LOGIN, ASSIGNED)
    assert kinds(play(enrolled, server, LOGIN), HubSignedIn)
    assert server.requests[-1].url == "https://mdm.example/DeviceServices/Hub/login"


@pytest.mark.parametrize("action", [HubLogin("ada", "engine"), HubLogout()])
def test_a_device_that_nobody_manages_has_nobody_to_log_in_to(
    action: HubLogin | HubLogout, device: Device, server: PlayServer
) -> None:
    """Refused on the device."""
    assert play(device, server, PersonActs(action))[-1] == PersonRefused(type(action).__name__, "not_enrolled")


# Sharing


def test_a_shared_device_is_checked_out_and_in(shared: Device, server: PlayServer) -> None:
    """The enrolment stays as it is; what the user leaves behind is cleared by the server's commands."""
    handheld = shared.handheld
    say(server, RequestKind.HUB_LOGIN, CHECKED_OUT)
    assert kinds(play(shared, server, LOGIN), HubSignedIn) == [HubSignedIn("ada", "CheckedOut")]
    install_profile(handheld, server.configuration("adas.mail", "com.apple.mail.managed", {}), managed=True)
    play(shared, server, PersonActs(SetPasscode()))
    say(server, RequestKind.HUB_LOGOUT, IDLE)
    events = play(shared, server, LOGOUT)
    assert kinds(events, HubSignedOut, HubLoginShown) == [HubSignedOut("ada"), HubLoginShown("MultiIdle")]
    assert (shared.life, handheld.passcode.is_set) == (LifeState.ENROLLED, True)
    server.command("RemoveProfile", Identifier="adas.mail")
    server.command("ClearPasscode", UnlockToken=handheld.passcode.unlock_token(handheld.randomness))
    say(server, RequestKind.HUB_STATUS, IDLE)
    events = play(shared, server, PushArrived(shared.push_magic or ""))
    assert kinds(events, ProfileRemoved, PasscodeChanged, HubLoginShown) == [
        ProfileRemoved("adas.mail"),
        PasscodeChanged(present=False),
    ]


def test_a_refused_check_in_changes_nothing(shared: Device, server: PlayServer) -> None:
    """The session goes on."""
    say(server, RequestKind.HUB_LOGIN, CHECKED_OUT)
    play(shared, server, LOGIN)
    server.script(RequestKind.HUB_LOGOUT, RequestFailed(0, "tls.untrusted", retryable=False))
    events = play(shared, server, LOGOUT)
    assert kinds(events, HubRefused, HubSignedOut) == [HubRefused("hub.no_server", events[-1].text, "logout")]  # type: ignore[attr-defined]
    assert shared.handheld.hub is not None
    assert shared.handheld.hub.user == "ada"


def test_somebody_forgets_to_log_out(shared: Device, server: PlayServer) -> None:
    """The next person finds the device checked out."""
    forgetful = replace(ADA, habits=Habits(forgets_to_log_out=1.0))
    say(server, RequestKind.HUB_LOGIN, CHECKED_OUT)
    play(shared, server, PersonActs(HandOver(forgetful)), PersonActs(HubLogin()))
    events = play(shared, server, LOGOUT)
    assert events == [PersonForgot("HubLogout")]
    assert RequestKind.HUB_LOGOUT not in {request.kind for request in server.requests}
    say(server, RequestKind.HUB_LOGIN, device_refuses("CHECKED_OUT"))
    grace = Person(name="Grace", user_name="grace", password="cobol")
    events = play(shared, server, PersonActs(HandOver(grace)), PersonActs(HubLogin()))
    assert kinds(events, HubRefused) == [HubRefused("CHECKED_OUT", "No.", "login")]


def test_a_check_in_by_the_administrator_reaches_the_device(shared: Device, server: PlayServer) -> None:
    """The server commands something, and then the Hub asks whose the device is."""
    say(server, RequestKind.HUB_LOGIN, CHECKED_OUT)
    play(shared, server, LOGIN)
    server.command("ProfileList")
    say(server, RequestKind.HUB_STATUS, IDLE)
    events = play(shared, server, PushArrived(shared.push_magic or ""))
    assert kinds(events, HubSignedOut, HubLoginShown) == [HubSignedOut("ada"), HubLoginShown("MultiIdle")]


def test_a_settled_device_asks_no_more(device: Device, server: PlayServer) -> None:
    """It belongs to its user for good."""
    stage(device, server, ASSIGNED)
    server.command("ProfileList")
    play(device, server, PushArrived(device.push_magic or ""))
    assert server.requests[-1].kind is RequestKind.ANSWER


def test_one_user_after_the_other(shared: Device, server: PlayServer) -> None:
    """Somebody else was given the device by the administrator: the first user's session ends, theirs begins."""
    say(server, RequestKind.HUB_LOGIN, CHECKED_OUT)
    play(shared, server, LOGIN)
    say(server, RequestKind.HUB_STATUS, DeviceReply(state="CheckedOut", user="grace"))
    events = play(shared, server, Prompted(Errand.HUB))
    assert kinds(events, HubSignedOut, HubSignedIn) == [HubSignedOut("ada"), HubSignedIn("grace", "CheckedOut")]


def test_the_end_of_management_ends_the_hub_too(shared: Device, server: PlayServer) -> None:
    """There is no assignment without enrolment."""
    play(shared, server, PersonActs(RemoveProfile()))
    assert shared.handheld.hub is None


def test_an_erase_ends_the_hub_and_whatever_was_wanted_of_it(shared: Device, server: PlayServer) -> None:
    """A login that waited for its turn is not made up for on the device that comes out of it."""
    shared.handle(PushArrived(shared.push_magic or ""))
    shared.handle(LOGIN)
    erase(shared.handheld)
    play(shared, server, LINK)
    assert shared.handheld.hub is None
    say(server, RequestKind.HUB_LOGIN, ASSIGNED)
    assert kinds(play(shared, server, LOGIN), HubSignedIn, PersonRefused) == [HubSignedIn("ada", "Assigned")]
    assert [request.kind for request in server.requests].count(RequestKind.HUB_LOGIN) == 1


def test_a_login_that_waits_is_forgotten_with_the_management(shared: Device, server: PlayServer) -> None:
    """The server said meanwhile that it does not know the device."""
    shared.handle(PushArrived(shared.push_magic or ""))
    (idle,) = shared.requests()
    shared.handle(LOGIN)
    events = play(shared, server, ResponseArrived(idle.number, 401))
    assert [event.code for event in events if isinstance(event, HubRefused)] == ["hub.not_managed"]
    assert shared.life is LifeState.IN_USE
    play(shared, server, LINK)
    say(server, RequestKind.HUB_LOGIN, ASSIGNED)
    assert kinds(play(shared, server, LOGIN), HubSignedIn, PersonRefused, HubRefused) == [
        HubSignedIn("ada", "Assigned")
    ]


# One thing at a time


def test_a_second_wish_waits_for_the_first_and_a_third_is_refused(shared: Device, server: PlayServer) -> None:
    """Somebody types quickly."""
    for _ in range(3):
        shared.handle(LOGIN)
    assert [event for event in shared.events() if isinstance(event, PersonRefused)] == [
        PersonRefused("HubLogin", "hub_busy")
    ]
    say(server, RequestKind.HUB_LOGIN, CHECKED_OUT, device_refuses("CHECKED_OUT"))
    (request,) = shared.requests()
    events = play(shared, server, server.answer(request))
    assert [event.code for event in events if isinstance(event, HubStepAnswered)] == ["", "CHECKED_OUT"]


def test_without_a_network_the_hub_does_not_begin(shared: Device, server: PlayServer) -> None:
    """The person is told so at once."""
    events = play(shared, server, PersonActs(GoOffline()), LOGIN)
    assert events[-1] == PersonRefused("HubLogin", "offline")


def test_a_link_can_still_be_opened_while_the_wizard_runs(device: Device, server: PlayServer) -> None:
    """The wizard goes first, and its link is the one that counts."""
    device.handle(PersonActs(HubEnroll(STAGER)))
    device.handle(PersonActs(OpenEnrollmentLink("https://elsewhere.example/enroll")))
    say(server, RequestKind.HUB_WIZARD, asks(NextStepType.CREDENTIALS), offers())
    say(server, RequestKind.HUB_STATUS, STAGED)
    (request,) = device.requests()
    play(device, server, server.answer(request))
    assert [request.url for request in server.requests if request.kind is RequestKind.PROFILE] == [INSTALL_URL]


def test_a_second_wizard_that_waits_is_forgotten_when_the_device_enrols(device: Device, server: PlayServer) -> None:
    """By a link, after the first wizard was refused: there is nothing left to enrol."""
    device.handle(PersonActs(HubEnroll(STAGER)))
    device.handle(LINK)
    device.handle(PersonActs(HubEnroll(STAGER)))
    say(server, RequestKind.HUB_WIZARD, refuses("GROUP_UNKNOWN"))
    say(server, RequestKind.HUB_LOGIN, ASSIGNED)
    (request,) = device.requests()
    events = play(device, server, server.answer(request)) + play(device, server, LOGIN)
    assert kinds(events, Enrolled, HubSignedIn, PersonRefused) == [
        Enrolled("https://mdm.example/mdm"),
        HubSignedIn("ada", "Assigned"),
    ]
    assert [request.kind for request in server.requests].count(RequestKind.HUB_WIZARD) == 1


# Direct Enrollment


def test_direct_enrolment_enrols_at_once(device: Device, server: PlayServer) -> None:
    """One login, one link."""
    say(server, RequestKind.DIRECT_ENROLLMENT, DeviceReply(result="Enrolled", install_url=INSTALL_URL))
    say(server, RequestKind.HUB_STATUS, ASSIGNED)
    events = play(device, server, PersonActs(DirectEnroll(HUB, "ada", "engine")))
    assert kinds(events, Enrolled, HubSignedIn) == [
        Enrolled("https://mdm.example/mdm"),
        HubSignedIn("ada", "Assigned"),
    ]


def test_an_unqualified_user_stays_unmanaged_and_may_be_managed_later(device: Device, server: PlayServer) -> None:
    """Not refused; a later login may find them qualified."""
    direct = PersonActs(DirectEnroll(HUB))
    say(server, RequestKind.DIRECT_ENROLLMENT, DeviceReply(result="Unmanaged"))
    events = play(device, server, PersonActs(HandOver(ADA)), direct)
    assert events[-1] == UnmanagedEntered("ada")
    assert device.life is LifeState.IN_USE
    say(server, RequestKind.DIRECT_ENROLLMENT, DeviceReply(result="Enrolled", install_url=INSTALL_URL))
    say(server, RequestKind.HUB_STATUS, ASSIGNED)
    assert kinds(play(device, server, direct), Enrolled)


def test_a_link_enrols_an_unmanaged_device_too(device: Device, server: PlayServer) -> None:
    """Then the Hub learns whose it is."""
    say(server, RequestKind.DIRECT_ENROLLMENT, DeviceReply(result="Unmanaged"))
    play(device, server, PersonActs(DirectEnroll(HUB, "ada", "engine")))
    say(server, RequestKind.HUB_STATUS, ASSIGNED)
    assert kinds(play(device, server, LINK), HubSignedIn) == [HubSignedIn("ada", "Assigned")]
