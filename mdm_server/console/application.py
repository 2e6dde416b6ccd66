"""The console put together, and mounted beside everything else on the first port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web

from mdm_server.console.abm import AbmRoom
from mdm_server.console.pages import CONSOLE, Pages, see
from mdm_server.console.sessions import Sessions
from mdm_server.console.signing_in import SigningIn
from mdm_server.console.visits import SIGN_IN, Visits
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.suite import ServiceSuite
from mdm_server.web.admission import Turns
from mdm_server.web.api import AdminTokens
from mdm_server.web.limits import Limits

FIRST_ROOM = f"{CONSOLE}/abm"
TURNS = 16
"""Requests of people that are worked on at once: devices that keep the server busy do not lock its people out."""
GUESSES = 5
"""Wrong tokens in a row from one address; after that one every twelve seconds."""


@dataclass(frozen=True, slots=True)
class Console:
    """What the console needs of the server it is part of."""

    suite: ServiceSuite
    tokens: AdminTokens
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    limits: Limits


def add_console(application: web.Application, console: Console) -> None:
    """Mount the console at `/console`."""
    suite, pages = console.suite, Pages()
    visits = Visits(
        sessions=Sessions(console.clock, console.random_bytes),
        pages=pages,
        journal=suite.journal,
        turns=Turns(replace(console.limits, requests_in_flight=TURNS)),
        limits=console.limits,
    )
    limiter = GuessLimiter(console.clock, burst=GUESSES, per_minute=GUESSES)
    signing_in = SigningIn(visits, console.tokens, limiter)
    public = frozenset({SIGN_IN, *(f"{CONSOLE}/{name}" for name in pages.static)})
    rooms = web.Application(middlewares=visits.middlewares(public))
    rooms.router.add_get("/sign-in", signing_in.show)
    rooms.router.add_post("/sign-in", signing_in.enter)
    rooms.router.add_post("/sign-out", signing_in.leave)
    for name in pages.static:
        rooms.router.add_get(f"/{name}", pages.send_static)
    for path in ("", "/"):
        rooms.router.add_get(path, _begin)
    AbmRoom(suite, pages, console.clock).open(rooms, visits)
    application.add_subapp(CONSOLE, rooms)


async def _begin(request: web.Request) -> web.StreamResponse:
    return see(FIRST_ROOM)
