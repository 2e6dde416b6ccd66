"""The use cases of virtual Androids, wired once: their channel, and the commands that go out over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.service.journal import Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.staging.android import AndroidDoor
from mdm_server.service.staging.android_barcode import BarcodeStaging
from mdm_server.service.staging.android_commands import AndroidCommands
from mdm_server.service.staging.android_enrollment import AndroidEnrollment
from mdm_server.service.staging.android_sync import AndroidSync
from mdm_server.service.staging.hub import Hub
from mdm_server.service.staging.hub_use_cases import GUESSES, GUESSES_PER_MINUTE
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import Wipes
from mdm_server.store.contract import Store


@dataclass(frozen=True, slots=True)
class AndroidUseCases:
    """What Androids and their administrators can ask for."""

    door: AndroidDoor
    commands: AndroidCommands


def open_android(
    store: Store,
    wizard: Hub,
    wipes: Wipes,
    waker: Waker,
    journal: Journal,
    *,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
) -> AndroidUseCases:
    """Wire the use cases together."""
    limiter = GuessLimiter(
        clock,
        burst=GUESSES,
        per_minute=GUESSES_PER_MINUTE,
        common_burst=10 * GUESSES,
        common_per_minute=10 * GUESSES_PER_MINUTE,
    )
    door = AndroidDoor(
        AndroidEnrollment(store, BarcodeStaging(wizard), clock, random_bytes),
        AndroidSync(store, clock, random_bytes),
        journal,
        limiter,
    )
    return AndroidUseCases(door, AndroidCommands(store.staging, wipes, waker, clock, random_bytes))
