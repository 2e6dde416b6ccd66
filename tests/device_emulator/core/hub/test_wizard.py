"""The wizard, against a server that says what each test wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from device_emulator.core.events import HubRefused, HubStepAnswered
from device_emulator.core.hub.intent import Channel, HubIntent, HubOutcome
from device_emulator.core.hub.wizard import MOST_STEPS, enroll
from device_emulator.core.messages import RequestFailed, RequestKind, ResponseArrived
from mdm_server.wire.hub import GroupChoice, HubDevice, HubReply, NextStepType, Step
from rigs.play_hub import CAPTCHA, HUB, INSTALL_URL, PlayHub, Somebody, asks, offers, refuses

ADA = HubIntent(url=HUB, group="MAIN", user_name="ada", password="engine")
CREDENTIALS = asks(NextStepType.CREDENTIALS)
WRONG = refuses("BAD_CREDENTIALS", then=NextStepType.CREDENTIALS)
SHOW_CAPTCHA = refuses("CAPTCHA_REQUIRED", then=NextStepType.CAPTCHA, is_captcha_required=True, captcha_image=CAPTCHA)

Go = Callable[..., tuple[HubOutcome, PlayHub]]


@pytest.fixture
def go(somebody: Somebody, handset: HubDevice) -> Go:
    """Return a way to go through the wizard of a server that gives these replies."""

    def walk(intent: HubIntent, *replies: Any, **options: Any) -> tuple[HubOutcome, PlayHub]:
        hub = PlayHub(*replies)
        return hub.hold(enroll(somebody, handset, intent, **options)), hub

    return walk


def test_a_user_types_group_and_credentials_and_gets_a_link(go: Go, somebody: Somebody) -> None:
    """Two pages, then the link; every answer can be seen."""
    outcome, hub = go(ADA, CREDENTIALS, asks(NextStepType.INSTALL), offers())
    assert outcome == HubOutcome(Step.INSTALL_URL, INSTALL_URL)
    assert hub.steps == [Step.GROUP, Step.CREDENTIALS, Step.INSTALL_URL]
    assert somebody.events == [HubStepAnswered(step) for step in hub.steps]
    group, credentials, _ = hub.messages
    assert (group["GroupId"], group["GroupIdSource"]) == ("MAIN", "1")
    assert (credentials["Username"], credentials["Password"]) == ("ada", "engine")


def test_every_page_says_whose_session_and_which_device_it_is(go: Go, handset: HubDevice) -> None:
    """The session is the server's word, from its first answer on."""
    _, hub = go(ADA, CREDENTIALS, offers())
    first, second = hub.messages
    assert "SessionId" not in first["Header"]
    assert second["Header"]["SessionId"] == "S"
    for message in hub.messages:
        assert message["Device"]["Identifier"] == handset.identifier
        assert message["Device"]["SerialNumber"] == handset.serial_number
        assert message["Header"]["ProtocolRevision"] == "5"
        assert message["Header"]["Channel"] == "Hub"
    assert {draft.kind for draft in hub.drafts} == {RequestKind.HUB_WIZARD}


@pytest.mark.parametrize(
    ("question", "given", "step", "answer"),
    [
        (asks(NextStepType.TOKEN), {"token": "T0KEN1"}, Step.GROUP, {"GroupId": "T0KEN1", "GroupIdSource": "1"}),
        (
            asks(NextStepType.GROUP_SELECT, groups=(GroupChoice("7", "North"), GroupChoice("8", "South"))),
            {"group_choice": "South"},
            Step.GROUP_SELECTOR,
            {"LocationGroupId": "8"},
        ),
        (
            asks(NextStepType.GROUP_SELECT, groups=(GroupChoice("7", "North"),)),
            {"group_choice": "99"},
            Step.GROUP_SELECTOR,
            {"LocationGroupId": "99"},
        ),
        (asks(NextStepType.STAGING_CHOICE), {"staging": "Multi"}, Step.STAGING_CHOICE, {"StagingMode": "Multi"}),
        (asks(NextStepType.ON_BEHALF_USER), {"on_behalf": "grace"}, Step.ON_BEHALF_USER, {"Username": "grace"}),
        (asks(NextStepType.OWNERSHIP), {"ownership": "E"}, Step.OWNERSHIP, {"Ownership": "E"}),
        (asks(NextStepType.TERMS_OF_USE, terms_of_use="..."), {}, Step.TERMS_OF_USE, {"Accepted": True}),
        (
            asks(NextStepType.TERMS_OF_USE, terms_of_use="..."),
            {"accept_terms": False},
            Step.TERMS_OF_USE,
            {"Accepted": False},
        ),
    ],
)
def test_a_person_answers_what_the_wizard_asks(
    question: HubReply, given: dict[str, Any], step: Step, answer: dict[str, Any], go: Go
) -> None:
    """Each question has its own address and its own answer."""
    outcome, hub = go(replace(ADA, **given), question, offers())
    assert outcome.install_url == INSTALL_URL
    assert hub.steps == [Step.GROUP, step]
    said = hub.messages[1]
    assert {name: value for name, value in said.items() if name not in {"Header", "Device"}} == answer


