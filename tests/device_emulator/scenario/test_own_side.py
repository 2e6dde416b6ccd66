"""What a device is in the end is told in sentences, and kept as plain facts."""

from __future__ import annotations

import json
from dataclasses import replace

from device_emulator.scenario import load, run
from device_emulator.scenario.own_side import OwnSide

PHONE = OwnSide(
    name="phone",
    machine="an iPhone 15 with 18.5",
    life="enrolled",
    screen="unlocked",
    passcode=True,
    supervised=True,
    managed=True,
    removable=False,
    panes_shown=("Language", "Welcome"),
    panes_skipped=("AppleID",),
    apple_account=False,
    backed_up=False,
    lost_mode=False,
    activation_lock=None,
    profiles=("mdmsim.enrollment",),
)


def test_a_managed_device_is_told_from_the_box_to_its_profiles() -> None:
    """Whoever reads it needs to know nothing of states."""
    assert PHONE.told() == [
        "phone, an iPhone 15 with 18.5: enrolled, screen unlocked",
        "  Setup Assistant showed Language, Welcome; left out: AppleID",
        "  managed, and its person cannot remove that, supervised",
        "  passcode set, no Apple Account is signed in, nothing is in iCloud",
        "  profiles: mdmsim.enrollment",
    ]


def test_what_there_is_not_is_not_told() -> None:
    """A device out of its box has shown nothing and is nobody's."""
    fresh = replace(PHONE, managed=False, removable=None, supervised=False, panes_shown=(), profiles=(), passcode=False)
    assert fresh.told()[1:] == [
        "  nobody manages it, not supervised",
        "  passcode not set, no Apple Account is signed in, nothing is in iCloud",
    ]


def test_what_is_out_of_the_ordinary_is_told_last() -> None:
    """Lost, locked, signed in, and free to go."""
    odd = replace(
        PHONE, removable=True, lost_mode=True, activation_lock="person", apple_account=True, backed_up=True, profiles=()
    )
    assert odd.told()[2:] == [
        "  managed, and its person may remove that, supervised",
        "  passcode set, an Apple Account is signed in, backed up to iCloud",
        "  it shows that it is lost",
        "  its activation is locked by its person",
    ]


async def test_an_outcome_says_what_every_device_is_in_the_end() -> None:
    """In its summary for machines, and in sentences for people; an Android is told like any other."""
    outcome = await run(load("staging/android-qr-code"), clock="virtual", seed=7)
    summary = json.loads(json.dumps(outcome.summary()))
    assert [one["name"] for one in summary["in_the_end"]] == list(outcome.devices)
    assert " with Android " in outcome.ending[0]


async def test_a_promise_is_seen_in_the_devices_own_view() -> None:
    """The pane is gone, nobody is signed in, and nothing is in iCloud; on the twin it is the other way round."""
    outcome = await run(load("dep/promise-no-icloud"), clock="virtual", seed=7)
    phone, twin = outcome.in_the_end
    assert ("AppleID" in phone.panes_skipped, phone.apple_account, phone.backed_up) == (True, False, False)
    assert ("AppleID" in twin.panes_shown, twin.apple_account, twin.backed_up) == (True, True, True)
