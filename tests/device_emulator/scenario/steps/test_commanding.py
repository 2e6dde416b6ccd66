"""Commands are judged by what has become of them, and by the number of the error."""

from __future__ import annotations

import base64
import plistlib
from collections.abc import Callable

import pytest

from device_emulator.scenario.checking import Script
from device_emulator.scenario.errors import DocumentError
from device_emulator.scenario.findings import Deed, Finding
from device_emulator.scenario.offices import CommandAnswer
from rigs.pretend_stage import PretendStage

Write = Callable[..., Script]


async def judged(write: Write, stage: PretendStage, order: str) -> tuple[Deed, list[Finding]]:
    """Return what was done, and what was found."""
    [deed, *findings] = [came async for came in write(f"admin: {{{order}}}").steps[0].step.perform(stage)]
    assert isinstance(deed, Deed)
    return deed, [finding for finding in findings if isinstance(finding, Finding)]


@pytest.mark.parametrize(
    ("said", "answer", "passed"),
    [
        ("", CommandAnswer("Acknowledged"), True),
        ("", CommandAnswer("Error", 12021), False),
        ("", CommandAnswer("Queued"), False),
        (", answer: NotNow", CommandAnswer("NotNow"), True),
        (", answer: Queued", CommandAnswer("Queued"), True),
        (", error: 12021", CommandAnswer("Error", 12021), True),
        (", error: 12021", CommandAnswer("Error", 12078), False),
        (", error: 12021", CommandAnswer("Acknowledged"), False),
        (", answer: Error", CommandAnswer("Error", 12078), True),
    ],
)
async def test_a_command_of_apples_is_expected_to_be_acknowledged_unless_something_else_is_said(
    write: Write, stage: PretendStage, said: str, answer: CommandAnswer, passed: bool
) -> None:
    """A command that nobody answers fails a scenario that does not say so."""
    stage.office.answers["DisableLostMode"] = answer
    _, [finding] = await judged(write, stage, f"command: {{device: phone, command: DisableLostMode{said}}}")
    assert finding.passed is passed


async def test_a_command_has_the_fields_that_are_said(write: Write, stage: PretendStage) -> None:
    """As the command's own document names them."""
    deed, _ = await judged(write, stage, "command: {device: phone, command: EnableLostMode, with: {Message: Call me.}}")
    assert stage.office.orders == [("command", "phone", "EnableLostMode", {"Message": "Call me."})]
    assert deed.sentence == "The administrator sends phone the command EnableLostMode"


async def test_a_command_of_the_consoles_is_judged_by_its_answer_only_when_one_is_said(
    write: Write, stage: PretendStage
) -> None:
    """What it leads to is looked at on the device."""
    assert (await judged(write, stage, "command: {device: phone, command: Lock}"))[1] == []
    _, [finding] = await judged(write, stage, "command: {device: phone, command: Lock, answer: Acknowledged}")
    assert finding.passed


async def test_every_device_of_a_series_is_told_and_judged(write: Write, stage: PretendStage) -> None:
    """One that is refused keeps the others from nothing."""
    script = write("admin: {command: {device: ipad-*, command: DeviceLock}}")
    came = [one async for one in script.steps[0].step.perform(stage)]
    assert [type(one) for one in came] == [Deed, Finding] * 3
    stage.office.refuses["command"] = "state.not_enrolled"
    refused = [one async for one in script.steps[0].step.perform(stage)]
    assert [one.code for one in refused if isinstance(one, Deed)] == ["state.not_enrolled"] * 3


def test_a_command_that_nobody_knows_is_a_mistake(write: Write) -> None:
    """The one that was probably meant is named."""
    with pytest.raises(DocumentError, match="EnableLostMode"):
        write("admin: {command: {device: phone, command: EnableLostMod}}")


async def test_a_profile_is_written_out_around_its_payload(write: Write, stage: PretendStage) -> None:
    """The same words are the same profile: two plays write the same journal."""
    order = "install-profile: {device: phone, payload: com.apple.applicationaccess, with: {allowCamera: false}}"
    for _ in range(2):
        await judged(write, stage, order)
    (_, device, command, fields), again = stage.office.orders
    assert (device, command) == ("phone", "InstallProfile")
    assert again[3] == fields
    profile = plistlib.loads(base64.b64decode(fields["Payload"]))
    [payload] = profile["PayloadContent"]
    assert (profile["PayloadType"], payload["PayloadType"]) == ("Configuration", "com.apple.applicationaccess")
    assert payload["allowCamera"] is False
    assert profile["PayloadUUID"] != payload["PayloadUUID"]
