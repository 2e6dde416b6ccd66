"""The Apple Account on a device: signing in and out, iCloud Backup, and whether any of it is allowed."""

from __future__ import annotations

from device_emulator.core.handheld import Handheld
from device_emulator.core.person import FAMILY_NAMES, FIRST_NAMES
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.setting_up.events import AppleAccountSignedIn, AppleAccountSignedOut, BackedUp

PANE = "AppleID"
DOMAIN = "icloud.example"
# How likely somebody has an account, backs up to iCloud, and lets the device be found.
HAS_ACCOUNT, BACKS_UP, FIND_MY = 0.9, 0.7, 0.8


def is_disabled(handheld: Handheld) -> bool:
    """Say whether the organization wants no Apple Account on the device at all.

    Here a mandatory DEP profile that skips the pane says so for good; iOS hides the pane, and keeps accounts out
    afterwards by the restriction `allowAccountModification` only.
    """
    record = handheld.activation
    return (
        record is not None
        and record.profile is not None
        and record.profile.is_mandatory
        and PANE in record.skipped_panes
    )


def sign_in(handheld: Handheld, account: AppleAccount) -> None:
    """Sign in, out of whatever account was there before."""
    sign_out(handheld)
    handheld.apple_account = account
    handheld.emit(AppleAccountSignedIn(account.name))


def sign_out(handheld: Handheld) -> None:
    """Sign out, if anybody is signed in."""
    before, handheld.apple_account = handheld.apple_account, None
    if before is not None:
        handheld.emit(AppleAccountSignedOut(before.name))


def back_up(handheld: Handheld) -> None:
    """Back the device up to iCloud."""
    handheld.backed_up_at = handheld.clock()
    handheld.emit(BackedUp())


def usual_account(handheld: Handheld) -> AppleAccount | None:
    """Return the account that the device's person has, as in every run of this seed; some have none."""
    chance = handheld.randomness
    if chance.stream("store account").random() >= HAS_ACCOUNT:
        return None
    person = chance.stream("person")
    first, family = person.choice(FIRST_NAMES), person.choice(FAMILY_NAMES)
    return AppleAccount(
        name=f"{first}.{family}.{chance.number}@{DOMAIN}".lower(),
        password=chance.stream("account password").randbytes(9).hex(),
        find_my=chance.stream("find my").random() < FIND_MY,
        backs_up=chance.stream("cloud backup").random() < BACKS_UP,
    )
