"""The way from an HTTP request to a call and back, and where the calls are mounted.

Whoever has not proved who they are is told so before anything else, unknown addresses included.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus
from uuid import uuid4

from aiohttp import web

from mdm_server.domain.refusal import Refusal
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.suite import ServiceSuite
from mdm_server.web.admission import Turns
from mdm_server.web.errors import Explained
from mdm_server.web.events_log import log
from mdm_server.web.exchange import Endpoint, gather, take_body, unframed_response
from mdm_server.web.limits import Limits
from mdm_server.web.uem.access import TENANT_HEADER, TOKEN_LIFETIME, Gate
from mdm_server.web.uem.addresses import Addresses, Found
from mdm_server.web.uem.calls import Asked, Calls, Reply
from mdm_server.web.uem.documents import MOST_FIELDS, folded
from mdm_server.web.uem.errors import UNREAD_JSON, error_of, error_response, json_response
from mdm_server.wire.basic_authorization import basic_pair

TOKEN_BODY_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class UemFront:
    """What this API needs of the server it is part of."""

    suite: ServiceSuite
    gate: Gate
    turns: Turns
    limits: Limits


def mount(application: web.Application, front: UemFront, subjects: Iterable[Calls]) -> None:
    """Mount the API and its token endpoint; whatever else begins with `/api/` has to be there already."""
    handle = _endpoint(front, Addresses(call for subject in subjects for call in subject))
    # Our own API lives under /api/v1, where a client that writes the version into the path would look, too.
    application.router.add_route("*", "/api/v1/{module:(?i:mdm|system|mam|mcm|mem)}/{rest:.*}", handle)
    application.router.add_route("*", "/{api:(?i:api)}/{rest:.*}", handle)
    application.router.add_route("*", "/{token:(?i:connect/token)}", _token_endpoint(front))


def _endpoint(front: UemFront, addresses: Addresses) -> Endpoint:
    async def handle(request: web.Request) -> web.StreamResponse:
        facts = gather(request)
        correlation = str(uuid4())
        response = await _guarded(front.suite.journal, facts, correlation, lambda: answer(request, facts))
        response.headers["x-correlation-id"] = correlation
        return response

    async def answer(request: web.Request, facts: RequestFacts) -> web.StreamResponse:
        front.gate.check(request.headers.get("Authorization", ""), request.headers.get(TENANT_HEADER))
        found = addresses.find(request.method, request.path.split("/", 2)[2], request.headers.get("Accept", ""))
        body = await take_body(request, front.limits.api_bytes, front.limits)
        asked = Asked(
            suite=front.suite,
            facts=facts,
            version=found.version,
            parameters=found.parameters,
            query=_query(request),
            body=body,
        )
        async with front.turns:
            return _respond(await found.call.function(asked), found)

    return handle


async def _guarded(
    journal: Journal, facts: RequestFacts, activity: str, answer: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Journal what is refused, and turn everything that goes wrong into the one error document."""
    try:
        with journal.guard(facts):
            return await answer()
    except Refusal as refusal:
        return error_of(refusal, activity)
    except web.RequestPayloadError:
        return unframed_response()
    except Exception as error:  # the edge
        log.error("uem.defect", incident=activity, request=facts.request_id, exc_info=error)
        return error_response(500, 500, "Internal error.", activity)


def _query(request: web.Request) -> dict[str, str]:
    """Return the query with folded names; of a name given twice the first counts, as it does in the real API."""
    found: dict[str, str] = {}
    for name, value in request.query.items():
        found.setdefault(folded(name), value)
    return found


def _respond(reply: Reply, found: Found) -> web.Response:
    headers = {
        **reply.headers,
        "x-api-version": f"v{found.version}",
        "api-supported-versions": ", ".join(map(str, found.supported)),
    }
    if reply.document is None:
        return web.Response(status=reply.status, headers=headers)
    return json_response(reply.document, reply.status, headers)


def _token_endpoint(front: UemFront) -> Endpoint:
    async def handle(request: web.Request) -> web.StreamResponse:
        facts = gather(request)
        return await _guarded(front.suite.journal, facts, str(uuid4()), lambda: answer(request))

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            raise Refusal("api.method")
        form = _form(await take_body(request, TOKEN_BODY_BYTES, front.limits))
        if form.get("grant_type") != "client_credentials":
            return _token_response({"error": "unsupported_grant_type"}, 400)
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        pair = basic_pair(encoded) if scheme.lower() == "basic" else None
        # RFC 6749 §2.3.1: what is in the header is form-encoded first.
        client = (unquote_plus(pair[0]), unquote_plus(pair[1])) if pair else _client(form)
        if not front.gate.is_client(*client):
            return _token_response({"error": "invalid_client"}, 401)
        seconds = int(TOKEN_LIFETIME.total_seconds())
        token = front.gate.tokens.issue()
        return _token_response({"access_token": token, "token_type": "Bearer", "expires_in": seconds}, 200)

    return handle


def _client(form: dict[str, str]) -> tuple[str, str]:
    return form.get("client_id", ""), form.get("client_secret", "")


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Explained("api.invalid", expected="a form", found=str(error)[:200]) from None


def _token_response(document: dict[str, str | int], status: int) -> web.Response:
    """Answer as RFC 6749 §5 asks: nobody may keep it."""
    response = json_response(document, status)
    response.headers["Content-Type"] = UNREAD_JSON
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="mdmsim"'
    return response
