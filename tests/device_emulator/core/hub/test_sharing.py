"""Login, logout and status on an enrolled device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from device_emulator.core.conversation import Draft
from device_emulator.core.events import HubRefused, HubStepAnswered
from device_emulator.core.hub.login import Login
from device_emulator.core.hub.sharing import EnrolledHub, SharingOutcome
from device_emulator.core.messages import RequestFailed, RequestKind
from mdm_server.wire.hub import DeviceReply, HubDevice
from rigs.play_hub import CAPTCHA, HUB, PlayHub, Somebody, device_refuses

ADA = Login(user_name="ada", password="engine")
CHECKED_OUT = DeviceReply(state="CheckedOut", user="ada")


def prove(draft: Draft) -> Draft:
    """Prove it by a header."""
    return replace(draft, headers={**draft.headers, "Proof": "yes"})


@pytest.fixture
def enrolled(somebody: Somebody, handset: HubDevice) -> EnrolledHub:
    """Return the Hub of an enrolled device."""
    return EnrolledHub(somebody, HUB + "/", handset, prove)


def test_a_login_says_who_and_on_which_device_and_proves_it(enrolled: EnrolledHub, somebody: Somebody) -> None:
    """The server answers with the assignment as it is now."""
    hub = PlayHub(CHECKED_OUT)
    login = replace(ADA, group="NORTH", shared_passcode="1234")
    assert hub.hold(enrolled.log_in(login)) == SharingOutcome("CheckedOut", "ada")
    (draft,), (message,) = hub.drafts, hub.messages
    assert (draft.url, draft.kind) == (f"{HUB}/DeviceServices/Hub/login", RequestKind.HUB_LOGIN)
    assert draft.headers["Proof"] == "yes"
    assert message["Device"]["SerialNumber"] == enrolled.device.serial_number
    del message["Device"]
    assert message == {"Username": "ada", "Password": "engine", "GroupId": "NORTH", "SharedPasscode": "1234"}
    assert somebody.events == [HubStepAnswered("login")]


def test_a_refused_login_is_read_by_its_person(enrolled: EnrolledHub, somebody: Somebody) -> None:
    """Nothing else comes of it."""
    hub = PlayHub(device_refuses("ALREADY_CLAIMED", "This device is assigned to another user"))
    outcome = hub.hold(enrolled.log_in(ADA))
    assert outcome == SharingOutcome(code="ALREADY_CLAIMED", text="This device is assigned to another user")
    assert somebody.events[-1] == HubRefused("ALREADY_CLAIMED", outcome.text, "login")


def test_a_captcha_is_typed_beside_the_password(enrolled: EnrolledHub) -> None:
    """Once; a second wrong login ends it."""
    shown = device_refuses("CAPTCHA_REQUIRED", is_captcha_required=True, captcha_image=CAPTCHA)
    hub = PlayHub(shown, CHECKED_OUT)
    assert hub.hold(enrolled.log_in(ADA)).state == "CheckedOut"
    assert hub.messages[1]["CaptchaValue"] == "471100"
    hub = PlayHub(shown, device_refuses("BAD_CREDENTIALS", is_captcha_required=True, captcha_image=CAPTCHA))
    assert hub.hold(enrolled.log_in(ADA)).code == "BAD_CREDENTIALS"


def test_a_captcha_that_nobody_reads_is_a_refusal(enrolled: EnrolledHub, somebody: Somebody) -> None:
    """Its code is the server's."""
    hub = PlayHub(device_refuses("CAPTCHA_REQUIRED", is_captcha_required=True, captcha_image=CAPTCHA))
    outcome = hub.hold(enrolled.log_in(replace(ADA, solve_captcha=False)))
    assert outcome.code == "CAPTCHA_REQUIRED"
    assert isinstance(somebody.events[-1], HubRefused)


@pytest.mark.parametrize("accept", [True, False])
def test_terms_of_use_are_accepted_or_declined_when_shown(accept: bool, enrolled: EnrolledHub) -> None:
    """They are not accepted before."""
    hub = PlayHub(device_refuses("TOU_PENDING", terms_of_use="Behave."), CHECKED_OUT)
    hub.hold(enrolled.log_in(replace(ADA, accept_terms=accept)))
    first, second = hub.messages
    assert "TermsAccepted" not in first
    assert second["TermsAccepted"] is accept


def test_the_password_is_typed_anew_each_time(enrolled: EnrolledHub) -> None:
    """So it can be mistyped each time."""
    typed: Any = iter(["engnie", "engine"])
    hub = PlayHub(device_refuses("TOU_PENDING", terms_of_use="Behave."), CHECKED_OUT)
    hub.hold(enrolled.log_in(ADA, types=lambda _: next(typed)))
    assert [message["Password"] for message in hub.messages] == ["engnie", "engine"]


def test_logging_out_and_asking_take_no_credentials(enrolled: EnrolledHub) -> None:
    """The device's own proof is enough."""
    hub = PlayHub(DeviceReply(state="MultiIdle"), DeviceReply(state="Assigned", user="ada"))
    assert hub.hold(enrolled.log_out()) == SharingOutcome("MultiIdle")
    assert hub.hold(enrolled.ask_status()) == SharingOutcome("Assigned", "ada")
    assert hub.steps == ["logout", "status"]
    assert [draft.kind for draft in hub.drafts] == [RequestKind.HUB_LOGOUT, RequestKind.HUB_STATUS]
    assert all(set(message) == {"Device"} for message in hub.messages)
    assert all(draft.headers["Proof"] == "yes" for draft in hub.drafts)


@pytest.mark.parametrize("verb", ["log_out", "ask_status"])
def test_without_a_server_there_is_no_answer(verb: str, enrolled: EnrolledHub, somebody: Somebody) -> None:
    """The person reads that it cannot be reached."""
    hub = PlayHub(RequestFailed(0, "url.invalid", retryable=False))
    assert hub.hold(getattr(enrolled, verb)()).code == "hub.no_server"
    assert isinstance(somebody.events[-1], HubRefused)
