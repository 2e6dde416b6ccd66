"""One question and its answer, with every way in which there can be none."""

from __future__ import annotations

import json

import pytest

from device_emulator.core.hub.asking import HubError, Question, ask, draft, refusal_in, solve
from device_emulator.core.messages import RequestFailed, RequestKind, ResponseArrived
from mdm_server.wire.hub import HubReply, HubRequest, HubStatus, NextStep, NextStepType, StatusCode, parse_reply
from rigs.play_hub import CAPTCHA, HUB, PlayHub, Somebody, offers

QUESTION = Question(RequestKind.HUB_WIZARD, f"{HUB}/step")


def test_a_question_is_json_posted_to_its_address() -> None:
    """And asks for JSON in return."""
    asked = draft(QUESTION, HubRequest(group_id="MAIN"))
    assert (asked.kind, asked.method, asked.url) == (RequestKind.HUB_WIZARD, "POST", f"{HUB}/step")
    assert asked.headers["Content-Type"] == asked.headers["Accept"] == "application/json"
    assert json.loads(asked.body) == {"GroupId": "MAIN"}


def test_an_answer_is_read(somebody: Somebody) -> None:
    """As what it is."""
    answer = PlayHub(offers()).hold(ask(somebody, draft(QUESTION, HubRequest()), parse_reply))
    assert answer == offers()


@pytest.mark.parametrize(
    ("reply", "code", "text"),
    [
        (RequestFailed(0, "tls.untrusted", retryable=False), "hub.no_server", "tls.untrusted"),
        (ResponseArrived(0, 404), "hub.not_an_answer", "404"),
        (ResponseArrived(0, 200, {}, b"[]"), "hub.not_an_answer", "makes no sense"),
    ],
)
def test_without_an_answer_the_reason_is_said(
    reply: ResponseArrived | RequestFailed, code: str, text: str, somebody: Somebody
) -> None:
    """In words for a person, and as a code."""
    conversation = ask(somebody, draft(QUESTION, HubRequest()), parse_reply)
    with pytest.raises(HubError, match=text) as caught:
        PlayHub(reply).hold(conversation)
    assert caught.value.reason == code


def test_a_refusal_has_a_code_even_if_the_server_has_none() -> None:
    """Real ones say it in words only; a refusal must not pass for a welcome."""
    assert refusal_in(HubStatus(StatusCode.OK)) == ""
    assert refusal_in(HubStatus(StatusCode.ERROR, "No.", "USER_LOCKED")) == "USER_LOCKED"
    assert refusal_in(HubStatus(StatusCode.ERROR, "Invalid User Credentials")) == "hub.refused"


def test_a_person_who_is_willing_reads_the_captcha() -> None:
    """Whoever is not, and whoever is shown nothing, gives up."""
    assert solve(CAPTCHA, willing=True) == "471100"
    for picture, willing in ((CAPTCHA, False), ("", True)):
        with pytest.raises(HubError) as caught:
            solve(picture, willing=willing)
        assert caught.value.reason == "CAPTCHA_REQUIRED"


def test_a_reply_without_a_next_step_asks_nothing() -> None:
    """What a server leaves out is nothing."""
    assert parse_reply(b"{}") == HubReply(next_step=NextStep(NextStepType.NONE))
