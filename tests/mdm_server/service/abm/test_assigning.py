"""Who gets which profile: by rule and by hand, never one that is denied, and with patience where Apple asks for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.domain.staging.vocabulary import ListAttribute, ListKind
from mdm_server.service.abm import planning
from mdm_server.service.abm.inventory import RuleOrder
from mdm_server.service.calling import Called
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.service.staging.lists import ListOrder
from mdm_server.wire.dep import DepProfile, ProfileStatus, same_uuid
from rigs.abm_office import AbmOffice, lost, refuses, serials
from rigs.service import BASE_URL

ASSIGN, DEFINE, REMOVE = "PUT /profile/devices", "POST /profile", "DELETE /profile/devices"
FIRST, SECOND, THIRD = serials(3)


async def a_profile(office: AbmOffice, name: str = "corporate", **terms: Any) -> ProgramProfile:
    """Save a profile."""
    return await office.rig.suite.staging.program.save(ProfileOrder(name=name, **terms))


async def by_default(office: AbmOffice, token: AbmToken, **terms: Any) -> ProgramProfile:
    """Save a profile that every device gets."""
    profile = await a_profile(office, **terms)
    await office.abm.tokens.choose_default(token.id, profile.id)
    return profile


async def deny(office: AbmOffice, *serial_numbers: str) -> int:
    """Put devices on the deny list."""
    order = ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=serial_numbers)
    return (await office.rig.suite.staging.lists.add(order))[0].id


def told(office: AbmOffice, serial: str) -> str | None:
    """Return the name of the profile that Apple would give a device."""
    configuration = office.manager.cloud_configuration(serial)
    return None if configuration is None else configuration.profile.profile_name


async def test_devices_that_arrive_get_the_profile_of_the_first_rule_that_is_about_them(
    office: AbmOffice, token: AbmToken
) -> None:
    """By family, serial number or model; whoever no rule is about gets the default; each profile is defined once."""
    for name in ("tablets", "new", "plus"):
        profile = await a_profile(office, name)
        rule = {"tablets": {"device_family": "ipad"}, "new": {"serial_prefix": "c39-new"}, "plus": {"model": "PLUS"}}[
            name
        ]
        await office.abm.inventory.add_rule(RuleOrder(token=token.id, profile=profile.id, **rule))
    await by_default(office, token)
    office.order(FIRST, SECOND)
    office.order("C39NEW000001")
    office.order("C39NEWIPAD01", family="iPad")
    report = await office.abm.sync.run(token.id)
    assert (report.added, report.assigned) == (4, 4)
    assert [told(office, each) for each in (FIRST, SECOND)] == ["corporate"] * 2
    assert [told(office, each) for each in ("C39NEW000001", "C39NEWIPAD01")] == ["new", "tablets"]
    assert office.line.count(DEFINE) == 3
    assigned = await office.rig.suite.staging.program.assigned_to("C39NEWIPAD01")
    assert assigned is not None
    assert assigned.name == "tablets"
    again = await office.abm.sync.run(token.id)
    assert (again.assigned, office.line.count(ASSIGN)) == (0, 3)


async def test_what_apple_is_told_of_a_profile_is_what_it_says(office: AbmOffice, token: AbmToken) -> None:
    """With our addresses; the page to sign in only where people sign in on a page."""
    await by_default(
        office,
        token,
        removable=True,
        skip_setup_items=("AppleID", "Siri"),
        department="Stores",
        support_phone_number="+49 30 1",
        web_sign_in=True,
        await_configuration=True,
        anchor_certificates=(b"0\x00",),
    )
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    configuration = office.manager.cloud_configuration(FIRST)
    assert configuration is not None
    profile = configuration.profile
    assert (profile.url, profile.configuration_web_url) == (f"{BASE_URL}/enroll/dep", f"{BASE_URL}/enroll/dep/web")
    assert (profile.is_mandatory, profile.is_supervised, profile.is_mdm_removable) == (True, True, True)
    assert (profile.await_device_configured, profile.skip_setup_items) == (True, ("AppleID", "Siri"))
    assert (profile.department, profile.support_phone_number, profile.anchor_certs) == ("Stores", "+49 30 1", ("MAA=",))


async def test_a_device_that_is_denied_is_never_given_a_profile(office: AbmOffice, token: AbmToken) -> None:
    """Row 49: not by rule, not by hand; and it gets one when nothing denies it any more."""
    profile = await by_default(office, token)
    office.order(FIRST, SECOND)
    entry = await deny(office, FIRST.lower())
    report = await office.abm.sync.run(token.id)
    assert (report.assigned, report.refused) == (1, 1)
    assert [told(office, each) for each in (FIRST, SECOND)] == [None, "corporate"]
    with pytest.raises(Refusal, match="without management"):
        await office.rig.suite.staging.program.assign(FIRST, profile.id)
    await office.rig.suite.staging.lists.remove(entry)
    assert told(office, FIRST) == "corporate"


async def test_a_device_that_is_denied_later_loses_its_profile_at_apple_at_once(
    office: AbmOffice, token: AbmToken
) -> None:
    """Without a run of its own."""
    await by_default(office, token)
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    await deny(office, FIRST)
    assert told(office, FIRST) is None
    assert await office.rig.suite.staging.program.assigned_to(FIRST) is None
    listed = await office.listed(token.id)
    assert listed[FIRST].profile_status is ProfileStatus.REMOVED


async def test_what_an_administrator_decides_by_hand_apple_hears_at_once_and_no_rule_undoes_it(
    office: AbmOffice, token: AbmToken
) -> None:
    """Another profile, or none; in the next run nothing is assigned."""
    await by_default(office, token)
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    program = office.rig.suite.staging.program
    kiosk = await a_profile(office, "kiosk")
    await program.assign(FIRST.lower(), kiosk.id)
    assert told(office, FIRST) == "kiosk"
    await program.assign(FIRST, None)
    assert told(office, FIRST) is None
    assert (await office.abm.sync.run(token.id)).assigned == 0
    assert told(office, FIRST) is None


async def test_what_is_decided_before_apple_has_the_device_is_told_when_it_does(
    office: AbmOffice, token: AbmToken
) -> None:
    """A server without a token keeps assignments to itself; with one, the device brings its own along."""
    await by_default(office, token)
    kiosk = await a_profile(office, "kiosk")
    await office.rig.suite.staging.program.assign(FIRST, kiosk.id)
    assert office.line.asked == []
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    assert told(office, FIRST) == "kiosk"


async def test_a_decision_stands_when_apple_cannot_be_told_and_is_told_later(
    office: AbmOffice, token: AbmToken
) -> None:
    """The line is cut, the terms are not signed: the administrator's call succeeds, the token says what is wrong."""
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    profile = await a_profile(office)
    office.line.disturb = lambda asked: lost("timeout")
    await office.rig.suite.staging.program.assign(FIRST, profile.id)
    assert (await office.abm.tokens.find(token.id)).trouble == "abm.unreachable:timeout"
    office.line.disturb = lambda asked: None
    (report,) = await office.abm.sync.run_due()
    assert (report.assigned, told(office, FIRST)) == (1, "corporate")
    assert await office.abm.sync.run_due() == []


