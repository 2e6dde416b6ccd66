"""A server that cannot start: one line (expected, found, what to do), an exit code of its own, and nothing touched."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mdm_server.embed import Server, ServerSettings
from mdm_server.service.invitations import InvitationRequest
from rigs.command_line import Run, run_cli
from rigs.processes import MortalServer, mortal_server, run_program

ANYWHERE = ("--listen", "127.0.0.1:0", "--sim-listen", "off")
DATABASE = "state.sqlite"


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings of whoever runs the tests out of them."""
    for word in [name for name in os.environ if name.startswith("MDMSIM_")]:
        monkeypatch.delenv(word)


@pytest.fixture(autouse=True)
def _no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail at once where a server starts that should not, instead of waiting for its end."""

    def announce(*_: object) -> str:
        raise AssertionError("it started")

    monkeypatch.setattr("mdm_server.cli.foreground.announcement", announce)


@pytest.fixture(scope="session")
def used_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a state directory in which a server has lived."""
    state = tmp_path_factory.mktemp("used") / "state"

    async def live() -> None:
        async with Server.start(ServerSettings(state_dir=state)) as server:
            for _ in range(200):
                await server.suite.invitations.invite(InvitationRequest())

    asyncio.run(live())
    return state


@pytest.fixture
def state(used_state: Path, tmp_path: Path) -> Path:
    """Return a copy of that directory, to be spoilt."""
    copy = tmp_path / "state"
    shutil.copytree(used_state, copy, symlinks=True)
    copy.chmod(0o700)
    return copy


