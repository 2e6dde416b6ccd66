"""What MDM servers and Apple Business Manager say to each other."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from mdm_server.wire.dep import (
    MAX_BYTES,
    ActivationLockRequest,
    DepDevice,
    DepProfile,
    FetchReply,
    FetchRequest,
    OpType,
    dashed_uuid,
    decode,
    encode,
    same_uuid,
)
from mdm_server.wire.errors import WireError

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_device_is_written_in_apples_names_and_times() -> None:
    """What is unknown is left out; the model is always there."""
    device = DepDevice(serial_number="C1", model="iPhone 16", op_type=OpType.ADDED, op_date=NOON)
    assert json.loads(encode(device)) == {
        "serial_number": "C1",
        "model": "iPhone 16",
        "op_type": "added",
        "op_date": "2026-06-01T12:00:00Z",
    }


def test_a_page_always_says_how_far_it_got() -> None:
    """Go's clients cannot read a page without `fetched_until`, an empty one neither."""
    page = json.loads(encode(FetchReply(cursor="c", fetched_until=NOON, more_to_follow=False)))
    assert page == {"cursor": "c", "devices": [], "fetched_until": "2026-06-01T12:00:00Z", "more_to_follow": False}


def test_a_profile_says_its_defaults_and_leaves_out_what_it_has_not() -> None:
    """Clients disagree about what a missing flag means."""
    profile = DepProfile(profile_name="Phones", url="https://mdm.example/enroll/dep", skip_setup_items=("Siri",))
    written = json.loads(encode(profile))
    assert written["allow_pairing"] is True
    assert written["is_mdm_removable"] is True
    assert written["is_supervised"] is False
    assert "department" not in written
    assert decode(encode(profile), DepProfile) == profile


def test_what_is_unknown_or_null_is_as_if_it_were_not_there() -> None:
    """Apple adds keys, and some clients write null for what they leave out."""
    read = decode(b'{"url": "x", "department": null, "allow_pairing": null, "is_brand_new": 1}', DepProfile)
    assert read == DepProfile(url="x")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b'{"limit": "many"}', b'{"cursor": 7}', b"\xff", b"[" * 100_000, b" " * (MAX_BYTES + 1)],
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    """One error, whatever is wrong."""
    with pytest.raises(WireError) as refused:
        decode(body, FetchRequest)
    assert refused.value.code == "dep.malformed"


def test_two_spellings_of_a_uuid_are_the_same() -> None:
    """Some clients write 32 capital digits without dashes."""
    assert same_uuid("0a1B2c3d-0000-4000-8000-00000000000f", "0A1B2C3D00004000800000000000000F")
    assert not same_uuid("0a1B2c3d-0000-4000-8000-00000000000f", None)


def test_a_uuid_is_written_as_apple_does() -> None:
    """In capitals, with dashes; none is none."""
    assert dashed_uuid("0a1b2c3d00004000800000000000000f") == "0A1B2C3D-0000-4000-8000-00000000000F"
    assert dashed_uuid(None) is None


def test_an_escrow_key_is_not_shown() -> None:
    """Whoever prints a request prints no key."""
    assert "key-of-the-safe" not in repr(ActivationLockRequest(device="C1", escrow_key="key-of-the-safe"))
