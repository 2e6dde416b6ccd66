"""The second port: puppet strings for tests, on loopback and in plain HTTP. Nothing a device ever calls is here.

Whoever reaches it may empty the store, so it must be reached by programs of this machine only: a request that carries
an Origin comes from a web page (CSRF), and one whose Host is not a loopback name was led here by somebody else's DNS.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from mdm_server.service.suite import ServiceSuite
from mdm_server.store.contract import Store
from mdm_server.store.records import Occasion, ResetScope
from mdm_server.web.admission import is_loopback
from mdm_server.web.events_log import log
from mdm_server.web.exchange import Endpoint, new_request_id
from mdm_server.web.problem import Problem, problem_response

_PAGE = 500
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Strings:
    """What the second port pulls."""

    suite: ServiceSuite
    store: Store
    clock: Callable[[], datetime]
    seed: Callable[[], int | None]
    reseed: Callable[[int], None]


class Refused(Exception):  # noqa: N818 - it is an answer
    """An answer that ends a call to the second port early."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(code)
        self.problem = Problem(status=status, title=title, code=code, expected=expected, found=found, remedy=remedy)


def second_port(strings: Strings) -> web.Application:
    """Make the application behind the second port of a management server."""
    application = bare_second_port()
    add = application.router.add_route
    add("GET", "/_sim/ready", _with(strings, _ready))
    add("POST", "/_sim/reset", _with(strings, _reset))
    add("GET", "/_sim/seed", _with(strings, _show_seed))
    add("POST", "/_sim/seed", _with(strings, _set_seed))
    add("GET", "/_sim/journal", _with(strings, _journal))
    return application


def bare_second_port() -> web.Application:
    """Make a second port that nothing hangs on yet; only programs of this machine get in."""
    return web.Application(middlewares=[_only_from_here])


@web.middleware
async def _only_from_here(request: web.Request, handler: Endpoint) -> web.StreamResponse:
    if "Origin" in request.headers:
        return _no(403, "sim.origin", "web pages may not pull these strings", found="a request with an Origin header")
    host = request.url.host or ""
    if host != "localhost" and not is_loopback(host):
        return _no(403, "sim.host", "only loopback names lead here", found=f"Host: {request.host[:100]}")
    try:
        return await handler(request)
    except Refused as refused:
        return problem_response(refused.problem)
    except web.HTTPException as error:
        return _no(
            error.status, "sim.unknown", "there is no such string", found=f"{request.method} {request.path}"[:200]
        )
    except Exception as error:  # the edge
        incident = new_request_id()
        log.error("sim.defect", incident=incident, exc_info=error)
        return problem_response(Problem(status=500, title="internal error", code="internal", incident=incident))


def sim_json(value: Any, *, status: int = 200) -> web.Response:
    """Return JSON, a line for itself."""
    return web.Response(body=_encoder.encode(value) + b"\n", content_type="application/json", status=status)


def _with(strings: Strings, answer: Callable[[Strings, web.Request], Awaitable[web.StreamResponse]]) -> Endpoint:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(strings, request)

    return handle


async def _ready(strings: Strings, request: web.Request) -> web.StreamResponse:
    """Say that the server answers, and under which address."""
    return sim_json({"ready": True, "url": strings.suite.settings.base_url})


async def _reset(strings: Strings, request: web.Request) -> web.StreamResponse:
    """Forget what `?what=` names; administrators' tokens and the authority always stay."""
    what = request.query.get("what", ResetScope.EVERYTHING)
    try:
        scope = ResetScope(what)
    except ValueError:
        scopes = ", ".join(ResetScope)
        raise Refused(422, "sim.scope", "that cannot be reset", expected=scopes, found=what[:100]) from None
    await strings.store.reset(scope, Occasion(strings.clock()))
    return sim_json({"reset": scope})


async def _show_seed(strings: Strings, request: web.Request) -> web.StreamResponse:
    """Show the seed, or null when everything is drawn from the operating system."""
    return sim_json({"seed": strings.seed()})


async def _set_seed(strings: Strings, request: web.Request) -> web.StreamResponse:
    """Begin anew from a seed: only in an empty store, because identifiers would repeat."""
    text = request.query.get("seed", "")
    try:
        seed = int(text)
    except ValueError:
        raise Refused(422, "sim.seed", "that is no seed", expected="?seed=NUMBER", found=text[:100]) from None
    counts = await strings.store.counts()
    if counts.invitations or counts.certificates or any(counts.enrollments.values()):
        raise Refused(
            409,
            "sim.not_empty",
            "a seed begins a run, and this one has begun",
            expected="an empty store",
            found=f"{counts.invitations} invitations, {counts.certificates} certificates",
            remedy="POST /_sim/reset first",
        )
    strings.reseed(seed)
    return sim_json({"seed": seed})


async def _journal(strings: Strings, request: web.Request) -> web.StreamResponse:
    """Write out the whole journal, one JSON object a line, in order; `?after=N` begins behind entry N."""
    try:
        after = int(request.query.get("after", "0"))
    except ValueError:
        found = request.query["after"][:100]
        raise Refused(422, "sim.after", "that is no entry", expected="?after=NUMBER", found=found) from None
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    while page := await strings.store.journal.list(after=after, limit=_PAGE):
        await response.write(_encoder.encode_lines(page))
        after = page[-1].sequence
    await response.write_eof()
    return response


def _no(status: int, code: str, title: str, *, found: str) -> web.Response:
    return problem_response(Problem(status=status, title=title, code=code, found=found))
