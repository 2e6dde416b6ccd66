"""Waiting: what a server asks for, and what a device chooses."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from device_emulator.core.conversation import passing_failure, pause_after, retry_after
from device_emulator.core.device import Device
from device_emulator.core.errors import ExchangeError
from device_emulator.core.messages import RequestFailed, RequestKind, ResponseArrived


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Mon, 01 Jun 2026 12:01:00 GMT", 60),
        ("Mon, 01 Jun 2026 11:00:00 GMT", 0),
        ("Mon, 01 Jun 2026 12:01:00 -0000", 60),
        ("99999999999999999999", 86_400),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: int | None, now: datetime) -> None:
    """RFC 9110 §10.2.3; what is neither is ignored."""
    found = retry_after({"retry-after": value}, now)
    assert found == (None if seconds is None else timedelta(seconds=seconds))


def test_no_server_makes_a_device_wait_longer_than_the_ceiling(device: Device) -> None:
    """A Retry-After of a day would take the device out of the game."""
    reply = ResponseArrived(1, 503, {"retry-after": "86400"})
    assert pause_after(device.handheld, RequestKind.IDLE, 1, reply) == device.handheld.settings.retry.ceiling


def test_pauses_grow_and_jitter(device: Device) -> None:
    """Between half and all of what the back-off allows; never more than the ceiling, however often it failed."""
    policy = device.handheld.settings.retry
    for failures in (1, 2, 5, 8, 40, 10_000):
        longest = min(policy.ceiling, policy.first * 2 ** min(failures - 1, 30))
        pause = pause_after(device.handheld, RequestKind.IDLE, failures, None)
        assert longest / 2 <= pause <= longest


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 410])
def test_an_answer_that_trying_again_would_not_change_is_taken(status: int) -> None:
    """The caller judges it."""
    assert passing_failure(ResponseArrived(1, status)) is None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_answer_that_may_pass_is_not_taken(status: int) -> None:
    """Overload and breakdowns end."""
    assert passing_failure(ResponseArrived(1, status)) == f"http.{status}"


def test_a_failure_that_cannot_pass_is_an_error() -> None:
    """Whatever the transport says is final."""
    assert passing_failure(RequestFailed(1, "timeout")) == "timeout"
    with pytest.raises(ExchangeError, match=r"tls\.untrusted"):
        passing_failure(RequestFailed(1, "tls.untrusted", retryable=False))
