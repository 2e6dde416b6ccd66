"""Configuration profiles and the restrictions they bring, provisioning profiles, certificates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from certs import signed_data
from certs.errors import UNREADABLE_X509, CertsError
from device_emulator.core import effects, installing
from device_emulator.core.answers.answerer import LOCKED, SEALED, Answer, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed, link
from device_emulator.core.belongings import ProvisioningProfile
from device_emulator.core.errors import ProfileRefusedError
from device_emulator.core.handheld import Handheld
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from mdm_server.wire.command import Command
from mdm_server.wire.errors import WireError
from mdm_server.wire.plist import PROFILE, PlistDict, loads_dict

# How the reasons of `installing` are called on the wire. What is not here could not be read at all.
CAUSES: Mapping[str, ErrorCode] = {
    "profile.malformed": ErrorCode.MALFORMED_PROFILE,
    "profile.signature": ErrorCode.BAD_SIGNATURE,
    "profile.untrusted": ErrorCode.BAD_SIGNATURE,
    "profile.management": ErrorCode.MDM_REPLACEMENT_MISMATCH,
    "return_to_service.missing": ErrorCode.MALFORMED_REQUEST,
}


@answerer(
    "InstallProfile",
    Fidelity.SIMPLIFIED,
    "signature, restrictions, passcode policy and trusted roots are real; of other payloads only the entry in "
    "ProfileList is; a new enrolment profile is refused",
    not_now=LOCKED,
)
def install_profile(handheld: Handheld, command: Command) -> Answer:
    """Install a profile, or replace the one with the same identifier."""
    try:
        installing.install_profile(handheld, command.fields["Payload"], managed=True)
    except ProfileRefusedError as error:
        cause = CAUSES.get(error.reason, ErrorCode.CANNOT_PARSE_PROFILE)
        return failed(ErrorCode.INSTALLATION_FAILURE, "The profile could not be installed.", link(cause, error.detail))
    return Answer()


@answerer(
    "RemoveProfile",
    Fidelity.REAL,
    "only what the server installed; the management profile takes everything with it",
    not_now=LOCKED,
)
def remove_profile(handheld: Handheld, command: Command) -> Answer:
    """Remove a profile; the one that manages the device only once the report is out."""
    identifier = command.fields["Identifier"]
    profile = handheld.profiles.find(identifier)
    if profile is None:
        return failed(ErrorCode.PROFILE_NOT_INSTALLED, f"There is no profile “{identifier}”.")
    if profile.manages_the_device:
        return Answer(afterwards=lambda device: _remove(device, identifier))
    if not profile.is_managed:
        return failed(ErrorCode.PROFILE_NOT_MANAGED, f"The profile “{identifier}” was not installed by the server.")
    installing.remove_profile(handheld, identifier)
    return Answer()


def _remove(handheld: Handheld, identifier: str) -> None:
    installing.remove_profile(handheld, identifier)


@answerer("ProfileList", Fidelity.REAL, "all installed profiles with payloads and signers")
def profile_list(handheld: Handheld, command: Command) -> Answer:
    """List the profiles."""
    managed_only = command.fields.get("ManagedOnly", False)
    listed = [each for each in handheld.profiles if not managed_only or each.is_managed or each.manages_the_device]
    return Answer(values={"ProfileList": [_described(profile) for profile in listed]})


def _described(profile: InstalledProfile) -> PlistDict:
    texts = {
        "PayloadDisplayName": profile.display_name,
        "PayloadOrganization": profile.organization,
        "PayloadDescription": profile.description,
    }
    return {
        "PayloadIdentifier": profile.identifier,
        "PayloadUUID": profile.uuid,
        "PayloadVersion": 1,
        **{key: text for key, text in texts.items() if text is not None},
        "PayloadRemovalDisallowed": profile.removal_disallowed,
        "HasRemovalPasscode": False,
        "IsEncrypted": False,
        "IsManaged": profile.is_managed or profile.manages_the_device,
        "SignerCertificates": list(profile.signers),
        "PayloadContent": [_payload(payload) for payload in profile.payloads],
    }


def _payload(payload: InstalledPayload) -> PlistDict:
    named = {} if payload.display_name is None else {"PayloadDisplayName": payload.display_name}
    return {
        "PayloadType": payload.type,
        "PayloadIdentifier": payload.identifier,
        "PayloadUUID": payload.uuid,
        "PayloadVersion": payload.version,
        **named,
    }


@answerer("Restrictions", Fidelity.SIMPLIFIED, "what com.apple.applicationaccess says; the rest restricts nothing here")
def restrictions(handheld: Handheld, command: Command) -> Answer:
    """Tell what is restricted, altogether and (if asked) profile by profile.

    ProfileRestrictions is there only where it was asked for (archived MDM Protocol Reference, “Restrictions Commands”).
    """
    every = [content for profile in handheld.profiles for content in profile.contents(effects.RESTRICTIONS)]
    values: PlistDict = {"GlobalRestrictions": _restricted(every)}
    if command.fields.get("ProfileRestrictions", False):
        by_profile = {each.identifier: list(each.contents(effects.RESTRICTIONS)) for each in handheld.profiles}
        values["ProfileRestrictions"] = {name: _restricted(each) for name, each in by_profile.items() if each}
    return Answer(values=values)


def _restricted(contents: Iterable[Mapping[str, Any]]) -> PlistDict:
    """Sort restrictions as the answer does: switches, numbers, lists of what is allowed, lists of what is blocked."""
    payloads = list(contents)
    sorted_out: PlistDict = {"restrictedBool": {}, "restrictedValue": {}, "intersection": {}, "union": {}}
    for name, value in effects.most_restrictive(payloads).items():
        if isinstance(value, bool):
            sorted_out["restrictedBool"][name] = {"value": value}
        elif isinstance(value, int):
            sorted_out["restrictedValue"][name] = {"value": value}
        elif isinstance(value, list):
            lists = [{str(entry) for entry in each[name]} for each in payloads if isinstance(each.get(name), list)]
            blocked = name.startswith("block")
            joined = set.union(*lists) if blocked else set.intersection(*lists)
            sorted_out["union" if blocked else "intersection"][name] = {"values": sorted(joined)}
    return sorted_out


@answerer("CertificateList", Fidelity.REAL, "the device's identity and the roots that profiles brought", not_now=SEALED)
def certificate_list(handheld: Handheld, command: Command) -> Answer:
    """List the certificates; all of them came by profiles, so ManagedOnly leaves none out."""
    keychain = handheld.keychain
    entries = [] if keychain.certificate is None else [_certificate(keychain.certificate, is_identity=True)]
    entries += [_certificate(root, is_identity=False) for root in keychain.roots]
    return Answer(values={"CertificateList": entries})


def _certificate(der: bytes, *, is_identity: bool) -> PlistDict:
    return {"CommonName": _common_name(der), "IsIdentity": is_identity, "Data": der}


def _common_name(der: bytes) -> str:
    """Return a certificate's common name; a profile may have brought bytes that are no certificate."""
    try:
        names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except UNREADABLE_X509:
        return ""
    return str(names[0].value) if names else ""


