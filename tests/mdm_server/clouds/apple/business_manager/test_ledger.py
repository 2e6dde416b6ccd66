"""The ledger: all of a change or nothing of it, in memory or in a file that is one."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.ledger import Ledger, moment, stamp, whole_second
from rigs.dep_service import SmallApple


def count(ledger: Ledger) -> int:
    """Return how many secrets there are."""
    with ledger.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM secrets").fetchone()[0])


def test_what_fails_leaves_nothing() -> None:
    """A change that an exception ends was never begun, with the changes inside it."""
    ledger = Ledger.open()

    def fail() -> None:
        with ledger.transaction():
            ledger.secret("one", b"1")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert count(ledger) == 0
    assert ledger.secret("one", b"2") == b"2"
    assert ledger.secret("one", b"3") == b"2"
    ledger.close()


def test_a_file_is_there_again_after_a_restart(tmp_path: Path) -> None:
    """Organizations, devices, tokens and cursors outlive the process; only sessions do not."""
    apple = SmallApple(database=tmp_path / "apple.sqlite")
    apple.order(3)
    client = apple.client()
    cursor = client.ask("POST", "/server/devices", {})["cursor"]
    apple.ledger.close()
    again = SmallApple(database=tmp_path / "apple.sqlite", seed=8)
    assert len(again.manager.devices(apple.organization)) == 3
    client.wire = again.send
    assert client.once("GET", "/account").body == b"FORBIDDEN"
    assert client.ask("POST", "/devices/sync", {"cursor": cursor})["devices"] == []
    again.ledger.close()


def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """Neither somebody's notes nor another program's database becomes a ledger."""
    notes, database = tmp_path / "notes", tmp_path / "database"
    notes.write_text("to do: nothing\n" * 100)
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    for path in (notes, database):
        before = path.read_bytes()
        with pytest.raises(BusinessManagerError) as refused:
            Ledger.open(path)
        assert refused.value.code == "abm.ledger"
        assert path.read_bytes() == before


def test_moments_are_kept_to_the_microsecond_and_told_to_the_second() -> None:
    """Apple's times have no fractions."""
    at = datetime(2026, 6, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    assert moment(stamp(at)) == at
    assert whole_second(stamp(at)) == at.replace(microsecond=0)
    assert whole_second(None) is None
    assert stamp(at + timedelta(microseconds=1)) == stamp(at) + 1


def test_what_was_answered_is_there_after_the_process_was_killed(tmp_path: Path) -> None:
    """It waits for no disk, but it has told the operating system."""
    path = tmp_path / "apple.sqlite"
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mdm_server.clouds.apple.business_manager.ledger import Ledger\n"
        "Ledger.open(Path(sys.argv[1])).secret('kept', b'1'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", program, str(path)], timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    ledger = Ledger.open(path)
    assert ledger.secret("kept", b"2") == b"1"
    ledger.close()


def test_a_ledger_belongs_to_one_process(tmp_path: Path) -> None:
    """Whoever comes second is told so at once, and gets in when the first is gone: a new ledger, and an old one."""
    path = tmp_path / "apple.sqlite"
    for _ in range(2):
        first = Ledger.open(path)
        with pytest.raises(BusinessManagerError) as refused:
            Ledger.open(path)
        assert refused.value.code == "abm.ledger_in_use"
        assert first.secret("kept", b"1") == b"1"
        first.close()