@pytest.mark.parametrize(
    "question",
    [
        NextStepType.TOKEN,
        NextStepType.GROUP_SELECT,
        NextStepType.CREDENTIALS,
        NextStepType.STAGING_CHOICE,
        NextStepType.ON_BEHALF_USER,
        NextStepType.OWNERSHIP,
    ],
)
def test_a_question_that_nobody_answers_ends_the_wizard(question: NextStepType, go: Go, somebody: Somebody) -> None:
    """Nothing is sent that nobody said."""
    outcome, hub = go(HubIntent(url=HUB, group="MAIN"), asks(question))
    assert (outcome.code, outcome.step) == ("hub.no_answer", Step.GROUP)
    assert hub.steps == [Step.GROUP]
    assert somebody.events[-1] == HubRefused("hub.no_answer", outcome.text, Step.GROUP)


def test_somebody_who_insists_says_what_nobody_asked(go: Go) -> None:
    """Before the link, once each; the server decides what to make of it."""
    install = asks(NextStepType.INSTALL)
    intent = replace(ADA, staging="Multi", on_behalf="grace", insists=True)
    _, hub = go(intent, CREDENTIALS, install, install, install, offers())
    assert hub.steps[2:] == [Step.STAGING_CHOICE, Step.ON_BEHALF_USER, Step.INSTALL_URL]
    assert (hub.messages[2]["StagingMode"], hub.messages[3]["Username"]) == ("Multi", "grace")
    _, modest = go(replace(intent, insists=False), CREDENTIALS, install, offers())
    assert modest.steps == [Step.GROUP, Step.CREDENTIALS, Step.INSTALL_URL]


def test_what_was_answered_is_not_said_again_by_somebody_who_insists(go: Go) -> None:
    """The wizard asked, and that was that."""
    intent = replace(ADA, on_behalf="grace", insists=True)
    _, hub = go(intent, asks(NextStepType.ON_BEHALF_USER), asks(NextStepType.INSTALL), offers())
    assert hub.steps == [Step.GROUP, Step.ON_BEHALF_USER, Step.INSTALL_URL]


def test_a_registration_token_goes_where_a_group_id_goes(go: Go) -> None:
    """VMware's own sample client presents it so."""
    _, hub = go(HubIntent(url=HUB, token="T0KEN1"), offers())
    assert hub.messages[0]["GroupId"] == "T0KEN1"


def test_a_refusal_is_what_the_person_reads(go: Go, somebody: Somebody) -> None:
    """Code, text and step are seen; there is no further request."""
    text = "This device is registered to another user. Contact your administrator."
    outcome, hub = go(ADA, CREDENTIALS, refuses("REG_USER_MISMATCH", text))
    assert outcome == HubOutcome(Step.CREDENTIALS, None, "REG_USER_MISMATCH", text)
    assert somebody.events[-2:] == [
        HubStepAnswered(Step.CREDENTIALS, "REG_USER_MISMATCH"),
        HubRefused("REG_USER_MISMATCH", text, Step.CREDENTIALS),
    ]
    assert len(hub.drafts) == 2


