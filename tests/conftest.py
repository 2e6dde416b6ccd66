"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis.configuration import set_hypothesis_home_dir

# Before any of them is imported: their assertions explain themselves, too.
pytest.register_assert_rewrite("rigs")

from rigs import tidiness  # noqa: E402

CHECKOUT = Path(__file__).resolve().parents[1]
SESSION_FOLDER = pytest.StashKey[Path]()
OWN_FOLDER = pytest.StashKey[Path]()
UNTRACKED_BEFORE = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the session, and every process of it, a folder for everything temporary."""
    set_hypothesis_home_dir(str(CHECKOUT / ".hypothesis"))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell has its background jobs ignore Ctrl-C, and so would every program that the tests start and interrupt.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        config.stash[SESSION_FOLDER] = tidiness.begin_session()
        if "MDMSIM_TEST_INSTALLED" in os.environ:
            config.stash[UNTRACKED_BEFORE] = tidiness.untracked_files(CHECKOUT)
    config.stash[OWN_FOLDER] = tidiness.move_in(worker or "tests")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session of `make test` that wrote into the checkout."""
    before = session.config.stash.get(UNTRACKED_BEFORE, None)
    if before is None:
        return
    new = tidiness.untracked_files(CHECKOUT) - before
    if new:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.getplugin("terminalreporter")
        reporter.write_line(f"New in the checkout since the tests began: {', '.join(sorted(new))}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove everything temporary."""
    if SESSION_FOLDER in config.stash:
        tidiness.end_session(config.stash[SESSION_FOLDER])


@pytest.fixture(scope="session", autouse=True)
def _leave_nothing_behind(pytestconfig: pytest.Config) -> Iterator[None]:
    """Work in this process's own folder, and fail at its end if a process, a port, a thread or a file is left."""
    folder, threads, origin = pytestconfig.stash[OWN_FOLDER], set(threading.enumerate()), Path.cwd()
    os.chdir(folder)
    yield
    os.chdir(origin)
    left = tidiness.left_behind(folder, threads)
    assert not left, f"the tests left behind {'; '.join(left)}"


@pytest.fixture
def now() -> datetime:
    """Return the moment at which tests happen: fixed, aware, and in the validity of everything they make."""
    return datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock(now: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still."""
    return lambda: now


@pytest.fixture
def random_bytes() -> Callable[[int], bytes]:
    """Return a reproducible source of bytes."""
    return random.Random(20260601).randbytes


@pytest.fixture(scope="session")
def rsa_keys() -> list[rsa.RSAPrivateKey]:
    """Return four RSA-2048 keys, made once for the whole session because one costs 60 ms."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4)]
