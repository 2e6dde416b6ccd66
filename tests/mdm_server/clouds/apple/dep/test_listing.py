"""Fetch, sync, details and disowning, as a client asks for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.dep.settings import DepSettings
from rigs.dep_client import DepClient, Walker
from rigs.dep_service import NOON, SmallApple


def speaking(client: DepClient, version: str) -> DepClient:
    """Have a client speak an older version of the protocol."""
    before = client._headers
    client._headers = lambda more: {**before(more), "X-Server-Protocol-Version": version}  # type: ignore[method-assign]
    return client


@pytest.mark.parametrize(
    ("asked", "given"),
    [({}, 4), ({"limit": 3}, 3), ({"limit": 99}, 6), ({"limit": 0}, 4), ({"limit": None}, 4)],
)
def test_a_page_has_what_was_asked_for_within_what_there_is(asked: dict[str, Any], given: int) -> None:
    """A hundred if nobody says, and a thousand at most; here four and six."""
    apple = SmallApple(DepSettings(default_limit=4, page_limit=6))
    apple.order(10)
    page = apple.client().ask("POST", "/server/devices", asked)
    assert len(page["devices"]) == given
    assert page["more_to_follow"] is True


def test_a_page_never_has_more_than_a_page_may_have() -> None:
    """A small limit is the usual one, too, and the account says so."""
    apple = SmallApple(DepSettings(page_limit=6))
    apple.order(10)
    client = apple.client()
    assert len(client.ask("POST", "/server/devices")["devices"]) == 6
    limits = [url["limit"] for url in client.ask("GET", "/account")["urls"] if url["uri"] == "/server/devices"]
    assert limits == [{"default": 6, "maximum": 6}]


def test_a_fetch_goes_on_behind_its_page_and_a_sync_behind_a_fetch() -> None:
    """There is no sync out of nothing."""
    apple = SmallApple()
    apple.order(3)
    client = apple.client()
    first = client.ask("POST", "/server/devices", {"limit": 2})
    second = client.ask("POST", "/server/devices", {"limit": 2, "cursor": first["cursor"]})
    assert [device["serial_number"] for device in second["devices"]] == ["C000002"]
    assert client.ask("POST", "/devices/sync", {"cursor": second["cursor"]})["devices"] == []
    assert client.call("POST", "/devices/sync", {}).body == b"CURSOR_REQUIRED"
    assert client.call("POST", "/devices/sync", {"cursor": first["cursor"]}).body == b"INVALID_CURSOR"
    assert client.call("POST", "/server/devices", {"cursor": second["cursor"]}).body == b"EXHAUSTED_CURSOR"


@pytest.mark.parametrize("limit", [-1, "many", 1.5])
def test_a_limit_is_a_number_above_zero(limit: Any) -> None:
    """Anything else is no request."""
    answer = SmallApple().client().call("POST", "/server/devices", {"limit": limit})
    assert (answer.status, answer.body) == (400, b"MALFORMED_REQUEST_BODY")


def test_a_fetch_of_nothing_is_over_at_once() -> None:
    """It says how far it got and where to go on, for the sync after it."""
    apple = SmallApple()
    client = apple.client()
    page = client.ask("POST", "/server/devices")
    assert (page["devices"], page["more_to_follow"]) == ([], False)
    assert page["fetched_until"] == "2026-06-01T12:00:00Z"
    apple.order(1)
    synced = client.ask("POST", "/devices/sync", {"cursor": page["cursor"]})
    assert [device["op_type"] for device in synced["devices"]] == ["added"]


def test_a_fetch_says_no_operation_and_a_sync_says_which() -> None:
    """Some clients assign profiles to those that were added, and to those only."""
    apple = SmallApple()
    apple.order(1)
    walker = Walker(apple.client())
    walker.walk()
    assert "op_type" not in walker.picture["C000000"]
    apple.clock.move(minutes=5)
    apple.manager.describe("C000000", asset_tag="42", description="The one at the desk")
    walker.walk()
    device = walker.picture["C000000"]
    assert (device["op_type"], device["op_date"]) == ("modified", "2026-06-01T12:05:00Z")
    assert (device["asset_tag"], device["description"]) == ("42", "The one at the desk")


def test_what_changes_during_a_fetch_is_told_by_the_sync_after_it() -> None:
    """Added: not in the fetch. Changed and removed behind the page: as it was. Then everything, once."""
    apple = SmallApple()
    apple.order(4)
    walker = Walker(apple.client(), limit=2)
    walker.step()
    apple.order(1, prefix="N")
    apple.manager.release(["C000000"])
    apple.manager.describe("C000001", asset_tag="new")
    apple.manager.release(["C000002"])
    walker.step()
    assert sorted(walker.picture) == ["C000000", "C000001", "C000003"]
    walker.walk()
    assert sorted(walker.picture) == ["C000001", "C000003", "N000000"]
    assert walker.picture["C000001"]["asset_tag"] == "new"


@pytest.mark.parametrize(
    ("version", "system"), [("1", None), ("2", "iOS"), ("6", "iOS"), ("7", "iPadOS"), ("8", "iPadOS")]
)
def test_older_versions_of_the_protocol_know_less(version: str, system: str | None) -> None:
    """Systems since version 2, iPadOS by its own name since version 7."""
    apple = SmallApple()
    tablet = NewDevice(serial_number="TAB1", model="iPad", device_family="iPad", os="iPadOS")
    apple.manager.order(apple.organization, [tablet], server=apple.server)
    client = speaking(apple.client(), version)
    fetched = client.ask("POST", "/server/devices")["devices"][0]
    asked = client.ask("POST", "/devices", {"devices": ["TAB1"]})["devices"]["TAB1"]
    assert fetched.get("os") == asked.get("os") == system
    assert ("device_family" in fetched) is (version != "1")


@pytest.mark.parametrize(("version", "deadline"), [("7", None), ("8", "2026-06-08T12:00:00Z")])
def test_a_device_may_have_to_change_its_mdm_server_by_some_day(version: str, deadline: str | None) -> None:
    """The server that it comes to is told, since version 8; the next server it goes to is not."""
    apple = SmallApple()
    apple.order(1)
    walker = Walker(speaking(apple.client(), version))
    walker.walk()
    apple.manager.migrate("C000000", NOON + timedelta(days=7))
    walker.walk()
    assert walker.picture["C000000"].get("mdm_migration_deadline") == deadline
    asked = walker.client.ask("POST", "/devices", {"devices": ["C000000"]})["devices"]["C000000"]
    assert asked.get("mdm_migration_deadline") == deadline
    for server in (None, apple.server):
        apple.manager.assign(["C000000"], server)
    walker.walk()
    assert "mdm_migration_deadline" not in walker.picture["C000000"]
    assert walker.picture["C000000"]["op_type"] == "added"


def test_details_say_of_each_device_whether_it_was_found() -> None:
    """By the spelling in which it was asked for; the answer has the same key."""
    apple = SmallApple()
    apple.order(1)
    asked = apple.client().ask("POST", "/devices", {"devices": ["c000000", "NOBODY1"]})["devices"]
    assert asked["c000000"]["response_status"] == "SUCCESS"
    assert asked["c000000"]["serial_number"] == "C000000"
    assert asked["NOBODY1"] == {"serial_number": "NOBODY1", "response_status": "NOT_FOUND"}


@pytest.mark.parametrize("path", ["/devices", "/devices/disown"])
def test_devices_have_to_be_named_and_not_too_many(path: str) -> None:
    """As many as the account says."""
    client = SmallApple(DepSettings(page_limit=3)).client()
    for content, word in (
        ({}, b"DEVICE_ID_REQUIRED"),
        ({"devices": []}, b"DEVICE_ID_REQUIRED"),
        ({"devices": ["A"] * 4}, b"MALFORMED_REQUEST_BODY"),
        ({"devices": "A"}, b"MALFORMED_REQUEST_BODY"),
        ({"devices": [1]}, b"MALFORMED_REQUEST_BODY"),
    ):
        answer = client.call("POST", path, content)
        assert (answer.status, answer.body) == (400, word)


def test_what_is_disowned_is_gone() -> None:
    """From the organization; the sync tells that it was deleted."""
    apple = SmallApple()
    apple.order(2)
    walker = Walker(apple.client())
    walker.walk()
    disowned = walker.client.ask("POST", "/devices/disown", {"devices": ["C000000", "NOBODY1"]})
    assert disowned == {"devices": {"C000000": "SUCCESS", "NOBODY1": "NOT_ACCESSIBLE"}}
    walker.walk()
    assert sorted(walker.picture) == ["C000001"]
    assert apple.manager.device("C000000") is None