@pytest.mark.parametrize(("attempts", "typed"), [(1, 1), (2, 2), (5, 3)])
def test_a_wrong_password_is_typed_again_as_often_as_patience_lasts(attempts: int, typed: int, go: Go) -> None:
    """The third one is right, for those who come so far."""
    passwords = iter(["engnie", "enginee", "engine"])
    intent = replace(ADA, attempts=attempts)
    outcome, hub = go(intent, CREDENTIALS, WRONG, WRONG, offers(), types=lambda _: next(passwords))
    sent = [message["Password"] for message in hub.messages[1:]]
    assert sent == ["engnie", "enginee", "engine"][:typed]
    assert outcome.code == ("" if typed == 3 else "BAD_CREDENTIALS")


def test_a_refusal_that_asks_nothing_again_is_not_answered_again(go: Go) -> None:
    """However patient the person is."""
    outcome, hub = go(replace(ADA, attempts=9), CREDENTIALS, refuses("USER_LOCKED"))
    assert (outcome.code, len(hub.drafts)) == ("USER_LOCKED", 2)


def test_a_captcha_is_read_and_typed_beside_the_password(go: Go) -> None:
    """To be shown one is not a wrong attempt."""
    outcome, hub = go(ADA, CREDENTIALS, SHOW_CAPTCHA, offers())
    assert outcome.install_url == INSTALL_URL
    assert hub.messages[2]["CaptchaValue"] == "471100"
    assert hub.messages[2]["Password"] == "engine"


def test_a_page_that_asks_for_credentials_may_show_a_captcha_at_once(go: Go) -> None:
    """A device with too many failures behind it."""
    page = asks(NextStepType.CREDENTIALS, is_captcha_required=True, captcha_image=CAPTCHA)
    _, hub = go(ADA, page, offers())
    assert hub.messages[1]["CaptchaValue"] == "471100"


@pytest.mark.parametrize(
    "given", [{"solve_captcha": False}, {"channel": Channel.BARCODE}, {"channel": Channel.CONFIGURATOR}]
)
def test_a_captcha_that_nobody_reads_ends_the_wizard(given: dict[str, Any], go: Go) -> None:
    """Somebody who gives up, and a channel with no screen."""
    outcome, hub = go(replace(ADA, **given), CREDENTIALS, SHOW_CAPTCHA)
    assert (outcome.code, outcome.step) == ("CAPTCHA_REQUIRED", Step.CREDENTIALS)
    assert len(hub.drafts) == 2


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (RequestFailed(0, "tls.untrusted", retryable=False), "hub.no_server"),
        (ResponseArrived(0, 404), "hub.not_an_answer"),
        (ResponseArrived(0, 200, {}, b"<html>"), "hub.not_an_answer"),
        (asks(NextStepType.NONE), "hub.unknown_step"),
        (asks(NextStepType.LICENSE_EXPIRED), "hub.unknown_step"),
    ],
)
def test_the_hub_says_so_when_it_cannot_go_on(
    reply: HubReply | ResponseArrived | RequestFailed, code: str, go: Go
) -> None:
    """A server that cannot be reached or understood is no crash."""
    outcome, _ = go(ADA, reply)
    assert (outcome.code, outcome.install_url) == (code, None)
    assert outcome.text


def test_a_server_that_is_away_for_a_moment_is_asked_again(go: Go) -> None:
    """The same question, once it is back."""
    away = RequestFailed(0, "connect.refused")
    outcome, hub = go(ADA, away, ResponseArrived(0, 503), CREDENTIALS, offers())
    assert outcome.install_url == INSTALL_URL
    assert hub.steps == [Step.GROUP] * 3 + [Step.CREDENTIALS]


def test_a_wizard_that_goes_round_in_circles_is_left(go: Go) -> None:
    """A device must not be kept for ever."""
    outcome, hub = go(replace(ADA, ownership="C"), *[asks(NextStepType.OWNERSHIP)] * MOST_STEPS)
    assert (outcome.code, len(hub.drafts)) == ("hub.endless", MOST_STEPS)


def test_what_is_typed_is_not_shown() -> None:
    """A password and a token are not for logs."""
    shown = repr(replace(ADA, token="T0KEN1"))
    assert "engine" not in shown
    assert "T0KEN1" not in shown
