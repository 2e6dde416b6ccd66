from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mdm_server.wire import plist
from mdm_server.wire.enrollment_profile import (
    ALL_ACCESS_RIGHTS,
    EnrollmentProfile,
    EnrollmentSettings,
    MdmSettings,
    ScepSettings,
    build_enrollment_profile,
    read_enrollment_profile,
)
from mdm_server.wire.errors import ProfileError
from mdm_server.wire.mobileconfig import parse_profile

SUBJECT = ((("O", "mdmsim TEST"),), (("CN", "device 17"),))
SCEP = ScepSettings(
    url="https://mdm.example.org/scep",
    challenge="secret",
    name="mdmsim",
    subject=SUBJECT,
    key_usage=5,
    ca_fingerprint=bytes(32),
    payload_uuid="11111111-2222-4333-8444-555555555555",
    payload_identifier="org.example.enrol.identity",
)
MDM = MdmSettings(
    server_url="https://mdm.example.org/mdm",
    check_in_url="https://mdm.example.org/checkin",
    topic="com.apple.mgmt.External.mdmsim",
    access_rights=ALL_ACCESS_RIGHTS,
    sign_message=True,
    check_out_when_removed=True,
    server_capabilities=("com.apple.mdm.per-user-connections", "com.apple.mdm.token"),
)
ENROLLMENT = EnrollmentProfile(
    identifier="org.example.enrol",
    uuid="00000000-1111-4222-8333-444444444444",
    display_name="Enrolment",
    organization="mdmsim TEST",
    scep=SCEP,
    mdm=MDM,
    removal_disallowed=True,
    removal_date=datetime(2027, 1, 1, tzinfo=UTC),
    root_certificates=(b"first", b"second"),
)


def read(document: dict[str, Any]) -> EnrollmentSettings:
    """Read an enrolment profile as a device does, from its bytes."""
    return read_enrollment_profile(parse_profile(plist.dumps(document)))


def changed(payload: int, **keys: Any) -> dict[str, Any]:
    """Return our profile with keys of one payload changed, or taken out where the value is None."""
    document = build_enrollment_profile(ENROLLMENT)
    target = document["PayloadContent"][payload]
    for key, value in keys.items():
        name = key.replace("_", " ")
        for place in (target, target.get("PayloadContent")):
            if isinstance(place, dict) and name in place:
                place[name] = value
                if value is None:
                    del place[name]
                break
        else:
            target[name] = value
    return document


def test_scep_comes_first_and_mdm_second() -> None:
    """Checklist 11: Fleet's client takes payload 0 for SCEP and payload 1 for MDM, so roots come after them."""
    document = build_enrollment_profile(ENROLLMENT)
    types = [payload["PayloadType"] for payload in document["PayloadContent"]]
    assert types == ["com.apple.security.scep", "com.apple.mdm", "com.apple.security.root", "com.apple.security.root"]
    scep, mdm = document["PayloadContent"][:2]
    assert scep["PayloadContent"]["Challenge"] == "secret"
    assert scep["PayloadContent"]["URL"] == "https://mdm.example.org/scep"
    assert mdm["ServerURL"] == "https://mdm.example.org/mdm"
    assert mdm["Topic"]
    assert mdm["IdentityCertificateUUID"] == scep["PayloadUUID"]
    assert document["PayloadRemovalDisallowed"] is True


def test_a_device_reads_what_was_built() -> None:
    """Settings come back as they went in, the link between the payloads filled in."""
    settings = read(build_enrollment_profile(ENROLLMENT))
    assert settings.scep == SCEP
    assert settings.mdm == replace(MDM, identity_certificate_uuid=SCEP.payload_uuid)
    assert settings.root_certificates == (b"first", b"second")
    assert settings.profile.removal_disallowed
    assert settings.profile.removal_date == datetime(2027, 1, 1, tzinfo=UTC)


