"""Profiles, as a client defines, shows, assigns and removes them."""

from __future__ import annotations

from typing import Any

import pytest

from rigs.dep_service import SmallApple

PROFILE = {"profile_name": "Phones", "url": "https://mdm.test/enroll/dep"}


def test_a_profile_is_kept_as_it_was_sent() -> None:
    """With Apple's defaults for what it does not say; by either spelling of its UUID."""
    client = SmallApple().client()
    sent = {
        **PROFILE,
        "org_magic": "m",
        "is_supervised": True,
        "is_mdm_removable": False,
        "skip_setup_items": ["Siri", "AppleID"],
        "anchor_certs": ["AAAA"],
        "department": "IT",
    }
    uuid = client.ask("POST", "/profile", sent)["profile_uuid"]
    for spelling in (uuid, uuid.lower(), uuid.replace("-", "")):
        shown = client.ask("GET", f"/profile?profile_uuid={spelling}")
        assert sent.items() <= shown.items()
        assert (shown["profile_uuid"], shown["allow_pairing"], shown["devices"]) == (uuid, True, [])


def test_devices_get_a_profile_when_it_is_defined() -> None:
    """Those that are the server's."""
    apple = SmallApple()
    apple.order(2)
    defined = apple.client().ask("POST", "/profile", {**PROFILE, "devices": ["C000000", "NOBODY1"]})
    assert defined["devices"] == {"C000000": "SUCCESS", "NOBODY1": "NOT_ACCESSIBLE"}
    device = apple.manager.device("C000000")
    assert device is not None
    assert device.profile_uuid == defined["profile_uuid"]


@pytest.mark.parametrize("verb", ["PUT", "POST"])
def test_a_profile_is_assigned_by_either_verb(verb: str) -> None:
    """Nanodep puts, zentral posts; the last one that was assigned counts."""
    apple = SmallApple()
    apple.order(1)
    client = apple.client()
    uuids = [client.ask("POST", "/profile", PROFILE)["profile_uuid"] for _ in range(2)]
    for uuid in uuids:
        content = {"profile_uuid": uuid.replace("-", ""), "devices": ["C000000"]}
        assert client.ask(verb, "/profile/devices", content) == {
            "profile_uuid": uuid,
            "devices": {"C000000": "SUCCESS"},
        }
    details = client.ask("POST", "/devices", {"devices": ["C000000"]})["devices"]["C000000"]
    assert (details["profile_uuid"], details["profile_status"]) == (uuids[1], "assigned")
    assert details["profile_assign_time"] == "2026-06-01T12:00:00Z"


def test_a_profile_is_removed_with_or_without_its_name() -> None:
    """A DELETE with a body; without a UUID whichever each device has."""
    apple = SmallApple()
    serials = apple.order(2)
    client = apple.client()
    uuid = client.ask("POST", "/profile", {**PROFILE, "devices": serials})["profile_uuid"]
    named = client.ask("DELETE", "/profile/devices", {"profile_uuid": uuid, "devices": serials[:1]})
    assert named == {"profile_uuid": uuid, "devices": {serials[0]: "SUCCESS"}}
    assert client.ask("DELETE", "/profile/devices", {"devices": serials[1:]}) == {"devices": {serials[1]: "SUCCESS"}}
    details = client.ask("POST", "/devices", {"devices": serials})["devices"]
    assert [(each["profile_status"], each.get("profile_uuid")) for each in details.values()] == [("removed", None)] * 2


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"url": "https://mdm.test/"}, b"CONFIG_NAME_REQUIRED"),
        ({"profile_name": "P"}, b"CONFIG_URL_REQUIRED"),
        ({"profile_name": "P", "url": "mdm.test"}, b"CONFIG_URL_INVALID"),
        ({"profile_name": "P", "url": "ftp://mdm.test"}, b"CONFIG_URL_INVALID"),
        ({"profile_name": "P", "url": "https://[mdm"}, b"CONFIG_URL_INVALID"),
        ({**PROFILE, "is_mdm_removable": False}, b"FLAGS_INVALID"),
        ({**PROFILE, "is_supervised": "yes"}, b"MALFORMED_REQUEST_BODY"),
        ({**PROFILE, "devices": ["A"] * 1001}, b"MALFORMED_REQUEST_BODY"),
        ([], b"MALFORMED_REQUEST_BODY"),
    ],
)
def test_what_is_no_profile_is_not_kept(content: Any, word: bytes) -> None:
    """One word for what is wrong."""
    answer = SmallApple().client().call("POST", "/profile", content)
    assert (answer.status, answer.body) == (400, word)


@pytest.mark.parametrize(
    ("method", "path", "content", "word"),
    [
        ("GET", "/profile", None, b"PROFILE_UUID_REQUIRED"),
        ("GET", "/profile?profile_uuid=", None, b"PROFILE_UUID_REQUIRED"),
        ("GET", "/profile?profile_uuid=nonsense", None, b"PROFILE_NOT_FOUND"),
        ("PUT", "/profile/devices", {"devices": ["A"]}, b"PROFILE_UUID_REQUIRED"),
        ("PUT", "/profile/devices", {"profile_uuid": "0", "devices": ["A"]}, b"PROFILE_NOT_FOUND"),
        ("PUT", "/profile/devices", {"profile_uuid": "0"}, b"DEVICE_ID_REQUIRED"),
        ("DELETE", "/profile/devices", {}, b"DEVICE_ID_REQUIRED"),
        ("DELETE", "/profile/devices", {"devices": ["A"] * 1001}, b"MALFORMED_REQUEST_BODY"),
    ],
)
def test_what_cannot_be_done_is_named(method: str, path: str, content: Any, word: bytes) -> None:
    """A bad request each."""
    answer = SmallApple().client().call(method, path, content)
    assert (answer.status, answer.body) == (400, word)
