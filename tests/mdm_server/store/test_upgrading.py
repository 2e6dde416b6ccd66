"""States that an older version wrote: taken over where they are, whole or not at all."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.store.errors import StateUnreadable
from mdm_server.store.sqlite import open_sqlite, schema
from mdm_server.store.sqlite.abm.schema import ABM_DIGESTED
from mdm_server.store.sqlite.schema import DIGESTED, SCHEMA_VERSION
from mdm_server.store.sqlite.staging.schema import STAGING_DIGESTED
from mdm_server.store.staging import ROOT_GROUP
from rigs.staging_actors import StagingActors
from rigs.store_actors import device

VERSION_1 = Path(__file__).with_name("version_1.sql")
"""What the program wrote when its schema had version 1: one enrolled device with a user, commands, an invitation…"""
VERSION_2 = Path(__file__).with_name("version_2.sql")
"""What it wrote with version 2: a device that a user enrolled, one that is registered, and a DEP profile."""


def older_state(path: Path, written: Path = VERSION_1) -> None:
    """Write a state as an older version did."""
    with sqlite3.connect(path) as connection:
        connection.executescript(written.read_text())
    connection.close()


def dump(path: Path, *tables: str) -> list[list[tuple[object, ...]]]:
    """Return every row of some tables."""
    with sqlite3.connect(path) as connection:
        rows = [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]
    connection.close()
    return rows


def objects(path: Path) -> list[tuple[str, str]]:
    """Return everything in a schema, as it was written."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
    connection.close()
    return [(name, " ".join(sql.split())) for name, sql in found]


async def test_a_state_of_version_1_is_taken_over_with_everything_in_it(tmp_path: Path) -> None:
    """What was there is there, staging begins with its root group, and the device goes on as if nothing had been."""
    path = tmp_path / "state.db"
    older_state(path)
    old = [table for table, _ in DIGESTED if (table, _) not in (*STAGING_DIGESTED, *ABM_DIGESTED)]
    old += ["journal", "activity"]
    before = dump(path, *old)
    store = open_sqlite(path)
    assert dump(path, *old) == before
    staging = StagingActors(store)
    row = await store.enrollments.find("A")
    assert row is not None
    assert row.status is EnrollmentStatus.ENROLLED
    assert [group.id for group in await staging.see(lambda view: view.groups.all())] == [ROOT_GROUP]
    await staging.answer(device("A"), "a", "one")
    await staging.enrol_by_hub("A", await staging.user("ann"))
    digest = await store.state_digest()
    await store.close()
    again = open_sqlite(path)
    assert await again.state_digest() == digest
    await again.close()


async def test_a_state_of_version_2_is_taken_over_with_everything_in_it(tmp_path: Path) -> None:
    """The DEP profile says of everything that is new what such a profile meant, and is assigned as it was."""
    path = tmp_path / "state.db"
    older_state(path, VERSION_2)
    old = [table for table, _ in DIGESTED if (table, _) not in ABM_DIGESTED] + ["journal", "activity"]
    before = dump(path, *old)
    store = open_sqlite(path)
    assert dump(path, *old) == before
    staging = StagingActors(store)
    profile = await staging.see(lambda view: view.enrollment_program.assigned_to("C39DEP000001"))
    assert profile is not None
    assert (profile.minimum_os, profile.department, profile.allow_pairing, profile.token) == ("18.1", "", True, None)
    assert await staging.see(lambda view: view.abm.tokens()) == []
    await store.close()


@pytest.mark.parametrize("written", [VERSION_1, VERSION_2], ids=lambda path: path.stem)
async def test_a_state_that_was_taken_over_has_the_same_schema_as_a_new_one(tmp_path: Path, written: Path) -> None:
    """Down to the last constraint."""
    older_state(tmp_path / "old.db", written)
    for name in ("old.db", "new.db"):
        await open_sqlite(tmp_path / name).close()
    assert objects(tmp_path / "old.db") == objects(tmp_path / "new.db")
    assert dump(tmp_path / "old.db", "pragma_user_version") == [[(SCHEMA_VERSION,)]]


async def test_a_step_that_fails_leaves_the_older_state_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the old version, with nothing of the new one; the next try succeeds."""
    path = tmp_path / "state.db"
    older_state(path)
    before = objects(path)
    broken = (schema.STEPS[0], (*schema.STEPS[1], "CREATE TABLE invitation (again) STRICT"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", broken)
        with pytest.raises(StateUnreadable, match="invitation already exists"):
            open_sqlite(path)
    assert objects(path) == before
    assert dump(path, "pragma_user_version") == [[(1,)]]
    await open_sqlite(path).close()
    assert dump(path, "pragma_user_version") == [[(SCHEMA_VERSION,)]]
