"""Behind the install URL: the enrolment profile of a session, and the one-time token of an Android."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qs, urlsplit

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.hub_session import SessionStep
from mdm_server.domain.staging.vocabulary import AssignmentState, EnrollmentType
from mdm_server.service.staging.completion import hash_of_android_token, session_of_android_token
from mdm_server.service.staging.passwords import CHEAP
from mdm_server.wire.hub import Step
from rigs.hub import Hub
from rigs.rejection import assert_rejected
from rigs.service import ServiceRig
from rigs.staging_office import StagingOffice

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]


async def led(office: StagingOffice, hub: Hub) -> str:
    """Go through the wizard, and return the install URL."""
    if not (await office.staging.users.search(user_name="ann")).total:
        await office.person("ann")
    return (await hub.walk("ann")).next_step.install_url


async def test_a_profile_is_for_the_device_of_the_session_only(office: StagingOffice) -> None:
    """Another device that comes with the profile of a session is refused, and nobody's device is enrolled."""
    hub = office.hub(1)
    profile = await hub.fetch(await led(office, hub))
    thief = office.rig.device(2)
    await thief.get_certificate(profile)
    with pytest.raises(Refusal):
        await thief.authenticate()
    await hub.device.enroll(await hub.fetch((await hub.say(Step.INSTALL_URL)).next_step.install_url))
    assert (await office.record(hub.device)).status is EnrollmentStatus.ENROLLED


async def test_a_profile_that_is_fetched_again_makes_the_one_before_worthless(office: StagingOffice) -> None:
    """A download that broke off is repeated; there is one good profile at any time."""
    hub = office.hub(1)
    url = await led(office, hub)
    await hub.fetch(url)
    profile = await hub.fetch(url)
    assert sorted(row.revoked for row in await office.rig.store.invitations.list()) == [False, True]
    await hub.device.enroll(profile)
    session = await office.see(lambda view: view.sessions.get(hub.session))
    assert session is not None
    assert session.step is SessionStep.DONE


async def test_of_profiles_fetched_at_once_one_is_good(open_rig: OpenRig) -> None:
    """Whoever fetches while somebody else does is refused, or makes the other's worthless: never two good ones."""
    async with open_rig(inline=False, password_cost=CHEAP) as rig:
        office = StagingOffice(rig)
        hub = office.hub(1)
        url = await led(office, hub)
        fetched = await asyncio.gather(*(hub.fetch(url) for _ in range(8)), return_exceptions=True)
        assert {getattr(each, "code", "a profile") for each in fetched} <= {"a profile", "STEP_OUT_OF_ORDER"}
        good = [row for row in await rig.store.invitations.list() if not row.revoked]
        session = await office.see(lambda view: view.sessions.get(hub.session))
        assert session is not None
        assert [row.invitation_id for row in good] == [session.invitation_id]


async def test_a_session_gives_no_profile_before_its_end_nor_after(office: StagingOffice) -> None:
    """In the middle of the wizard, after its time, and once the device is enrolled there is nothing to fetch (R0)."""
    hub = office.hub(1)
    url = await led(office, hub)
    facts = office.rig.facts(method="GET", query={"session": hub.session})
    await hub.device.enroll(await hub.fetch(url))
    request = office.rig.suite.enroll.answer(facts, b"")
    await assert_rejected(office.rig.store, request, status=410, event="SESSION_EXPIRED")
    other = office.hub(2)
    await other.begin()
    facts = office.rig.facts(method="GET", query={"session": other.session})
    request = office.rig.suite.enroll.answer(facts, b"")
    await assert_rejected(office.rig.store, request, status=409, event="STEP_OUT_OF_ORDER")
    later = office.hub(3)
    url = await led(office, later)
    office.rig.clock.pass_time(minutes=31)
    with pytest.raises(Refusal) as refused:
        await later.fetch(url)
    assert refused.value.code == "SESSION_EXPIRED"


async def test_the_owner_enrols_a_device_again_that_is_enrolled(office: StagingOffice) -> None:
    """After a factory reset nobody has told the server of: the same user, the same device, a new certificate."""
    hub = office.hub(1)
    await hub.install(await led(office, hub))
    await hub.install((await hub.walk("ann")).next_step.install_url)
    device = await office.record(hub.device)
    assert device.assignment.state is AssignmentState.ASSIGNED
    assert len(await office.see(lambda view: view.registrations.for_user(device.assignment.user or 0))) == 1


async def test_an_android_is_led_to_its_channel_with_a_token(office: StagingOffice) -> None:
    """The install URL of an Android carries a one-time token; the session knows it by its hash, until it expires."""
    hub = office.hub(1, type="5", os_version="14", work_profile=True)
    url = await led(office, hub)
    assert urlsplit(url).path == "/sim/v1/android/devices:enroll"
    token = parse_qs(urlsplit(url).query)["token"][0]
    now = office.rig.clock()
    session = await office.see(lambda view: session_of_android_token(view, token, now))
    assert session.device.enrollment_type is EnrollmentType.WORK_PROFILE
    assert session.invitation_id == hash_of_android_token(token)
    for wrong, at in ((token + "x", now), (token, session.expires_at)):
        with pytest.raises(Refusal) as refused:
            await office.see(lambda view, wrong=wrong, at=at: session_of_android_token(view, wrong, at))  # type: ignore[misc]
        assert refused.value.code == "SESSION_EXPIRED"
    with pytest.raises(Refusal):
        await hub.fetch(f"https://x/enroll?session={hub.session}")
