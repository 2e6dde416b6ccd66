"""Activation Lock on the device: when it locks, what Apple is told, and the bypass code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from device_emulator.core import activation_locking, leaving
from device_emulator.core.activation import AppleAddress
from device_emulator.core.device import Device
from device_emulator.core.events import FindMyRefused, FindMyReported, RetryScheduled
from device_emulator.core.find_my import FindMy, LockOwner
from device_emulator.core.messages import PushArrived, Request, RequestKind, TimePassed
from device_emulator.core.preferences import Preference
from device_emulator.core.setting_up.answers import AppleAccount
from mdm_server.wire.activation import FindMyReport, parse_report
from mdm_server.wire.activation_lock import escrow_key, opens, parse_bypass_code
from mdm_server.wire.plist import PlistValue
from rigs.play_server import LINK, MovingClock, PlayServer, play

APPLE = AppleAddress("https://apple.example")
ADA = AppleAccount(name="ada@icloud.example", password="analytical")
BEN = AppleAccount(name="ben@icloud.example", password="benign")
HIDDEN = AppleAccount(name="cy@icloud.example", password="cyan", find_my=False)


def told(requests: list[Request]) -> list[FindMyReport]:
    """Return what Apple heard."""
    return [parse_report(request.body) for request in requests if request.kind is RequestKind.FIND_MY]


def near_apple(device: Device, server: PlayServer) -> Device:
    """Enrol a device, and let it know where Apple is."""
    play(device, server, LINK)
    device.handheld.apple_account = None
    device.handheld.settings = replace(device.handheld.settings, apple=APPLE)
    server.requests.clear()
    return device


@pytest.fixture
def supervised(make_device: Callable[..., Device], server: PlayServer) -> Device:
    """Return a supervised device that is enrolled, with nobody signed in."""
    return near_apple(make_device(supervised=True), server)


@pytest.fixture
def private(make_device: Callable[..., Device], server: PlayServer) -> Device:
    """Return a device that nobody supervises, with nobody signed in."""
    return near_apple(make_device(), server)


def sign_in(device: Device, server: PlayServer, account: AppleAccount | None) -> list[object]:
    """Have another account on the device, or none."""
    device.handheld.apple_account = account
    return list(play(device, server, TimePassed()))


def allow(device: Device, server: PlayServer, *, allowed: bool) -> list[object]:
    """Have the server allow the lock, or not."""
    options: PlistValue = {"ActivationLockAllowedWhileSupervised": allowed}
    device.handheld.preferences.change(Preference.MDM_OPTIONS, options)
    return list(play(device, server, TimePassed()))


def test_a_private_device_locks_as_soon_as_find_my_is_on(private: Device, server: PlayServer) -> None:
    """Apple is told whose it is and by which password it opens; there is no bypass code on such a device."""
    assert sign_in(private, server, ADA) == [FindMyReported(locked=True)]
    (report,) = told(server.requests)
    assert (report.account, report.password, report.escrow_key) == (ADA.name, ADA.password, None)
    assert activation_locking.is_locked(private.handheld)
    assert server.requests[-1].url == "https://apple.example/activation-lock"


def test_without_find_my_nothing_is_locked(private: Device, server: PlayServer) -> None:
    """An account alone locks nothing, and Apple hears nothing."""
    assert sign_in(private, server, HIDDEN) == []
    assert private.handheld.find_my.locked_by is None


def test_a_supervised_device_locks_only_when_its_server_allows_it(supervised: Device, server: PlayServer) -> None:
    """Find My that is on already locks at that moment, and Apple learns what its bypass code is recognized by."""
    assert sign_in(supervised, server, ADA) == []
    assert not activation_locking.is_locked(supervised.handheld)
    assert allow(supervised, server, allowed=True) == [FindMyReported(locked=True)]
    code = activation_locking.bypass_code(supervised.handheld)
    assert code is not None
    assert told(server.requests)[0].escrow_key == escrow_key(code)


def test_a_lock_stays_when_the_leave_is_taken_back(supervised: Device, server: PlayServer) -> None:
    """What was allowed when Find My came on counts until it goes off; then the server's no counts again."""
    allow(supervised, server, allowed=True)
    sign_in(supervised, server, ADA)
    assert allow(supervised, server, allowed=False) == []
    assert activation_locking.is_locked(supervised.handheld)
    assert sign_in(supervised, server, None) == [FindMyReported(locked=False)]
    assert sign_in(supervised, server, BEN) == []