def test_two_builds_are_equal_and_uuids_differ() -> None:
    """UUIDs that were not given are derived from the profile's, so nothing random is needed and none repeats."""
    enrollment = replace(ENROLLMENT, scep=replace(SCEP, payload_uuid="", payload_identifier=""))
    document = build_enrollment_profile(enrollment)
    assert document == build_enrollment_profile(enrollment)
    uuids = {payload["PayloadUUID"] for payload in document["PayloadContent"]} | {document["PayloadUUID"]}
    assert len(uuids) == 5
    assert read(document).scep.payload_identifier == "org.example.enrol.scep"
    other = build_enrollment_profile(replace(enrollment, uuid="another"))
    assert not uuids & {payload["PayloadUUID"] for payload in other["PayloadContent"]}


@pytest.mark.parametrize(
    ("scep", "mdm", "complaint"),
    [
        ({"url": "https://h/scep?tenant=1"}, {}, "expected a SCEP URL without query"),
        ({"url": "https://h/scep?"}, {}, "expected a SCEP URL without query"),
        ({"url": "ldap://h/scep"}, {}, "expected the SCEP URL to start with https://host"),
        ({"url": "https:///scep"}, {}, "expected the SCEP URL to start with https://host"),
        ({"url": "https://[bad/scep"}, {}, "expected the SCEP URL to be a URL"),
        ({"challenge": ""}, {}, "expected a challenge"),
        ({"challenge": None}, {}, "expected a challenge"),
        ({"subject": ((("2.5.4.5", "x"),),)}, {}, "expected a subject of C, CN, L, O, OU, ST; found '2.5.4.5'"),
        ({}, {"server_url": "mdm"}, "expected ServerURL to start with"),
        ({}, {"check_in_url": "mdm"}, "expected CheckInURL to start with"),
        ({}, {"topic": ""}, "expected a topic"),
        ({}, {"access_rights": 0}, "expected access rights from 1 to 8191, found 0"),
        ({}, {"access_rights": 8192}, "expected access rights from 1 to 8191"),
        ({}, {"access_rights": 2}, "expected access right 1 beside 2"),
        ({}, {"access_rights": 128}, "expected access right 64 beside 128"),
        (
            {},
            {"identity_certificate_uuid": "another"},
            "expected IdentityCertificateUUID to be the SCEP payload's UUID",
        ),
    ],
)
def test_what_a_client_could_not_use_is_not_built(scep: dict[str, Any], mdm: dict[str, Any], complaint: str) -> None:
    """Checklist 11: what mdmb or Fleet's client would choke on is refused while it can still be put right."""
    with pytest.raises(ProfileError, match=complaint) as caught:
        build_enrollment_profile(replace(ENROLLMENT, scep=replace(SCEP, **scep), mdm=replace(MDM, **mdm)))
    assert caught.value.code == "profile.malformed"


def test_what_need_not_be_said_is_left_out() -> None:
    """Without a CheckInURL or capabilities, the keys are not there."""
    mdm = replace(MDM, check_in_url=None, server_capabilities=())
    payload = build_enrollment_profile(replace(ENROLLMENT, mdm=mdm))["PayloadContent"][1]
    assert not payload.keys() & {"CheckInURL", "ServerCapabilities"}


def test_a_plain_http_server_can_be_named() -> None:
    """Tools without TLS are served on a plain listener, and the profile must be able to say so."""
    enrollment = replace(ENROLLMENT, scep=replace(SCEP, url="http://127.0.0.1:8080/scep"))
    assert read(build_enrollment_profile(enrollment)).scep.url == "http://127.0.0.1:8080/scep"


def test_a_third_partys_order_is_accepted() -> None:
    """micromdm, zentral and others put roots first, other payloads between, and SCEP wherever."""
    document = build_enrollment_profile(ENROLLMENT)
    web_clip = {"PayloadType": "com.apple.webClip.managed", "PayloadIdentifier": "w", "PayloadUUID": "w", "URL": "x"}
    document["PayloadContent"] = [web_clip, *reversed(document["PayloadContent"])]
    settings = read(document)
    assert settings.scep == SCEP
    assert settings.root_certificates == (b"second", b"first")


