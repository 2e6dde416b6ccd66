"""Setting up is told as it went: what was typed, by whom, and whether anybody manages the device in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from device_emulator.core import actions
from device_emulator.core.events import Enrolled, EnrollmentFailed, EnrollmentStage, Event, SetupAssistantFinished
from device_emulator.core.hub.intent import Channel
from device_emulator.core.setting_up.answers import SKIP, Guide, SetupAnswers
from device_emulator.core.setting_up.events import ActivationFailed, SetupAssistantWaits
from device_emulator.scenario.checking import Script
from device_emulator.scenario.findings import Deed
from rigs.pretend_stage import PretendStage

Write = Callable[..., Script]
FINISHED = SetupAssistantFinished(("Language", "Welcome"))
ENROLLED = [Enrolled("https://mdm.test/mdm"), FINISHED]


async def set_up(write: Write, stage: PretendStage, step: str, shown: Sequence[Event]) -> Deed:
    """Return what came of setting one device up."""
    stage.shows = [shown]
    [deed] = [came async for came in write(f"set-up: {step}").steps[0].step.perform(stage)]
    assert isinstance(deed, Deed)
    return deed


def answers(stage: PretendStage) -> SetupAnswers:
    """Return what was typed and tapped."""
    [(_, action)] = stage.acts
    assert isinstance(action, actions.SetUp)
    return action.setting_up.answers


async def test_what_is_said_is_what_is_typed_and_tapped(write: Write, stage: PretendStage) -> None:
    """Everything that Setup Assistant asks can be said in a script."""
    step = (
        "{device: phone, as: ada, passcode: '314159', apple_account: ada@icloud.test, restore: true,"
        " skip_enrollment: true, unlock: ada@icloud.test}"
    )
    deed = await set_up(write, stage, step, ENROLLED)
    typed = answers(stage)
    assert (typed.user_name, typed.password, typed.passcode) == ("ada", "ada", "314159")
    assert (typed.restore, typed.skip_enrollment, typed.unlock) == ("backup", True, "password of ada@icloud.test")
    assert typed.apple_account is not None
    assert typed.apple_account.name == "ada@icloud.test"
    told = "ada sets up phone from a backup and wants no management and types ada@icloud.test to unlock it"
    assert (deed.sentence, deed.text) == (told, "it is enrolled")


async def test_a_token_goes_into_both_fields_and_none_is_no_passcode(write: Write, stage: PretendStage) -> None:
    """Nobody has a user name who has a token only."""
    await set_up(write, stage, "{device: phone, token: adas, passcode: none}", ENROLLED)
    typed = answers(stage)
    assert typed.user_name == typed.password == "token of adas"
    assert typed.passcode == SKIP


@pytest.mark.parametrize(
    ("shown", "code", "text"),
    [
        (ENROLLED, "", "it is enrolled"),
        ([FINISHED], "", "nobody manages it"),
        ([ActivationFailed("activation.locked", "locked")], "activation.locked", "locked"),
        ([EnrollmentFailed(EnrollmentStage.PROFILE, "setup.credentials", "who?")], "setup.credentials", "who?"),
        ([SetupAssistantWaits("WiFi")], "setup.waits", "Setup Assistant waits at WiFi"),
        ([SetupAssistantWaits("WiFi"), *ENROLLED], "", "it is enrolled"),
        ([], "NOTHING_CAME_OF_IT", "nothing could be seen to come of it"),
    ],
)
async def test_it_ends_as_what_was_seen_last_says(
    write: Write, stage: PretendStage, shown: Sequence[Event], code: str, text: str
) -> None:
    """At the home screen, or where Setup Assistant stays."""
    deed = await set_up(write, stage, "{device: phone, as: ada}", shown)
    assert (deed.code, deed.text) == (code, text)


async def test_nobody_taps(write: Write, stage: PretendStage) -> None:
    """The device goes as far as it can by itself."""
    deed = await set_up(write, stage, "{device: phone, nobody: true}", ENROLLED)
    [(_, action)] = stage.acts
    assert action.setting_up.guide is Guide.NOBODY
    assert deed.sentence == "phone is switched on, and nobody taps"


async def test_configurator_adds_a_device_before_it_prepares_it(write: Write, stage: PretendStage) -> None:
    """Apple has to know of the device, and our server of what Apple knows, before the device asks whose it is."""
    stage.shows = [ENROLLED]
    [deed] = [came async for came in write("configure: {device: phone, as: ada}").steps[0].step.perform(stage)]
    assert isinstance(deed, Deed)
    assert deed.passed
    assert (stage.portal.orders, stage.program.orders) == ([("add", "phone")], [("synchronize",)])
    [(_, action)] = stage.acts
    assert isinstance(action, actions.Prepare)
    assert action.add_to_abm
    assert (action.intent.user_name, action.intent.channel) == ("ada", Channel.CONFIGURATOR)
