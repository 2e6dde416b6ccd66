"""Profiles are of the server that defined them."""

from __future__ import annotations

from mdm_server.wire.dep import DepProfile, ResponseStatus
from rigs.dep_service import SmallApple

PROFILE = DepProfile(profile_name="Phones", url="https://mdm.test/", skip_setup_items=("Siri",), devices=("C000000",))


def test_a_profile_is_found_by_its_server_only() -> None:
    """By any spelling of its UUID; which devices it was defined with is no part of it."""
    apple = SmallApple()
    apple.manager.add_server(apple.organization, "Second")
    uuid, _ = apple.manager.program.define(1, PROFILE)
    assert uuid == uuid.upper()
    for spelling in (uuid, uuid.lower(), uuid.replace("-", "")):
        found = apple.manager.program.profile(1, spelling)
        assert found is not None
        assert (found.skip_setup_items, found.profile_uuid, found.devices) == (("Siri",), uuid, ())
        assert apple.manager.program.profile(2, spelling) is None


def test_a_profile_goes_to_devices_of_its_server_only() -> None:
    """Serial numbers are known by any spelling and answered by the one that was used."""
    apple = SmallApple()
    apple.order(2)
    second = apple.manager.add_server(apple.organization, "Second").uuid
    apple.manager.assign(["C000001"], second)
    uuid, statuses = apple.manager.program.define(1, PROFILE)
    assert statuses == {"C000000": ResponseStatus.SUCCESS}
    assert apple.manager.program.assign(1, uuid, ["c000000", "C000001", "NOBODY1"]) == {
        "c000000": ResponseStatus.SUCCESS,
        "C000001": ResponseStatus.NOT_ACCESSIBLE,
        "NOBODY1": ResponseStatus.NOT_ACCESSIBLE,
    }


def test_a_profile_that_is_assigned_again_was_not_pushed_yet() -> None:
    """A device has to ask for it again."""
    apple = SmallApple()
    apple.order(1)
    uuid, _ = apple.manager.program.define(1, PROFILE)
    apple.manager.profile_pushed("C000000")
    apple.manager.program.assign(1, uuid, ["C000000"])
    device = apple.manager.device("C000000")
    assert device is not None
    assert device.profile_status.value == "assigned"