def test_the_identity_is_the_one_that_the_mdm_payload_names() -> None:
    """A second SCEP payload, for Wi-Fi say, is not mistaken for the device's identity; UUIDs match in any case."""
    document = changed(1, IdentityCertificateUUID=SCEP.payload_uuid.lower())
    wifi = changed(0, PayloadUUID="W", Challenge="other")["PayloadContent"][0]
    document["PayloadContent"].insert(0, wifi)
    assert read(document).scep.challenge == "secret"


def test_defaults_are_apples_where_a_server_says_nothing() -> None:
    """Keysize is 1024 and SignMessage false where the keys are absent; check-ins then go to ServerURL."""
    document = changed(
        0, Keysize=None, Key_Type=None, Key_Usage=None, Retries=None, RetryDelay=None, CAFingerprint=None
    )
    scep = read(document).scep
    assert (scep.key_size, scep.key_type, scep.key_usage, scep.retries, scep.retry_delay) == (1024, "RSA", 0, 3, 10)
    assert scep.ca_fingerprint is None
    mdm = read(changed(1, CheckInURL=None, SignMessage=None, AccessRights=None)).mdm
    assert (mdm.sign_message, mdm.access_rights) == (False, 0)
    assert mdm.effective_check_in_url == mdm.server_url
    assert read(build_enrollment_profile(ENROLLMENT)).mdm.effective_check_in_url == MDM.check_in_url


def test_the_other_spelling_of_keysize_is_read() -> None:
    """Apple writes Keysize; a server that writes KeySize means the same."""
    document = changed(0, Keysize=None)
    document["PayloadContent"][0]["PayloadContent"]["KeySize"] = 4096
    assert read(document).scep.key_size == 4096


def test_an_acme_identity_is_clearly_not_supported() -> None:
    """Newer servers hand out ACME payloads; the person is told, instead of a device that hangs."""
    document = changed(0, PayloadType="com.apple.security.acme")
    with pytest.raises(
        ProfileError, match="expected an identity by SCEP, found ACME, which is not supported"
    ) as caught:
        read(document)
    assert caught.value.code == "profile.unsupported"
    with pytest.raises(ProfileError, match=r"found 'com.apple.security"):
        read(changed(0, PayloadType="com.apple.security.pkcs12"))


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (changed(1, PayloadType="other"), "expected exactly one com.apple.mdm payload, found 0"),
        (changed(0, PayloadType="com.apple.mdm"), "expected exactly one com.apple.mdm payload, found 2"),
        (changed(1, IdentityCertificateUUID="nobody"), "expected a payload with the UUID"),
        (changed(1, ServerURL=None), "com.apple.mdm: expected a string as ServerURL"),
        (changed(1, Topic=5), "com.apple.mdm: expected a string as Topic"),
        (changed(1, ServerCapabilities="x"), "expected an array of strings as ServerCapabilities"),
        (changed(1, AccessRights="all"), "expected an integer as AccessRights"),
        (changed(0, URL=None), "com.apple.security.scep: expected a string as URL"),
        (changed(0, Subject="CN=x"), "expected an array of arrays of pairs as Subject"),
        (changed(0, Subject=[[["CN"]]]), "expected an array of arrays of pairs as Subject"),
        (changed(0, Subject=[[["CN", 1]]]), "expected strings in Subject"),
        (changed(0, Subject=5), "expected an array of arrays of pairs as Subject"),
        (changed(0, PayloadContent=b"x"), "expected a dictionary as PayloadContent of the SCEP payload"),
    ],
)
def test_a_profile_that_enrols_nobody_is_refused(document: dict[str, Any], complaint: str) -> None:
    """What is missing or wrong is named, so that whoever runs that server can mend it."""
    with pytest.raises(ProfileError, match=complaint) as caught:
        read(document)
    assert caught.value.code == "profile.malformed"
