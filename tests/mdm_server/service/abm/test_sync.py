"""Reading Apple Business Manager: all of it once, then what changes, and nothing lost or doubled on the way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random

import msgspec
import pytest

from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.domain.abm.tokens import AbmToken, Phase
from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm import pages, sync
from mdm_server.service.abm.client import AbmRefused
from mdm_server.service.calling import Called
from mdm_server.wire.dep import DepDevice
from rigs.abm_office import AbmOffice, lost, plain, refuses, serials

FETCH, SYNC = "POST /server/devices", "POST /devices/sync"


async def apples_picture(office: AbmOffice, token: AbmToken) -> dict[str, DepDevice]:
    """Return what Apple has for our server, asked by nobody's cursor."""
    client, cursor, found = office.abm.clients.of(token), None, {}
    while True:
        page = await client.fetch(cursor, 1000)
        found |= {device.serial_number: plain(device) for device in page.devices}
        if not page.more_to_follow:
            return found
        cursor = page.cursor


async def test_everything_is_fetched_once_and_then_only_changes_are_asked_for(
    office: AbmOffice, token: AbmToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pages; what comes, changes and goes afterwards comes by sync."""
    monkeypatch.setattr(sync, "PAGE", 4)
    first = serials(10)
    office.order(*first)
    report = await office.abm.sync.run(token.id)
    assert (report.added, report.changed, report.removed) == (10, 0, 0)
    assert (office.line.count(FETCH), office.line.count(SYNC)) == (3, 1)
    office.order("C39NEW000001")
    office.manager.describe(first[0], asset_tag="42")
    office.manager.release([first[1]])
    office.line.asked.clear()
    report = await office.abm.sync.run(token.id)
    assert (report.added, report.changed, report.removed) == (1, 1, 1)
    assert office.line.count(FETCH) == 0
    listed = await office.listed(token.id)
    assert listed == await apples_picture(office, token)
    assert (len(listed), listed[first[0]].asset_tag) == (10, "42")
    again = await office.abm.sync.run(token.id)
    assert (again.pages, again.added + again.changed + again.removed) == (1, 0)
    assert await office.codes("abm.synced") == ["abm.synced"] * 2


@pytest.mark.parametrize("word", ["INVALID_CURSOR", "EXPIRED_CURSOR"])
async def test_a_cursor_that_is_no_good_begins_a_fetch_anew_and_what_is_not_in_it_is_gone(
    office: AbmOffice, token: AbmToken, word: str
) -> None:
    """The devices that stay are not added once more."""
    kept, gone = serials(2)
    office.order(kept, gone)
    await office.abm.sync.run(token.id)
    office.manager.release([gone])
    office.order("C39NEW000001")
    office.fail("post_devices_sync", f"bad_request_{word.lower()}")
    report = await office.abm.sync.run(token.id)
    assert (report.begun_anew, report.added, report.removed) == (1, 1, 1)
    assert set(await office.listed(token.id)) == {kept, "C39NEW000001"}
    assert (await office.abm.tokens.find(token.id)).phase is Phase.SYNC


async def test_a_cursor_that_a_week_made_too_old_begins_anew_by_itself(office: AbmOffice, token: AbmToken) -> None:
    """The server was away on holiday."""
    office.order(*serials(3))
    await office.abm.sync.run(token.id)
    office.rig.clock.pass_time(days=8)
    office.manager.release([serials(3)[0]])
    report = await office.abm.sync.run(token.id)
    assert (report.begun_anew, report.added, report.removed) == (1, 0, 1)


async def test_an_apple_that_finds_every_cursor_invalid_is_not_asked_for_ever(
    office: AbmOffice, token: AbmToken
) -> None:
    """Three fresh starts, then the run ends; the next one may have more luck."""
    office.order(*serials(3))
    office.fail("post_server_devices", "bad_request_invalid_cursor", count=100)
    with pytest.raises(AbmRefused, match="invalid_cursor"):
        await office.abm.sync.run(token.id)
    assert office.line.count(FETCH) == sync.FRESH_STARTS + 1
    office.apple.services.faults.remove()
    assert (await office.abm.sync.run(token.id)).added == 3


async def test_a_fetch_that_is_exhausted_goes_on_with_changes(office: AbmOffice, token: AbmToken) -> None:
    """Apple said that more would follow, and then nothing did."""
    office.order(*serials(3))
    page = await office.abm.clients.of(token).fetch(None, 1000)
    await office.rig.store.staging.transact(
        lambda room: pages.take_page(
            room, token, msgspec.structs.replace(page, more_to_follow=True), office.rig.clock()
        ),
        office.rig.facts().occasion(token.created_at),
    )
    office.fail("post_server_devices", "bad_request_exhausted_cursor")
    office.order("C39NEW000001")
    report = await office.abm.sync.run(token.id)
    assert (report.added, report.begun_anew) == (1, 0)
    assert len(await office.listed(token.id)) == 4


async def test_a_device_that_appears_twice_in_a_page_is_as_it_was_last(office: AbmOffice, token: AbmToken) -> None:
    """Added, taken away, and added again between two runs."""
    await office.abm.sync.run(token.id)
    serial = serials(1)[0]
    offices = office.manager.add_server(office.organization, "Offices").uuid
    office.order(serial)
    for server in (offices, office.server, None, office.server):
        office.rig.clock.pass_time(seconds=1)
        office.manager.assign([serial], server)
    await office.abm.sync.run(token.id)
    assert set(await office.listed(token.id)) == {serial}


async def test_a_page_that_fails_while_it_is_taken_over_leaves_no_trace_and_is_read_again(
    office: AbmOffice, token: AbmToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies in the middle of a page: neither its devices nor its cursor are there."""
    monkeypatch.setattr(sync, "PAGE", 4)
    office.order(*serials(10))
    real, left = pages._there, [6]

    def dies(*args: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("the power went out")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "_there", dies)
    with pytest.raises(OSError, match="power"):
        await office.abm.sync.run(token.id)
    assert len(await office.listed(token.id)) == 4
    monkeypatch.setattr(pages, "_there", real)
    report = await office.abm.sync.run(token.id)
    assert report.added == 6
    assert await office.listed(token.id) == await apples_picture(office, token)
    assert (await office.codes()).count("abm.device_added") == 10


async def test_an_answer_that_is_lost_is_asked_for_again(office: AbmOffice, token: AbmToken) -> None:
    """Apple has told it already; its cursor is still ours."""
    office.order(*serials(5))
    office.fail("post_server_devices", "lost", count=2)
    assert (await office.abm.sync.run(token.id)).added == 5


async def test_a_page_that_somebody_else_took_over_is_not_taken_twice(office: AbmOffice, token: AbmToken) -> None:
    """Two runs at once wait for each other; a page for a cursor that is gone is refused."""
    office.order(*serials(3))
    page = await office.abm.clients.of(token).fetch(None, 1000)
    await office.abm.sync.run(token.id)
    with pytest.raises(Refusal) as refused:
        await office.rig.store.staging.transact(
            lambda room: pages.take_page(room, token, page, office.rig.clock()),
            office.rig.facts().occasion(token.created_at),
        )
    assert refused.value.event == "api.conflict:abm_sync"


async def test_a_cursor_that_stands_still_ends_the_run(office: AbmOffice, token: AbmToken) -> None:
    """More is said to follow, and it is always the same."""
    page = b'{"cursor": "MDow", "devices": [], "fetched_until": "2026-06-01T12:00:00Z", "more_to_follow": true}'
    office.line.disturb = lambda asked: Called(200, {}, page) if asked == FETCH else None
    with pytest.raises(Refusal, match="cursor_stands_still"):
        await office.abm.sync.run(token.id)
    assert office.line.count(FETCH) == 2


async def test_two_runs_at_once_take_turns(office: AbmOffice, token: AbmToken) -> None:
    """An administrator's, and the one that time brings: every device is added once, and told of once."""
    office.order(*serials(5))
    reports = await asyncio.gather(*(office.abm.sync.run(token.id) for _ in range(3)))
    assert [report.added for report in reports] == [5, 0, 0]
    assert (await office.codes("abm.device_added")) == ["abm.device_added"] * 5


async def test_a_request_for_patience_is_respected_until_its_time_is_over(office: AbmOffice, token: AbmToken) -> None:
    """By the run that an administrator asks for, and by the one that time brings."""
    office.order(*serials(3))
    office.line.disturb = lambda asked: refuses(429, "TOO_MANY_REQUESTS", **{"retry-after": "90"})
    with pytest.raises(AbmRefused):
        await office.abm.sync.run(token.id)
    office.line.disturb, office.line.asked = lambda asked: None, []
    office.rig.clock.pass_time(seconds=80)
    with pytest.raises(AbmRefused) as refused:
        await office.abm.sync.run(token.id)
    assert refused.value.retry_after == 11
    assert await office.abm.sync.run_all() == []
    assert office.line.asked == []
    office.rig.clock.pass_time(seconds=10)
    (report,) = await office.abm.sync.run_all()
    assert report.added == 3
    assert (await office.abm.tokens.find(token.id)).not_before is None


async def test_what_apple_says_no_with_is_kept_with_the_token_until_all_is_well(
    office: AbmOffice, token: AbmToken
) -> None:
    """Terms that nobody has agreed to; another token is read all the same."""
    offices = office.manager.add_server(office.organization, "Offices").uuid
    other = await office.token("offices", offices)
    office.manager.withdraw_terms(office.organization)
    assert await office.abm.sync.run_all() == []
    troubles = {each.name: each.trouble for each in await office.abm.tokens.all()}
    assert troubles == dict.fromkeys(("stores", "offices"), "abm.refused:t_c_not_signed")
    assert await office.abm.sync.run_all() == []
    assert await office.codes("abm.refused") == ["abm.refused"] * 2
    office.manager.agree_to_terms(office.organization)
    assert [report.token for report in await office.abm.sync.run_all()] == [token.id, other.id]
    assert {each.trouble for each in await office.abm.tokens.all()} == {""}


async def test_devices_are_fetched_again_when_an_administrator_says_so(office: AbmOffice, token: AbmToken) -> None:
    """Nothing is there twice."""
    office.order(*serials(3))
    await office.abm.sync.run(token.id)
    office.line.asked.clear()
    report = await office.abm.sync.run(token.id, anew=True)
    assert (report.added, report.removed, office.line.count(FETCH)) == (0, 0, 1)


async def test_what_arrives_over_time_arrives_here(office: AbmOffice, token: AbmToken) -> None:
    """An order that is delivered tomorrow."""
    tomorrow = office.rig.clock() + timedelta(days=1)
    office.manager.order(
        office.organization, [NewDevice(serial_number="C39NEW000001")], server=office.server, arrives_at=tomorrow
    )
    assert (await office.abm.sync.run(token.id)).added == 0
    office.rig.clock.pass_time(days=1)
    assert (await office.abm.sync.run(token.id)).added == 1


class Portal:
    """People at work in Apple Business Manager."""

    def __init__(self, office: AbmOffice, chance: Random) -> None:
        self.office = office
        self.chance = chance
        self.owned = list(serials(60))
        self.bought = 0
        self.elsewhere = office.manager.add_server(office.organization, "Offices").uuid
        office.order(*self.owned)

    def do_something(self) -> None:
        """Buy a device, describe one, move one to another server or back, or let one go."""
        office = self.office
        office.rig.clock.pass_time(seconds=1)
        what = self.chance.choice(("order", "order", "describe", "move", "move back", "release"))
        serial = self.chance.choice(self.owned)
        if what == "order":
            self.bought += 1
            self.owned.append(f"C39NEW{self.bought:06d}")
            office.order(self.owned[-1])
        elif what == "describe":
            office.manager.describe(serial, asset_tag=str(self.chance.randrange(1000)))
        elif what == "release":
            office.manager.release([serial])
            self.owned.remove(serial)
        else:
            office.manager.assign([serial], self.elsewhere if what == "move" else office.server)


async def try_to_run(office: AbmOffice, token: AbmToken) -> None:
    """Run, as far as it goes."""
    with suppress(Refusal):
        await office.abm.sync.run(token.id)


@pytest.mark.parametrize("seed", range(6))
async def test_our_picture_is_apples_at_the_end_whatever_happened_on_the_way(
    office: AbmOffice, token: AbmToken, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Devices come, change, move and go while every fifth call fails, in one way or another."""
    monkeypatch.setattr(sync, "PAGE", 7)
    chance, calls = Random(seed), count(1)
    portal = Portal(office, chance)
    words = {"INVALID_CURSOR": 400, "EXPIRED_CURSOR": 400, "FORBIDDEN": 403, "UNAUTHORIZED": 401, "UNAVAILABLE": 503}

    def disturb(asked: str) -> Called | None:
        if chance.random() < 0.5:
            portal.do_something()
        if next(calls) % 5:
            return None
        word = chance.choice((*words, "lost"))
        return refuses(words[word], word) if word in words else lost()

    office.line.disturb = disturb
    for _ in range(40):
        office.rig.clock.pass_time(minutes=10)
        await try_to_run(office, token)
    assert next(calls) > 60
    office.line.disturb = lambda asked: None
    await office.abm.sync.run(token.id)
    listed = await office.listed(token.id)
    assert listed == await apples_picture(office, token)
    assert len(listed) > 20
