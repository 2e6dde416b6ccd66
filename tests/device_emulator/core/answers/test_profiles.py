from __future__ import annotations

import plistlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from certs import signed_data
from certs.authority import Authority
from device_emulator.core.handheld import Handheld
from device_emulator.core.installed_profiles import InstalledProfile
from mdm_server.wire.mobileconfig import sign_profile
from mdm_server.wire.results import Status
from rigs.managed_device import MANAGEMENT_PROFILE, PASSCODE, ask

UUID = "0A1B2C3D-0000-4000-8000-0000000000"


def profile(identifier: str = "com.example.wifi", *payloads: dict[str, Any], **keys: Any) -> bytes:
    """Return an unsigned configuration profile."""
    common = {"PayloadVersion": 1, "PayloadUUID": f"{UUID}00", "PayloadIdentifier": identifier}
    content = [
        {
            "PayloadVersion": 1,
            "PayloadUUID": f"{UUID}{number:02}",
            "PayloadIdentifier": f"{identifier}.{number}",
            **each,
        }
        for number, each in enumerate(payloads, 1)
    ]
    return plistlib.dumps({"PayloadType": "Configuration", "PayloadContent": content, **common, **keys})


RESTRICTIONS = {"PayloadType": "com.apple.applicationaccess"}
LESS_CAMERA = {**RESTRICTIONS, "allowCamera": False, "safariAcceptCookies": 2, "blockedAppBundleIDs": ["a", "b"]}
FEWER_APPS = {**RESTRICTIONS, "allowCamera": True, "blockedAppBundleIDs": ["c"], "allowListedAppBundleIDs": ["x", "y"]}


def test_an_installed_profile_is_listed_with_its_payloads_and_signer(iphone: Handheld, authority: Authority) -> None:
    """ProfileList shows what InstallProfile brought, who signed it, and that the server manages it."""
    document = profile("com.example.wifi", {"PayloadType": "com.apple.wifi.managed"}, PayloadDisplayName="Wi-Fi")
    signed = sign_profile(document, authority.profile_signer, iphone.clock())

    assert ask(iphone, "InstallProfile", Payload=signed).status is Status.ACKNOWLEDGED

    listed = {each["PayloadIdentifier"]: each for each in ask(iphone, "ProfileList").values["ProfileList"]}
    assert set(listed) == {MANAGEMENT_PROFILE, "com.example.wifi"}
    wifi = listed["com.example.wifi"]
    assert (wifi["PayloadDisplayName"], wifi["IsManaged"], len(wifi["SignerCertificates"])) == ("Wi-Fi", True, 1)
    assert [payload["PayloadType"] for payload in wifi["PayloadContent"]] == ["com.apple.wifi.managed"]


def test_a_profile_with_the_same_identifier_is_replaced(iphone: Handheld) -> None:
    """Installing a profile again does not make two of it."""
    for name in ("old", "new"):
        ask(iphone, "InstallProfile", Payload=profile(PayloadDisplayName=name))

    assert [each.display_name for each in iphone.profiles if not each.manages_the_device] == ["new"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"no profile at all", 1004),
        (profile(PayloadType="Shoes"), 1000),
        (profile("x", {"PayloadType": "com.apple.mdm"}), 12012),
    ],
)
def test_a_profile_that_cannot_be_installed_is_an_error_with_its_cause(
    iphone: Handheld, document: bytes, code: int
) -> None:
    """The chain begins with the installation's failure (4001) and goes on with the reason; the device is as before."""
    reply = ask(iphone, "InstallProfile", Payload=document)

    assert (reply.status, [link.code for link in reply.error_chain]) == (Status.ERROR, [4001, code])
    assert len(iphone.profiles) == 1


def test_a_profile_waits_for_the_device_to_be_unlocked(make: Callable[..., Handheld]) -> None:
    """A locked device with a passcode says NotNow; one without a passcode does not care."""
    assert ask(make(passcode=PASSCODE, locked=True), "InstallProfile", Payload=profile()).status is Status.NOT_NOW
    assert ask(make(locked=True), "InstallProfile", Payload=profile()).status is Status.ACKNOWLEDGED


def test_the_server_removes_only_what_it_installed(iphone: Handheld) -> None:
    """A profile of the person is not managed, and one that is not there cannot be removed."""
    iphone.profiles.install(InstalledProfile(identifier="own", uuid="U"))
    ask(iphone, "InstallProfile", Payload=profile())

    assert ask(iphone, "RemoveProfile", Identifier="own").error_chain[0].code == 12013
    assert ask(iphone, "RemoveProfile", Identifier="nothing").error_chain[0].code == 12075
    assert ask(iphone, "RemoveProfile", Identifier="com.example.wifi").status is Status.ACKNOWLEDGED
    assert iphone.profiles.find("com.example.wifi") is None


