"""Between HTTP and the use cases of devices: the facts of a request go in, an Answer comes out as it stands.

One rule for every way a request can fail. A Refusal has its status in the domain's table; those of the use cases were
journaled where they were raised, those of the transport are journaled here. Anything else is a defect of ours: 500 with
an incident id, the traceback in the log, once, and never in the answer.
"""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import Answer, say_no
from mdm_server.service.journal import Journal
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import RequestFacts, told_by
from mdm_server.web.admission import RETRY_AFTER, Turns
from mdm_server.web.connection import connection_of
from mdm_server.web.errors import Explained
from mdm_server.web.events_log import log
from mdm_server.web.limits import Limits, read_body
from mdm_server.web.problem import Problem, problem_response

UseCase = Callable[[RequestFacts, bytes], Awaitable[Answer]]
Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


_run = secrets.token_hex(3)
_numbers = itertools.count(1)


def new_request_id() -> str:
    """Return an id that is unique in this process and, to a person, distinct from that of another run."""
    return f"{_run}-{next(_numbers)}"


def gather(request: web.Request) -> RequestFacts:
    """Gather what the use cases want to know: the address of the socket's peer, never a forwarded header."""
    connection = connection_of(request)
    return RequestFacts(
        request_id=new_request_id(),
        peer=connection.peer,
        method=request.method,
        base_url=connection.door.base_url,
        tls_certificate=connection.client_certificate,
        query=request.query if request.query_string else {},
        **told_by(request.headers),
    )


async def take_body(request: web.Request, at_most: int, limits: Limits) -> bytes:
    """Read a body, or refuse it and be deaf to the rest of it (Refusal, web.RequestPayloadError)."""
    try:
        return await read_body(request, at_most, limits)
    except Refusal:
        connection_of(request).ignore_the_rest()
        raise


class DeviceEndpoints:
    """Turns use cases into request handlers."""

    def __init__(self, journal: Journal, turns: Turns, limits: Limits) -> None:
        self._journal = journal
        self._turns = turns
        self._limits = limits

    def endpoint(self, use_case: UseCase, *, body_bytes: int) -> Endpoint:
        """Return the handler that hands a request, with a body of at most so many bytes, to a use case."""

        async def handle(request: web.Request) -> web.StreamResponse:
            facts = gather(request)
            try:
                body = await self._read(request, facts, body_bytes)
                async with self._turns:  # taken after the body, so that slow senders keep nobody waiting
                    return to_response(await use_case(facts, body))
            except Refusal as refusal:
                return refusal_response(refusal)
            except web.RequestPayloadError:
                return unframed_response()
            except Exception as error:  # the edge: whatever this is, the client learns a number and the log the rest
                return incident_response(facts.request_id, error)

        return handle

    async def _read(self, request: web.Request, facts: RequestFacts, body_bytes: int) -> bytes:
        try:
            with self._journal.guard(facts):
                return await take_body(request, body_bytes, self._limits)
        except web.RequestPayloadError:
            self._journal.note("limit.framing", facts, status=400)
            raise


def to_response(answer: Answer) -> web.Response:
    """Send an Answer as it stands: its content type byte for byte, and `Content-Length: 0` when it is empty."""
    headers = dict(answer.headers)
    if answer.content_type is not None:
        headers["Content-Type"] = answer.content_type
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def refusal_response(refusal: Refusal) -> web.Response:
    """Say no to a device, and add what HTTP asks of such an answer."""
    response = to_response(say_no(refusal))
    finish(response, refusal)
    return response


def finish(response: web.Response, refusal: Refusal) -> None:
    """Add what HTTP asks of such an answer; a connection whose request was not read to its end is of no more use."""
    if refusal.status in {429, 503}:
        response.headers["Retry-After"] = str(refusal.retry_after or random.randint(*RETRY_AFTER))  # noqa: S311 - spreads, hides nothing
    if refusal.code.startswith("limit."):
        response.force_close()


def problem_of(refusal: Refusal) -> web.Response:
    """Say no to an administrator: a problem document with all particulars."""
    particulars = refusal if isinstance(refusal, Explained) else None
    detail = refusal.detail if isinstance(refusal, DetailedRefusal) else ""
    response = problem_response(
        Problem(
            status=refusal.status,
            title=refusal.text,
            code=refusal.code,
            reason=refusal.reason or None,
            expected=particulars.expected if particulars else None,
            found=particulars.found if particulars else detail or None,
            remedy=refusal.remedy,
        )
    )
    finish(response, refusal)
    return response


def unframed_response() -> web.Response:
    """Refuse a body that does not end where its headers say: nothing after it on this connection can be trusted."""
    response = web.Response(status=400, text="the body is not framed as its headers say\n")
    response.force_close()
    return response


def incident_response(incident: str, error: Exception) -> web.Response:
    """Own up to a defect."""
    log.error("http.defect", incident=incident, exc_info=error)
    return web.Response(status=500, text=f"internal error, incident {incident}\n")
