from __future__ import annotations

from random import Random

from device_emulator.core.actions import OpenEnrollmentLink
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    EnrollmentStarted,
    HubRefused,
    ProfileRefused,
)
from device_emulator.core.messages import PersonActs, Request, ResponseArrived
from device_emulator.core.setting_up.events import ActivationFailed
from device_emulator.fleet.arrival import arrivals
from device_emulator.fleet.enrollment_run import EnrollmentRun
from device_emulator.fleet.loop import FleetLoop, wall_clock
from device_emulator.fleet.tally import Tally
from device_emulator.transport.contract import Outcome
from device_emulator.transport.memory import MemoryTransport
from rigs.small_device import SmallDevice

LINK = OpenEnrollmentLink("https://mdm.example/enroll")


async def _ok(_device: int, request: Request) -> Outcome:
    return ResponseArrived(request.number, 200)


def _run(count: int, rate: float | None) -> tuple[EnrollmentRun, FleetLoop, dict[int, SmallDevice]]:
    devices = {number: SmallDevice(clock=wall_clock) for number in range(count)}
    fleet = FleetLoop(devices, MemoryTransport(_ok), tally=Tally())  # type: ignore[arg-type]
    return EnrollmentRun(fleet, arrival_rate=rate, stream=Random(1)), fleet, devices


async def test_every_person_opens_the_link() -> None:
    """Once each."""
    run, fleet, devices = _run(5, None)
    async with fleet:
        await run.start(devices, LINK)
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
    assert all(device.heard[0] == PersonActs(LINK) for device in devices.values())


async def test_an_open_model_measures_from_the_intended_start() -> None:
    """The wait for a turn belongs to the latency: a stalled server cannot hide it."""
    run, fleet, devices = _run(2, 20.0)
    async with fleet:
        await run.start(devices, LINK)
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
        run.see(1, EnrollmentStarted(None))
        run.see(0, Enrolled("https://mdm.example/mdm"))
    first, second = arrivals(2, 20.0, Random(1))
    assert fleet.tally.enrollment.count == 1
    assert fleet.tally.enrollment.milliseconds(50) >= (second - first) * 1000 * 0.999


async def test_a_device_has_ended_when_it_is_enrolled_or_has_failed() -> None:
    """One that fails and then succeeds counts once."""
    run, fleet, _ = _run(3, None)
    for number in range(3):
        run.see(number, EnrollmentStarted(None))
    run.see(0, Enrolled("https://mdm.example/mdm"))
    run.see(1, EnrollmentFailed(EnrollmentStage.PROFILE, "profile.untrusted", "…"))
    assert run.ended == 2
    run.see(1, EnrollmentStarted(None))
    run.see(1, Enrolled("https://mdm.example/mdm"))
    assert (run.enrolled, run.failed, run.ended) == ({0, 1}, {}, 2)
    assert fleet.tally.enrollment.count == 2


async def test_a_file_that_is_refused_when_it_is_opened_is_an_end() -> None:
    """No enrolment began, and nothing else will come: who waits for the fleet must not wait for that device."""
    run, _, _ = _run(2, None)
    run.see(0, ProfileRefused("profile.untrusted", "…"))
    assert (run.ended, run.failed[0].stage, run.failed[0].reason) == (1, EnrollmentStage.PROFILE, "profile.untrusted")
    run.see(1, EnrollmentStarted(None))
    run.see(1, Enrolled("https://mdm.example/mdm"))
    run.see(1, ProfileRefused("profile.untrusted", "a profile that came later"))
    assert (run.enrolled, set(run.failed)) == ({1}, {0})


async def test_a_wizard_that_refuses_is_an_end() -> None:
    """A device that is refused by the Hub begins no enrolment either; a login that is refused later ends nothing."""
    run, _, _ = _run(2, None)
    run.see(0, HubRefused("DEVICE_DENYLISTED", "Enrollment Denied.", "validateGroupIdentifier"))
    run.see(1, EnrollmentStarted(None))
    run.see(1, Enrolled("https://mdm.example/mdm"))
    run.see(1, HubRefused("ALREADY_CLAIMED", "No.", "login"))
    assert (run.enrolled, {number: failure.reason for number, failure in run.failed.items()}) == (
        {1},
        {0: "DEVICE_DENYLISTED"},
    )


async def test_a_device_that_apple_does_not_activate_is_at_its_end() -> None:
    """It never got as far as an enrolment, and is counted as one that failed."""
    run, fleet, _ = _run(1, None)
    async with fleet:
        run.see(0, ActivationFailed("activation.refused", "expected 200, found 403"))
        fleet.tally.see(ActivationFailed("activation.refused", "expected 200, found 403"))
    assert run.ended == 1
    assert run.failed[0].reason == "activation.refused"
    assert fleet.tally.failures == {"activation: activation.refused": 1}
