"""Signing in with the administrator's token, and out again."""

from __future__ import annotations

from aiohttp import web

from mdm_server.console.notices import Notice, refused
from mdm_server.console.pages import CONSOLE, see
from mdm_server.console.visits import (
    FACTS,
    FORM_BYTES,
    SESSION,
    SIGN_IN,
    TICKET,
    Visits,
    cookie_name,
    door_of,
    is_secure,
)
from mdm_server.domain.refusal import Refusal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.store.journal_codes import JournalCode
from mdm_server.web.api import AdminTokens
from mdm_server.web.errors import Explained
from mdm_server.web.exchange import finish

TOKEN = "token"  # noqa: S105 - the name of a field
WHOLE = "Copy all of it, from what the server printed when it was started for the first time."
ENDED = Notice(title="You are not signed in any more.", went_well=False, remedy="Sign in again to go on.")


class SigningIn:
    """Opens sessions for whoever has the token, and slows down whoever guesses."""

    def __init__(self, visits: Visits, tokens: AdminTokens, limiter: GuessLimiter) -> None:
        self._visits = visits
        self._tokens = tokens
        self._limiter = limiter

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the form; whoever was signed in until a moment ago reads why it is there again."""
        if SESSION in request:
            return see(CONSOLE)
        return self._form(notice=ENDED if cookie_name(request) in request.cookies else None)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Take the form: a session for the right token, the form again for a wrong one, 429 after too many of those."""
        facts = request[FACTS]
        form = await self._visits.read(request, FORM_BYTES)
        try:
            with self._visits.journal.guard(facts):
                self._check(form.text(TOKEN), facts.peer)
        except Refusal as refusal:
            response = self._form(status=refusal.status, notice=refused(refusal))
            finish(response, refusal)
            if refusal.status == 401:
                response.headers["WWW-Authenticate"] = 'Bearer realm="mdmsim"'
            return response
        self._end(request)
        cookie, _ = self._visits.sessions.open(door_of(request))
        self._visits.journal.note(JournalCode.CONSOLE_SIGNED_IN, facts)
        response = see(CONSOLE)
        response.set_cookie(
            cookie_name(request), cookie, path="/", httponly=True, secure=is_secure(request), samesite="Strict"
        )
        return response

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """End the session here, whatever becomes of the cookie there."""
        form = await self._visits.read(request, FORM_BYTES)
        if not request[SESSION].issued(form.text(TICKET)):
            raise Refusal("console.foreign_form", reason="ticket")
        self._end(request)
        self._visits.journal.note(JournalCode.CONSOLE_SIGNED_OUT, request[FACTS])
        response = see(SIGN_IN)
        response.del_cookie(cookie_name(request), path="/", httponly=True, secure=is_secure(request), samesite="Strict")
        return response

    def _check(self, token: str, peer: str) -> None:
        wait = self._limiter.retry_after(peer)
        if wait is not None:
            raise Refusal("limit.rate", reason="console", retry_after=wait)
        if not self._tokens.accepts(token):
            self._limiter.failed(peer)
            found = "a token that is not ours" if token else "no token"
            raise Explained("api.unauthorized", found=found, remedy=WHOLE)

    def _end(self, request: web.Request) -> None:
        self._visits.sessions.end(request.cookies.get(cookie_name(request), ""))

    def _form(self, *, status: int = 200, notice: Notice | None = None) -> web.Response:
        notices = () if notice is None else (notice,)
        return self._visits.pages.show("sign_in.html", status=status, notices=notices, address=SIGN_IN, token=TOKEN)
