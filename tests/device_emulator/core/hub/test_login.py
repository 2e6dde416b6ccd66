"""The login form: what is typed, and what is added when the server asks for more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from device_emulator.core.actions import DirectEnroll, HubLogin
from device_emulator.core.conversation import Conversation
from device_emulator.core.hub.asking import HubError
from device_emulator.core.hub.login import MOST_PROMPTS, Login, fill_in, typed
from mdm_server.wire.hub import DeviceLogin, DeviceReply
from rigs.play_hub import CAPTCHA, HUB, PlayHub, device_refuses

ADA = Login(user_name="ada", password="engine")
IN = DeviceReply(state="Assigned", user="ada")
SHOWS_CAPTCHA = device_refuses("CAPTCHA_REQUIRED", is_captcha_required=True, captcha_image=CAPTCHA)
SHOWS_TERMS = device_refuses("TOU_PENDING", terms_of_use="Behave.")

Fill = Callable[..., tuple[DeviceReply, list[DeviceLogin]]]


@pytest.fixture
def fill() -> Fill:
    """Return a way to fill in the form of a server that gives these replies."""

    def fill(
        login: Login, *replies: DeviceReply, types: Callable[[str], str] = str
    ) -> tuple[DeviceReply, list[DeviceLogin]]:
        sent: list[DeviceLogin] = []
        waiting: Iterator[DeviceReply] = iter(replies)

        def send(form: DeviceLogin) -> Conversation[DeviceReply]:
            sent.append(form)
            return next(waiting)
            yield

        return PlayHub().hold(fill_in(login, types, send)), sent

    return fill


def test_whoever_is_let_in_types_once(fill: Fill) -> None:
    """Nothing is added that nobody asked for."""
    reply, sent = fill(replace(ADA, group="NORTH", shared_passcode="1234"), IN)
    assert reply == IN
    assert sent == [DeviceLogin(username="ada", password="engine", group_id="NORTH", shared_passcode="1234")]


def test_a_captcha_and_terms_are_added_one_after_the_other(fill: Fill) -> None:
    """Each is asked for once."""
    reply, sent = fill(ADA, SHOWS_CAPTCHA, SHOWS_TERMS, IN)
    assert reply == IN
    assert [(form.captcha_value, form.terms_accepted) for form in sent] == [
        ("", None),
        ("471100", None),
        ("471100", True),
    ]


@pytest.mark.parametrize("again", [SHOWS_CAPTCHA, SHOWS_TERMS])
def test_what_was_given_is_not_given_again(again: DeviceReply, fill: Fill) -> None:
    """A server that asks once more has refused."""
    reply, sent = fill(ADA, again, again, IN)
    assert reply == again
    assert len(sent) == 2


def test_a_form_is_not_filled_in_for_ever(fill: Fill) -> None:
    """Every prompt has its turn, and that is all."""
    both = device_refuses("TOU_PENDING", terms_of_use="Behave.", is_captcha_required=True, captcha_image=CAPTCHA)
    reply, sent = fill(ADA, *[both] * (MOST_PROMPTS + 1))
    assert reply == both
    assert len(sent) == MOST_PROMPTS


def test_the_password_is_typed_anew_each_time(fill: Fill) -> None:
    """So that it can be mistyped each time."""
    keys = iter(["engnie", "engine"])
    _, sent = fill(ADA, SHOWS_TERMS, IN, types=lambda _: next(keys))
    assert [form.password for form in sent] == ["engnie", "engine"]


def test_whoever_reads_no_captcha_gives_up(fill: Fill) -> None:
    """The form is not sent again."""
    with pytest.raises(HubError):
        fill(replace(ADA, solve_captcha=False), SHOWS_CAPTCHA)


def test_what_a_person_wants_is_what_they_type() -> None:
    """A group and a shared passcode are for shared devices only."""
    wish = HubLogin("ada", "engine", group="NORTH", shared_passcode="1234", accept_terms=False, solve_captcha=False)
    assert typed(wish) == Login(
        user_name="ada",
        password="engine",
        group="NORTH",
        shared_passcode="1234",
        accept_terms=False,
        solve_captcha=False,
    )
    assert typed(DirectEnroll(HUB, "ada", "engine")) == ADA


def test_what_is_typed_is_not_shown() -> None:
    """Neither by the form nor by the wish."""
    login = replace(ADA, shared_passcode="1234")
    for shown in (repr(login), repr(HubLogin("ada", "engine", shared_passcode="1234"))):
        assert "engine" not in shown
        assert "1234" not in shown
