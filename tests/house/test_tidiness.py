"""The guard that fails a session which leaves something behind would notice it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rigs.oracles import require
from rigs.tidiness import left_behind, untracked_files

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes and ports are found in /proc")
WAIT_FOR_END = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]


def found(folder: Path, before: set[threading.Thread] | None = None) -> list[str]:
    """Return what is left behind at this moment."""
    return left_behind(folder, set(threading.enumerate()) if before is None else before, patience=0.0)


@linux_only
def test_a_process_that_still_runs_is_noticed(tmp_path: Path) -> None:
    """Whoever has the folder's name in its environment was started here."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(WAIT_FOR_END, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        running = found(tmp_path)
        process.communicate()
    assert any(f"the process {process.pid}: " in each for each in running)
    assert not [each for each in found(tmp_path) if each.startswith("the process")]


@linux_only
def test_an_open_port_is_noticed(tmp_path: Path) -> None:
    """A listening socket of this process counts until it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = f"a listener on port {server.getsockname()[1]}"
        assert said in found(tmp_path)
    assert said not in found(tmp_path)


def test_a_thread_that_does_not_end_is_noticed(tmp_path: Path) -> None:
    """Only daemons, and those who were there before, may live on."""
    before, release = set(threading.enumerate()), threading.Event()
    thread = threading.Thread(target=release.wait, name="loiterer")
    thread.start()
    try:
        assert "the thread loiterer" in found(tmp_path, before)
    finally:
        release.set()
        thread.join()
    assert "the thread loiterer" not in found(tmp_path, before)


def test_a_file_is_noticed_unless_it_is_pytests(tmp_path: Path) -> None:
    """The folder is empty at the end but for the place of `tmp_path`."""
    (tmp_path / "pytest-of-somebody").mkdir()
    assert not [each for each in found(tmp_path) if each.startswith("the file")]
    (tmp_path / "mdmsim-state").mkdir()
    assert f"the file {tmp_path / 'mdmsim-state'}" in found(tmp_path)


def test_what_git_does_not_know_is_new_in_a_checkout(tmp_path: Path) -> None:
    """Ignored files are the tools' own; where there is no Git, nothing is said."""
    assert untracked_files(tmp_path) == set()
    subprocess.run([require("git"), "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "ignored").touch()
    assert untracked_files(tmp_path) == {".gitignore"}
