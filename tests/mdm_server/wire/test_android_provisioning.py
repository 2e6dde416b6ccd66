"""Provisioning codes, read as AOSP reads them: what it takes, what it refuses, and what it only finds out later."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.wire.android_provisioning import (
    HUB_COMPONENT,
    HUB_SIGNATURE_CHECKSUM,
    MAX_BYTES,
    SHORT_NAMES,
    Download,
    ProvisioningCode,
    ProvisioningError,
    StagingExtras,
    Wifi,
    build,
    decode_checksum,
    encode_checksum,
    parse,
    staging_code,
)

LONG = "android.app.extra.PROVISIONING_"
COMPONENT = {LONG + "DEVICE_ADMIN_COMPONENT_NAME": HUB_COMPONENT}
LOCATION = LONG + "DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION"
PACKAGE_CHECKSUM = LONG + "DEVICE_ADMIN_PACKAGE_CHECKSUM"
SIGNATURE_CHECKSUM = LONG + "DEVICE_ADMIN_SIGNATURE_CHECKSUM"
DIGEST = bytes(range(32))
CODE = ProvisioningCode(
    component=HUB_COMPONENT,
    download=Download(location="https://x.example/a.apk", package_checksum=DIGEST, minimum_version=7),
    wifi=Wifi(ssid="Depot", password="geheim", security_type="WPA", hidden=True),
    skip_encryption=True,
    leave_all_system_apps_enabled=True,
    time_zone="Europe/Berlin",
    locale="de_DE",
    organization="ACME",
    extras={"serverurl": "https://mdm.example"},
)
EXTRAS = StagingExtras(
    server_url="https://mdm.example",
    group_id="DEPOT",
    user_name="stager",
    password="p",
    allow_unpinning=True,
    unpin_password="4711",
)


def _code(**values: Any) -> bytes:
    return json.dumps({**COMPONENT, **values}).encode()


@pytest.mark.parametrize("short", [False, True])
def test_what_is_written_is_read(short: bool) -> None:
    """In either spelling, and a code in the short one is smaller."""
    assert parse(build(CODE, short=short)) == CODE
    assert len(build(CODE, short=True)) < len(build(CODE))


def test_a_code_for_staging_is_workspace_ones() -> None:
    """Its agent, the checksum of its signature, and the extras by the names its documentation gives them."""
    written = json.loads(staging_code(EXTRAS))
    assert written[LONG + "DEVICE_ADMIN_COMPONENT_NAME"] == HUB_COMPONENT
    assert written[SIGNATURE_CHECKSUM] == HUB_SIGNATURE_CHECKSUM
    assert written[LONG + "ADMIN_EXTRAS_BUNDLE"] == {
        "serverurl": "https://mdm.example",
        "gid": "DEPOT",
        "un": "stager",
        "pw": "p",
        "allowUnpinning": True,
        "unpinPassword": "4711",
    }
    read = parse(staging_code(EXTRAS))
    assert read.staging == EXTRAS
    assert read.package == "com.airwatch.androidagent"


def test_extras_say_as_much_as_they_say() -> None:
    """Without a server they are for some other agent; without credentials somebody has to be asked."""
    assert parse(_code()).staging is None
    asks = parse(staging_code(StagingExtras(server_url="https://mdm.example", group_id="DEPOT"))).staging
    assert asks is not None
    assert not asks.stages
    assert EXTRAS.stages


def test_the_long_spelling_wins_over_the_short_one() -> None:
    """As in `getStringExtraFromLongName`; and one short name stands for one long one."""
    both = _code(**{LONG + "TIME_ZONE": "Europe/Berlin", "a.a.e.PTZ": "UTC"})
    assert parse(both).time_zone == "Europe/Berlin"
    assert parse(_code(**{"a.a.e.PTZ": "UTC"})).time_zone == "UTC"
    assert len(set(SHORT_NAMES.values())) == len(SHORT_NAMES)


def test_a_value_of_another_type_is_as_good_as_none() -> None:
    """Bundle.getString of a number is null, and getBoolean of a string is the default: nobody complains."""
    values = {LONG + "WIFI_SSID": 5, LONG + "SKIP_ENCRYPTION": "true", LOCATION: ["x"], LONG + "TIME_ZONE": True}
    code = parse(_code(**values, **{LONG + "ADMIN_EXTRAS_BUNDLE": "x"}))
    assert code == ProvisioningCode(component=HUB_COMPONENT)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "provisioning.json"),
        (b"https://mdm.example/enroll", "provisioning.json"),
        (b"[]", "provisioning.json"),
        (b"null", "provisioning.json"),
        (b"\xff{}", "provisioning.json"),
        (b"{" * MAX_BYTES, "provisioning.json"),
        (b" " * (MAX_BYTES + 1), "provisioning.size"),
        (b"{}", "provisioning.admin"),
        (json.dumps({LONG + "DEVICE_ADMIN_PACKAGE_NAME": "com.x"}).encode(), "provisioning.admin"),
        (json.dumps({LONG + "DEVICE_ADMIN_COMPONENT_NAME": "com.x"}).encode(), "provisioning.admin"),
        (json.dumps({LONG + "DEVICE_ADMIN_COMPONENT_NAME": "com.x/"}).encode(), "provisioning.admin"),
        (_code(**{LOCATION: ""}), "provisioning.location"),
        (_code(**{LOCATION: "https://x.example/a.apk"}), "provisioning.checksum"),
        (_code(**{LOCATION: "https://x.example/a.apk", PACKAGE_CHECKSUM: ""}), "provisioning.checksum"),
        (_code(**{LOCATION: "https://x.example/a.apk", PACKAGE_CHECKSUM: "a"}), "provisioning.base64"),
        (_code(**{LONG + "WIFI_SSID": ""}), "provisioning.wifi"),
        (_code(**{LONG + "LOCALE": "German, please"}), "provisioning.locale"),
    ],
)
def test_what_android_refuses_is_refused(payload: bytes, reason: str) -> None:
    """With the reason for which it is."""
    with pytest.raises(ProvisioningError) as refused:
        parse(payload)
    assert refused.value.code == reason


def test_a_class_in_its_own_package_may_be_shortened() -> None:
    """`ComponentName.unflattenFromString` writes it out."""
    shortened = json.dumps({LONG + "DEVICE_ADMIN_COMPONENT_NAME": "com.x/.Admin"}).encode()
    assert parse(shortened).component == "com.x/com.x.Admin"


def test_one_checksum_is_enough() -> None:
    """That of the package, or that of the signature."""
    for key in (PACKAGE_CHECKSUM, SIGNATURE_CHECKSUM):
        download = parse(_code(**{LOCATION: "https://x.example/a.apk", key: encode_checksum(DIGEST)})).download
        assert download is not None
        assert DIGEST in (download.package_checksum, download.signature_checksum)


# Checksums


@given(st.binary(max_size=64))
def test_a_checksum_is_read_with_and_without_its_padding(digest: bytes) -> None:
    """And in whatever lines it is written."""
    written = encode_checksum(digest)
    assert decode_checksum(written) == digest
    assert decode_checksum(written.rstrip("=")) == digest
    assert decode_checksum("\n".join(written)) == digest


@pytest.mark.parametrize("text", ["a", "ab=", "abc==", "ab=c", "=", "====", "abcd=", "ab==="])
def test_what_cannot_be_base64_is_refused(text: str) -> None:
    """A single digit, and padding that is too little, too much, or in the middle."""
    with pytest.raises(ProvisioningError, match=r"provisioning\.base64"):
        decode_checksum(text)


def test_an_ordinary_checksum_is_refused_unless_chance_wills_otherwise() -> None:
    """Android's decoder passes over `+` and `/`: one to three of them leave a rest that cannot be, four do not."""
    ordinary = base64.b64encode(bytes([0xFB, 0xEF, 0xBE]) + DIGEST[3:]).decode()
    assert ordinary.count("+") == 4
    assert decode_checksum(ordinary) != bytes([0xFB, 0xEF, 0xBE]) + DIGEST[3:]
    for few in ("+", "++", "+++"):
        with pytest.raises(ProvisioningError, match=r"provisioning\.base64"):
            decode_checksum(few + "A" * (43 - len(few)) + "=")


def test_a_checksum_in_hexadecimal_is_read_as_something_else() -> None:
    """Its letters are all of Base64's; that it is another checksum is found out after the download."""
    assert len(decode_checksum(DIGEST.hex())) == 48
