"""Between HTTP and the pages: who is let in, whose forms are taken, and what becomes of what goes wrong.

Nobody who is not signed in learns which pages there are. A form is taken from a page of ours only: the browser must say
so (`Origin`, `Sec-Fetch-Site`), and the form must carry the ticket of the session that it was made for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from mdm_server.console.forms import Form, read_form
from mdm_server.console.notices import Notice, refused
from mdm_server.console.pages import CONSOLE, Pages, see
from mdm_server.console.sessions import Session, Sessions
from mdm_server.domain.refusal import Refusal
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.web.admission import Turns
from mdm_server.web.connection import connection_of
from mdm_server.web.errors import Explained
from mdm_server.web.events_log import log
from mdm_server.web.exchange import Endpoint, finish, gather, take_body, unframed_response
from mdm_server.web.limits import KIB, Limits

FACTS = web.RequestKey("facts", RequestFacts)
SESSION = web.RequestKey("session", Session)
SIGN_IN = f"{CONSOLE}/sign-in"
TICKET = "ticket"
"""The name of the field that shows a form to be one of the session's."""
FORM_BYTES = 16 * KIB


@dataclass(frozen=True, slots=True)
class Visit:
    """A form that somebody sent who may."""

    request: web.Request
    facts: RequestFacts
    session: Session
    form: Form


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and where to go now."""

    notice: Notice
    to: str


Deed = Callable[[Visit], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Visits:
    """Receives visitors."""

    sessions: Sessions
    pages: Pages
    journal: Journal
    turns: Turns
    limits: Limits

    def middlewares(self, public: frozenset[str]) -> list[Any]:
        """Return what stands before all pages; the addresses that are public are for everybody."""

        @web.middleware
        async def explain(request: web.Request, handler: Endpoint) -> web.StreamResponse:
            """Journal what is refused, and make a page of everything that goes wrong."""
            request[FACTS] = facts = gather(request)
            try:
                with self.journal.guard(facts):
                    return await handler(request)
            except Refusal as refusal:
                return self._refuse(request, refusal)
            except web.RequestPayloadError:
                return unframed_response()
            except web.HTTPException as error:
                return self._refuse(request, _of_the_framework(request, error))
            except Exception as error:  # the edge
                log.error("console.defect", incident=facts.request_id, exc_info=error)
                notice = Notice(
                    title="Internal error.",
                    went_well=False,
                    found=f"incident {facts.request_id}",
                    remedy="Whoever runs the server finds it in the log under this number.",
                )
                return self.pages.show("refused.html", request.get(SESSION), status=500, notices=(notice,))

        @web.middleware
        async def let_in(request: web.Request, handler: Endpoint) -> web.StreamResponse:
            """Lead whoever is not signed in to where that is done."""
            session = self.session_of(request)
            if session is not None:
                request[SESSION] = session
            elif request.path not in public:
                return see(SIGN_IN)
            return await handler(request)

        return [explain, let_in]

    def session_of(self, request: web.Request) -> Session | None:
        """Return the session of a request, if it has one that is good."""
        cookie = request.cookies.get(cookie_name(request))
        return None if cookie is None else self.sessions.find(cookie, door_of(request))

    def deed(self, act: Deed, *, back: str, body_bytes: int = FORM_BYTES) -> Endpoint:
        """Return the handler that has a form acted upon, and leads to a page that says what came of it.

        What is refused is said on the page `back`, an address with the variables of the route in braces.
        """

        async def handle(request: web.Request) -> web.StreamResponse:
            session, facts = request[SESSION], request[FACTS]
            form = await self.read(request, body_bytes)
            if not session.issued(form.text(TICKET)):
                raise Refusal("console.foreign_form", reason="ticket")
            try:
                with self.journal.guard(facts):
                    async with self.turns:
                        done = await act(Visit(request, facts, session, form))
            except Refusal as refusal:
                done = Done(refused(refusal), back.format_map(request.match_info))
            session.leave(replace(done.notice, place=done.to.partition("#")[2]))
            return see(done.to)

        return handle

    async def read(self, request: web.Request, body_bytes: int) -> Form:
        """Read a form; raises Refusal `console.foreign_form` for one of another page than ours."""
        check_origin(request)
        body = await take_body(request, body_bytes, self.limits)
        return read_form(request.headers.get("Content-Type", ""), body)

    def _refuse(self, request: web.Request, refusal: Refusal) -> web.Response:
        notice = refused(refusal)
        response = self.pages.show("refused.html", request.get(SESSION), status=refusal.status, notices=(notice,))
        finish(response, refusal)
        return response


def check_origin(request: web.Request) -> None:
    """Refuse a form of which the browser says that another page sent it.

    https://fetch.spec.whatwg.org/#origin-header and https://www.w3.org/TR/fetch-metadata/. Cookies and `SameSite`
    do not tell ports apart: without this, a page of another program on the same machine could send it.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Refusal("console.foreign_form", reason="site")
    ours = f"{door_of(request).partition('://')[0]}://{request.host}"
    if request.headers.get("Origin", ours) != ours:
        raise Refusal("console.foreign_form", reason="origin")


def door_of(request: web.Request) -> str:
    """Return the address of the listener that took a request."""
    return connection_of(request).door.base_url


def is_secure(request: web.Request) -> bool:
    """Whether a request came over TLS."""
    return door_of(request).startswith("https:")


def cookie_name(request: web.Request) -> str:
    """Return the name of the session's cookie at this listener.

    With the port in it, for browsers send the cookies of one port to all others; over TLS with the prefix by which the
    browser sees to it that nobody else can have set it (RFC 6265bis §4.1.3.2).
    """
    port = door_of(request).rpartition(":")[2]
    return f"__Host-mdmsim-{port}" if is_secure(request) else f"mdmsim-{port}"


def _of_the_framework(request: web.Request, error: web.HTTPException) -> Refusal:
    code = {404: "api.not_found", 405: "api.method"}.get(error.status, "api.invalid")
    return Explained(code, found=f"{request.method} {request.path}"[:200], remedy="Begin at /console.")
