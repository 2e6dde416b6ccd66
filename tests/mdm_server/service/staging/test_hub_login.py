"""Wrong passwords: what they cost, what they show, and when somebody has to read a CAPTCHA first."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from mdm_server.domain.staging.vocabulary import DeviceStagingType, UserStatus
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.staging.credentials import CredentialCheck, Login, Proof
from mdm_server.service.staging.hub_door import HubDoor
from mdm_server.service.staging.passwords import Cost, Passwords
from mdm_server.service.staging.users import UserChange
from mdm_server.wire.hub import HubReply, HubRequest, NextStepType, Step, encode
from rigs.hub import Hub, captcha_in, password_of
from rigs.rejection import assert_rejected
from rigs.service import ServiceRig
from rigs.staging_office import StagingOffice

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]


async def wrong(hub: Hub, username: str = "ann", **fields: str) -> HubReply:
    """Type a wrong password."""
    return await hub.log_in(username, "wrong", **fields)


async def test_a_wrong_password_is_refused_and_counted(office: StagingOffice) -> None:
    """One more failure for the user and for the device, nothing else, and the same question again."""
    ann, hub = await office.person("ann"), office.hub(1)
    await hub.begin()
    event = await hub.refused("BAD_CREDENTIALS", hub.ask(Step.CREDENTIALS, username="ann", password="wrong"), "ann")
    assert event.detail["guard"] == "Credentials"
    user = await office.see(lambda view: view.users.get(ann.id))
    assert user is not None
    assert user.failed_logins == 1
    assert (await wrong(hub)).next_step.type == NextStepType.CREDENTIALS
    assert not (await hub.log_in("ann")).refused
    again = await office.see(lambda view: view.users.get(ann.id))
    assert again is not None
    assert again.failed_logins == 0


async def test_three_wrong_passwords_bring_a_captcha(office: StagingOffice) -> None:
    """Row 56: from the fourth login on the password is not even looked at before the CAPTCHA is solved."""
    await office.person("ann")
    hub = office.hub(1)
    await hub.begin()
    replies = [await wrong(hub) for _ in range(3)]
    assert [reply.next_step.type for reply in replies] == [NextStepType.CREDENTIALS] * 2 + [NextStepType.CAPTCHA]
    request = hub.ask(Step.CREDENTIALS, username="ann", password=password_of("ann"))
    await hub.refused("CAPTCHA_REQUIRED", request, "ann")
    shown = await hub.log_in("ann")
    assert shown.next_step.is_captcha_required
    solved = await hub.log_in("ann", captcha_value=captcha_in(shown.next_step.captcha_image))
    assert solved.next_step.type == NextStepType.INSTALL


async def test_while_a_captcha_is_due_no_password_is_looked_at(
    office: StagingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be work that anybody can order; and nobody learns whether it was the right one."""
    await office.person("ann")
    hub = office.hub(1)
    await hub.begin()
    for _ in range(3):
        await wrong(hub)

    async def never(self: Passwords, password: str, recorded: str | None) -> bool:
        raise AssertionError("a password was looked at")

    monkeypatch.setattr(Passwords, "verify", never)
    assert (await hub.log_in("ann")).status.reason == "CAPTCHA_REQUIRED"


async def test_a_captcha_is_solved_once_and_never_guessed(office: StagingOffice) -> None:
    """What was shown before is void, and what was never shown solves nothing."""
    await office.person("ann")
    hub = office.hub(1)
    await hub.begin()
    for _ in range(3):
        first = await wrong(hub)
    value = captcha_in(first.next_step.captcha_image)
    second = await wrong(hub, captcha_value=value)
    assert second.status.reason == "BAD_CREDENTIALS"
    stale = await hub.log_in("ann", captcha_value=value)
    assert stale.status.reason == "CAPTCHA_REQUIRED"
    assert (await hub.log_in("ann", captcha_value="")).status.reason == "CAPTCHA_REQUIRED"


async def test_a_device_keeps_its_failures_whoever_fails_on_it(office: StagingOffice) -> None:
    """Three strangers on one device bring the CAPTCHA up for the next user, and in a new session at once."""
    await office.person("ann")
    hub = office.hub(1)
    await hub.begin()
    for name in ("x", "y", "z"):
        await wrong(hub, name)
    assert (await hub.begin()).next_step.type == NextStepType.CAPTCHA


async def test_without_a_screen_the_device_is_locked(office: StagingOffice) -> None:
    """Rows 56 and 57: nobody can read a CAPTCHA there, so it ends in a generic error until an administrator resets."""
    stager = await office.person("stager", DeviceStagingType.STANDARD)
    hub = office.hub(1, channel="Barcode")
    for _ in range(3):
        await hub.begin()
        await wrong(hub, "stager")
    await hub.begin()
    reply = await hub.log_in("stager")
    assert reply.status.reason == "CREATE_MDM_ERROR"
    assert (await office.known(hub.device)).lock is not None
    await hub.begin()
    request = hub.ask(Step.CREDENTIALS, username="stager", password=password_of("stager"))
    await hub.refused("CREATE_MDM_ERROR", request, "stager")
    await office.staging.users.reset_attempts(stager.id)
    device = (await office.known(hub.device)).identifiers
    await office.staging.devices.reset_attempts(device)
    await hub.enroll("stager")


