"""What takes long tells a person how far it has come, and a program nothing."""

from __future__ import annotations

import asyncio
import io

import pytest

from mdm_server.cli import waiting


class Terminal(io.StringIO):
    """A place to write to that somebody looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


async def test_a_program_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks at a window, nobody asks how far it has come."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)

    async def how_far() -> str:
        raise AssertionError("asked for nothing")

    assert await waiting.telling(asyncio.sleep(0, 7), how_far) == 7
    assert written.getvalue() == ""


async def test_a_person_is_told_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work goes on while it is told, and its result comes back."""
    terminal, told = Terminal(), asyncio.Event()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(waiting, "EVERY", 0.01)

    async def work() -> str:
        await told.wait()
        await asyncio.sleep(0.3)
        return "done"

    async def how_far() -> str:
        told.set()
        return "some devices"

    assert await waiting.telling(work(), how_far) == "done"
    assert "some devices" in terminal.getvalue()


async def test_what_cannot_be_told_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is gone is an error at once, not a status line for ever."""
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr(waiting, "EVERY", 0.01)
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def how_far() -> str:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await waiting.telling(work(), how_far)
    assert ended.is_set()
