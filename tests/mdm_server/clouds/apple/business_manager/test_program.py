"""The records as MDM servers see them."""

from __future__ import annotations

from time import thread_time

from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.wire.dep import DepProfile, FetchReply, OpType, ProfileStatus, ResponseStatus, encode
from rigs.dep_service import NOON, SmallApple
from rigs.pace import pace

SERVER = 1


def test_a_page_ends_where_it_says() -> None:
    """Pages follow each other without a gap and without a device twice, in the order in which the devices came."""
    apple = SmallApple()
    serials = apple.order(7)
    seen: list[str] = []
    behind, more = 0, True
    while more:
        page = apple.manager.program.page(SERVER, behind=behind, until=1000, limit=3)
        seen += [device.serial_number for device in page.devices]
        behind, more = page.end, page.more
    assert seen == serials


def test_what_came_after_a_change_is_not_in_a_page_until_that_change() -> None:
    """So a fetch ends, however fast devices come."""
    apple = SmallApple()
    serials = apple.order(2)
    until = apple.manager.program.newest()
    apple.order(2, prefix="N")
    page = apple.manager.program.page(SERVER, behind=0, until=until, limit=10)
    assert [device.serial_number for device in page.devices] == serials


def test_every_change_is_told_once_and_in_order() -> None:
    """Added, modified by whatever way, deleted; moved to where it is already is no change."""
    apple = SmallApple()
    program = apple.manager.program
    apple.order(1)
    uuid, _ = program.define(SERVER, DepProfile(profile_name="P", url="https://mdm.test/", devices=("C000000",)))
    apple.manager.assign(["C000000"], apple.server)
    apple.manager.profile_pushed("C000000")
    apple.manager.describe("C000000", asset_tag="42")
    program.remove(SERVER, uuid, ["C000000"])
    program.remove(SERVER, uuid, ["C000000"])
    apple.manager.assign(["C000000"], None)
    changes = program.changes(SERVER, behind=0, limit=100)
    assert [device.op_type for device in changes.devices] == [
        OpType.ADDED,
        OpType.MODIFIED,
        OpType.MODIFIED,
        OpType.MODIFIED,
        OpType.MODIFIED,
        OpType.DELETED,
    ]
    assert not changes.more


def test_of_a_device_that_went_away_only_the_card_is_told() -> None:
    """What its new server does with it is nobody else's business."""
    apple = SmallApple()
    other, server = apple.another()
    apple.order(1)
    apple.manager.release(["C000000"])
    apple.manager.order(other, [NewDevice(serial_number="C000000", asset_tag="theirs")], server=server)
    apple.manager.program.define(2, DepProfile(profile_name="P", url="https://m.test/", devices=("C000000",)))
    for device in apple.manager.program.changes(SERVER, behind=0, limit=10).devices:
        assert (device.profile_uuid, device.profile_status, device.asset_tag) == (None, None, None)
        assert device.device_assigned_by is None


def test_a_profile_is_removed_from_those_that_have_it() -> None:
    """A device that has another keeps it; one that has none has none; one of somebody else's is not accessible."""
    apple = SmallApple()
    program = apple.manager.program
    one, other, bare = apple.order(3)
    first, _ = program.define(SERVER, DepProfile(profile_name="1", url="https://m.test/", devices=(one,)))
    program.define(SERVER, DepProfile(profile_name="2", url="https://m.test/", devices=(other,)))
    assert program.remove(SERVER, first.replace("-", "").lower(), [one, other, bare, "NOBODY1"]) == {
        one: ResponseStatus.SUCCESS,
        other: ResponseStatus.FAILED,
        bare: ResponseStatus.SUCCESS,
        "NOBODY1": ResponseStatus.NOT_ACCESSIBLE,
    }
    statuses = {device.serial_number: device.profile_status for device in apple.manager.devices(apple.organization)}
    assert statuses == {one: ProfileStatus.REMOVED, other: ProfileStatus.ASSIGNED, bare: ProfileStatus.EMPTY}
    assert program.remove(SERVER, None, [other]) == {other: ResponseStatus.SUCCESS}


def test_a_device_that_is_disowned_is_gone_for_good() -> None:
    """From its organization, not only from the server."""
    apple = SmallApple()
    serials = apple.order(1)
    assert apple.manager.program.disown(SERVER, [*serials, "NOBODY1"]) == {
        serials[0]: ResponseStatus.SUCCESS,
        "NOBODY1": ResponseStatus.NOT_ACCESSIBLE,
    }
    assert apple.manager.device(serials[0]) is None


def time_of_pages(apple: SmallApple, *, behind: int) -> float:
    """Return the seconds that a page of devices and one of changes take, both written: the best of five."""
    times = []
    for _ in range(5):
        begun = thread_time()
        page = apple.manager.program.page(SERVER, behind=behind, until=10**6, limit=1000)
        changes = apple.manager.program.changes(SERVER, behind=behind, limit=1000)
        for devices in (page.devices, changes.devices):
            encode(FetchReply(cursor="", devices=devices, fetched_until=NOON, more_to_follow=False))
        times.append(thread_time() - begun)
    return min(times)


def test_a_page_costs_the_same_in_a_ledger_of_any_size() -> None:
    """At the beginning of a thousand devices, or deep in fifty thousand: less than ten milliseconds, of each kind."""
    small, large = SmallApple(), SmallApple()
    small.order(1000)
    large.order(50_000)
    taken = time_of_pages(large, behind=45_000)
    assert taken < 4 * time_of_pages(small, behind=0)
    assert taken < 2 * 0.010 * pace()
