from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from device_emulator.scenario import Script, load
from device_emulator.scenario.runner import perform, silently
from device_emulator.scenario.virtual_stage import VirtualStage, virtual_stage
from mdm_server.embed.explaining import explain_from_journal, read_journal

EXPLAINED = [
    "configurator/one-of-twenty-denied",
    "direct/stays-unmanaged",
    "limits/wipe-threshold",
    "lockout/bound-to-its-last-owner",
    "lockout/denied-while-enrolled",
    "lockout/wrong-user-lenient",
    "registration/android-work-profile-is-verified",
    "shared/checked-out-and-in",
    "shared/staging-user-deleted",
    "staging/advanced",
    "staging/android-qr-code",
    "staging/picked-up-by-a-third-person",
    "staging/registration-beats-staging",
]


@pytest.mark.parametrize("name", EXPLAINED)
async def test_a_journal_alone_explains_a_device_as_its_records_do(name: str) -> None:
    """Why it is as it is, and what frees it: what records say and what entries let one know are told by different code.

    A journal does not know what a device is called, so the first words of the first sentence are left out.
    """
    compared: list[str] = []

    @asynccontextmanager
    async def stage_to_explain(script: Script, seed: int) -> AsyncIterator[VirtualStage]:
        async with virtual_stage(script, seed) as stage:
            yield stage
            entries = read_journal(line.encode() for line in await stage.journal())
            for device in await stage.suite.staging.devices.search():
                number = f"device:{device.device.id}"
                by_records = await stage.suite.staging.explaining.explain(number)
                by_journal = explain_from_journal(entries, by_records.device.rpartition("(")[2].rstrip(")"))
                assert _without_title(by_records.state, by_records.device) == _without_title(
                    by_journal.state, by_journal.device
                )
                assert by_records.remedy == by_journal.remedy
                compared.append(number)

    outcome = await perform(load(name), stage_to_explain, seed=7, clock="virtual", tell=silently, keep_going=False)
    assert outcome.passed, outcome.story
    assert compared


def _without_title(state: tuple[str, ...], title: str) -> tuple[str, ...]:
    first, *others = state
    return (first.removeprefix(title), *others)
