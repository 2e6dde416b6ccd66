"""Many people, one device, one moment: whoever comes first has it, and nobody else, two hundred times over."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, PresentedDevice
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, Platform
from mdm_server.service.staging.passwords import CHEAP
from mdm_server.store.staging import ROOT_GROUP, StagingRoom
from mdm_server.wire.hub import Step
from rigs.hub import Hub
from rigs.service import ServiceRig
from rigs.staging_office import StagingOffice

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]

CROWDS = [2, 2, 3, 2, 4, 2, 8, 2, 3, 32]
"""How many log in at once, in turn."""


@pytest.fixture
async def busy(open_rig: OpenRig) -> AsyncIterator[StagingOffice]:
    """Return an office whose store has a thread of its own, so that things really happen at once."""
    async with open_rig(inline=False, password_cost=CHEAP) as rig:
        yield StagingOffice(rig)


@pytest.fixture
async def crowd(busy: StagingOffice) -> list[EnrollmentUser]:
    """Return the people who want the device."""
    return [await busy.person(f"user{number}") for number in range(max(CROWDS))]


async def staged(office: StagingOffice, kind: DeviceStagingType) -> Hub:
    """Return the Hub of a device that was staged."""
    await office.person("stager", kind)
    hub = office.hub(1)
    await hub.enroll("stager")
    return hub


async def restage(office: StagingOffice, hub: Hub, state: AssignmentState) -> None:
    """Put a device back to where nobody had taken it, and forget who did: the next round begins."""
    device = await office.record(hub.device)

    def work(room: StagingRoom) -> None:
        for registration in room.registrations.of_device(device.id):
            room.registrations.remove(registration.id)
        held = Assignment(state, None, device.assignment.stager, office.rig.clock())
        room.devices.replace(replace(device, assignment=held, claimed_once=False, claimed_at=None))

    await office.act(work)


@pytest.mark.parametrize(
    ("kind", "idle", "taken", "refused"),
    [
        (DeviceStagingType.STANDARD, AssignmentState.STAGED_UNCLAIMED, AssignmentState.ASSIGNED, "ALREADY_CLAIMED"),
        (DeviceStagingType.MULTI, AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT, "CHECKED_OUT"),
    ],
)
async def test_of_many_who_log_in_at_once_one_has_the_device(
    busy: StagingOffice,
    crowd: list[EnrollmentUser],
    kind: DeviceStagingType,
    idle: AssignmentState,
    taken: AssignmentState,
    refused: str,
) -> None:
    """Fifty times on a staged device and fifty on a shared one: one is in, the others get the rule's own refusal."""
    hub = await staged(busy, kind)
    for size in itertools.islice(itertools.cycle(CROWDS), 50):
        people = busy.rig.random.sample(crowd, size)
        replies = await asyncio.gather(*(hub.take(user.user_name) for user in people))
        assert Counter(reply.status.reason for reply in replies) == {"": 1, refused: size - 1}
        winner = next(user for user, reply in zip(people, replies, strict=True) if not reply.refused)
        device = await busy.record(hub.device)
        assert (device.assignment.state, device.assignment.user) == (taken, winner.id)
        await restage(busy, hub, idle)


async def test_a_registered_device_has_its_owner_or_a_lock_and_never_two(
    busy: StagingOffice, crowd: list[EnrollmentUser]
) -> None:
    """A hundred times: wizards of one device race; whoever is led to the install URL is the owner, once at most."""
    owner = crowd[0]
    for number, size in enumerate(itertools.islice(itertools.cycle(CROWDS), 100)):
        hub = busy.hub(number)
        await busy.register(owner.id, hub)
        people = [owner, *busy.rig.random.sample(crowd[1:], size - 1)]
        busy.rig.random.shuffle(people)
        hubs = [await asking(busy, number, user) for user in people]
        replies = await asyncio.gather(*(each.log_in(user.user_name) for each, user in zip(hubs, people, strict=True)))
        assert [user for user, reply in zip(people, replies, strict=True) if not reply.refused] in ([], [owner])
        links = await asyncio.gather(*(each.say(Step.INSTALL_URL) for each in hubs))
        led = [user for user, link in zip(people, links, strict=True) if link.next_step.install_url]
        device = await busy.known(hub.device)
        assert led in ([], [owner])
        assert (device.lock is None) is bool(led), "either the owner came first, or somebody else did"


async def test_of_many_wizards_of_one_free_device_one_leads_to_the_end(
    busy: StagingOffice, crowd: list[EnrollmentUser]
) -> None:
    """Nobody is expected, all are let in, and still only the last of them has a session that leads anywhere."""
    for number, size in enumerate(sorted(set(CROWDS))):
        people = crowd[:size]
        hubs = [await asking(busy, number, user) for user in people]
        await asyncio.gather(*(each.log_in(user.user_name) for each, user in zip(hubs, people, strict=True)))
        links = await asyncio.gather(*(each.say(Step.INSTALL_URL) for each in hubs))
        assert len([link for link in links if link.next_step.install_url]) == 1


async def asking(office: StagingOffice, number: int, user: EnrollmentUser) -> Hub:
    """Return a Hub that asks for credentials; put there directly, for a wizard that begins would end the others."""
    hub = office.hub(number)
    hub.session = f"{number:016x}{user.id:016x}"
    device = PresentedDevice(
        DeviceIdentifiers(hub.device.udid, hub.device.serial_number), Platform.IOS, hub.device.product_name, "17.5"
    )
    ends = office.rig.clock() + timedelta(minutes=30)
    session = HubSession(hub.session, SessionStep.CREDENTIALS, device, ends, group=ROOT_GROUP)
    await office.act(lambda room: room.sessions.add(session))
    return hub
