"""A process that enrols devices and says so after each acknowledgement, until somebody kills it.

Run as a program: `ledger_keeper.py STATE FIRST-NUMBER COUNT`. Standard output is the ledger: one line for each write
that was acknowledged, outside the process that may die.

`ledger_keeper.py STATE` is a nursery of such processes, which have nothing to import any more: for every FIRST-NUMBER
that it reads it starts one that goes on for ever, says `born PID`, and says `dead` when somebody has killed it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mdm_server.store.sqlite import open_sqlite
from rigs.store_actors import Actors, device


def acknowledge(line: str) -> None:
    """Write one line of the ledger, at once."""
    os.write(1, line.encode() + b"\n")


async def keep(actors: Actors, worker: int, first: int, count: int) -> None:
    """Enrol devices, queue a command for each, answer it, and keep the ledger."""
    for number in range(first, first + count):
        name = f"{worker}-{number}"
        await actors.enrol(name, name)
        acknowledge(f"enrolled {name}")
        await actors.enqueue(name, "one")
        acknowledge(f"queued {name}")
        await actors.idle(device(name), name)
        await actors.answer(device(name), name, "one")
        acknowledge(f"answered {name}")


async def main(state: Path, first: int, count: int, workers: int) -> None:
    """Let several workers write at once."""
    store = open_sqlite(state)
    actors = Actors(store)
    await asyncio.gather(*(keep(actors, worker, first, count) for worker in range(workers)))
    await store.close()


def nurse(state: Path) -> None:
    """Start a keeper for every number that is read, one after the other."""
    for line in sys.stdin:
        keeper = os.fork()
        if not keeper:
            acknowledge(f"born {os.getpid()}")
            asyncio.run(main(state, int(line), 1_000_000, 8))
            os._exit(0)
        os.waitpid(keeper, 0)
        acknowledge("dead")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        nurse(Path(sys.argv[1]))
    else:
        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), 1))