def everything_in(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and contents of every file and directory; whose turn it was is written in the lock file alone."""
    return {
        str(path.relative_to(directory)): (
            stat.S_IMODE(path.lstat().st_mode),
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in sorted(directory.rglob("*"))
        if path.suffix != ".lock"
    }


# --- what may happen to a state directory ----------------------------------------------------------------------------


def _rewrite(file: Path, change: Callable[[bytes], bytes]) -> None:
    file.write_bytes(change(file.read_bytes()))


def _no_database(state: Path) -> None:
    _rewrite(state / DATABASE, lambda _: b"no database, and never was one\n" * 100)


def _empty_database(state: Path) -> None:
    _rewrite(state / DATABASE, lambda _: b"")


def _cut_database(state: Path) -> None:
    _rewrite(state / DATABASE, lambda data: data[: len(data) // 2])


def _junk_in_the_database(state: Path) -> None:
    _rewrite(state / DATABASE, lambda data: data[:8192] + b"\xa5" * 16384 + data[24576:])


def _newer_schema(state: Path) -> None:
    connection = sqlite3.connect(state / DATABASE)
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()


def _foreign_database(state: Path) -> None:
    (state / DATABASE).unlink()
    connection = sqlite3.connect(state / DATABASE)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    (state / DATABASE).chmod(0o600)


def _cut_key(state: Path) -> None:
    _rewrite(state / "authority" / "issuing.pem", lambda data: data[: len(data) // 2])


def _empty_key(state: Path) -> None:
    _rewrite(state / "authority" / "root.pem", lambda _: b"")


def _another_authoritys_key(state: Path) -> None:
    shutil.copy(state / "authority" / "root.pem", state / "authority" / "registration.pem")


def _no_key(state: Path) -> None:
    (state / "authority" / "registration.pem").unlink()


def _wide_key(state: Path) -> None:
    (state / "authority" / "root.pem").chmod(0o640)


def _linked_key(state: Path) -> None:
    key = state / "authority" / "issuing.pem"
    key.rename(state / "elsewhere.pem")
    key.symlink_to(state / "elsewhere.pem")


def _wide_folder(state: Path) -> None:
    state.chmod(0o755)


def _flipped_bits(state: Path) -> None:
    """Damage the certificate behind the key, in the middle of its base64."""
    _rewrite(state / "authority" / "issuing.pem", lambda data: data[:-200] + data[-200:-150].swapcase() + data[-150:])


DAMAGES: dict[str, tuple[Callable[[Path], None], int]] = {
    "no database": (_no_database, 65),
    "an empty database": (_empty_database, 65),
    "half a database": (_cut_database, 65),
    "junk in the database": (_junk_in_the_database, 65),
    "a newer schema": (_newer_schema, 65),
    "somebody else's database": (_foreign_database, 65),
    "half a key": (_cut_key, 78),
    "an empty key": (_empty_key, 78),
    "another authority's key": (_another_authoritys_key, 78),
    "no key": (_no_key, 78),
    "a damaged certificate": (_flipped_bits, 78),
    "a key that others may read": (_wide_key, 78),
    "a link in place of a key": (_linked_key, 78),
    "a directory that others may enter": (_wide_folder, 78),
}


def assert_clear(run: Run, exit_code: int) -> None:
    """See that a start ended in one line that says what was expected, what was found, and what to do."""
    assert (run.exit_code, run.is_one_line) == (exit_code, True), run
    assert "expected " in run.errors, run
    assert " found" in run.errors, run
    assert max(run.errors.rfind(";"), run.errors.rfind(": ")) > run.errors.find("found"), f"no way out: {run.errors}"
    assert "Traceback" not in run.errors


@pytest.mark.parametrize(("damage", "exit_code"), DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_or_unsafe_state_is_refused_and_left_as_it_is(
    state: Path, damage: Callable[[Path], None], exit_code: int
) -> None:
    """T-19 and what disks do: nothing is repaired, overwritten, or begun anew beside what is there."""
    damage(state)
    before = everything_in(state)
    run = run_cli("serve", *ANYWHERE, "--state-dir", str(state))
    assert_clear(run, exit_code)
    assert everything_in(state) == before


def test_the_undamaged_copy_starts(state: Path) -> None:
    """So it is the damage that the other tests see."""

    async def live() -> int:
        async with Server.start(ServerSettings(state_dir=state)) as server:
            return (await server.store.counts()).invitations

    assert asyncio.run(live()) == 200


# --- settings and surroundings ---------------------------------------------------------------------------------------


@pytest.fixture
def busy() -> Iterator[str]:
    """Listen somewhere, and return where."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("flag", ["--listen", "--http", "--sim-listen"])
def test_a_busy_port_is_one_line(state: Path, busy: str, flag: str) -> None:
    """69 names the address; whichever listener it was, the others are free again and the state is as it was."""
    before = everything_in(state)
    run = run_cli("serve", *ANYWHERE, flag, busy, "--state-dir", str(state))
    assert_clear(run, 69)
    assert busy in run.errors
    assert everything_in(state) == before


@dataclass(frozen=True)
class BadInput:
    """Arguments that are wrong, and a word that the line must contain."""

    arguments: tuple[str, ...]
    word: str


@pytest.mark.parametrize(
    "bad",
    [
        BadInput(("--listen", "127.0.0.1"), "HOST:PORT"),
        BadInput(("--listen", "127.0.0.1:http"), "HOST:PORT"),
        BadInput(("--listen", "127.0.0.1:65536"), "HOST:PORT"),
        BadInput(("--http", "10.0.0.1:80"), "--expose-to-network"),
        BadInput(("--sim-listen", "on"), "HOST:PORT"),
        BadInput(("--issuing-key", "dsa"), "p-256"),
        BadInput(("--compat", "sha1,leniency"), "leniency"),
        BadInput(("--seed", "1.5"), "seed"),
        BadInput(("--device-ca", "{folder}/state.sqlite"), "PEM"),
        BadInput(("--device-ca", "{folder}/nowhere.pem"), "PEM"),
        BadInput(("--config", "{folder}"), "TOML"),
        BadInput(("--config", "{folder}/state.sqlite"), "TOML"),
        BadInput(("--config", "{folder}/nowhere.toml"), "TOML"),
        BadInput(("--confg", "x"), "--config"),
        BadInput(("surplus",), "surplus"),
    ],
    ids=lambda bad: " ".join(bad.arguments),
)
def test_a_wrong_argument_is_one_line(state: Path, bad: BadInput) -> None:
    """Exit 2; the line names the word that was wrong or the one that is right, and nothing is touched."""
    before = everything_in(state)
    given = [argument.format(folder=state) for argument in bad.arguments]
    run = run_cli("serve", *ANYWHERE, "--state-dir", str(state), *given)
    assert (run.exit_code, run.is_one_line, bad.word in run.errors) == (2, True, True), run
    assert everything_in(state) == before


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"listen = 127.0.0.1", "TOML"),
        (b'listen = "127.0.0.1:0"\nlisten = "127.0.0.1:1"', "TOML"),
        (b"\xff\xfe\x00", "TOML"),
        (b'stat-dir = "x"', "stat-dir"),
        (b'[serve]\nlisten = "127.0.0.1:0"', "serve"),
        (b'seed = "many"', "seed"),
        (b'listen = ["127.0.0.1:0"]', "listen"),
        (b'new-admin-token = "yes"', "new-admin-token"),
        (b'compat = "kindness"', "kindness"),
    ],
)
def test_a_wrong_file_of_settings_is_one_line(state: Path, tmp_path: Path, content: bytes, word: str) -> None:
    """Exit 2, and the word that was wrong: no TOML, no such setting, no such value."""
    before = everything_in(state)
    settings = tmp_path / "server.toml"
    settings.write_bytes(content)
    run = run_cli("serve", "--state-dir", str(state), "--config", str(settings))
    assert (run.exit_code, run.is_one_line, word in run.errors) == (2, True, True), run
    assert everything_in(state) == before


async def test_a_state_directory_has_one_server(tmp_path: Path) -> None:
    """A second process on the same directory is refused with 75, names the first one, and does it no harm."""
    async with mortal_server(tmp_path) as first:
        assert first.process_id is not None
        second = MortalServer(first.state, "127.0.0.1")
        ended = await run_program(*second.command)
        assert_clear(Run(ended.exit_code, ended.output, ended.errors), 75)
        assert str(first.process_id) in ended.errors
        assert await first.enrolled() == set()
