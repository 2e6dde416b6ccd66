"""Apple's port: whatever is asked becomes a call, and whatever Apple says goes back as it is."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from aiohttp import web

from mdm_server.clouds.apple.services import AppleServices
from mdm_server.clouds.call import Call, Reply
from mdm_server.web.courier_routes import courier_endpoint
from mdm_server.web.exchange import Endpoint
from mdm_server.web.limits import Limits

LARGEST_BODY = 16 * 1024 * 1024
"""A profile may be assigned to all devices of an organization in one request."""


def apple_port(services: AppleServices, limits: Limits) -> web.Application:
    """Make the application behind Apple's TLS listener."""
    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_get("/courier", courier_endpoint(services.courier, limits))
    application.router.add_route("*", "/{path:.*}", _answering(services))
    return application


def _answering(services: AppleServices) -> Endpoint:
    async def handle(request: web.Request) -> web.StreamResponse:
        reply = services.answer(await _call(request))
        if reply.delay:
            await asyncio.sleep(reply.delay)
        return _hang_up(request) if reply.cut else _response(reply)

    return handle


async def _call(request: web.Request) -> Call:
    return Call(
        method=request.method,
        url=f"{request.scheme}://{request.host}{request.rel_url.raw_path}",
        path=request.path,
        query=tuple(parse_qsl(request.query_string, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
        peer=request.remote or "",
    )


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body)


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without a word, as a load balancer in trouble does."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)
