"""What a device's person chose once and never changes: iCloud, Find My, a store account. Drawn, not kept."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from device_emulator.core.handheld import Handheld

NIGHT_BEGINS, NIGHT_ENDS = 22, 7


def backs_up_to_cloud(handheld: Handheld) -> bool:
    """Say whether iCloud Backup is on; where Setup Assistant asked for no Apple ID nobody is signed in."""
    return "AppleID" not in handheld.skipped_panes and handheld.randomness.stream("cloud backup").random() < 0.7


def last_backup(handheld: Handheld) -> datetime | None:
    """Return when the last iCloud backup was made: some minute of last night."""
    if not backs_up_to_cloud(handheld):
        return None
    now = handheld.clock()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    made = midnight + timedelta(minutes=handheld.randomness.stream("backup minute").randrange(60, 300))
    return made if made <= now else made - timedelta(days=1)


def can_be_located(handheld: Handheld) -> bool:
    """Say whether Find My is on."""
    return handheld.randomness.stream("find my").random() < 0.8


def do_not_disturb(handheld: Handheld) -> bool:
    """Say whether the person is not to be disturbed: at night, if they are that kind of person."""
    at_night = not NIGHT_ENDS <= handheld.clock().hour < NIGHT_BEGINS
    return at_night and handheld.randomness.stream("do not disturb").random() < 0.6


def exchange_identifier(handheld: Handheld) -> str:
    """Return the name under which Exchange ActiveSync knows the device."""
    return base64.b32encode(handheld.randomness.random_bytes("exchange identifier", 16)).decode().rstrip("=")


def store_account_hash(handheld: Handheld) -> str | None:
    """Return the hash of the App Store account; None for a person who has none, or was not asked for one."""
    if "AppleID" in handheld.skipped_panes or handheld.randomness.stream("store account").random() >= 0.9:
        return None
    return base64.b64encode(handheld.randomness.random_bytes("store account hash", 20)).decode()