def test_removing_the_management_profile_ends_management_after_the_report(iphone: Handheld) -> None:
    """The device first acknowledges, then begins to leave."""
    reply = ask(iphone, "RemoveProfile", Identifier=MANAGEMENT_PROFILE)
    assert reply.status is Status.ACKNOWLEDGED
    assert iphone.management is not None
    assert iphone.management.ending is None

    assert reply.afterwards is not None
    reply.afterwards(iphone)

    assert iphone.management is None or iphone.management.ending == "profile_removed"


def test_the_list_can_be_limited_to_managed_profiles(iphone: Handheld) -> None:
    """ManagedOnly leaves out what the person installed."""
    iphone.profiles.install(InstalledProfile(identifier="own", uuid="U"))

    listed = ask(iphone, "ProfileList", ManagedOnly=True).values["ProfileList"]

    assert [each["PayloadIdentifier"] for each in listed] == [MANAGEMENT_PROFILE]


def test_restrictions_of_several_profiles_add_up_to_the_strictest(iphone: Handheld) -> None:
    """What one profile forbids is forbidden, blocked lists are united, and each profile can be seen by itself."""
    ask(iphone, "InstallProfile", Payload=profile("one", LESS_CAMERA))
    ask(iphone, "InstallProfile", Payload=profile("two", FEWER_APPS))

    values = ask(iphone, "Restrictions", ProfileRestrictions=True).values

    assert values["GlobalRestrictions"] == {
        "restrictedBool": {"allowCamera": {"value": False}},
        "restrictedValue": {"safariAcceptCookies": {"value": 2}},
        "intersection": {"allowListedAppBundleIDs": {"values": ["x", "y"]}},
        "union": {"blockedAppBundleIDs": {"values": ["a", "b", "c"]}},
    }
    assert set(values["ProfileRestrictions"]) == {"one", "two"}
    assert values["ProfileRestrictions"]["two"]["restrictedBool"] == {"allowCamera": {"value": True}}
    assert "ProfileRestrictions" not in ask(iphone, "Restrictions").values


def test_a_root_that_a_profile_brought_is_among_the_certificates(iphone: Handheld, authority: Authority) -> None:
    """CertificateList names the trusted root and says that it is no identity."""
    root = {"PayloadType": "com.apple.security.root", "PayloadContent": authority.root.der}
    ask(iphone, "InstallProfile", Payload=profile("roots", root))

    (listed,) = ask(iphone, "CertificateList").values["CertificateList"]

    (name,) = authority.root.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert listed == {"CommonName": name.value, "IsIdentity": False, "Data": authority.root.der}


def test_bytes_that_are_no_certificate_do_not_break_the_list(iphone: Handheld) -> None:
    """A profile may call anything a root certificate; the device lists it without a name."""
    iphone.keychain.trust((b"\x30\x03\x02\x01\x01",))

    assert ask(iphone, "CertificateList").values["CertificateList"][0]["CommonName"] == ""


@pytest.mark.parametrize("enveloped", [True, False])
def test_a_provisioning_profile_comes_is_listed_and_goes(
    iphone: Handheld, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey], enveloped: bool
) -> None:
    """In its CMS envelope or bare, once or twice: it is listed once, until it is removed."""
    expires = datetime(2027, 1, 1, tzinfo=UTC)
    content = plistlib.dumps({"UUID": "P-1", "Name": "In-house", "ExpirationDate": expires.replace(tzinfo=None)})
    document = signed_data.sign(content, authority.profile_signer, when=iphone.clock()) if enveloped else content
    for _ in range(2):
        assert ask(iphone, "InstallProvisioningProfile", ProvisioningProfile=document).status is Status.ACKNOWLEDGED

    listed = ask(iphone, "ProvisioningProfileList").values["ProvisioningProfileList"]
    assert listed == [{"Name": "In-house", "UUID": "P-1", "ExpiryDate": expires}]

    assert ask(iphone, "RemoveProvisioningProfile", UUID="P-1").status is Status.ACKNOWLEDGED
    assert ask(iphone, "ProvisioningProfileList").values == {"ProvisioningProfileList": []}
    assert ask(iphone, "RemoveProvisioningProfile", UUID="P-1").error_chain[0].code == 12014


@pytest.mark.parametrize("document", [b"", b"x", plistlib.dumps({"UUID": 5}), plistlib.dumps(["UUID"])])
def test_what_is_no_provisioning_profile_is_refused(iphone: Handheld, document: bytes) -> None:
    """Anything else is Error 25000, and leaves nothing behind."""
    reply = ask(iphone, "InstallProvisioningProfile", ProvisioningProfile=document)

    assert (reply.status, reply.error_chain[0].code) == (Status.ERROR, 25000)
    assert iphone.belongings.provisioning_profiles == ()
