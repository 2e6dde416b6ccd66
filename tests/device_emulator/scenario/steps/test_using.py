"""What people do with a device is done unless the device refuses, and is refused by a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from device_emulator.core import actions
from device_emulator.core.events import PersonRefused
from device_emulator.core.features import Feature
from device_emulator.core.troubles import Trouble
from device_emulator.scenario.checking import Script
from device_emulator.scenario.errors import DocumentError
from device_emulator.scenario.findings import Deed
from device_emulator.scenario.steps.using import account_of
from rigs.pretend_stage import PretendStage

Write = Callable[..., Script]
ADA = "ada@icloud.test"
STEPS: dict[str, tuple[Any, str]] = {
    f"sign-in-apple-account: {{device: phone, account: {ADA}, find_my: false}}": (
        actions.SignInAppleAccount(account_of(ADA, find_my=False)),
        f"The person holding phone signs in to {ADA} in Settings",
    ),
    f"sign-out-apple-account: {{device: phone, account: {ADA}}}": (
        actions.SignOutAppleAccount(f"password of {ADA}"),
        f"The person holding phone signs out of {ADA}",
    ),
    "back-up: phone": (actions.BackUp(), "The person holding phone backs it up to iCloud"),
    "erase: phone": (actions.EraseAllContent(), "The person holding phone erases all content and settings"),
    "leave-remote-management: phone": (
        actions.LeaveRemoteManagement(),
        "The person holding phone leaves remote management",
    ),
    "use: {device: phone, feature: host_pairing}": (
        actions.Use(Feature.HOST_PAIRING),
        "The person holding phone uses its host pairing",
    ),
    "remove-application: {device: phone, application: example.chat.pigeon}": (
        actions.RemoveApplication("example.chat.pigeon"),
        "The person holding phone deletes example.chat.pigeon",
    ),
    "update-system: phone": (actions.UpdateSystem(), "The person holding phone installs the newest system in Settings"),
    'update-system: {device: phone, version: "26.1"}': (
        actions.UpdateSystem("26.1"),
        "The person holding phone installs 26.1 in Settings",
    ),
    "answer-prompt: {device: phone, agree: false, about: system update}": (
        actions.AnswerPrompt(agree=False, about="system update"),
        "The person holding phone does not agree when asked about system update",
    ),
    "have-trouble: {device: phone, trouble: InstallInsufficientPower, times: 2}": (
        actions.HaveTrouble(Trouble.INSTALL_INSUFFICIENT_POWER, 2),
        "phone will meet InstallInsufficientPower, 2 times",
    ),
    'hear-of-release: {device: phone, version: "27.0"}': (
        actions.HearOfRelease("27.0", "99A1"),
        "phone is offered 27.0, which Apple has released",
    ),
}


@pytest.mark.parametrize("step", STEPS)
async def test_a_person_does_it_or_is_refused(write: Write, stage: PretendStage, step: str) -> None:
    """Done without a word; a refusal has the device's own code."""
    action, sentence = STEPS[step]
    [deed] = [came async for came in write(step).steps[0].step.perform(stage)]
    assert isinstance(deed, Deed)
    assert stage.acts == [("phone", action)]
    assert (deed.sentence, deed.code) == (sentence, "")
    stage.shows = [[PersonRefused(type(action).__name__, "restricted")]]
    [deed] = [came async for came in write(step).steps[0].step.perform(stage)]
    assert isinstance(deed, Deed)
    assert (deed.code, deed.passed) == ("restricted", False)


def test_a_version_is_text_and_a_feature_one_that_there_is(write: Write) -> None:
    """A mistake is told, with the nearest right word."""
    with pytest.raises(DocumentError, match="expected text"):
        write("update-system: {device: phone, version: 26.1}")
    with pytest.raises(DocumentError, match="host_pairing"):
        write("use: {device: phone, feature: host_paring}")