async def test_after_two_days_the_failures_are_forgiven(office: StagingOffice) -> None:
    """Row 57: the purge forgets the failures of a device, and the lock that they brought (KB 115001665168)."""
    await office.person("ann")
    hub = office.hub(1, channel="Barcode")
    for name in ("x", "y", "z"):
        await hub.begin()
        await wrong(hub, name)
    await hub.begin()
    assert (await hub.log_in("ann")).status.reason == "CREATE_MDM_ERROR"
    office.rig.clock.pass_time(hours=49)
    await office.rig.suite.hub.sweep.run()
    assert not (await hub.walk("ann")).refused


async def test_an_unknown_name_and_a_wrong_password_are_the_same_in_bytes(office: StagingOffice) -> None:
    """Every one of five tries reads the same for a name that is nobody's, up to the CAPTCHA's digits."""
    await office.person("ann")
    answers: dict[str, list[bytes]] = {}
    for number, name in enumerate(("ann", "nobody")):
        answers[name] = []
        for attempt in range(5):
            # A device of its own for every try: only the name is to be seen.
            hub = office.hub(10 * number + attempt)
            await hub.begin()
            reply = await wrong(hub, name)
            answers[name].append(_without_chance(reply, hub))
    assert answers["ann"] == answers["nobody"]
    assert b"CAPTCHA_REQUIRED" in answers["ann"][3]


async def test_an_unknown_name_and_a_wrong_password_take_the_same_time(open_rig: OpenRig) -> None:
    """The work of checking a password is done for nobody, too."""
    async with open_rig(password_cost=Cost(iterations=2, memory_kib=8192)) as rig:
        office = StagingOffice(rig)
        await office.person("ann")
        spent = {}
        for number, name in enumerate(("ann", "nobody")):
            hubs = [office.hub(10 * number + attempt) for attempt in range(3)]
            for hub in hubs:
                await hub.begin()
            started = time.thread_time()
            for hub in hubs:
                assert (await wrong(hub, name)).status.reason == "BAD_CREDENTIALS"
            spent[name] = time.thread_time() - started
    assert 0.5 < spent["ann"] / spent["nobody"] < 2


async def test_an_account_is_locked_after_as_many_failures_as_its_group_says(office: StagingOffice) -> None:
    """`lock_user_after`: the account is locked, which only the right password shows, until an administrator resets."""
    ann = await office.person("ann")
    await office.set(lock_user_after=2, captcha_after=50)
    hub = office.hub(1)
    await hub.begin()
    for _ in range(3):
        assert (await wrong(hub)).status.reason == "BAD_CREDENTIALS"
    assert (await hub.log_in("ann")).status.reason == "USER_LOCKED"
    assert len(await office.told("login.user_locked")) == 1
    user = await office.staging.users.reset_attempts(ann.id)
    assert user.status is UserStatus.ACTIVE
    assert not (await hub.walk("ann")).refused


async def test_an_inactive_account_is_not_told_apart_before_its_password_is_right(office: StagingOffice) -> None:
    """Only who knows the password learns that the account is inactive."""
    await office.person("ann", status=UserStatus.INACTIVE)
    hub = office.hub(1)
    await hub.begin()
    assert (await wrong(hub)).status.reason == "BAD_CREDENTIALS"
    await hub.refused("USER_INACTIVE", hub.ask(Step.CREDENTIALS, username="ann", password=password_of("ann")), "ann")


async def test_a_password_that_changes_while_it_is_checked_is_wrong(
    office: StagingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof is of the hash that was on record: another one by the time of the transaction is not proved."""
    ann, hub = await office.person("ann"), office.hub(1)
    await hub.begin()
    check = CredentialCheck.check

    async def overtaken(self: CredentialCheck, login: Login, password: str) -> Proof:
        proof = await check(self, login, password)
        await office.staging.users.change(ann.id, UserChange(password="another"))
        return proof

    monkeypatch.setattr(CredentialCheck, "check", overtaken)
    assert (await hub.log_in("ann")).status.reason == "BAD_CREDENTIALS"


async def test_whoever_guesses_and_guesses_is_slowed_down(office: StagingOffice) -> None:
    """A peer that only collects refusals is told to come back later, before anything is looked at (T-63)."""
    hub, rig = office.rig.suite.hub, office.rig
    limiter = GuessLimiter(rig.clock, burst=2)
    door = HubDoor(hub.wizard, hub.checking_out, hub.direct_enrollment, rig.suite.journal, limiter)
    guess = encode(HubRequest(device=office.hub(1).describe(), group_id="A"))
    for _ in range(2):
        assert b"GROUP_UNKNOWN" in (await door.wizard(Step.GROUP)(rig.facts(), guess)).body
    await assert_rejected(rig.store, door.wizard(Step.GROUP)(rig.facts(), guess), status=429, event="limit.rate:hub")
    assert b"GROUP_UNKNOWN" in (await door.wizard(Step.GROUP)(rig.facts(peer="192.0.2.2"), guess)).body


def _without_chance(reply: HubReply, hub: Hub) -> bytes:
    """Return an answer without its session and without the picture, which are never the same twice."""
    raw = encode(reply).replace(hub.session.encode(), b"SESSION")
    picture = reply.next_step.captcha_image.encode()
    return raw.replace(picture, b"PICTURE") if picture else raw
