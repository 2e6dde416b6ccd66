"""Staging through the wizard: for whoever logs in afterwards, on behalf of somebody, and for many."""

from __future__ import annotations

import pytest

from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceStagingType,
    EntryChannel,
    ListAttribute,
    ListKind,
    UserStatus,
)
from mdm_server.service.staging.lists import ListOrder
from mdm_server.wire.hub import NextStepType, Step
from rigs.hub import password_of
from rigs.staging_office import StagingOffice


async def test_a_standard_staging_user_enrols_for_whoever_logs_in(office: StagingOffice) -> None:
    """Row 22: enrolled, staged and unclaimed; nobody's registration, and no settings of any user."""
    stager, hub = await office.person("stager", DeviceStagingType.STANDARD), office.hub(1)
    await hub.enroll("stager")
    device = await office.record(hub.device)
    assert device.assignment.state is AssignmentState.STAGED_UNCLAIMED
    assert (device.assignment.user, device.assignment.stager) == (None, stager.id)
    assert not await office.see(lambda view: view.registrations.of_device(device.id))
    assert await hub.device.idle() is None
    (told,) = await office.told("assignment.staged")
    assert told.detail["stager"] == "stager"


async def test_twenty_devices_are_staged_one_after_the_other(office: StagingOffice) -> None:
    """Row 54: without Configurator every device has a wizard of its own."""
    await office.person("stager", DeviceStagingType.STANDARD)
    sessions = set()
    for number in range(20):
        hub = office.hub(number)
        await hub.walk("stager")
        sessions.add(hub.session)
    assert len(sessions) == 20


async def test_an_advanced_staging_user_enrols_on_behalf_of_somebody(office: StagingOffice) -> None:
    """Row 28: the device is the named user's at the end, and the staging user owns nothing."""
    stager = await office.person("stager", DeviceStagingType.ADVANCED)
    ann, hub = await office.person("ann"), office.hub(1)
    await hub.begin()
    asked = await hub.log_in("stager")
    assert (asked.next_step.type, asked.next_step.staging_required) == (NextStepType.ON_BEHALF_USER, True)
    await hub.say(Step.ON_BEHALF_USER, username="ann")
    await hub.install((await hub.say(Step.INSTALL_URL)).next_step.install_url)
    device = await office.record(hub.device)
    assert device.assignment.state is AssignmentState.ASSIGNED
    assert (device.assignment.user, device.assignment.stager) == (ann.id, stager.id)
    assert not await office.see(lambda view: view.registrations.for_user(stager.id))


@pytest.mark.parametrize("target", ["nobody", "", "sleeper", "stager"])
async def test_nobody_is_enrolled_who_may_not_have_the_device(office: StagingOffice, target: str) -> None:
    """Row 29: an unknown, an inactive and a staging user are no targets; nothing is enrolled."""
    await office.person("stager", DeviceStagingType.ADVANCED)
    await office.person("sleeper", status=UserStatus.INACTIVE)
    hub = office.hub(1)
    await hub.begin()
    await hub.log_in("stager")
    await hub.refused("STAGING_TARGET_INVALID", hub.ask(Step.ON_BEHALF_USER, username=target))


async def test_a_device_registered_to_another_is_not_staged_for_the_wrong_one(office: StagingOffice) -> None:
    """§4 no. 30: the person with the list erred, so the device is refused and not locked."""
    await office.person("stager", DeviceStagingType.ADVANCED)
    ann, _, hub = await office.person("ann"), await office.person("bob"), office.hub(1)
    await office.register(ann.id, hub)
    await hub.begin()
    await hub.log_in("stager")
    await hub.refused("REG_USER_MISMATCH", hub.ask(Step.ON_BEHALF_USER, username="bob"))
    assert (await office.known(hub.device)).lock is None
    assert not (await hub.walk("stager", on_behalf="ann")).refused


async def test_who_may_not_stage_is_refused_and_who_may_otherwise_too(office: StagingOffice) -> None:
    """Row 30 and §4 no. 28: asked for without being offered, staging is refused by the name of the rule."""
    await office.person("ann")
    await office.person("stager", DeviceStagingType.STANDARD)
    hub = office.hub(1)
    await hub.begin()
    await hub.log_in("ann")
    await hub.refused("STAGING_NOT_ALLOWED", hub.ask(Step.ON_BEHALF_USER, username="ann"))
    await hub.begin()
    await hub.log_in("ann")
    await hub.refused("STAGING_NOT_ALLOWED", hub.ask(Step.STAGING_CHOICE, staging_mode="Multi"))
    await hub.begin()
    await hub.log_in("stager")
    await hub.refused("STAGING_TYPE_MISMATCH", hub.ask(Step.STAGING_CHOICE, staging_mode="Multi"))
    await hub.begin()
    await hub.log_in("stager")
    await hub.refused("STAGING_TYPE_MISMATCH", hub.ask(Step.ON_BEHALF_USER, username="ann"))


