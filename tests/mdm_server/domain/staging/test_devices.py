"""What identifies a device, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, normal_identifier, version_of
from mdm_server.domain.staging.vocabulary import EnrollmentType, Platform
from rigs.staging_records import ANDROID, IPHONE, WORK_PROFILE

some = st.none() | st.sampled_from(["A1", "a1", "B2"])
identifiers = st.builds(DeviceIdentifiers, some, some, some)


def test_a_device_is_recognized_by_any_one_identifier() -> None:
    """Another UDID with the same serial number is the same device, however it is typed."""
    known = DeviceIdentifiers("UDID-1", "C39X", "35 000000 000001")
    assert known.matches(DeviceIdentifiers("UDID-2", "c39x"))
    assert known.matches(DeviceIdentifiers(imei="35-000000-000001"))
    assert not known.matches(DeviceIdentifiers("UDID-2", "C40"))
    assert not known.matches(DeviceIdentifiers())
    assert not known.matches(DeviceIdentifiers(udid="C39X")), "a serial number is no UDID"


@given(identifiers, identifiers)
def test_matching_is_mutual_and_excludes_contradicting(one: DeviceIdentifiers, other: DeviceIdentifiers) -> None:
    """Two devices match, contradict each other, or cannot be compared; whoever asks."""
    assert one.matches(other) == other.matches(one)
    assert one.contradicts(other) == other.contradicts(one)
    assert not (one.matches(other) and one.contradicts(other))
    assert one.matches(one) == bool(one)


@given(identifiers, identifiers)
def test_filling_keeps_what_is_known(one: DeviceIdentifiers, other: DeviceIdentifiers) -> None:
    """And takes the rest from the other."""
    filled = one.filled_from(other)
    for name in ("udid", "serial_number", "imei"):
        assert getattr(filled, name) == (getattr(one, name) or getattr(other, name))


def test_what_cannot_be_compared_contradicts_nothing() -> None:
    """A registration by serial number says nothing against a device that tells its UDID only."""
    assert not DeviceIdentifiers(serial_number="A").contradicts(DeviceIdentifiers(udid="B"))
    assert DeviceIdentifiers(serial_number="A").contradicts(DeviceIdentifiers("B", "B"))


@pytest.mark.parametrize(
    ("older", "newer"), [("9", "10"), ("17.4", "17.4.1"), ("16.7.10", "17"), ("", "1"), ("x", "1")]
)
def test_versions_are_compared_by_their_numbers(older: str, newer: str) -> None:
    """And not by their letters."""
    assert version_of(older) < version_of(newer)


def test_a_version_ends_where_only_zeros_follow() -> None:
    """16.0 is 16; what is no number counts as none."""
    assert version_of("16.0.0") == version_of(" 16") == (16,)
    assert version_of("16.beta.2") == (16, 0, 2)


def test_only_a_nameless_work_profile_of_a_new_android_hides_its_hardware() -> None:
    """Older ones, fully managed ones and iPhones tell."""
    assert WORK_PROFILE.hides_hardware
    assert replace(WORK_PROFILE, os_version="10").hides_hardware
    assert not replace(WORK_PROFILE, os_version="9").hides_hardware
    assert not replace(WORK_PROFILE, identifiers=DeviceIdentifiers(imei="35")).hides_hardware
    assert not replace(WORK_PROFILE, enrollment_type=EnrollmentType.MDM).hides_hardware
    assert not replace(WORK_PROFILE, platform=Platform.IOS).hides_hardware
    assert not ANDROID.hides_hardware
    assert not IPHONE.work_profile


def test_a_device_counts_for_who_has_it_and_else_for_who_staged_it() -> None:
    """Row 61."""
    assert Assignment(user=1, stager=2).counted_for == 1
    assert Assignment(stager=2).counted_for == 2
    assert Assignment().counted_for is None


def test_an_identifier_is_compared_without_what_people_add() -> None:
    """Blanks, dashes and small letters."""
    assert normal_identifier(" 00008030-abc 1 ") == "00008030ABC1"
