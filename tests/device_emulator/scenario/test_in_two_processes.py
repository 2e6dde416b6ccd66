from __future__ import annotations

import asyncio
from pathlib import Path

from rigs.processes import EMULATOR, run_program

SCENARIOS = ("shared/checked-out-and-in", "staging/android-qr-code")
MINUTE = 60.0


async def test_one_seed_writes_one_journal_in_whichever_process(tmp_path: Path) -> None:
    """Byte for byte: also what Python itself shuffles from process to process, the order of sets, decides nothing."""

    async def play(hash_seed: int) -> dict[str, bytes]:
        folder = tmp_path / str(hash_seed)
        command = (*EMULATOR, "scenario", "run", *SCENARIOS, "--clock", "virtual", "--seed", "7", "--report", folder)
        ended = await run_program(*command, seconds=MINUTE, PYTHONHASHSEED=str(hash_seed))
        assert ended.exit_code == 0, ended
        return {name: (await asyncio.to_thread((folder / name / "journal.jsonl").read_bytes)) for name in SCENARIOS}

    first, second = await asyncio.gather(play(1), play(2))
    assert all(len(journal) > 1000 for journal in first.values())
    assert first == second
