"""What both stages promise to steps, on both clocks, beyond what every shipped scenario shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from device_emulator.core.events import Enrolled, RetryScheduled
from device_emulator.core.person import Habits
from device_emulator.scenario import Script, run
from device_emulator.scenario.company import Company
from device_emulator.scenario.document import ListEntry, Registration
from device_emulator.scenario.errors import ScenarioError
from device_emulator.scenario.offices import Refused
from device_emulator.scenario.playing import STAGES
from device_emulator.scenario.steps.enrolling import Enrol

Write = Callable[..., Script]
SLACK = timedelta(seconds=30)


@pytest.fixture(params=sorted(STAGES))
def clock(request: pytest.FixtureRequest) -> str:
    """Return the name of a clock."""
    return str(request.param)


@pytest.fixture
async def stage(clock: str, write: Write) -> AsyncIterator[Company]:
    """Set a stage with a phone registered to Ada, and three tablets."""
    async with STAGES[clock](write(), 7) as stage:
        assert isinstance(stage, Company)
        yield stage


async def test_the_stage_is_set_as_the_document_says(stage: Company) -> None:
    """The phone is expected, and known by the serial number that the device has."""
    look = await stage.look("phone")
    assert (look.known, look.status, look.registration, look.registered_to) == (True, "Registered", "Active", "ada")
    assert (look.managed, look.life) == (False, "setup_assistant")
    assert not (await stage.look("ipad-1")).known
    assert stage.devices("ipad-*") == ["ipad-1", "ipad-2", "ipad-3"]
    assert len({stage.identifier(name) for name in stage.devices("*")}) == 4


async def test_people_have_the_credentials_of_their_accounts(stage: Company) -> None:
    """Also those who are called otherwise."""
    person = stage.person("Lovelace")
    assert (person.name, person.user_name) == ("Lovelace", "ada")
    assert person.password == stage.person("ada").password != stage.person("bo").password


async def test_time_passes_without_being_waited_for(stage: Company) -> None:
    """For the server and for the devices."""
    before = stage.now
    await stage.pass_time(86_400)
    assert timedelta(days=1) <= stage.now - before <= timedelta(days=1) + SLACK


@pytest.mark.parametrize("fault", ["request-lost", "answer-lost"])
async def test_a_device_gets_over_a_fault_of_the_network(stage: Company, fault: str) -> None:
    """It tries again when it may, and nobody waits for that either."""
    await stage.inject_fault("phone", "token_update", fault, 1)
    step = Enrol(device="phone", as_="ada")
    sighting = await stage.enrol("phone", step.intent(stage))
    assert any(isinstance(event, RetryScheduled) for event in sighting.events)
    assert any(isinstance(event, Enrolled) for event in sighting.events)
    [struck] = stage.faults_struck()
    assert struck.startswith("phone: message 1 of kind token_update ")
    assert not [*stage.faults_struck(), *stage.faults_waiting()]
    assert (await stage.look("phone")).status == "Enrolled"


async def test_what_the_server_refuses_the_administrator_is_refused_in_the_scripts_words(stage: Company) -> None:
    """A stable code, and a text to read."""
    office = stage.office
    for asked in (
        office.unlock("ipad-1"),
        office.delete_device("ipad-1"),
        office.assign("ipad-1", "ada"),
        office.wipe("ipad-1", "device", prevent_reenrollment=False),
    ):
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.code == "device.unknown"
        assert caught.value.text
    with pytest.raises(Refused, match="not on the deny list"):
        await office.take_off_list("deny", "phone")
    with pytest.raises(Refused, match="not registered"):
        await office.delete_registration(name=None, device="ipad-1")
    with pytest.raises(Refused, match=r"state\.not_enrolled"):
        await office.wipe("phone", "enterprise", prevent_reenrollment=False)
    with pytest.raises(Refused, match=r"wipe\.unknown"):
        await office.decide_wipe("phone", approve=True)
    with pytest.raises(Refused, match=r"api\.conflict"):
        await office.register(Registration(user="bo", device="phone"))


async def test_a_whole_platform_can_be_put_on_a_list(stage: Company) -> None:
    """Then every device of it is refused."""
    await stage.office.put_on_list(ListEntry(kind="deny", platform="ios"))
    intent = Enrol(device="ipad-1", as_="ada").intent(stage)
    sighting = await stage.enrol("ipad-1", intent)
    assert any(getattr(event, "code", "") == "DEVICE_DENYLISTED" for event in sighting.events)


async def test_a_clock_that_there_is_not_is_refused(write: Write) -> None:
    """With those that there are."""
    with pytest.raises(ScenarioError, match="expected one of real, virtual"):
        await run(write(), clock="sundial")


async def test_people_have_the_habits_of_the_script(stage: Company) -> None:
    """Whoever has none does everything right."""
    clumsy = stage.person("Lovelace")
    assert (clumsy.habits.mistypes, clumsy.passcode) == (0.5, "314159")
    assert stage.person("ada").habits == Habits()
