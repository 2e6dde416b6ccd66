"""The first port: every address a device, an enrolment client or an administrator may call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import msgspec
from aiohttp import web

from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.service.suite import ServiceSuite
from mdm_server.web.admission import Turns
from mdm_server.web.android_routes import add_android_routes
from mdm_server.web.api import PREFIX, AdminTokens, api_application
from mdm_server.web.connection import connection_of
from mdm_server.web.courier_routes import courier_endpoint
from mdm_server.web.docs_page import PAGE_HEADERS, docs_page
from mdm_server.web.exchange import DeviceEndpoints, Endpoint
from mdm_server.web.hub_routes import add_hub_routes
from mdm_server.web.limits import Limits
from mdm_server.web.openapi import Document, openapi_document
from mdm_server.web.subjects import SUBJECTS
from mdm_server.web.uem.access import Gate
from mdm_server.web.uem.endpoint import UemFront, mount
from mdm_server.web.uem.subjects import UEM_SUBJECTS

DEVICE_METHODS = ("PUT", "POST")
"""Apple's devices PUT; Fleet's test client POSTs (checklist row 1)."""
API_TITLE = "mdmsim management server"
API_DESCRIPTION = """\
Administer a simulated MDM server: its devices and people, whose each device is, commands, profiles and the journal.

Every call carries `Authorization: Bearer TOKEN`. Lists come in pages: `next`, when it is there, is the `after` of the
following page. Whatever goes wrong is an `application/problem+json` document with a stable `code`."""


@dataclass(frozen=True, slots=True)
class Front:
    """What the first port needs besides the use cases."""

    suite: ServiceSuite
    courier: Courier
    authority_pem: str
    tokens: AdminTokens
    gate: Gate
    limits: Limits


def first_port(front: Front) -> web.Application:
    """Make the application behind the TLS listener and, if there is one, the plain one."""
    suite, limits = front.suite, front.limits
    turns = Turns(limits)
    devices = DeviceEndpoints(suite.journal, turns, limits)
    application = web.Application()
    route = application.router.add_route

    mdm = devices.endpoint(suite.device_channel.answer, body_bytes=limits.result_bytes)
    check_in = devices.endpoint(suite.device_channel.answer, body_bytes=limits.check_in_bytes)
    scep = devices.endpoint(suite.scep.answer, body_bytes=limits.scep_bytes)
    enroll = devices.endpoint(suite.enroll.answer, body_bytes=limits.enroll_bytes)
    setup_assistant = devices.endpoint(suite.hub.setup_assistant.answer, body_bytes=limits.enroll_bytes)
    web_sign_in = devices.endpoint(suite.hub.web_sign_in.answer, body_bytes=limits.enroll_bytes)
    for method in DEVICE_METHODS:
        route(method, "/mdm", mdm)
        route(method, "/checkin", check_in)
    for method in ("GET", "POST"):
        route(method, "/scep", scep)
        route(method, "/enroll", enroll)
        route(method, "/enroll/dep", setup_assistant)
        route(method, "/enroll/dep/web", web_sign_in)
    route("GET", "/enroll/ota", devices.endpoint(lambda facts, _: suite.profile_service.start(facts), body_bytes=0))
    route("POST", "/enroll/ota", devices.endpoint(suite.profile_service.answer, body_bytes=limits.enroll_bytes))
    route("GET", "/courier", courier_endpoint(front.courier, limits))
    route("GET", "/ca.pem", _file(front.authority_pem.encode(), "application/x-pem-file"))
    add_hub_routes(application, devices, suite.hub.door)
    add_android_routes(application, devices, suite.android.door)
    _add_api(application, front, turns)
    application.on_response_prepare.append(_sign_off)
    application.on_shutdown.append(_hang_up(front.courier))
    return application


@cache
def api_document() -> Document:
    """Return the OpenAPI document of the REST API."""
    return openapi_document(API_TITLE, version("mdmsim"), API_DESCRIPTION, PREFIX, SUBJECTS)


def _add_api(application: web.Application, front: Front, turns: Turns) -> None:
    """Mount the REST API; its description needs no token, for it says nothing about anybody."""
    document = api_document()
    page = docs_page(document).encode()
    application.router.add_get("/api/openapi.json", _file(msgspec.json.encode(document), "application/json"))
    application.router.add_get("/api/docs", _file(page, "text/html; charset=utf-8", PAGE_HEADERS))
    application.router.add_get("/", _see("/api/docs"))
    mount(application, UemFront(front.suite, front.gate, turns, front.limits), UEM_SUBJECTS)
    application.add_subapp(PREFIX, api_application(front.suite, SUBJECTS, front.tokens, turns, front.limits))


def _file(content: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> Endpoint:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, headers={"Content-Type": content_type, **(headers or {})})

    return handle


def _see(address: str) -> Endpoint:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(status=303, headers={"Location": address})

    return handle


async def _sign_off(request: web.Request, response: web.StreamResponse) -> None:
    """Say as little about this program as possible, keep browsers from guessing, and let others have their turn."""
    response.headers["Server"] = "mdmsim"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if connection_of(request).has_had_its_turn():
        await asyncio.sleep(0)


def _hang_up(courier: Courier) -> Callable[[web.Application], Awaitable[None]]:
    async def hang_up(application: web.Application) -> None:
        """Close the courier's lines, or open WebSockets would hold up the shutdown."""
        courier.close()

    return hang_up
