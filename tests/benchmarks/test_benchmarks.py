"""The benchmarks at their smallest: that they run, and that what they write is what their readers expect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FIGURES = {
    "enrolling": ("enrolment, pooled: rate", "enrolment, pooled: server CPU", "enrolment, fresh: emulator CPU"),
    "polling": ("signed Idle, plain HTTP: server CPU", "signed Idle, TLS: rate"),
    "commands": ("command round trip: rate", "command round trip: p99"),
    "token-updates": ("TokenUpdate, durable: rate",),
    "weight": ("memory per idle device, 50",),
    "virtual-week": ("virtual life, certificate handed over: whole", "virtual life, Mdm-Signature: a poll"),
    "automated": ("automated enrolment: rate", "automated enrolment: cost beside plain"),
    "business-manager": ("ABM: fetch of everything", "ABM: a page, p99", "ABM: sync of what has changed"),
    "pushing": ("pushes: provider to device", "pushes: to the device, p99"),
}
TOGETHER = (
    ("enrolling", "automated"),
    ("polling", "commands", "token-updates", "business-manager"),
    ("weight", "virtual-week", "pushing"),
)
"""Each run begins with keys, a floor and a server of its own: three of them are enough."""
KEYS = {"name", "value", "unit", "aim", "reached", "floor", "ratio_to_floor", "note"}


@pytest.mark.parametrize("names", TOGETHER)
def test_every_benchmark_writes_its_figures_beside_machine_and_floor(names: tuple[str, ...], tmp_path: Path) -> None:
    """The quick version of a benchmark ends well, and its JSON has the shape that its schema version stands for.

    The table says which aims were missed: nobody has to compare the numbers himself.
    """
    shown, document = measured(names, tmp_path)
    assert document["schema"] == "mdmsim/benchmark/1"
    assert document["quick"] is True
    machine = document["environment"]
    assert {"commit", "cpu", "python", "tls", "sqlite", "uvloop", "load_average", "fsync_ms"} <= machine.keys()
    assert all(cost > 0 for cost in document["floor_ms"].values())
    figures = {figure["name"]: figure for figure in document["figures"]}
    assert {*(figure for name in names for figure in FIGURES[name]), "longest loop block, server"} <= figures.keys()
    for figure in figures.values():
        assert figure.keys() == KEYS
        assert (figure["reached"] is None) == (figure["aim"] is None)
        assert (figure["ratio_to_floor"] is None) == (figure["floor"] is None)
        line = next(line for line in shown.splitlines() if line.startswith(f"{figure['name']} "))
        verdict = {True: "yes", False: "NO", None: ""}[figure["reached"]]
        assert verdict in line.split() or not verdict, line


def measured(names: tuple[str, ...], folder: Path) -> tuple[str, dict[str, Any]]:
    """Run a benchmark and return what it printed and what it wrote."""
    file = folder / "figures.json"
    shown = run(names, folder, "--json", str(file))
    return shown, dict(json.loads(file.read_text(encoding="utf-8")))


def run(names: tuple[str, ...], folder: Path, *options: str) -> str:
    """Run benchmarks and return what they printed."""
    command = [sys.executable, "-m", "benchmarks", *names, "--quick", "--folder", str(folder)]
    command += ["--key-pool", str(folder / "keys"), *options]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
