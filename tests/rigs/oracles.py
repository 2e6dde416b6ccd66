"""Programs that nobody here wrote, used as judges.

A missing judge fails the test that needs it and says in one line what to install. `MDMSIM_ORACLES=optional` turns the
failure into a skip that carries the same line, for machines where nothing can be installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DEBIAN_PACKAGES = {
    "chromium": "chromium",
    "curl": "curl",
    "git": "git",
    "openssl": "openssl",
    "plistutil": "libplist-utils",
    "scepclient": "scep",
    "scepserver": "scep",
    "strace": "strace",
}


def require(program: str) -> str:
    """Return the path of a judge, or fail (or skip, where that was asked for) with what to install."""
    path = shutil.which(program)
    if path is not None:
        return path
    line = f"{program} is not installed: `apt-get install {DEBIAN_PACKAGES[program]}`, or set MDMSIM_ORACLES=optional"
    if os.environ.get("MDMSIM_ORACLES") == "optional":
        pytest.skip(line)
    pytest.fail(line, pytrace=False)


def run(
    program: str, *arguments: str | Path, stdin: bytes = b"", check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run a judge and return what it printed; with `check`, a refusal fails the test with the judge's own words."""
    done = subprocess.run(
        [require(program), *map(str, arguments)], input=stdin, capture_output=True, timeout=60, check=False
    )
    if check and done.returncode != 0:
        pytest.fail(f"{program} {' '.join(map(str, arguments))}: {done.stderr.decode(errors='replace')}", pytrace=False)
    return done


def apple_schema() -> Path:
    """Return the folder of Apple's published schema, or skip with the reason where it is not beside the checkout."""
    here = Path(__file__).resolve()
    for parent in here.parents:
        candidate = parent.parent / "shared" / "apple-device-management"
        if (parent / "pyproject.toml").exists():
            if candidate.is_dir():
                return candidate
            break
    pytest.skip("Apple's published schema is not beside this checkout (../shared/apple-device-management)")
