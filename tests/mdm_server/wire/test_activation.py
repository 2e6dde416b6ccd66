"""Activation's property lists: what is written is read again, and what is something else is refused in clear words."""

from __future__ import annotations

import base64
import plistlib
from dataclasses import replace
from typing import Any

import pytest

from mdm_server.wire import activation
from mdm_server.wire.activation import (
    ActivationReply,
    ActivationRequest,
    ActivationState,
    CloudConfiguration,
    FindMyReport,
)
from mdm_server.wire.dep import DepProfile
from mdm_server.wire.errors import SchemaError, WireError

REQUEST = ActivationRequest(
    udid="00008101-000000000000001E",
    serial_number="F2LXK1ABCD",
    product="iPhone17,3",
    os_version="18.1",
    build="22B83",
    certificate_request=b"\x30\x03csr",
)
PROFILE = DepProfile(
    profile_name="corporate",
    url="https://mdm.test/enroll/dep",
    is_supervised=True,
    is_mandatory=True,
    is_mdm_removable=False,
    await_device_configured=True,
    anchor_certs=(base64.b64encode(b"anchor").decode(),),
    skip_setup_items=("AppleID", "Siri"),
    department="IT",
)
CLOUD = CloudConfiguration(profile=PROFILE, profile_uuid="A" * 32, organization_name="Example", server_uuid="B" * 32)
REPLY = ActivationReply(
    state=ActivationState.ACTIVATED, certificate_chain=(b"leaf", b"issuer"), cloud_configuration=CLOUD
)


@pytest.mark.parametrize("unlock", [None, "0000A-00000-0000-0000-0000-0000"])
def test_a_request_is_read_as_it_was_written(unlock: str | None) -> None:
    """With something typed, and without."""
    request = replace(REQUEST, unlock=unlock)
    assert activation.parse_request(activation.encode_request(request)) == request


@pytest.mark.parametrize(
    "reply",
    [
        REPLY,
        ActivationReply(state=ActivationState.ACTIVATED, certificate_chain=(b"leaf",)),
        ActivationReply(state=ActivationState.LOCKED, lock_message="Please bring me back."),
        ActivationReply(state=ActivationState.LOCKED),
    ],
)
def test_a_reply_is_read_as_it_was_written(reply: ActivationReply) -> None:
    """Every field of the DEP profile comes through, and a device of nobody's gets none."""
    assert activation.parse_reply(activation.encode_reply(reply)) == reply


@pytest.mark.parametrize(
    "report",
    [
        FindMyReport(udid="U", serial_number="S", account="ann@example.com", password="pw", escrow_key="00ff"),
        FindMyReport(udid="U", serial_number="S"),
    ],
)
def test_a_report_is_read_as_it_was_written(report: FindMyReport) -> None:
    """Somebody signed in, or nobody."""
    assert activation.parse_report(activation.encode_report(report)) == report


def test_the_profile_travels_under_apples_names() -> None:
    """So that whoever looks at the bytes finds the words of Apple's page."""
    profile = plistlib.loads(activation.encode_reply(REPLY))["CloudConfiguration"]["Profile"]
    assert profile["is_mdm_removable"] is False
    assert profile["skip_setup_items"] == ["AppleID", "Siri"]
    assert "configuration_web_url" not in profile


@pytest.mark.parametrize("key", ["UDID", "SerialNumber", "ProductType", "ProductVersion", "DeviceCertRequest"])
def test_a_request_says_which_device_it_is_of(key: str) -> None:
    """A missing and an empty key are refused by name."""
    payload: dict[str, Any] = plistlib.loads(activation.encode_request(REQUEST))
    for wrong in ({**payload, key: type(payload[key])()}, {k: v for k, v in payload.items() if k != key}):
        with pytest.raises(SchemaError, match=key):
            activation.parse_request(plistlib.dumps(wrong))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ActivationState": "Perhaps"}, "expected one of Activated, Locked"),
        ({"ActivationState": "Locked"}, "expected a CertificateChain with Activated and none otherwise"),
        ({"CertificateChain": []}, "expected a CertificateChain"),
        ({"CertificateChain": "leaf"}, "expected an array of data"),
        ({"CertificateChain": ["leaf"]}, "expected an array of data"),
        ({"CertificateChain": [b"x"] * 9}, "expected at most 8 certificates"),
        ({"CloudConfiguration": []}, "expected a dictionary as CloudConfiguration"),
        ({"CloudConfiguration": {}}, "expected a string as ProfileUUID"),
    ],
)
def test_a_reply_that_makes_no_sense_is_refused(change: dict[str, Any], expected: str) -> None:
    """The error says what was expected."""
    payload: dict[str, Any] = plistlib.loads(activation.encode_reply(REPLY))
    with pytest.raises(SchemaError, match=expected):
        activation.parse_reply(plistlib.dumps({**payload, **change}))


def test_a_profile_of_the_wrong_shape_is_refused() -> None:
    """A word where Apple has a boolean is no DEP profile."""
    payload: dict[str, Any] = plistlib.loads(activation.encode_reply(REPLY))
    payload["CloudConfiguration"]["Profile"]["is_supervised"] = "yes"
    with pytest.raises(SchemaError, match="expected a DEP profile as Profile"):
        activation.parse_reply(plistlib.dumps(payload))


@pytest.mark.parametrize("body", [b"", b"junk", plistlib.dumps([]), b"x" * 300_000])
def test_what_is_no_message_at_all_is_refused(body: bytes) -> None:
    """No parser's own error comes through."""
    for parse in (activation.parse_request, activation.parse_reply, activation.parse_report):
        with pytest.raises(WireError):
            parse(body)


def test_secrets_are_not_in_the_representation() -> None:
    """A log line with a request in it gives nothing away."""
    report = FindMyReport(udid="U", serial_number="S", account="ann", password="hunter2", escrow_key="beef")
    assert "hunter2" not in repr(report)
    assert "hunter2" not in repr(replace(REQUEST, unlock="hunter2"))
