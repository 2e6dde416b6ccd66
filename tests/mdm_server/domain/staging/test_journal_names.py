from __future__ import annotations

from mdm_server.domain.staging.journal_names import devices_in, find_device, names_in, nearest_name
from rigs.journal_entries import entries, entry

UDID = "00008110-001A2B3C4D5E6F70"
JOURNAL = entries(
    entry("registration.created", device="device:5", user="anna", serial="F17XQ2"),
    entry("hub.session_started", device="", serial="f17-xq2"),
    entry("enroll.authenticated", device=UDID, serial_number="F17XQ2"),
    entry("enroll.authenticated", device="00008110-000000000000FFFF", serial_number="G99ZZ1"),
    entry("journal.overflowed", device=""),
)


def test_names_that_stand_together_are_one_devices() -> None:
    """Before it enrols a device has a number, afterwards a UDID; the serial number holds them together."""
    first, second = devices_in(JOURNAL)
    assert first.names == ("device:5", "F17XQ2", "f17-xq2", UDID)
    assert str(second) == "00008110-000000000000FFFF (G99ZZ1)"
    assert [first.concerns(each) for each in JOURNAL] == [True, True, True, False, False]


def test_a_device_is_found_by_any_of_its_names_however_they_are_typed() -> None:
    """With spaces, dashes or small letters, as people type them."""
    devices = devices_in(JOURNAL)
    for text in ("F17XQ2", " f17 xq2", "device:5", UDID.lower()):
        assert find_device(devices, text) is devices[0]
    assert find_device(devices, "F17XQ3") is None


def test_a_name_that_is_nearly_right_has_a_nearest_one_and_nonsense_has_none() -> None:
    """One wrong letter is understood; what resembles nothing is not guessed at."""
    names = [name for device in devices_in(JOURNAL) for name in device.names]
    assert nearest_name(names, "F17XQ3") in ("F17XQ2", "f17-xq2")
    assert nearest_name(names, "~~~~") is None
    assert nearest_name([], "F17XQ2") is None


def test_only_what_names_a_device_is_a_name() -> None:
    """Users and guards are not devices."""
    assert names_in(entry("hub.refused", device="", user="anna", guard="Group", imei="35")) == ("35",)
