"""What is done in Apple Business Manager is done there, or refused in its own words; failures are told of."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from device_emulator.scenario.checking import check
from device_emulator.scenario.company import Company
from device_emulator.scenario.offices import Failure, Refused
from device_emulator.scenario.playing import STAGES
from device_emulator.scenario.portal import ApplePortal

DOCUMENT = """\
scenario: tests/apple
description: Apple.
needs: [dep]
organization: {groups: [ACME], users: [ada]}
devices: [{name: phone, abm: true}, tablet, {name: android, platform: android}]
steps: []
"""


@pytest.fixture
async def stage() -> AsyncIterator[Company]:
    """Set a stage with Apple: one device that was bought, one that was not, and an Android."""
    async with STAGES["virtual"](check(DOCUMENT, "apple.yaml"), 7) as stage:
        assert isinstance(stage, Company)
        yield stage


async def test_a_device_stands_there_from_its_arrival_to_its_release(stage: Company) -> None:
    """Apple has no DEP profile for it as long as nobody assigned one."""
    assert (await stage.look("phone")).at_apple == "empty"
    await stage.portal.order(["tablet"], arrives_in=60)
    assert (await stage.look("tablet")).at_apple is None
    await stage.pass_time(61)
    assert (await stage.look("tablet")).at_apple == "empty"
    await stage.portal.release(["tablet"])
    assert (await stage.look("tablet")).at_apple is None


async def test_what_apple_does_not_do_is_refused_in_its_words(stage: Company) -> None:
    """Twice the same device, one that is nobody's, and one of somebody else's make."""
    for asked, code in (
        (stage.portal.order(["phone"], arrives_in=0), "abm.serial_taken"),
        (stage.portal.release(["tablet"]), "abm.serial_unknown"),
        (stage.portal.withdraw(["tablet"]), "abm.serial_unknown"),
        (stage.portal.add("phone"), "abm.serial_taken"),
        (stage.portal.order(["android"], arrives_in=0), "other_platform"),
    ):
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.code == code


async def test_nobody_deals_with_an_apple_that_is_not_played() -> None:
    """The remedy is said."""
    portal = ApplePortal(lambda: None, {}, lambda: pytest.fail("asked for the time"))
    with pytest.raises(Refused, match=r"needs: \[dep\]"):
        await portal.release([])
    assert (portal.profile_status("X"), portal.activation_lock("X"), portal.journal()) == (None, None, [])
    assert not [*portal.faults_struck(), *portal.faults_waiting()]


async def test_a_failure_is_waited_for_until_it_strikes_and_told_once(stage: Company) -> None:
    """As every fault is: one that never strikes was written for nothing."""
    await stage.portal.fail(Failure(service="dep", point="post_devices_sync", response="invalid_cursor"))
    [waiting] = stage.faults_waiting()
    await stage.program.synchronize()
    assert stage.faults_struck() == [waiting]
    assert not [*stage.faults_struck(), *stage.faults_waiting()]
    assert "dep.fault" in stage.apple_journal()
