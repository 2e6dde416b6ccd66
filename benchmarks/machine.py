"""What was measured on: a figure without its machine is no figure."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sqlite3
import ssl
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import cryptography
from cryptography.hazmat.backends.openssl import backend

REPOSITORY = Path(__file__).resolve().parent.parent


def describe_machine(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Return the facts about this machine, its programs, and the disk under `folder`."""
    half, nearly_all = fsync_milliseconds(folder, rounds=20 if quick else 200)
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cryptography": f"{cryptography.__version__} ({backend.openssl_version_text()})",
        "tls": ssl.OPENSSL_VERSION,
        "sqlite": sqlite3.sqlite_version,
        "uvloop": importlib.util.find_spec("uvloop") is not None,
        "fsync_ms": {"p50": half, "p99": nearly_all},
        "load_average": load_average(),
    }


def load_average() -> list[float]:
    """Return how many processes wanted to run in the last 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def commit() -> str:
    """Return the commit that is measured, and whether files were changed since; unknown outside a checkout."""
    git = shutil.which("git")
    if git is None or not (REPOSITORY / ".git").exists():
        return "unknown"
    found = subprocess.run(
        [git, "-C", str(REPOSITORY), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


def fsync_milliseconds(folder: Path, *, rounds: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of appending 4 KiB to a file and waiting until it is durable."""
    waits = []
    with NamedTemporaryFile(dir=folder) as file:
        for _ in range(rounds):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            waits.append(1000 * (time.perf_counter() - began))
    waits.sort()
    return round(waits[len(waits) // 2], 2), round(waits[min(len(waits) - 1, len(waits) * 99 // 100)], 2)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
