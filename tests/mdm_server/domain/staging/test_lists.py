"""The allow list and the deny list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.guards import judge
from mdm_server.domain.staging.lists import check_identifiers, list_verdict
from mdm_server.domain.staging.vocabulary import ListAttribute, ListKind, Ownership, Platform
from rigs.staging_records import IDENTIFIERS, attempt, listed, with_settings

ALLOW, DENY = ListKind.ALLOW, ListKind.DENY


@pytest.mark.parametrize("attribute", list(ListAttribute))
def test_a_line_names_a_device_by_any_attribute(attribute: ListAttribute) -> None:
    """However it is typed; and it names no other device."""
    line = listed(DENY, attribute)
    typed = replace(line, value=f" {line.value.lower()} ".strip())
    assert typed.names(IDENTIFIERS, Platform.IOS)
    assert not typed.names(DeviceIdentifiers("X", "Y", "Z"), Platform.ANDROID)
    assert not typed.names(DeviceIdentifiers(), Platform.ANDROID)


def test_a_line_for_the_device_counts_before_one_for_its_platform() -> None:
    """So one device may have an ownership of its own."""
    for_all = listed(ALLOW, ListAttribute.PLATFORM, id=1, ownership=Ownership.CORPORATE_SHARED)
    for_one = listed(ALLOW, id=2, ownership=Ownership.EMPLOYEE_OWNED)
    verdict = list_verdict([for_all, for_one], IDENTIFIERS, Platform.IOS)
    assert verdict.allowed is for_one
    assert verdict.denied is None


def test_what_is_on_both_lists_is_denied() -> None:
    """Row 18 and invariant (g), also where only allowed devices may enrol."""
    both = attempt(entries=(listed(ALLOW), listed(DENY)))
    assert judge(both).code == "DEVICE_DENYLISTED"
    assert judge(with_settings(both, mode="AllowlistedOnly")).code == "DEVICE_DENYLISTED"


def test_a_line_about_another_device_says_nothing() -> None:
    """Row 17."""
    other = attempt(entries=(listed(ALLOW, value="SERIAL2"),))
    assert judge(other) is None
    assert judge(with_settings(other, mode="AllowlistedOnly")).code == "DEVICE_NOT_ALLOWLISTED"


@pytest.mark.parametrize("mode", ["AllowlistedOnly", "RegisteredOnly"])
def test_the_allow_list_lets_in_whatever_the_mode(mode: str) -> None:
    """Row 16: any qualified user, and the ownership of the line is applied."""
    allowed = with_settings(attempt(entries=(listed(ALLOW, ownership=Ownership.CORPORATE_SHARED),)), mode=mode)
    assert judge(allowed) is None
    assert allowed.effective_ownership is Ownership.CORPORATE_SHARED


def test_one_entry_names_thirty_devices_at_most() -> None:
    """Row 21."""
    assert len(check_identifiers([f"S{number}" for number in range(30)])) == 30
    with pytest.raises(Refusal, match="more_than_30"):
        check_identifiers([f"S{number}" for number in range(31)])


def test_one_entry_names_each_device_once() -> None:
    """And at least one."""
    assert check_identifiers(["A1", "B2", " a1 ", ""]) == ("A1", "B2")
    with pytest.raises(Refusal, match="no_identifier"):
        check_identifiers([" ", ""])
