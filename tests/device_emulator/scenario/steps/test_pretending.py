"""Thieves are refused, and read what everybody reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from device_emulator.scenario.checking import Script
from device_emulator.scenario.findings import Deed, Finding
from device_emulator.scenario.forging import Forgery
from device_emulator.scenario.stage import ProfileReply
from rigs.pretend_stage import PretendStage

Write = Callable[..., Script]
STEP = "ask-for-profile: {device: phone, by: ipad-1, forged: guessed, refused: http.400}"


@pytest.mark.parametrize(
    ("reply", "passed"),
    [
        (ProfileReply(400, is_alike=True), [True, True]),
        (ProfileReply(400, is_alike=False), [True, False]),
        (ProfileReply(403, is_alike=True), [False, True]),
        (ProfileReply(200, is_alike=True), [False]),
    ],
)
async def test_a_thief_who_gets_in_or_learns_something_fails_the_play(
    write: Write, stage: PretendStage, reply: ProfileReply, passed: list[bool]
) -> None:
    """An answer that differs from the others gives something away."""
    stage.replies = [reply]
    came = [one async for one in write(STEP).steps[0].step.perform(stage)]
    assert [one.passed for one in came] == passed
    assert stage.acts == [("ipad-1", ("phone", Forgery.GUESSED))]


async def test_a_device_may_ask_for_its_own_profile(write: Write, stage: PretendStage) -> None:
    """And gets it."""
    stage.replies = [ProfileReply(200, is_alike=True)]
    [deed] = [one async for one in write("ask-for-profile: {device: phone}").steps[0].step.perform(stage)]
    assert isinstance(deed, Deed)
    assert not isinstance(deed, Finding)
    assert deed.sentence == "Somebody asks for the profile of phone from the device itself"
    assert stage.acts == [("phone", ("phone", Forgery.NONE))]
