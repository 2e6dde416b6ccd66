"""Where devices are, and that the log of changes says the same as the records."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.placing import LONGEST_SERIAL, check_serial, known_serial
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.wire.dep import OpType
from rigs.dep_service import SmallApple

SERIALS = ("A1", "B2", "C3")
STEPS = ("order", "order bare", "configurator", "first", "second", "none", "release", "leave", "disown", "describe")


def step(apple: SmallApple, second: str, what: str, serial: str) -> None:
    """Do something to a device, whether it makes sense or not."""
    device = NewDevice(serial_number=serial)
    manager, organization = apple.manager, apple.organization
    steps: dict[str, Callable[[], object]] = {
        "order": lambda: manager.order(organization, [device], server=apple.server),
        "order bare": lambda: manager.order(organization, [device]),
        "configurator": lambda: manager.add_by_configurator(device, organization, second),
        "first": lambda: manager.assign([serial], apple.server),
        "second": lambda: manager.assign([serial], second),
        "none": lambda: manager.assign([serial], None),
        "release": lambda: manager.release([serial]),
        "leave": lambda: manager.leave(serial),
        "disown": lambda: manager.program.disown(1, [serial]),
        "describe": lambda: manager.describe(serial, asset_tag=what),
    }
    with suppress(BusinessManagerError):
        steps[what]()


def replayed(apple: SmallApple, server: int) -> list[str]:
    """Return the devices of a server by what its log says, in the order in which they came."""
    there: list[str] = []
    behind, more = 0, True
    while more:
        page = apple.manager.program.changes(server, behind=behind, limit=2)
        for device in page.devices:
            assert (device.op_type is OpType.ADDED) is (device.serial_number not in there)
            if device.op_type is OpType.ADDED:
                there.append(device.serial_number)
            elif device.op_type is OpType.DELETED:
                there.remove(device.serial_number)
        behind, more = page.end, page.more
    return there


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(SERIALS)), max_size=25))
def test_whoever_replays_the_log_knows_who_is_there(steps: list[tuple[str, str]]) -> None:
    """Whatever was done in whatever order: log, list and records are one; nobody is added twice or deleted unseen."""
    apple = SmallApple()
    second = apple.manager.add_server(apple.organization, "Second").uuid
    for what, serial in steps:
        step(apple, second, what, serial)
    for number, server in ((1, apple.server), (2, second)):
        page = apple.manager.program.page(number, behind=0, until=10_000, limit=100)
        listed = [device.serial_number for device in page.devices]
        recorded = [each.serial_number for each in apple.manager.devices(apple.organization) if each.server == server]
        assert listed == replayed(apple, number)
        assert sorted(listed) == recorded
    apple.ledger.close()


def test_a_serial_number_is_kept_in_capitals() -> None:
    """Whoever types it with spaces around it means the same."""
    assert known_serial(" c02xyz ") == check_serial(" c02xyz ") == "C02XYZ"


@pytest.mark.parametrize("text", ["", "A\x00", "A\ud800", "Ａ１", "A" * (LONGEST_SERIAL + 1)])
def test_what_is_no_serial_number_is_refused(text: str) -> None:
    """Letters and digits, as they are engraved."""
    with pytest.raises(BusinessManagerError) as refused:
        check_serial(text)
    assert refused.value.code == "abm.serial_invalid"
