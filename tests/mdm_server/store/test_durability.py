"""What was acknowledged is on the disk: killed processes lose nothing, and the disk comes before the answer.

A kill alone cannot tell a durable setting from another, because the kernel outlives the process; the order of system
calls can. Each test shows what it shows.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mdm_server.store.sqlite import open_sqlite
from rigs.oracles import require

KEEPER = Path(__file__).with_name("ledger_keeper.py")
ROUNDS = 20


class Nursery:
    """Starts keepers of the ledger, which are there to be killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._order, self._ledger = process.stdin, process.stdout

    def kill_in_mid_write(self, first: int, delay: float) -> list[str]:
        """Start a keeper, kill it `delay` seconds after its first line, and return its ledger."""
        self._order.write(f"{first}\n")
        self._order.flush()
        born, head = self._ledger.readline(), self._ledger.readline()
        assert head.startswith("enrolled "), "the keeper died before it wrote anything"
        try:
            time.sleep(delay)  # the moment of death is meant to be arbitrary
        finally:
            os.kill(int(born.removeprefix("born ")), signal.SIGKILL)
        return [head.strip(), *(line.strip() for line in iter(self._ledger.readline, "dead\n"))]


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """Return a nursery that works on `state.db`."""
    command = (sys.executable, KEEPER, tmp_path / "state.db")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process)


async def reconcile(state: Path, ledger: list[str]) -> None:
    """Find every line of a ledger in the state, and the state whole."""
    store = open_sqlite(state)
    for line in ledger:
        what, _, name = line.partition(" ")
        row = await store.enrollments.find(name)
        assert row is not None, f"lost: {line}"
        assert row.status == "Enrolled"
        if what != "enrolled":
            command = await store.commands.find(name, "one")
            assert command is not None, f"lost: {line}"
            assert what != "answered" or command.state == "Acknowledged", f"lost: {line}"
    assert store._room.reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    await store.close()


def traced(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the ledger keeper under strace, or skip where tracing is not permitted."""
    strace = [require("strace"), "-f", "-qq", "-e", "signal=none"]
    done = subprocess.run(
        [*strace, *arguments], capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"LC_ALL": "C"}
    )
    if "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip(f"tracing is not permitted here: {done.stderr.strip().splitlines()[0]}")
    return done


async def test_no_acknowledged_write_is_lost_by_kill_9(tmp_path: Path, nursery: Nursery) -> None:
    """I-35, I-38: twenty deaths at arbitrary moments; every line of the ledger is in the state, which is whole."""
    chance = random.Random(35)
    ledger: list[str] = []
    started = time.monotonic()
    rounds = 0
    while rounds < ROUNDS and time.monotonic() - started < 40:
        ledger += nursery.kill_in_mid_write(rounds * 100_000, chance.uniform(0, 0.12))
        rounds += 1
    await reconcile(tmp_path / "state.db", ledger)
    assert rounds >= 5
    assert len(ledger) >= rounds


def test_an_acknowledgement_leaves_after_the_disk_has_the_write(tmp_path: Path) -> None:
    """I-36: between two lines of the ledger there is always a completed fdatasync (or fsync)."""
    trace = tmp_path / "trace"
    watched = ("-e", "trace=fdatasync,fsync,write", "-o", trace)
    done = traced(*watched, sys.executable, KEEPER, tmp_path / "state.db", "0", "20")
    assert done.returncode == 0, done.stderr
    acknowledgements = 0
    synced = False
    for line in trace.read_text().splitlines():
        if re.search(r"(fdatasync|fsync)(\(\d+\)| resumed>\)).*= 0", line):
            synced = True
        elif re.search(r'write\(1, "(enrolled|queued|answered) ', line):
            assert synced, f"acknowledged before the disk had it: {line}"
            acknowledgements += 1
            synced = False
    assert acknowledgements == 60


async def test_a_disk_that_fails_to_sync_is_acknowledged_by_nothing(tmp_path: Path) -> None:
    """I-40: from the failing fdatasync on every write is refused until a restart; what was said before is there."""
    failing = ("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=20+", "-o", tmp_path / "trace")
    done = traced(*failing, sys.executable, KEEPER, tmp_path / "state.db", "0", "20")
    assert done.returncode == 1
    assert "StoreUnavailable" in done.stderr
    ledger = [line for line in done.stdout.splitlines() if re.match("(enrolled|queued|answered) ", line)]
    assert 0 < len(ledger) < 60
    await reconcile(tmp_path / "state.db", ledger)


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 0)])
async def test_durable_means_synchronous_full(tmp_path: Path, durable: bool, level: int) -> None:
    """And what is not durable says so in its description."""
    store = open_sqlite(tmp_path / "state.db", inline=True, durable=durable)
    connection: sqlite3.Connection = store._room.connection
    assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ("durable" in store.description) == durable
    await store.close()
