from __future__ import annotations

from device_emulator.fleet.push_addresses import PushAddresses


def test_a_push_reaches_the_device_that_listens_for_its_token() -> None:
    """It is delivered in the moment it is sent, to nobody else."""
    delivered: list[tuple[int, str]] = []
    addresses = PushAddresses(lambda number, magic: delivered.append((number, magic)))
    addresses.listen(1, b"one")
    addresses.listen(2, b"two")
    addresses.deliver(b"two", "magic")
    assert delivered == [(2, "magic")]


def test_one_push_is_kept_for_a_device_that_does_not_listen_yet() -> None:
    """The last one: pushes coalesce, and whoever comes to listen gets it at once and once."""
    delivered: list[tuple[int, str]] = []
    addresses = PushAddresses(lambda number, magic: delivered.append((number, magic)))
    addresses.deliver(b"one", "first")
    addresses.deliver(b"one", "last")
    addresses.listen(1, b"one")
    addresses.listen(1, b"one")
    assert delivered == [(1, "last")]


def test_a_device_that_has_left_is_pushed_no_more() -> None:
    """Nor does an old token lead to a device that announced another; one that has none is simply forgotten."""
    delivered: list[tuple[int, str]] = []
    addresses = PushAddresses(lambda number, magic: delivered.append((number, magic)))
    addresses.listen(1, b"old")
    addresses.listen(1, b"new")
    addresses.deliver(b"old", "magic")
    addresses.listen(1, None)
    addresses.forget(1)
    addresses.deliver(b"new", "magic")
    assert delivered == []
