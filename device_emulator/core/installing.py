"""Installing and removing configuration profiles."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.hazmat.primitives.serialization import Encoding

from certs.signed_data import LEGACY_DIGESTS, SHA2
from device_emulator.core import effects, leaving
from device_emulator.core.errors import ProfileRefusedError
from device_emulator.core.events import ProfileInstalled, ProfileRemoved
from device_emulator.core.handheld import Handheld
from device_emulator.core.installed_profiles import InstalledProfile, remembered
from mdm_server.wire.errors import WireError
from mdm_server.wire.mobileconfig import OpenedDocument, OpenedProfile, Profile, open_document, parse_profile


def open_envelope(handheld: Handheld, document: bytes) -> OpenedDocument:
    """Verify the signature of a document, as the settings tell whom to trust, and take it out of its envelope.

    Raises:
        ProfileRefusedError: its signature is bad, or its signer is not trusted.

    """
    settings = handheld.settings
    digests = LEGACY_DIGESTS if settings.legacy_algorithms else SHA2
    try:
        return open_document(document, roots=settings.profile_roots or None, at=handheld.clock(), digests=digests)
    except WireError as error:
        raise ProfileRefusedError(error.code, error.detail) from error


def open_configuration(handheld: Handheld, document: bytes) -> OpenedProfile:
    """Verify a profile and read it.

    Raises:
        ProfileRefusedError: as `open_envelope`, or it is no profile.

    """
    return read_configuration(open_envelope(handheld, document))


def read_configuration(opened: OpenedDocument) -> OpenedProfile:
    """Read the profile that was in an envelope (ProfileRefusedError if it was none)."""
    try:
        return OpenedProfile(parse_profile(opened.content), opened.signer)
    except WireError as error:
        raise ProfileRefusedError(error.code, error.detail) from error


def install_profile(handheld: Handheld, document: bytes, *, managed: bool) -> InstalledProfile:
    """Verify and install a configuration profile that does not enrol the device.

    Raises:
        ProfileRefusedError: as `open_configuration`, or it is an enrolment profile.

    """
    opened = open_configuration(handheld, document)
    if effects.enrolls(opened.profile):
        raise ProfileRefusedError("profile.management", "expected a configuration profile, found one that enrols")
    return put_on_device(handheld, opened, managed=managed)


def put_on_device(handheld: Handheld, opened: OpenedProfile, *, managed: bool) -> InstalledProfile:
    """Keep a verified profile, in place of one with the same identifier, and let it have its effects."""
    signers = () if opened.signer is None else (opened.signer.public_bytes(Encoding.DER),)
    installed = remembered(opened.profile, managed=managed, signers=signers, at=handheld.clock())
    handheld.profiles.install(installed)
    handheld.keychain.trust(tuple(_root_certificates(opened.profile)))
    handheld.emit(ProfileInstalled(installed.identifier))
    return installed


def _root_certificates(profile: Profile) -> Iterator[bytes]:
    for payload in profile.payloads:
        content = payload.content.get("PayloadContent")
        if payload.type == effects.ROOT_CERTIFICATE and isinstance(content, bytes):
            yield content


def remove_profile(handheld: Handheld, identifier: str) -> InstalledProfile | None:
    """Take a profile off the device and return it (None: there is none such).

    The management profile takes with it all that management brought.
    """
    gone = handheld.profiles.find(identifier)
    if gone is None:
        return None
    if gone.manages_the_device:
        leaving.ask_to_leave(handheld, "profile_removed")
    else:
        handheld.profiles.remove(identifier)
        handheld.emit(ProfileRemoved(identifier))
    return gone


def remove_expired(handheld: Handheld) -> None:
    """Remove the profiles whose RemovalDate has come."""
    for profile in handheld.profiles.expired(handheld.clock()):
        remove_profile(handheld, profile.identifier)
