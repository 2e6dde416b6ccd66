"""The REST API: who may use it, and the way from an HTTP request to an operation and back.

Authorisation is a middleware in front of everything under the prefix, unknown paths included, so nobody learns from an
error message what they would have to say if they were allowed to.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from mdm_server.domain.refusal import Refusal
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.suite import ServiceSuite
from mdm_server.web.admission import Turns
from mdm_server.web.errors import Explained
from mdm_server.web.events_log import log
from mdm_server.web.exchange import Endpoint, gather, problem_of, take_body, unframed_response
from mdm_server.web.limits import Limits
from mdm_server.web.operations import Desk, Download, Operation, Operations
from mdm_server.web.problem import Problem, problem_response

PREFIX = "/api/v1"
FACTS = web.RequestKey("facts", RequestFacts)
_encoder = msgspec.json.Encoder()


class AdminTokens:
    """Knows the hashes of the tokens that open the API."""

    def __init__(self, hashes: Iterable[str]) -> None:
        self._hashes = tuple(hashes)

    def accepts(self, token: str) -> bool:
        """Whether a token is one of ours; takes the same time for every wrong one."""
        given = token_hash(token)
        return sum(hmac.compare_digest(given, known) for known in self._hashes) > 0


def token_hash(token: str) -> str:
    """Return what is stored of a token: it is 32 random bytes, so a plain hash is enough to hide it."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def api_application(
    suite: ServiceSuite, subjects: Iterable[Operations], tokens: AdminTokens, turns: Turns, limits: Limits
) -> web.Application:
    """Make the application that is mounted under the prefix."""
    application = web.Application(middlewares=[_problems(suite.journal), _authorise(tokens)])
    for subject in subjects:
        for operation in subject:
            application.router.add_route(operation.method, operation.path, _endpoint(operation, suite, turns, limits))
    return application


def _problems(journal: Journal) -> Any:
    @web.middleware
    async def answer(request: web.Request, handler: Endpoint) -> web.StreamResponse:
        """Journal what is refused, and turn everything that goes wrong into a problem document."""
        request[FACTS] = facts = gather(request)
        try:
            with journal.guard(facts):
                return await handler(request)
        except Refusal as refusal:
            response = problem_of(refusal)
            if refusal.status == 401:
                response.headers["WWW-Authenticate"] = 'Bearer realm="mdmsim"'
            return response
        except web.RequestPayloadError:
            return unframed_response()
        except web.HTTPException as error:
            return _of_the_framework(request, error)
        except Exception as error:  # the edge
            return _incident(facts.request_id, error)

    return answer


def _incident(incident: str, error: Exception) -> web.Response:
    log.error("api.defect", incident=incident, exc_info=error)
    return problem_response(Problem(status=500, title="Internal error.", code="internal", incident=incident))


def _of_the_framework(request: web.Request, error: web.HTTPException) -> web.Response:
    """Answer what the router found no operation for."""
    code = {404: "api.not_found", 405: "api.method"}.get(error.status, "api.invalid")
    response = problem_of(Explained(code, found=f"{request.method} {request.path}"[:200]))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _authorise(tokens: AdminTokens) -> Any:
    @web.middleware
    async def authorise(request: web.Request, handler: Endpoint) -> web.StreamResponse:
        """Let nobody past who has no token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and tokens.accepts(token.strip()):
            return await handler(request)
        raise Explained(
            "api.unauthorized",
            expected="the header `Authorization: Bearer TOKEN`",
            found="a token that is not ours" if token else "no token",
            remedy="The token was printed on the server's first start; `serve --new-admin-token` makes a new one.",
        )

    return authorise


def _endpoint(operation: Operation, suite: ServiceSuite, turns: Turns, limits: Limits) -> Endpoint:
    body_bytes = limits.upload_bytes if operation.body is bytes else limits.api_bytes

    async def handle(request: web.Request) -> web.StreamResponse:
        arguments = _read_parameters(operation, request)
        data = await take_body(request, body_bytes, limits)
        if operation.body is not type(None):
            arguments["body"] = _read_json(operation, data)
        async with turns:
            answer = await operation.function(Desk(suite, request[FACTS]), **arguments)
        return _respond(operation, answer)

    return handle


def _read_parameters(operation: Operation, request: web.Request) -> dict[str, Any]:
    repeated = [name for name, count in Counter(name for name, _ in request.query.items()).items() if count > 1]
    if repeated:
        raise Explained("api.invalid", expected="every parameter once", found=f"{repeated[0][:100]!r} twice")
    try:
        in_path = operation.read_path(request.match_info)
        return in_path | operation.read_query(request.query)
    except msgspec.ValidationError as error:
        known = ", ".join(operation.query) or "none"
        raise Explained("api.invalid", expected=f"parameters: {known}", found=str(error)) from None


def _read_json(operation: Operation, data: bytes) -> Any:
    try:
        return operation.read_body(data)
    except msgspec.ValidationError as error:
        raise Explained("api.invalid", found=str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Explained("api.invalid", expected="JSON in UTF-8", found=str(error)[:200]) from None


def _respond(operation: Operation, answer: Any) -> web.Response:
    if isinstance(answer, Download):
        disposition = f'attachment; filename="{answer.filename}"'
        return web.Response(
            status=operation.status,
            body=answer.body,
            headers={"Content-Type": answer.content_type, "Content-Disposition": disposition},
        )
    if answer is None:
        return web.Response(status=operation.status)
    return web.Response(status=operation.status, body=_encoder.encode(answer), content_type="application/json")
