"""Signing in at a page before the profile comes."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from certs import signed_data
from device_emulator.core.actions import SetUp
from device_emulator.core.activation import SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import EnrollmentFailed, Event
from device_emulator.core.messages import PersonActs, RequestKind
from device_emulator.core.setting_up.answers import SetupAnswers
from device_emulator.core.setting_up.events import SystemUpdateRequired, WebSignInShown
from device_emulator.core.states import LifeState
from mdm_server.wire.device_errors import JSON, encode_device_error, software_update_required
from mdm_server.wire.plist import loads_dict
from rigs.play_apple import PAGE, WEB_URL, PlayApple
from rigs.play_server import MovingClock, play

ANN = PersonActs(SetUp(SettingUp(answers=SetupAnswers(user_name="ann", password="secret"))))
NOBODY = PersonActs(SetUp(SettingUp()))


@pytest.fixture
def web(make_apple: Callable[..., PlayApple]) -> PlayApple:
    """Return an Apple whose organization wants its people to sign in."""
    return make_apple(configuration_web_url=WEB_URL)


def reasons(events: list[Event]) -> list[str]:
    """Return why enrolments failed."""
    return [event.reason for event in events if isinstance(event, EnrollmentFailed)]


def test_who_signs_in_gets_the_profile(boxed: Device, web: PlayApple) -> None:
    """The page comes to a device that says who it is, and the profile after what its person typed."""
    web.page()
    events = play(boxed, web, ANN)
    assert WebSignInShown(WEB_URL) in events
    assert web.typed == [{"state": "a&b", "user": "ann", "pass": "secret", "terms": "on", "go": "in"}]
    page, form = [request for request in web.requests if request.kind is RequestKind.WEB_SIGN_IN]
    assert (page.method, page.url, form.method, form.url) == ("GET", WEB_URL, "POST", f"{WEB_URL}?step=2")
    said = loads_dict(signed_data.verify(base64.b64decode(page.headers["x-apple-aspen-deviceinfo"])).content)
    assert said["SERIAL"] == boxed.handheld.hardware.serial_number
    assert form.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert boxed.life is LifeState.ENROLLED


def test_pages_redirects_and_cookies_on_the_way(boxed: Device, web: PlayApple) -> None:
    """First the name, then the password, then consent; what a browser keeps is kept."""
    web.page(b"", 302, location="/sign-in", set_cookie="session=42; Path=/; HttpOnly")
    web.page(b"<form method=post action=/name><input name=user></form>")
    web.page(PAGE)
    web.page(b"<form method=post action=/consent><input type=hidden name=ok value=1></form>")
    play(boxed, web, ANN)
    assert boxed.life is LifeState.ENROLLED
    asked = [request for request in web.requests if request.kind is RequestKind.WEB_SIGN_IN]
    assert [request.url.removeprefix("https://mdm.example") for request in asked] == [
        "/enroll/dep/web", "/sign-in", "/name", "/enroll/dep/web?step=2", "/consent",
    ]  # fmt: skip
    assert [request.headers.get("Cookie") for request in asked] == [None, *["session=42"] * 4]
    assert web.typed[0] == {"user": "ann"}


def test_a_page_of_somebody_elses_learns_neither_device_nor_cookies(boxed: Device, web: PlayApple) -> None:
    """An identity provider's on the way; back home everything is as it was."""
    web.page(b"", 302, location="https://login.example/", set_cookie="session=42")
    web.page(b"<form method=post action=https://mdm.example/back><input name=user><input type=password name=p></form>")
    play(boxed, web, ANN)
    assert boxed.life is LifeState.ENROLLED
    first, foreign, back = [request for request in web.requests if request.kind is RequestKind.WEB_SIGN_IN]
    assert foreign.url == "https://login.example/"
    assert foreign.headers.keys() == {"User-Agent"}
    assert "x-apple-aspen-deviceinfo" in first.headers
    assert back.headers["Cookie"] == "session=42"
    assert back.headers["x-apple-aspen-deviceinfo"] == first.headers["x-apple-aspen-deviceinfo"]


def test_a_wrong_password_is_typed_once(boxed: Device, web: PlayApple) -> None:
    """The page comes back, whatever its status, and the device stays in Setup Assistant."""
    web.page()
    web.page(status=401)
    assert reasons(play(boxed, web, ANN)) == ["setup.credentials"]
    assert boxed.life is LifeState.SETUP_ASSISTANT
    web.page()
    play(boxed, web, ANN)
    assert boxed.life is LifeState.ENROLLED


def test_who_has_no_account_does_not_get_in(boxed: Device, web: PlayApple) -> None:
    """Nothing is typed."""
    web.page()
    assert reasons(play(boxed, web, NOBODY)) == ["setup.credentials"]
    assert web.typed == []


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([b"<p>Sorry.</p>"], "setup.web_sign_in"),
        ([b"<form><input type=hidden name=a></form>"] * 20, "setup.web_sign_in"),
    ],
)
def test_a_sign_in_that_leads_nowhere_is_given_up(
    boxed: Device, web: PlayApple, pages: list[bytes], reason: str
) -> None:
    """A page without a form, and one page after the other."""
    for page in pages:
        web.page(page)
    assert reasons(play(boxed, web, ANN)) == [reason]


def test_a_refusal_that_is_no_page_is_told(boxed: Device, web: PlayApple) -> None:
    """Its status and what it says."""
    web.page(b"not assigned", 400, content_type="text/plain")
    (failed,) = [event for event in play(boxed, web, ANN) if isinstance(event, EnrollmentFailed)]
    assert failed.reason == "profile.unavailable"
    assert "not assigned" in failed.detail


def test_a_system_that_is_too_old_is_updated_before_anybody_signs_in(
    boxed: Device, web: PlayApple, moving: MovingClock
) -> None:
    """The web view knows the same 403."""
    web.page(encode_device_error(software_update_required("99.1")), 403, content_type=JSON)
    web.page()
    events = play(boxed, web, ANN, clock=moving, patience=3600)
    assert SystemUpdateRequired("99.1") in events
    assert boxed.life is LifeState.ENROLLED
