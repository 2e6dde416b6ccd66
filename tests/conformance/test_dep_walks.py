"""A client that was written from the protocol alone keeps its picture of five thousand devices, whatever fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.wire.dep import DepProfile
from rigs.dep_client import Answer, LostError, Walker
from rigs.dep_service import SmallApple

DEVICES = 5000
PAGE = 100
FAILURES = (
    "cut",
    "lost",
    "unauthorized",
    "forbidden",
    "too_many_requests",
    "unavailable",
    "bad_request_invalid_cursor",
    "bad_request_expired_cursor",
    "bad_request_exhausted_cursor",
    "restart",
)
POINTS = ("get_session", "post_server_devices", "post_devices_sync")


@dataclass
class Trouble:
    """Stands between client and API: every fifth call fails, and the devices do not stand still."""

    apple: SmallApple
    random: Random
    changes: int = 0
    calls: int = 0
    met: set[str] = field(default_factory=set)
    serials: list[str] = field(default_factory=list)
    profile: str = ""

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry a call."""
        self.calls += 1
        self.apple.clock.move(seconds=1)
        if self.changes and self.random.random() < 0.7:
            self.changes -= 1
            self._change()
        if self.calls % 5 == 0:
            self._fail()
        try:
            return self.apple.send(method, url, headers, body)
        finally:
            self.apple.faults.remove()

    def _fail(self) -> None:
        failure = self.random.choice(FAILURES)
        # Beginning anew costs a whole fetch, so it is rarer than what is cured by asking again.
        if "cursor" in failure and self.random.random() < 0.8:
            failure = "lost"
        self.met.add(failure)
        if failure == "restart":
            self.apple.start()
            return
        # Only a fetch is ever told that it is exhausted.
        for point in ("post_server_devices",) if "exhausted" in failure else POINTS:
            self.apple.fail(point, failure)

    def _change(self) -> None:
        """Add, change or remove something, as people in the portal and other clients of the server do."""
        apple, random = self.apple, self.random
        number = len(self.serials)
        serial = random.choice(self.serials)
        device = apple.manager.device(serial)
        kind = random.randrange(6)
        if kind == 0:
            self.serials.append(f"N{number:06}")
            apple.manager.order(apple.organization, [NewDevice(serial_number=f"N{number:06}")], server=apple.server)
        elif device is None:
            return
        elif kind == 1:
            apple.manager.release([serial])
        elif kind == 2:
            apple.manager.assign([serial], None if device.server else apple.server)
        elif kind == 3:
            apple.manager.describe(serial, asset_tag=f"tag {random.random()}")
        elif kind == 4:
            apple.manager.program.assign(1, self.profile, [serial])
        else:
            apple.manager.profile_pushed(serial)


def picture_of(apple: SmallApple) -> dict[str, tuple[Any, ...]]:
    """Return what Apple Business Manager itself has at the server."""
    return {
        device.serial_number: (device.model, device.asset_tag, device.profile_status.value, device.profile_uuid)
        for device in apple.manager.devices(apple.organization)
        if device.server == apple.server
    }


def picture_in(walker: Walker) -> dict[str, tuple[Any, ...]]:
    """Return the same of a client's picture."""
    return {
        serial: (
            device["model"],
            device.get("asset_tag", ""),
            device["profile_status"],
            device.get("profile_uuid"),
        )
        for serial, device in walker.picture.items()
    }


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_picture_is_true_though_every_fifth_answer_fails(seed: int) -> None:
    """Fetch, then sync, while devices are added, changed, moved and removed; tokens change under way."""
    apple = SmallApple(DepSettings(rotate_every=3), seed=seed)
    serials = apple.order(DEVICES)
    trouble = Trouble(apple, Random(seed), changes=400, serials=serials)
    trouble.profile, _ = apple.manager.program.define(1, DepProfile(profile_name="P", url="https://mdm.test/"))
    client = apple.client()
    client.wire = trouble
    walker = Walker(client, limit=PAGE)
    while trouble.changes:
        walker.walk()
    walker.walk()
    assert picture_in(walker) == picture_of(apple)
    assert len(walker.picture) > DEVICES * 0.9
    assert len(trouble.met) > 5
    assert client.sessions_opened > 5


def test_a_walk_without_trouble_takes_each_page_once() -> None:
    """Fifty pages of a hundred, and one look for what has changed."""
    apple = SmallApple()
    apple.order(DEVICES)
    client = apple.client()
    walker = Walker(client, limit=PAGE)
    walker.walk()
    assert client.calls == DEVICES // PAGE + 1
    assert picture_in(walker) == picture_of(apple)


def test_a_client_that_comes_again_takes_only_what_has_changed() -> None:
    """A sync has one page for three changes among five thousand devices."""
    apple = SmallApple()
    serials = apple.order(DEVICES)
    walker = Walker(apple.client(), limit=1000)
    walker.walk()
    apple.clock.move(days=6)
    apple.manager.release(serials[:1])
    apple.manager.describe(serials[1], asset_tag="new")
    apple.order(1, prefix="X")
    walker.client.open_session()
    before = walker.client.calls
    walker.walk()
    assert walker.client.calls == before + 1
    assert picture_in(walker) == picture_of(apple)


def test_a_client_that_always_begins_with_a_fetch_is_told_that_there_is_nothing_to_fetch() -> None:
    """As nanodep does when it is started again: its cursor is exhausted, and it goes on to sync."""
    apple = SmallApple()
    serials = apple.order(30)
    walker = Walker(apple.client(), limit=20)
    walker.step()
    for _ in range(3):
        walker.is_fetching = True
        walker.walk()
        serials += apple.order(1, prefix=f"N{len(serials)}")
    walker.is_fetching = True
    walker.walk()
    assert sorted(walker.picture) == sorted(serials)
    assert walker.begun_anew == 0


def test_two_clients_of_two_servers_see_each_their_own() -> None:
    """A device that moves leaves one picture and comes into the other."""
    apple = SmallApple()
    serials = apple.order(300)
    second = apple.manager.add_server(apple.organization, "Second").uuid
    walkers = [Walker(apple.client()), Walker(apple.client(apple.token(second)))]
    for walker in walkers:
        walker.walk()
    apple.manager.assign(serials[:100], second)
    for walker in walkers:
        walker.walk()
    assert sorted(walkers[0].picture) == serials[100:]
    assert sorted(walkers[1].picture) == serials[:100]


def test_what_was_lost_on_the_way_was_done_all_the_same() -> None:
    """A profile that was assigned in an answer that never came is assigned; asking again does no harm."""
    apple = SmallApple()
    apple.order(10)
    client = apple.client()
    uuid = client.ask("POST", "/profile", {"profile_name": "P", "url": "https://mdm.test/"})["profile_uuid"]
    apple.fail("put_profile_devices", "lost")
    with pytest.raises(LostError):
        client.once("PUT", "/profile/devices", {"profile_uuid": uuid, "devices": ["C000001"]})
    assert apple.manager.device("C000001").profile_uuid == uuid
    again = client.ask("PUT", "/profile/devices", {"profile_uuid": uuid, "devices": ["C000001"]})
    assert again["devices"] == {"C000001": "SUCCESS"}
