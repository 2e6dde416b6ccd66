"""Work profiles of Android 10 and later wait until their hardware is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.staging.android_verification import VerificationEvent, needs_verification, verify
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.guards import Attempt, judge
from mdm_server.domain.staging.vocabulary import ListKind, Ownership, Platform
from rigs.staging_records import ANDROID, ANNA, BEN, WORK_PROFILE, attempt, bound, listed, registered, with_settings

NAMED = replace(WORK_PROFILE, identifiers=DeviceIdentifiers("ANDROID-1", "SERIAL1"))


def _allowlisted(device: object) -> Attempt:
    return with_settings(attempt(device=device, entries=(listed(ListKind.ALLOW),)), mode="AllowlistedOnly")


def test_it_enrols_without_a_name_and_is_an_employees_own() -> None:
    """Also where only listed devices may: that is decided when it tells (row 58)."""
    assert needs_verification(WORK_PROFILE)
    assert judge(_allowlisted(WORK_PROFILE)) is None
    assert _allowlisted(WORK_PROFILE).effective_ownership is Ownership.EMPLOYEE_OWNED
    assert not needs_verification(ANDROID)


def test_it_waits_for_as_long_as_it_tells_nothing() -> None:
    """A sync that brings no identifier decides nothing."""
    assert verify(_allowlisted(WORK_PROFILE)) == (VerificationEvent.SYNCED_NAMELESS, None)


def test_a_device_that_is_allowed_is_verified() -> None:
    """Its serial number is on the list."""
    assert verify(_allowlisted(NAMED)) == (VerificationEvent.ALLOWED, None)
    assert verify(attempt(device=NAMED)) == (VerificationEvent.ALLOWED, None)
    own = attempt(device=NAMED, registrations=(bound(ANNA.id, platform=Platform.ANDROID),))
    assert verify(own)[0] is VerificationEvent.ALLOWED


@pytest.mark.parametrize(
    ("denied", "code"),
    [
        (_allowlisted(replace(NAMED, identifiers=DeviceIdentifiers("A", "SERIAL2"))), "DEVICE_NOT_ALLOWLISTED"),
        (attempt(device=NAMED, entries=(listed(ListKind.DENY),)), "DEVICE_DENYLISTED"),
        (attempt(device=NAMED, registrations=(registered(BEN.id),)), "REG_USER_MISMATCH"),
        (attempt(device=NAMED, registrations=(bound(BEN.id),)), "REG_BOUND_TO_OTHER"),
    ],
)
def test_a_device_that_is_not_is_removed(denied: Attempt, code: str) -> None:
    """With the code of the guard that it would have met at the door."""
    event, verdict = verify(denied)
    assert event is VerificationEvent.DENIED
    assert verdict.code == code