@pytest.mark.parametrize(
    ("staging_type", "choice", "state"),
    [
        (DeviceStagingType.MULTI_STANDARD, "Single", AssignmentState.STAGED_UNCLAIMED),
        (DeviceStagingType.MULTI_STANDARD, "multi", AssignmentState.MULTI_IDLE),
        (DeviceStagingType.MULTI_ADVANCED, "Single", AssignmentState.ASSIGNED),
        (DeviceStagingType.MULTI_ADVANCED, "Multi", AssignmentState.MULTI_IDLE),
        (DeviceStagingType.MULTI, "", AssignmentState.MULTI_IDLE),
        (DeviceStagingType.STANDARD, "", AssignmentState.STAGED_UNCLAIMED),
    ],
)
async def test_who_may_do_both_is_asked_which(
    office: StagingOffice, staging_type: DeviceStagingType, choice: str, state: AssignmentState
) -> None:
    """Row 31: only who has a choice is asked, and the choice decides what the device becomes."""
    await office.person("stager", staging_type)
    await office.person("ann")
    hub = office.hub(1)
    await hub.begin()
    asked = (await hub.log_in("stager")).next_step.type
    assert (asked == NextStepType.STAGING_CHOICE) is bool(choice)
    await hub.enroll("stager", staging_mode=choice, on_behalf="ann")
    assert (await office.record(hub.device)).assignment.state is state


async def test_staged_devices_count_against_who_staged_them_until_they_are_claimed(office: StagingOffice) -> None:
    """Row 61: the limit is the staging user's at first, and the claimant's afterwards."""
    await office.person("stager", DeviceStagingType.STANDARD)
    await office.person("ann")
    await office.set(max_devices=1)
    first, second = office.hub(1), office.hub(2)
    await first.enroll("stager")
    assert (await second.walk("stager")).status.reason == "MAX_DEVICES"
    assert not (await first.take("ann")).refused
    await second.enroll("stager")
    assert (await second.take("ann")).status.reason == "MAX_DEVICES"


async def test_a_cart_enrols_registered_devices_each_for_its_own_user(office: StagingOffice) -> None:
    """Rows 52 and 53: with Configurator nobody types anything; who is not expected, or denied, is refused alone."""
    people = [await office.person(f"user{number}") for number in range(3)]
    hubs = [office.hub(number, channel=EntryChannel.CONFIGURATOR) for number in range(4)]
    for user, hub in zip(people, hubs, strict=False):
        await office.register(user.id, hub)
    for user, hub in zip(people, hubs, strict=False):
        await hub.enroll()
        device = await office.record(hub.device)
        assert (device.assignment.user, device.via) == (user.id, EntryChannel.CONFIGURATOR)
    unexpected = hubs[3]
    assert (await unexpected.begin()).next_step.type == NextStepType.CREDENTIALS
    await office.person("stager", DeviceStagingType.STANDARD)
    await unexpected.enroll("stager")
    assert (await office.record(unexpected.device)).assignment.state is AssignmentState.STAGED_UNCLAIMED


async def test_whoever_pretends_to_be_a_cart_is_nobody_but_whom_the_device_is_registered_to(
    office: StagingOffice,
) -> None:
    """T-80: nothing proves a cart. It may name no user, speaks for no staging user, and no guard is asked less."""
    ann, _ = await office.person("ann"), await office.person("bob")
    stager = await office.person("stager", DeviceStagingType.STANDARD)
    unknown, hers, denied, staged = [office.hub(number, channel=EntryChannel.CONFIGURATOR) for number in range(4)]
    for user, hub in ((ann, hers), (ann, denied), (stager, staged)):
        await office.register(user.id, hub)
    serial = denied.device.serial_number
    await office.staging.lists.add(
        ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=(serial,))
    )
    assert (await unknown.begin()).next_step.type == NextStepType.CREDENTIALS
    assert (await unknown.log_in("ann", "a guess")).status.reason == "BAD_CREDENTIALS"
    assert (await denied.begin()).status.reason == "DEVICE_DENYLISTED"
    assert (await staged.walk("stager", password="a guess")).status.reason == "BAD_CREDENTIALS"
    await hers.begin()
    assert (await hers.log_in("bob", "a guess")).refused
    await hers.enroll()
    assert (await office.record(hers.device)).assignment.user == ann.id
    assert {entry.detail.get("user") for entry in await office.told("assignment.assigned")} == {"ann"}


async def test_staging_by_barcode_needs_nobody(office: StagingOffice) -> None:
    """Row 55: with the staging user's credentials in the code, the device is enrolled without a question."""
    await office.person("stager", DeviceStagingType.MULTI_STANDARD)
    await office.set(terms={"version": "1"}, ask_ownership=True)
    hub = office.hub(1, channel=EntryChannel.BARCODE)
    await hub.begin()
    assert (await hub.log_in("stager")).next_step.type == NextStepType.INSTALL
    await hub.begin()
    request = hub.ask(Step.CREDENTIALS, username="stager", password="wrong")
    await hub.refused("BAD_CREDENTIALS", request, "stager")
    assert password_of("stager")
