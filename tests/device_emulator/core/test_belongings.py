from __future__ import annotations

import json
from datetime import UTC, datetime

from device_emulator.core.belongings import Belongings, Book, ProvisioningProfile
from device_emulator.core.hardware import SYSTEM_VERSIONS
from device_emulator.core.system_update import SystemUpdate, UpdateState

MOMENT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
UPDATE = SystemUpdate(
    version=SYSTEM_VERSIONS[-1], state=UpdateState.DEFERRED, since=MOMENT, until=MOMENT, most_deferrals=3, deferrals=1
)


def full() -> Belongings:
    """Return belongings of every kind."""
    belongings = Belongings()
    belongings.provisioning_profiles = (ProvisioningProfile("P-1", "In-house", MOMENT), ProvisioningProfile("P-2", "x"))
    belongings.books = (Book(store_id=42), Book(persistent_id="com.example.manual", title="Manual"))
    belongings.update = UPDATE
    belongings.restrictions_password_cleared = belongings.declarative = True
    return belongings


def test_belongings_come_back_from_a_snapshot_as_they_were() -> None:
    """Written as JSON and read again, they describe themselves alike."""
    snapshot = json.loads(json.dumps(full().snapshot()))
    restored = Belongings.restore(snapshot)

    assert restored.snapshot() == full().snapshot()
    assert (restored.provisioning_profiles, restored.books, restored.update) == (
        full().provisioning_profiles,
        full().books,
        full().update,
    )


def test_with_management_goes_what_the_server_brought() -> None:
    """Books and provisioning profiles leave the device; an ordered update is the device's own affair."""
    belongings = full()

    belongings.management_ended()

    assert (belongings.books, belongings.provisioning_profiles, belongings.declarative) == ((), (), False)
    assert belongings.update == UPDATE