def test_a_lock_is_taken_away_with_its_own_password(private: Device, server: PlayServer) -> None:
    """Another account: first the old lock goes, proved by the old password, then the new one comes."""
    sign_in(private, server, ADA)
    assert sign_in(private, server, BEN) == [FindMyReported(locked=False), FindMyReported(locked=True)]
    reports = told(server.requests)
    assert [(report.account, report.password) for report in reports] == [
        (ADA.name, ADA.password),
        (None, ADA.password),
        (BEN.name, BEN.password),
    ]


def test_apple_is_told_again_until_it_hears(private: Device, server: PlayServer, moving: MovingClock) -> None:
    """Every five minutes, also on a device that nobody manages; meanwhile it does whatever else it has to do."""
    leaving.end_management(private.handheld, "checked_out")
    server.script(RequestKind.FIND_MY, (503, b""), (503, b""))
    private.handheld.apple_account = ADA
    events = play(private, server, TimePassed(), clock=moving, patience=601)
    assert [type(event) for event in events if isinstance(event, RetryScheduled | FindMyReported)] == [
        RetryScheduled,
        RetryScheduled,
        FindMyReported,
    ]


def test_what_apple_refuses_is_not_said_again(private: Device, server: PlayServer) -> None:
    """A refusal is an answer."""
    server.script(RequestKind.FIND_MY, (403, b"Expected another device."))
    events = sign_in(private, server, ADA)
    assert events == [FindMyRefused(403, "'Expected another device.'")]
    assert play(private, server, TimePassed()) == []


def test_an_erase_does_not_tell_apple_anything(private: Device, server: PlayServer) -> None:
    """The lock is Apple's to keep; the device has forgotten who its owner was."""
    sign_in(private, server, ADA)
    server.requests.clear()
    leaving.erase(private.handheld)
    play(private, server, TimePassed())
    assert told(server.requests) == []
    assert (private.handheld.find_my.locked_by, private.handheld.find_my.reported) == (None, None)


def test_every_erase_makes_another_code(supervised: Device) -> None:
    """Sixteen bytes, the same as long as the device is not erased."""
    handheld = supervised.handheld
    before = activation_locking.bypass_code(handheld)
    assert before is not None
    assert (len(before), before) == (16, activation_locking.bypass_code(handheld))
    leaving.erase(handheld)
    assert activation_locking.bypass_code(handheld) not in {before, None}


def test_the_server_gets_the_code_that_opens_the_lock(supervised: Device, server: PlayServer) -> None:
    """ActivationLockBypassCode, a lock, and what Apple knows belong together."""
    uuid = server.command("ActivationLockBypassCode")
    allow(supervised, server, allowed=True)
    sign_in(supervised, server, ADA)
    play(supervised, server, PushArrived(supervised.push_magic or ""))
    code = server.answers[uuid]["ActivationLockBypassCode"]
    key = told(server.requests)[0].escrow_key
    assert key is not None
    assert opens(code, key)
    assert parse_bypass_code(code) == activation_locking.bypass_code(supervised.handheld)


def test_after_fifteen_days_the_code_is_given_to_nobody(supervised: Device, moving: MovingClock) -> None:
    """Though it opens the lock as before."""
    moving.move(days=14, hours=23)
    assert activation_locking.gives_code_away(supervised.handheld)
    moving.move(hours=1)
    assert not activation_locking.gives_code_away(supervised.handheld)
    assert activation_locking.bypass_code(supervised.handheld) is not None


def test_a_cleared_code_is_none_of_apples_business(supervised: Device, server: PlayServer) -> None:
    """A lock that begins afterwards opens with the password only."""
    supervised.handheld.find_my.code_cleared = True
    allow(supervised, server, allowed=True)
    sign_in(supervised, server, ADA)
    assert told(server.requests)[0].escrow_key is None


def test_a_world_without_apple_has_nobody_to_tell(enrolled: Device, server: PlayServer) -> None:
    """No address, no report."""
    sign_in(enrolled, server, ADA)
    assert told(server.requests) == []


def test_find_my_is_written_down_and_read_back() -> None:
    """With the account that locks, and what Apple knows; an old snapshot has none of it."""
    find_my = FindMy()
    find_my.locked_by, find_my.code_cleared = LockOwner("ada@icloud.example", "secret"), True
    restored = FindMy.restore(find_my.snapshot())
    assert restored.snapshot() == find_my.snapshot()
    assert restored.locked_by == find_my.locked_by
    assert FindMy.restore(None).snapshot() == FindMy().snapshot()
    assert "secret" not in repr(find_my.locked_by)
