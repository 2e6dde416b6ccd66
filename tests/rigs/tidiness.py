"""What a process of the test session started, opened or wrote, and had to put away before its end.

Each process of the session (one, or as many as xdist starts) has a folder of its own for everything temporary, and
works in it. Whatever is found there at the end was left by this process, whoever else runs tests on this machine; and
who inherited the folder's name in TMPDIR is one of its children, even if its parent is long gone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PATIENCE_SECONDS = 10.0
"""How long a process that was told to end may take to do so."""
_SESSION = "MDMSIM_TEST_SESSION"
_OF_PYTEST = "pytest-of-"
_OF_SQLITE = "etilqs_"
"""SQLite deletes its temporary files itself, unless a test kills the process (SIGKILL) in just that moment."""
_PROC = Path("/proc")
_LISTENING = "0A"


def begin_session() -> Path:
    """Make the folder in which the processes of this session have theirs; they find it in the environment."""
    folder = Path(tempfile.mkdtemp(prefix="mdmsim-tests-"))
    os.environ[_SESSION] = str(folder)
    # A key pool that its owner once filled must not make a test pass here and fail elsewhere.
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    return folder


def end_session(folder: Path) -> None:
    """Remove the session's folder; `pytest --basetemp` keeps what tests write in their `tmp_path` elsewhere."""
    shutil.rmtree(folder, ignore_errors=True)


def move_in(name: str) -> Path:
    """Make the folder of this process its place for temporary files, and return it."""
    folder = Path(os.environ[_SESSION]) / name
    folder.mkdir()
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    return folder


def left_behind(folder: Path, threads: set[threading.Thread], *, patience: float = PATIENCE_SECONDS) -> list[str]:
    """Return what this process, whose folder this is, has left: processes, ports, threads and files.

    Threads that were there before, and daemons, do not count.
    """
    deadline = time.monotonic() + patience
    while (found := [*_processes(folder), *_threads(threads), *_files(folder)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [*found, *_ports()]


def untracked_files(checkout: Path) -> set[str]:
    """Return the files in a checkout that Git neither keeps nor ignores."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--others", "--exclude-standard"],
            cwd=checkout, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return set()
    return set(listed.stdout.splitlines())


def _processes(folder: Path) -> list[str]:
    mark = f"TMPDIR={folder}".encode()
    found = []
    for each in _PROC.glob("[0-9]*"):
        try:
            if int(each.name) != os.getpid() and mark in (each / "environ").read_bytes().split(b"\0"):
                command = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                found.append(f"the process {each.name}: {command}")
        except OSError:  # it has just ended, or is not ours to look at
            continue
    return found


def _threads(before: set[threading.Thread]) -> list[str]:
    return [f"the thread {each.name}" for each in threading.enumerate() if not each.daemon and each not in before]


def _files(folder: Path) -> list[str]:
    return [f"the file {path}" for path in folder.iterdir() if not path.name.startswith((_OF_PYTEST, _OF_SQLITE))]


def _ports() -> list[str]:
    own = {str(each.readlink()) for each in (_PROC / "self/fd").glob("*") if each.is_symlink()}
    found = []
    for table in (_PROC / "self/net/tcp", _PROC / "self/net/tcp6"):
        for row in table.read_text().splitlines()[1:] if table.exists() else ():
            _, address, _, state, *_, inode = row.split()[:10]
            if state == _LISTENING and f"socket:[{inode}]" in own:
                found.append(f"a listener on port {int(address.rpartition(':')[2], 16)}")
    return found
