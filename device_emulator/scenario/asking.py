"""Asking the server for something: what it refuses is refused in the script's words."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from device_emulator.scenario.offices import Refused
from mdm_server.embed.orders import Refusal

Result = TypeVar("Result")


async def ask(answer: Awaitable[Result]) -> Result:
    """Return what the server answers; raises Refused."""
    with in_the_scripts_words():
        return await answer


@contextmanager
def in_the_scripts_words() -> Iterator[None]:
    """Turn the server's refusal into the script's."""
    try:
        yield
    except Refusal as refusal:
        detail = getattr(refusal, "detail", "")
        raise Refused(refusal.code, detail or refusal.text) from refusal