async def test_throttled_devices_are_told_again_when_their_time_has_come(office: AbmOffice, token: AbmToken) -> None:
    """`retry_after_seconds` is respected, even by a run that an administrator asks for."""
    await by_default(office, token)
    office.order(FIRST, SECOND)
    office.fail("put_profile_devices", "throttled", delay=90)
    report = await office.abm.sync.run(token.id)
    assert (report.assigned, report.throttled) == (0, 2)
    waits = await office.see(lambda view: view.abm.errands(token.id, office.rig.clock.now.replace(year=2030), 10))
    patience = (waits[0].due_at - office.rig.clock()).total_seconds()
    assert patience >= 60
    office.line.asked.clear()
    office.rig.clock.pass_time(seconds=patience - 1)
    await office.abm.sync.run(token.id)
    assert office.line.count(ASSIGN) == 0
    office.rig.clock.pass_time(seconds=1)
    (report,) = await office.abm.sync.run_due()
    assert (report.assigned, office.line.count(ASSIGN)) == (2, 1)
    assert (await office.codes()).count("abm.throttled") == 2


@pytest.mark.parametrize(("told", "expected"), [(-5, 1), (0, 1), (10**17, 86_400)])
async def test_no_word_about_patience_makes_a_run_endless_or_the_waiting(
    office: AbmOffice, token: AbmToken, told: int, expected: int
) -> None:
    """Once for each run, and a day at most."""
    await by_default(office, token)
    office.order(FIRST)
    body = f'{{"devices": {{"{FIRST}": "THROTTLED"}}, "retry_after_seconds": {told}}}'.encode()
    office.line.disturb = lambda asked: Called(200, {}, body) if asked == ASSIGN else None
    assert (await office.abm.sync.run(token.id)).throttled == 1
    later = office.rig.clock() + timedelta(days=2)
    (errand,) = await office.see(lambda view: view.abm.errands(token.id, later, 10))
    assert errand.due_at - office.rig.clock() == timedelta(seconds=expected)


async def test_devices_that_fail_are_tried_again_and_those_out_of_reach_are_not(
    office: AbmOffice, token: AbmToken
) -> None:
    """After a minute, then two; NOT_ACCESSIBLE is final until something about the device changes."""
    await by_default(office, token)
    office.order(FIRST)
    office.fail("put_profile_devices", "failed", count=2)
    assert (await office.abm.sync.run(token.id)).refused == 1
    for wait, expected in ((59, 0), (1, 0), (119, 0), (1, 1)):
        office.rig.clock.pass_time(seconds=wait)
        assert (await office.abm.sync.run(token.id)).assigned == expected
    office.order(SECOND)
    office.fail("put_profile_devices", "not_accessible")
    assert (await office.abm.sync.run(token.id)).refused == 1
    office.rig.clock.pass_time(hours=2)
    assert (await office.abm.sync.run(token.id)).assigned == 0


