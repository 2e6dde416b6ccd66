"""The queue against a model of it: whatever happens in whatever order, both deliver the same and end the same."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mdm_server.store.sqlite import open_sqlite
from rigs.store_actors import Actors, device

ENDINGS = {"Acknowledged": "Acknowledged", "Error": "Error", "CommandFormatError": "Error"}


@dataclass
class Model:
    """A queue as a list: names in order, each with its state."""

    states: dict[str, str] = field(default_factory=dict)

    def report(self, name: str | None, status: str) -> str | None:
        """Take in a report and return what is delivered."""
        if status == "Idle":
            self.states = {key: "Queued" if state == "NotNow" else state for key, state in self.states.items()}
        elif self.states.get(name or "") in ("Queued", "Sent", "NotNow"):
            self.states[name or ""] = ENDINGS.get(status, "NotNow")
        for key, state in self.states.items():
            if state in ("Queued", "Sent"):
                self.states[key] = "Sent"
                return key
        return None

    def cancel(self, name: str) -> None:
        """Cancel a command that waits."""
        if self.states[name] in ("Queued", "Sent", "NotNow"):
            self.states[name] = "Cleared"


@pytest.mark.parametrize("seed", range(25))
async def test_the_queue_does_what_the_model_does(tmp_path: Path, seed: int) -> None:
    """I-25 to I-28, I-30: sixty random steps; answers may be late, repeated, or to commands never sent."""
    store = open_sqlite(tmp_path / "state.db", inline=True, durable=False)
    actors, model, chance = Actors(store), Model(), random.Random(seed)
    await actors.enrol("A", "a")
    for step in range(60):
        names = list(model.states)
        move = chance.choice(["queue", "idle", "idle", "answer", "answer", "answer", "cancel"])
        if move == "queue":
            model.states[f"command {step}"] = "Queued"
            await actors.enqueue("A", f"command {step}")
        elif move == "idle":
            assert await actors.idle(device("A"), "a") == model.report(None, "Idle")
        elif names and move == "answer":
            name, status = chance.choice(names), chance.choice([*ENDINGS, "NotNow"])
            assert await actors.answer(device("A"), "a", name, status) == model.report(name, status)
        elif names:
            name = chance.choice(names)
            if model.states[name] in ("Queued", "Sent", "NotNow"):
                await store.commands.cancel("A", name, actors.occasion())
            model.cancel(name)
        assert await actors.states("A") == model.states, f"seed {seed}, step {step}"
    await store.close()
