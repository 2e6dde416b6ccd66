"""Profiles on a device: order, replacement, and what they do together."""

from __future__ import annotations

import pytest

from device_emulator.core import installing
from device_emulator.core.device import Device
from device_emulator.core.effects import (
    PASSCODE_POLICY,
    RESTRICTIONS,
    ROOT_CERTIFICATE,
    PasscodePolicy,
    most_restrictive,
    strictest,
)
from device_emulator.core.errors import ProfileRefusedError
from device_emulator.core.sharing import shared
from rigs.play_server import PlayServer


def install(device: Device, server: PlayServer, identifier: str, payload_type: str, **content: object) -> None:
    """Install a profile of one payload."""
    installing.install_profile(device.handheld, server.configuration(identifier, payload_type, content), managed=True)


def test_a_profile_with_the_same_identifier_replaces_the_old_one(device: Device, server: PlayServer) -> None:
    """In its place; the order is that of the first installation."""
    for name in ("a", "b", "a"):
        install(device, server, name, RESTRICTIONS, allowCamera=name == "b")
    assert [profile.identifier for profile in device.handheld.profiles] == ["a", "b"]
    install(device, server, "a", RESTRICTIONS, allowCamera=True)
    assert device.handheld.profiles.restrictions() == {"allowCamera": True}


def test_restrictions_add_up(device: Device, server: PlayServer) -> None:
    """One profile's no is not undone by another's yes; taking the first away undoes it."""
    install(device, server, "a", RESTRICTIONS, allowCamera=False, forceEncryptedBackup=False)
    install(device, server, "b", RESTRICTIONS, allowCamera=True, forceEncryptedBackup=True, ratingRegion="de")
    assert device.handheld.profiles.restrictions() == {
        "allowCamera": False,
        "forceEncryptedBackup": True,
        "ratingRegion": "de",
    }
    installing.remove_profile(device.handheld, "a")
    assert device.handheld.profiles.restrictions()["allowCamera"] is True
    assert installing.remove_profile(device.handheld, "a") is None


def test_restrictions_of_the_person_can_be_told_apart(device: Device, server: PlayServer) -> None:
    """The Restrictions command may ask for those of the server alone."""
    document = server.configuration("own", RESTRICTIONS, {"allowSiri": False})
    installing.install_profile(device.handheld, document, managed=False)
    install(device, server, "theirs", RESTRICTIONS, allowCamera=False)
    assert device.handheld.profiles.restrictions(managed_only=True) == {"allowCamera": False}


def test_the_strictest_passcode_policy_counts(device: Device, server: PlayServer) -> None:
    """Longest, fewest, most."""
    install(device, server, "a", PASSCODE_POLICY, forcePIN=True, minLength=8, maxFailedAttempts=9)
    install(device, server, "b", PASSCODE_POLICY, minLength=6, maxFailedAttempts=5, allowSimple=False)
    assert device.handheld.profiles.passcode_policy == PasscodePolicy(
        required=True, minimum_length=8, alphanumeric=False, simple_allowed=False, maximum_failed_attempts=5
    )
    assert strictest([]) == PasscodePolicy()
    assert most_restrictive([]) == {}


def test_a_root_certificate_is_trusted(device: Device, server: PlayServer) -> None:
    """Once, however often it is installed."""
    root = server.authority.root.der
    for identifier in ("a", "b"):
        install(device, server, identifier, ROOT_CERTIFICATE, PayloadContent=root)
    assert device.handheld.keychain.roots == (root,)


def test_a_second_enrolment_profile_is_refused(enrolled: Device, server: PlayServer) -> None:
    """InstallProfile does not enrol."""
    with pytest.raises(ProfileRefusedError, match="found one that enrols"):
        installing.install_profile(enrolled.handheld, server.profile(), managed=True)


@pytest.mark.parametrize("document", [b"", b"<plist/>", b"\x30\x80"])
def test_what_is_no_profile_is_refused(document: bytes, device: Device) -> None:
    """And changes nothing."""
    with pytest.raises(ProfileRefusedError):
        installing.install_profile(device.handheld, document, managed=True)
    assert len(device.handheld.profiles) == 0


def test_equal_values_are_one_object() -> None:
    """What thousands of devices have in common is there once."""
    assert shared(("a" * 5, 1)) is shared(("aaaaa", 1))
