from __future__ import annotations

import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.wire.apns import PushReply, Reason, encode_problem, mdm_payload, mdm_push, read_problem

APPLES = {
    400: "BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic DeviceTokenNotForTopic "
    "DuplicateHeaders IdleTimeout InvalidPushType MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed",
    403: "BadCertificate BadCertificateEnvironment ExpiredProviderToken Forbidden InvalidProviderToken "
    "MissingProviderToken UnrelatedKeyIdInToken BadEnvironmentKeyIdInToken",
    404: "BadPath",
    405: "MethodNotAllowed",
    410: "ExpiredToken Unregistered",
    413: "PayloadTooLarge",
    429: "TooManyProviderTokenUpdates TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable Shutdown",
}
"""Apple's table, "Response error strings" of Handling notification responses from APNs."""


def test_every_reason_has_apples_spelling_and_status() -> None:
    """All of them, and no other."""
    ours: dict[int, set[str]] = defaultdict(set)
    for reason in Reason:
        ours[reason.status].add(reason)
    assert ours == {status: set(reasons.split()) for status, reasons in APPLES.items()}


@given(st.sampled_from(Reason), st.none() | st.integers(0, 2**53))
def test_a_problem_is_read_as_it_was_written(reason: Reason, timestamp: int | None) -> None:
    """The timestamp is only there when it is known."""
    written = encode_problem(reason, timestamp)
    assert json.loads(written) == {"reason": reason} | ({} if timestamp is None else {"timestamp": timestamp})
    assert read_problem(written) == (reason, timestamp)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"reason":"OutOfCoffee"}', b'{"reason":1}', b"\xff", b"[" * 4000, b"<html>"]
)
def test_what_is_no_problem_of_apples_is_none(body: bytes) -> None:
    """A provider goes by the status then."""
    assert read_problem(body) == (None, None)


def test_a_reply_is_a_status_and_a_document() -> None:
    """Taken: 200 and nothing."""
    assert (PushReply().status, PushReply().body) == (200, b"")
    refused = PushReply(reason=Reason.UNREGISTERED, timestamp=1)
    assert (refused.status, refused.body) == (410, b'{"reason":"Unregistered","timestamp":1}')


def test_a_push_of_management_names_its_topic_and_type() -> None:
    """And carries the magic, whatever is in it."""
    push = mdm_push(b"\x01\xab", 'ma"gic', "topic", ("apns-priority", "5"))
    assert (push.method, push.path) == ("POST", "/3/device/01ab")
    assert push.headers == (("apns-topic", "topic"), ("apns-push-type", "mdm"), ("apns-priority", "5"))
    assert json.loads(push.body) == {"mdm": 'ma"gic'} == json.loads(mdm_payload('ma"gic'))


def test_a_reply_and_a_request_show_no_secret() -> None:
    """A body has the magic in it."""
    assert "magic" not in repr(mdm_push(b"\x01", "magic", "topic"))
