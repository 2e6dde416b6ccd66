from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from device_emulator.core import managing_applications
from device_emulator.core.answers import radio
from device_emulator.core.answers.queries import QUERIES, SUPPORT
from device_emulator.core.effects import RESTRICTIONS
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import luhn_digit
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.preferences import Preference
from device_emulator.core.setting_up.answers import AppleAccount
from mdm_server.wire.commands import AccessRight, Platform
from rigs.managed_device import IPAD, IPHONE, Clock, ask


def asked(handheld: Handheld, *names: str) -> dict[str, Any]:
    """Return a device's answers to some queries."""
    responses: dict[str, Any] = ask(handheld, "DeviceInformation", Queries=list(names)).values["QueryResponses"]
    return responses


def test_a_device_answers_about_itself(iphone: Handheld) -> None:
    """What the device says is what its state is."""
    assert asked(
        iphone, "UDID", "SerialNumber", "ProductName", "ModelName", "OSVersion", "DeviceName", "IsSupervised"
    ) == {
        "UDID": iphone.hardware.udid,
        "SerialNumber": iphone.hardware.serial_number,
        "ProductName": iphone.hardware.model.product_name,
        "ModelName": "iPhone",
        "OSVersion": iphone.system.version,
        "DeviceName": iphone.name,
        "IsSupervised": True,
    }


def test_every_query_that_an_iphone_can_answer_has_an_answer(make: Callable[..., Handheld]) -> None:
    """Among many devices no query of ours stays without an answer on all of them."""
    answered: set[str] = set()
    organization = {"Item": "OrganizationInfo", "OrganizationInfo": {"OrganizationName": "Example"}}
    for seed in range(12):
        handheld = make(seed=seed)
        ask(handheld, "Settings", Settings=[organization])
        answered |= set(asked(handheld, *SUPPORT))

    assert answered == set(QUERIES)


def test_queries_of_macs_and_unknown_ones_are_left_out(iphone: Handheld) -> None:
    """The device drops what it cannot answer and acknowledges the rest."""
    assert set(asked(iphone, "HostName", "Shoes", "SIMCarrierNetwork", "ResidentUsers", "UDID")) == {"UDID"}


@pytest.mark.parametrize(
    ("rights", "answered"),
    [
        (0, {"UDID"}),
        (AccessRight.QUERY_DEVICE, {"UDID", "OSVersion"}),
        (AccessRight.QUERY_NETWORK, {"UDID", "WiFiMAC"}),
        (AccessRight.MANAGE_APPLICATIONS, {"UDID", "iTunesStoreAccountIsActive"}),
    ],
)
def test_queries_the_server_has_no_right_to_are_left_out(
    make: Callable[..., Handheld], rights: int, answered: set[str]
) -> None:
    """Each group of queries has its access right, and one group needs none."""
    handheld = make(rights=rights)

    assert set(asked(handheld, "UDID", "OSVersion", "WiFiMAC", "iTunesStoreAccountIsActive")) == answered


def test_only_a_device_with_a_modem_talks_about_its_carrier(make: Callable[..., Handheld]) -> None:
    """An iPad without one has no IMEI, no number and no subscription; both say which cellular technology they have."""
    phone, tablet = make(model=IPHONE), make(model=IPAD)
    assert not IPAD.has_cellular

    assert set(asked(tablet, *radio.QUERIES)) == {"CellularTechnology", "IsNetworkTethered"}
    assert set(asked(phone, *radio.QUERIES)) == set(radio.QUERIES)
    (subscription,) = asked(phone, "ServiceSubscriptions")["ServiceSubscriptions"]
    assert subscription["IMEI"] == asked(phone, "IMEI")["IMEI"]


def test_the_numbers_of_a_device_have_the_check_digits_they_should(iphone: Handheld) -> None:
    """IMEI and ICCID end in their Luhn digits."""
    for name, length in (("IMEI", 15), ("ICCID", 19)):
        number = asked(iphone, name)[name]
        assert (len(number), number[-1]) == (length, luhn_digit(number[:-1]))


def test_a_device_is_the_same_device_in_every_run(make: Callable[..., Handheld]) -> None:
    """Two devices of one seed and number answer every query alike."""
    assert asked(make(), *QUERIES) == asked(make(), *QUERIES)


def test_what_depends_on_the_clock_follows_it(iphone: Handheld, ticking: Clock) -> None:
    """The battery is not as full in the evening as at noon, and a backup is never of the future."""
    noon = asked(iphone, "BatteryLevel")["BatteryLevel"]
    ticking.advance(hours=9)

    assert asked(iphone, "BatteryLevel")["BatteryLevel"] < noon
    for _ in range(48):
        ticking.advance(minutes=30)
        assert asked(iphone, "LastCloudBackupDate").get("LastCloudBackupDate", ticking()) <= ticking()


def test_the_storage_shrinks_with_applications(iphone: Handheld, ticking: Clock) -> None:
    """What is installed takes space."""
    before = asked(iphone, "AvailableDeviceCapacity")["AvailableDeviceCapacity"]

    for number in range(1, 30):
        ask(iphone, "InstallApplication", iTunesStoreID=number, Options={"PurchaseMethod": 1})
    ticking.advance(minutes=1)
    managing_applications.catch_up(iphone)

    assert asked(iphone, "AvailableDeviceCapacity")["AvailableDeviceCapacity"] < before


def test_activation_lock_on_a_supervised_device_has_to_be_allowed(make: Callable[..., Handheld]) -> None:
    """Find My brings Activation Lock by itself only on a device that is not supervised."""
    seed = next(
        seed
        for seed in range(50)
        if asked(make(seed=seed), "IsDeviceLocatorServiceEnabled") == {"IsDeviceLocatorServiceEnabled": True}
    )
    query = "IsActivationLockEnabled"
    assert asked(make(seed=seed, supervised=False), query) == {query: True}
    handheld = make(seed=seed)
    assert asked(handheld, query) == {query: False}

    options = {"Item": "MDMOptions", "MDMOptions": {"ActivationLockAllowedWhileSupervised": True}}
    ask(handheld, "Settings", Settings=[options])

    assert asked(handheld, query) == {query: True}


def test_the_table_knows_every_query_that_is_answered() -> None:
    """No query of ours is missing from the table, and each of them exists on iOS."""
    assert [name for name in QUERIES if Platform.IOS not in SUPPORT[name]] == []


def test_what_a_restriction_forbids_is_off(iphone: Handheld) -> None:
    """The backup to iCloud, Find My and diagnostics, whatever the person wants."""
    names = ("IsCloudBackupEnabled", "IsDeviceLocatorServiceEnabled", "DiagnosticSubmissionEnabled")
    iphone.apple_account = AppleAccount(name="somebody@icloud.example")
    iphone.preferences.change(Preference.DIAGNOSTIC_SUBMISSION, True)
    assert asked(iphone, *names) == dict.fromkeys(names, True)
    switches = ("allowCloudBackup", "allowFindMyDevice", "allowDiagnosticSubmission")
    payload = InstalledPayload(RESTRICTIONS, "p", "u", content=dict.fromkeys(switches, False))
    iphone.profiles.install(InstalledProfile(identifier="r", uuid="U", payloads=(payload,)))
    assert asked(iphone, *names) == dict.fromkeys(names, False)
