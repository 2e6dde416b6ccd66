"""The house rules of the design, kept by tests so that a bare `pytest` is enough."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("certs", "mdm_server", "device_emulator")
SANS_IO = ("certs", "mdm_server/wire", "mdm_server/domain", "device_emulator/core")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "handler"}
CLOCK_AND_CHANCE = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "monotonic", "perf_counter", "sleep"},
    "os": {"urandom"},
    "uuid": {"uuid1", "uuid4"},
    "secrets": {"token_bytes", "token_urlsafe", "token_hex", "randbelow"},
    "random": {"random", "randint", "choice", "randbytes", "shuffle", "uniform"},
}
# The command line of the locksmith is an edge: it may look at the clock.
EDGES = {"certs/__main__.py"}


def _modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _calls(tree: ast.AST) -> list[tuple[str, str, int]]:
    return [
        (node.func.value.id, node.func.attr, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    ]


@pytest.mark.parametrize("path", _modules(*SANS_IO), ids=_name)
def test_a_sans_io_room_reads_no_clock_draws_no_chance_and_never_waits(path: Path) -> None:
    """Clock and randomness are handed in, and nothing in a sans-I/O room is a coroutine."""
    if _name(path) in EDGES:
        return
    tree = ast.parse(path.read_text())
    waits = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
    reads = [
        f"{owner}.{verb} (line {line})" for owner, verb, line in _calls(tree) if verb in CLOCK_AND_CHANCE.get(owner, ())
    ]
    assert not waits, f"{_name(path)} has coroutines on lines {waits}"
    assert not reads, f"{_name(path)} reads {reads}"


@pytest.mark.parametrize("path", _modules(*PACKAGES), ids=_name)
def test_a_module_has_a_name_and_fits_on_a_shelf(path: Path) -> None:
    """No module is called after nothing, hides a module of the standard library, or outgrows 400 lines."""
    stem = path.stem
    assert stem not in FORBIDDEN_NAMES
    assert stem not in sys.stdlib_module_names or stem.startswith("__"), f"{stem} hides the standard library's"
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", _modules(*PACKAGES), ids=_name)
def test_a_function_fits_in_the_head(path: Path) -> None:
    """No function is longer than 60 lines, and every one says what it returns."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{node.name} in {_name(path)} has {length} lines"
            assert node.returns is not None, f"{node.name} in {_name(path)} does not say what it returns"


def test_the_rooms_import_in_one_direction_only() -> None:
    """The import contracts of pyproject.toml hold."""
    if importlib.util.find_spec("importlinter") is None:
        pytest.fail("import-linter is not installed: `make test` sets it up")
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_server_package_imports_nothing_at_import_time() -> None:
    """`import mdm_server` costs nothing."""
    tree = ast.parse((ROOT / "mdm_server/__init__.py").read_text())
    assert not [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
