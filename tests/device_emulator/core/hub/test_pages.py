"""The pages of the wizard, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device_emulator.core.hub.asking import HubError
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.hub.pages import PAGES, answer, first_page, insisting
from mdm_server.wire.hub import HubRequest, NextStep, NextStepType, Step
from rigs.play_hub import CAPTCHA, HUB

ADA = HubIntent(url=HUB, group="MAIN", user_name="ada", password="engine")


def test_there_is_a_page_for_every_question_that_leads_on() -> None:
    """Nothing is left to answer once the wizard says nothing, or that its licence has expired."""
    assert set(NextStepType) - set(PAGES) == {NextStepType.NONE, NextStepType.LICENSE_EXPIRED}


def test_the_first_page_takes_a_group_or_a_token() -> None:
    """The group goes first; the token is then asked for."""
    for intent, said in ((ADA, "MAIN"), (replace(ADA, token="T0KEN1"), "MAIN"), (HubIntent(url=HUB, token="T"), "T")):
        assert first_page(intent) == (Step.GROUP, HubRequest(group_id=said, group_id_source="1"))


def test_credentials_are_typed_by_whoever_sits_there() -> None:
    """What the keyboard gets is not always what was meant."""
    step, message = answer(ADA, NextStep(NextStepType.CREDENTIALS), str.upper)
    assert (step, message.username, message.password) == (Step.CREDENTIALS, "ada", "ENGINE")
    assert message.captcha_value == ""


def test_somebody_without_a_password_leaves_it_empty() -> None:
    """The server will say what it thinks of that."""
    _, message = answer(replace(ADA, password=None), NextStep(NextStepType.CREDENTIALS), str)
    assert message.password == ""


@pytest.mark.parametrize("kind", [NextStepType.CAPTCHA, NextStepType.CREDENTIALS])
def test_only_on_a_screen_is_a_captcha_read(kind: NextStepType) -> None:
    """By a person who does not give up."""
    page = NextStep(kind, is_captcha_required=True, captcha_image=CAPTCHA)
    assert answer(ADA, page, str)[1].captcha_value == "471100"
    for blind in (replace(ADA, solve_captcha=False), replace(ADA, channel=Channel.BARCODE)):
        with pytest.raises(HubError):
            answer(blind, page, str)


def test_somebody_modest_says_nothing_unasked() -> None:
    """Somebody who insists says what they came for."""
    assert insisting(ADA) == ()
    both = insisting(replace(ADA, staging="Single", on_behalf="grace"))
    assert both == (
        (Step.STAGING_CHOICE, HubRequest(staging_mode="Single")),
        (Step.ON_BEHALF_USER, HubRequest(username="grace")),
    )


@pytest.mark.parametrize("kind", [NextStepType.NONE, 4, 18])
def test_a_page_that_nobody_knows_is_not_answered(kind: int) -> None:
    """Real servers have more of them than ours."""
    with pytest.raises(HubError, match=f"does not know the step {int(kind)}"):
        answer(ADA, NextStep(kind), str)
