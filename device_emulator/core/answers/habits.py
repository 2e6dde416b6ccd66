"""What follows from what a device's person chose: iCloud, Find My, a store account; and a habit that is drawn."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

from device_emulator.core import restrictions
from device_emulator.core.handheld import Handheld

NIGHT_BEGINS, NIGHT_ENDS = 22, 7


def backs_up_to_cloud(handheld: Handheld) -> bool:
    """Say whether iCloud Backup is on: somebody is signed in, wants it, and may have it."""
    account = handheld.apple_account
    return account is not None and account.backs_up and restrictions.allows(handheld, "allowCloudBackup")


def last_backup(handheld: Handheld) -> datetime | None:
    """Return when the last iCloud backup was made: some minute of last night, or later if somebody wanted it."""
    if not backs_up_to_cloud(handheld):
        return handheld.backed_up_at
    now = handheld.clock()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    made = midnight + timedelta(minutes=handheld.randomness.stream("backup minute").randrange(60, 300))
    made = made if made <= now else made - timedelta(days=1)
    return made if handheld.backed_up_at is None else max(made, handheld.backed_up_at)


def can_be_located(handheld: Handheld) -> bool:
    """Say whether Find My is on: somebody is signed in, wants it, and may have it."""
    account = handheld.apple_account
    return account is not None and account.find_my and restrictions.allows(handheld, "allowFindMyDevice")


def do_not_disturb(handheld: Handheld) -> bool:
    """Say whether the person is not to be disturbed: at night, if they are that kind of person."""
    at_night = not NIGHT_ENDS <= handheld.clock().hour < NIGHT_BEGINS
    return at_night and handheld.randomness.stream("do not disturb").random() < 0.6


def exchange_identifier(handheld: Handheld) -> str:
    """Return the name under which Exchange ActiveSync knows the device."""
    return base64.b32encode(handheld.randomness.random_bytes("exchange identifier", 16)).decode().rstrip("=")


def store_account_hash(handheld: Handheld) -> str | None:
    """Return the hash of the App Store account; None where nobody is signed in."""
    if handheld.apple_account is None:
        return None
    return base64.b64encode(hashlib.sha1(handheld.apple_account.name.encode(), usedforsecurity=False).digest()).decode()