@answerer(
    "InstallProvisioningProfile",
    Fidelity.SIMPLIFIED,
    "anybody may have signed it; no application depends on it",
    not_now=LOCKED,
)
def install_provisioning_profile(handheld: Handheld, command: Command) -> Answer:
    """Keep a provisioning profile; that it is there already is no error."""
    try:
        profile = read_provisioning_profile(command.fields["ProvisioningProfile"])
    except (CertsError, WireError) as error:
        return failed(ErrorCode.BAD_PROVISIONING_PROFILE, f"This is no provisioning profile ({error}).")
    belongings = handheld.belongings
    others = tuple(each for each in belongings.provisioning_profiles if each.uuid != profile.uuid)
    belongings.provisioning_profiles = (*others, profile)
    return Answer()


def read_provisioning_profile(document: bytes) -> ProvisioningProfile:
    """Read a `.mobileprovision` file: a property list in a CMS envelope, or bare (CertsError, WireError)."""
    bare = document.lstrip()[:5] == b"<?xml" or document.startswith(b"bplist")
    content = loads_dict(document if bare else signed_data.verify(document).content, limits=PROFILE)
    uuid, name, expires = content.get("UUID"), content.get("Name", ""), content.get("ExpirationDate")
    if not isinstance(uuid, str) or not isinstance(name, str):
        raise WireError("parse.schema", "expected UUID and Name as strings")
    return ProvisioningProfile(uuid, name, expires.replace(tzinfo=UTC) if isinstance(expires, datetime) else None)


@answerer("RemoveProvisioningProfile", Fidelity.REAL, "by its UUID", not_now=LOCKED)
def remove_provisioning_profile(handheld: Handheld, command: Command) -> Answer:
    """Remove a provisioning profile."""
    belongings, uuid = handheld.belongings, command.fields["UUID"]
    kept = tuple(each for each in belongings.provisioning_profiles if each.uuid != uuid)
    if len(kept) == len(belongings.provisioning_profiles):
        return failed(ErrorCode.PROVISIONING_PROFILE_NOT_MANAGED, f"There is no provisioning profile “{uuid}”.")
    belongings.provisioning_profiles = kept
    return Answer()


@answerer("ProvisioningProfileList", Fidelity.REAL, "what InstallProvisioningProfile left")
def provisioning_profile_list(handheld: Handheld, command: Command) -> Answer:
    """List the provisioning profiles."""
    listed: list[PlistDict] = []
    for each in handheld.belongings.provisioning_profiles:
        expiry = {} if each.expires is None else {"ExpiryDate": each.expires}
        listed.append({"Name": each.name, "UUID": each.uuid, **expiry})
    return Answer(values={"ProvisioningProfileList": listed})
