from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mdm_server.wire import plist
from mdm_server.wire.enrollment_profile import ScepSettings
from mdm_server.wire.errors import ProfileError, SchemaError
from mdm_server.wire.mobileconfig import Profile, parse_profile
from mdm_server.wire.profile_service import (
    DeviceAttributes,
    ProfileService,
    build_scep_profile,
    parse_device_attributes,
    parse_profile_service,
    read_scep_profile,
)

SERVICE = ProfileService(
    url="https://mdm.example.org/enroll/ota",
    challenge="c",
    identifier="org.example.ota",
    uuid="U",
    display_name="Enrol",
    organization="mdmsim TEST",
)


def test_phase_one_says_where_to_post_what() -> None:
    """The document is a Profile Service payload with URL, DeviceAttributes and Challenge, and reads as it was built."""
    document = SERVICE.to_plist()
    assert document["PayloadType"] == "Profile Service"
    assert document["PayloadContent"]["URL"] == SERVICE.url
    assert "UDID" in document["PayloadContent"]["DeviceAttributes"]
    assert parse_profile_service(plist.dumps(document)) == SERVICE


def test_phase_one_needs_neither_challenge_nor_attributes() -> None:
    """Fleet's server sends no challenge."""
    document = SERVICE.to_plist()
    document["PayloadContent"] = {"URL": "https://h/ota"}
    service = parse_profile_service(plist.dumps(document))
    assert (service.url, service.challenge, service.device_attributes) == ("https://h/ota", None, ())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"PayloadType": "Configuration"}, "expected Profile Service as PayloadType, found 'Configuration'"),
        ({"PayloadContent": []}, "expected a dictionary as PayloadContent"),
        ({"PayloadContent": {}}, "expected a string as URL"),
        ({"PayloadContent": {"URL": "u", "DeviceAttributes": "UDID"}}, "expected an array of strings"),
        ({"PayloadContent": {"URL": "u", "Challenge": 1}}, "expected a string as Challenge"),
        ({"PayloadUUID": ""}, "expected a string as PayloadUUID"),
    ],
)
def test_a_malformed_phase_one_is_refused(change: dict[str, Any], complaint: str) -> None:
    """A device says what is wrong with the document it was given."""
    with pytest.raises(ProfileError, match=complaint) as caught:
        parse_profile_service(plist.dumps(SERVICE.to_plist() | change))
    assert caught.value.code == "profile.malformed"
    with pytest.raises(ProfileError):
        parse_profile_service(b"OK")


def test_a_service_without_a_challenge_asks_for_none() -> None:
    """The key is left out, not empty."""
    assert "Challenge" not in replace(SERVICE, challenge=None).to_plist()["PayloadContent"]


def test_a_devices_answer_carries_the_challenge_back() -> None:
    """Phase 2: the attributes by Apple's names, the challenge among them."""
    answer = DeviceAttributes({"UDID": "U", "SERIAL": "S", "PRODUCT": "iPhone16,1"}, "c")
    assert answer.to_plist()["CHALLENGE"] == "c"
    assert parse_device_attributes(answer.to_plist()) == answer
    assert (answer.text("UDID"), answer.text("IMEI")) == ("U", None)


def test_fleets_answer_is_understood() -> None:
    """Checklist 12: Fleet's client sends four keys and no challenge."""
    payload = {"PRODUCT": "iPhone15,2", "SERIAL": "S", "UDID": "U", "VERSION": "22A5316k"}
    answer = parse_device_attributes(plist.loads_dict(plist.dumps(payload)))
    assert (answer.values, answer.challenge) == (payload, None)


def test_attributes_of_the_wrong_type_are_refused() -> None:
    """Challenge and attributes that should be text are text."""
    with pytest.raises(SchemaError, match="expected a string as CHALLENGE"):
        parse_device_attributes({"CHALLENGE": 1})
    with pytest.raises(SchemaError, match="expected a string as UDID"):
        parse_device_attributes({"UDID": b"x"}).text("UDID")


def test_phase_two_answers_with_scep_alone() -> None:
    """Checklist 12: Fleet's client takes PayloadContent[0].PayloadContent for the SCEP settings."""
    scep = ScepSettings(
        url="https://h/scep", challenge="c", payload_uuid="P", payload_identifier="org.example.ota.scep"
    )
    document = build_scep_profile(scep, identifier="org.example.ota", uuid="U", display_name="Identity")
    (payload,) = document["PayloadContent"]
    assert (payload["PayloadContent"]["URL"], payload["PayloadContent"]["Challenge"]) == ("https://h/scep", "c")
    assert read_scep_profile(parse_profile(plist.dumps(document))) == scep


def test_phase_two_without_scep_is_refused() -> None:
    """A profile without the payload, or with one that has no URL, is malformed."""
    with pytest.raises(ProfileError, match=r"expected exactly one com.apple.security.scep payload, found 0"):
        read_scep_profile(Profile(identifier="i", uuid="u"))
    scep = ScepSettings(url="https://h/scep", challenge="c")
    document = build_scep_profile(scep, identifier="i", uuid="u", display_name="d")
    del document["PayloadContent"][0]["PayloadContent"]["URL"]
    with pytest.raises(ProfileError, match="expected a string as URL"):
        read_scep_profile(parse_profile(plist.dumps(document)))
