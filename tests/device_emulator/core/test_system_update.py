"""The table of system updates, and an update on paper."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from device_emulator.core.hardware import SYSTEM_VERSIONS
from device_emulator.core.system_update import (
    ON_DEVICE,
    UPDATE,
    SystemUpdate,
    UpdateState,
    UpdateTrigger,
    release_as_json,
    release_from_json,
)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
RELEASE = SYSTEM_VERSIONS[-1]


def test_every_state_can_be_reached_and_left() -> None:
    """From IDLE on; none is a trap."""
    reached = {UpdateState.IDLE}
    while more := {after for (before, _), after in UPDATE.items() if before in reached} - reached:
        reached |= more
    assert reached == set(UpdateState)
    assert {before for before, _ in UPDATE} == set(UpdateState)
    assert {trigger for _, trigger in UPDATE} == set(UpdateTrigger)


def test_nothing_is_installed_that_is_not_on_the_device() -> None:
    """An installation begins with all of the update there, and nothing else interrupts it."""
    begin = {before for (before, trigger), _ in UPDATE.items() if trigger is UpdateTrigger.INSTALL_STARTED}
    assert begin == set(ON_DEVICE)
    ends = {trigger for before, trigger in UPDATE if before is UpdateState.INSTALLING}
    assert ends == {UpdateTrigger.INSTALLED, UpdateTrigger.INSTALL_FAILED}


@pytest.mark.parametrize(
    ("state", "downloaded", "minutes", "progress"),
    [
        (UpdateState.DOWNLOADING, 0.0, 0, 0.0),
        (UpdateState.DOWNLOADING, 0.0, 4, 0.4),
        (UpdateState.DOWNLOADING, 0.5, 5, 0.75),
        (UpdateState.DOWNLOADING, 0.5, 50, 1.0),
        (UpdateState.PAUSED, 0.5, 50, 0.5),
        (UpdateState.DOWNLOAD_FAILED, 0.0, 50, 0.0),
        *((state, 0.0, 0, 1.0) for state in (*ON_DEVICE, UpdateState.INSTALLING)),
    ],
)
def test_progress_follows_from_the_state_and_the_clock(
    state: UpdateState, downloaded: float, minutes: int, progress: float
) -> None:
    """A download goes on evenly; a paused one stands still; what is on the device is there."""
    until = NOON + timedelta(minutes=10) if state is UpdateState.DOWNLOADING else None
    update = SystemUpdate(version=RELEASE, state=state, since=NOON, until=until, downloaded=downloaded)
    assert update.progress(NOON + timedelta(minutes=minutes)) == pytest.approx(progress)


@pytest.mark.parametrize("until", [None, NOON])
def test_an_update_comes_back_from_a_snapshot_as_it_was(until: datetime | None) -> None:
    """Written as JSON and read again."""
    update = SystemUpdate(
        version=RELEASE,
        state=UpdateState.DEFERRED,
        since=NOON,
        until=until,
        downloaded=0.5,
        is_wanted=True,
        is_agreed=True,
        most_deferrals=3,
        deferrals=1,
    )
    assert SystemUpdate.restore(json.loads(json.dumps(update.snapshot()))) == update


def test_a_release_comes_back_as_it_was() -> None:
    """With the day on which it came out, if that is known; earlier files do not say it."""
    assert release_from_json(release_as_json(RELEASE)) == RELEASE
    old = release_from_json({"version": "18.5", "build": "22F76"})
    assert (old.version, old.released) == ("18.5", None)