async def test_a_profile_that_apple_does_not_know_any_more_is_defined_anew(office: AbmOffice, token: AbmToken) -> None:
    """Once; a server that finds no profile ever is not told for ever."""
    profile = await by_default(office, token)
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    before = (await office.rig.suite.staging.program.find(profile.id)).abm_uuid
    office.order(SECOND)
    office.fail("put_profile_devices", "bad_request_profile_not_found")
    assert (await office.abm.sync.run(token.id)).assigned == 1
    after = (await office.rig.suite.staging.program.find(profile.id)).abm_uuid
    assert not same_uuid(before, after)
    office.order(THIRD)
    office.fail("put_profile_devices", "bad_request_profile_not_found", count=9)
    office.line.asked.clear()
    with pytest.raises(Refusal, match="profile_not_found"):
        await office.abm.sync.run(token.id)
    assert office.line.count(ASSIGN) == 2


async def test_a_profile_that_is_changed_is_told_and_its_devices_get_it_anew(
    office: AbmOffice, token: AbmToken
) -> None:
    """Apple keeps what was defined; so a change is another definition, for all who have the profile."""
    profile = await by_default(office, token)
    office.order(FIRST, SECOND)
    await office.abm.sync.run(token.id)
    changed = ProfileOrder(name="corporate", skip_setup_items=("Siri",), token=token.id)
    await office.rig.suite.staging.program.change(profile.id, changed)
    for serial in (FIRST, SECOND):
        configuration = office.manager.cloud_configuration(serial)
        assert configuration is not None
        assert configuration.profile.skip_setup_items == ("Siri",)


async def test_a_profile_of_one_server_is_not_given_to_devices_of_another(office: AbmOffice, token: AbmToken) -> None:
    """Apple would not find it there."""
    profile = await by_default(office, token)
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    offices = office.manager.add_server(office.organization, "Offices").uuid
    other = await office.token("offices", offices)
    office.order(SECOND, server=offices)
    await office.abm.sync.run(other.id)
    with pytest.raises(Refusal) as refused:
        await office.rig.suite.staging.program.assign(SECOND, profile.id)
    assert refused.value.code == "abm.other_server"
    for forbidden in (
        office.abm.tokens.choose_default(other.id, profile.id),
        office.abm.inventory.add_rule(RuleOrder(token=other.id, profile=profile.id)),
    ):
        with pytest.raises(Refusal, match="another server"):
            await forbidden


async def test_a_device_that_moves_to_another_of_our_servers_gets_that_ones_profile(
    office: AbmOffice, token: AbmToken
) -> None:
    """In whatever order the servers are read."""
    await by_default(office, token)
    offices = office.manager.add_server(office.organization, "Offices").uuid
    other = await office.token("offices", offices)
    await by_default(office, other, name="desks")
    office.order(FIRST, SECOND)
    await office.abm.sync.run_all()
    for serial, order in ((FIRST, (token, other)), (SECOND, (other, token))):
        office.rig.clock.pass_time(minutes=1)
        office.manager.assign([serial], offices)
        for each in order:
            await office.abm.sync.run(each.id)
        assigned = await office.rig.suite.staging.program.assigned_to(serial)
        assert assigned is not None
        assert (assigned.name, told(office, serial)) == ("desks", "desks")


async def test_a_device_that_leaves_takes_its_assignment_along(office: AbmOffice, token: AbmToken) -> None:
    """It is not ours any more, so it gets no enrolment profile here."""
    await by_default(office, token)
    office.order(FIRST)
    await office.abm.sync.run(token.id)
    office.manager.release([FIRST])
    await office.abm.sync.run(token.id)
    assert await office.rig.suite.staging.program.assigned_to(FIRST) is None


async def test_a_profile_that_somebody_else_assigned_is_none_of_our_business(
    office: AbmOffice, token: AbmToken
) -> None:
    """No rule is about the device, so it keeps what it has."""
    office.order(FIRST)
    client = office.abm.clients.of(token)
    defined = await client.define(
        DepProfile(profile_name="foreign", url="https://other.example", department="IT", support_phone_number="1")
    )
    await client.assign(defined.profile_uuid or "", [FIRST])
    await office.abm.sync.run(token.id)
    assert (told(office, FIRST), office.line.count(REMOVE)) == ("foreign", 0)


async def test_many_devices_are_told_in_bundles(
    office: AbmOffice, token: AbmToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a bundle that was told before the line was cut is not lost, nor told wrong."""
    monkeypatch.setattr(planning, "BATCH", 4)
    await by_default(office, token)
    office.order(*serials(10))
    calls = [0]

    def cut(asked: str) -> Any:
        calls[0] += asked == ASSIGN
        return refuses(429, "TOO_MANY_REQUESTS") if asked == ASSIGN and calls[0] == 2 else None

    office.line.disturb = cut
    with pytest.raises(Refusal):
        await office.abm.sync.run(token.id)
    assert sum(told(office, each) is not None for each in serials(10)) == 4
    office.rig.clock.pass_time(minutes=2)
    await office.abm.sync.run(token.id)
    assert {told(office, each) for each in serials(10)} == {"corporate"}
