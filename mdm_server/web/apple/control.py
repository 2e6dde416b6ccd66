"""The strings that pull Apple, on the second port: what its portal offers people, and failures on demand.

Every address is below `/_sim/apple`. Bodies and answers are JSON, but for certificates (PEM) and server tokens (.p7m).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Meta

from certs.errors import UNREADABLE_X509
from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.faults import Fault
from mdm_server.clouds.apple.journal import Service
from mdm_server.clouds.apple.known_faults import POINTS, WORDS, understands
from mdm_server.clouds.apple.push.certificates import push_certificate
from mdm_server.clouds.apple.services import AppleServices
from mdm_server.web.sim_routes import Refused, sim_json
from mdm_server.wire.dep import BetaToken

PREFIX = "/_sim/apple"
PEM = "application/x-pem-file"
SERVER_TOKEN = "application/pkcs7-mime"  # noqa: S105 - a content type
PAGE = 500
UNKNOWN_THINGS = frozenset({"abm.organization_unknown", "abm.server_unknown", "abm.serial_unknown"})

Wanted = TypeVar("Wanted")
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Answer = Callable[["Apple", web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Apple:
    """Apple, and where it listens."""

    services: AppleServices
    clock: Callable[[], datetime]
    url: str | None
    push_url: str | None


class NewOrganization(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A company that joins the program."""

    name: Name
    type: str = "org"


class NewServer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An MDM server of an organization."""

    organization: Name
    name: Name


class Order(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Devices that an organization buys: they come at once, or after so many seconds."""

    organization: Name
    devices: Annotated[list[NewDevice], Meta(min_length=1)]
    server: str | None = None
    arrives_in: Annotated[float, Meta(ge=0)] = 0.0


class ConfiguratorAdd(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A device that somebody adds with Apple Configurator; its person may leave for thirty days."""

    organization: Name
    device: NewDevice
    server: str | None = None


class Betas(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The beta programs that are offered to an organization; null turns Seed for IT off."""

    tokens: list[BetaToken] | None


class Assignment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The MDM server that a device shall have; null takes it away from the one it has."""

    server: str | None


class Terms(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether an organization has agreed to Apple's newest terms."""

    agreed: bool


class NewFault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A failure that is wanted; `starts_in` and `lasts` are seconds."""

    service: Service
    point: Name
    response: Name
    name: str = ""
    count: Annotated[int, Meta(ge=1)] | None = 1
    probability: Annotated[float, Meta(gt=0, le=1)] = 1.0
    delay: Annotated[float, Meta(ge=0)] = 0.0
    starts_in: Annotated[float, Meta(ge=0)] = 0.0
    lasts: Annotated[float, Meta(gt=0)] | None = None


def add_apple_strings(application: web.Application, apple: Apple) -> None:
    """Add Apple's strings to the second port."""
    for method, path, answer in STRINGS:
        application.router.add_route(method, PREFIX + path, _in_its_words(apple, answer))


def add_no_apple(application: web.Application) -> None:
    """Have the second port of a server that plays no Apple say so, and how it would."""

    async def nobody(request: web.Request) -> web.StreamResponse:
        remedy = "start it with --apple-listen HOST:PORT, or Apple alone with `mdm-server apple serve`"
        raise Refused(404, "sim.no_apple", "this server plays no Apple", remedy=remedy)

    application.router.add_route("*", PREFIX + "{path:.*}", nobody)


def add_ready_string(application: web.Application, url: str) -> None:
    """Have a second port without a management server behind it say that it is ready, too."""

    async def ready(request: web.Request) -> web.StreamResponse:
        return sim_json({"ready": True, "url": url})

    application.router.add_get("/_sim/ready", ready)


def _in_its_words(apple: Apple, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Have what the portal does not do said as every string says it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(apple, request)
        except BusinessManagerError as error:
            status = 404 if error.code in UNKNOWN_THINGS else 409
            raise Refused(status, error.code, error.detail) from None

    return handle


async def _overview(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Say where Apple listens, and who its customers are."""
    manager = apple.services.business_manager
    return sim_json(
        {
            "url": apple.url,
            "push_url": apple.push_url,
            "organizations": list(manager.organizations()),
            "servers": list(manager.servers()),
            "faults": list(apple.services.faults.all()),
        }
    )


async def _ca(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Hand over Apple's root certificate."""
    pem = apple.services.authority.root.certificate.public_bytes(Encoding.PEM)
    return web.Response(body=pem, content_type=PEM)


async def _add_organization(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Let a company join the program."""
    wanted = await _read(request, NewOrganization)
    return sim_json(apple.services.business_manager.add_organization(wanted.name, type=wanted.type), status=201)


async def _agree(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Agree to Apple's newest terms, or stop doing so: MDM servers then hear T_C_NOT_SIGNED."""
    wanted, organization = await _read(request, Terms), request.match_info["organization"]
    manager = apple.services.business_manager
    change = manager.agree_to_terms if wanted.agreed else manager.withdraw_terms
    change(organization)
    return sim_json({"organization": organization, "agreed": wanted.agreed})


async def _add_server(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Enter an MDM server."""
    wanted = await _read(request, NewServer)
    return sim_json(apple.services.business_manager.add_server(wanted.organization, wanted.name), status=201)


async def _server_token(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Encrypt a new server token for the certificate (PEM) in the body; the old token ends."""
    body = await request.read()
    try:
        certificate = x509.load_pem_x509_certificate(body)
    except UNREADABLE_X509 as error:
        raise Refused(
            422,
            "abm.certificate",
            "that is no certificate",
            expected="the certificate of the MDM server's key, as PEM, in the body",
            found=str(error)[:100] or "something else",
        ) from None
    token = apple.services.business_manager.server_token(request.match_info["server"], certificate)
    headers = {"Content-Disposition": 'attachment; filename="server_token.p7m"'}
    return web.Response(body=token, content_type=SERVER_TOKEN, headers=headers)


async def _order(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Buy devices."""
    wanted = await _read(request, Order)
    arrives_at = apple.clock() + timedelta(seconds=wanted.arrives_in) if wanted.arrives_in else None
    apple.services.business_manager.order(
        wanted.organization, wanted.devices, server=wanted.server, arrives_at=arrives_at
    )
    return sim_json({"ordered": len(wanted.devices), "arrives_at": arrives_at}, status=201)


async def _configure(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Add a device with Apple Configurator."""
    wanted = await _read(request, ConfiguratorAdd)
    manager = apple.services.business_manager
    return sim_json(manager.add_by_configurator(wanted.device, wanted.organization, wanted.server), status=201)


async def _offer_betas(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Offer an organization beta programs, or none."""
    wanted, organization = await _read(request, Betas), request.match_info["organization"]
    apple.services.business_manager.offer_betas(organization, wanted.tokens)
    return sim_json({"organization": organization, "tokens": wanted.tokens})


async def _devices(apple: Apple, request: web.Request) -> web.StreamResponse:
    """List the devices of `?organization=`."""
    return sim_json({"devices": list(apple.services.business_manager.devices(request.query.get("organization", "")))})


async def _device(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Show one device."""
    serial_number = request.match_info["serial_number"]
    found = apple.services.business_manager.device(serial_number)
    if found is None:
        raise BusinessManagerError("abm.serial_unknown", f"{serial_number} is nobody's device here")
    return sim_json(found)


async def _assign(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Assign a device to an MDM server."""
    wanted, serial_number = await _read(request, Assignment), request.match_info["serial_number"]
    apple.services.business_manager.assign([serial_number], wanted.server)
    return sim_json(apple.services.business_manager.device(serial_number))


async def _release(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Let go of a device for good."""
    serial_number = request.match_info["serial_number"]
    apple.services.business_manager.release([serial_number])
    return sim_json({"released": serial_number})


async def _push_certificate(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Sign the request (PEM) in the body for `?topic=`, as the Apple Push Certificates Portal does."""
    topic = request.query.get("topic", "")
    try:
        signing_request = x509.load_pem_x509_csr(await request.read())
        certificate = push_certificate(apple.services.authority, signing_request, topic)
    except UNREADABLE_X509 as error:
        raise Refused(
            422,
            "apns.request",
            "that is nothing to make a push certificate of",
            expected="a PKCS #10 request as PEM in the body, and ?topic=com.apple.mgmt.External.…",
            found=str(error)[:200] or "something else",
        ) from None
    issuing = apple.services.authority.issuing.certificate
    pem = certificate.public_bytes(Encoding.PEM) + issuing.public_bytes(Encoding.PEM)
    return web.Response(body=pem, content_type=PEM, status=201)


async def _faults(apple: Apple, request: web.Request) -> web.StreamResponse:
    """List the failures that are still to come."""
    return sim_json({"faults": list(apple.services.faults.all())})


async def _add_fault(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Arrange for a failure."""
    wanted = await _read(request, NewFault)
    now, faults = apple.clock(), apple.services.faults
    _expect_known(wanted)
    starts = now + timedelta(seconds=wanted.starts_in)
    fault = Fault(
        name=wanted.name or f"{wanted.service}-{wanted.point}-{len(faults.all()) + 1}",
        service=wanted.service,
        point=wanted.point,
        response=wanted.response,
        count=wanted.count,
        probability=wanted.probability,
        starts=starts,
        ends=None if wanted.lasts is None else starts + timedelta(seconds=wanted.lasts),
        delay=wanted.delay,
    )
    faults.add(fault)
    return sim_json(fault, status=201)


def _expect_known(wanted: NewFault) -> None:
    """Refuse words that no service understands: a typing error would arrange for something that never happens."""
    points = POINTS.get(wanted.service, ())
    if wanted.point not in points:
        expected = f"for {wanted.service} one of {', '.join(points) or 'none'}"
        raise Refused(422, "sim.fault", "there is no such point", expected=expected, found=wanted.point)
    if not understands(wanted.service, wanted.response):
        expected = f"for {wanted.service} {WORDS[wanted.service]}"
        raise Refused(422, "sim.fault", "there is no such response", expected=expected, found=wanted.response)


async def _remove_faults(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Take a failure away, or all of them."""
    apple.services.faults.remove(request.match_info.get("name"))
    return web.Response(status=204)


async def _journal(apple: Apple, request: web.Request) -> web.StreamResponse:
    """Show what Apple did, at most 500 entries behind number `?after=`."""
    text = request.query.get("after", "0")
    if not text.isascii() or not text.isdigit():
        raise Refused(422, "sim.after", "that is no entry", expected="?after=NUMBER", found=text[:100])
    return sim_json({"entries": list(apple.services.journal.entries(after=int(text), limit=PAGE))})


async def _read(request: web.Request, wanted: type[Wanted]) -> Wanted:
    body = await request.read()
    try:
        return msgspec.json.decode(body, type=wanted)
    except msgspec.DecodeError as error:
        fields = ", ".join(getattr(wanted, "__struct_fields__", ()))
        raise Refused(
            422, "sim.body", "that cannot be read", expected=f"JSON with {fields}", found=str(error)[:200]
        ) from None


STRINGS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "", _overview),
    ("GET", "/ca.pem", _ca),
    ("POST", "/organizations", _add_organization),
    ("PUT", "/organizations/{organization}/terms", _agree),
    ("PUT", "/organizations/{organization}/betas", _offer_betas),
    ("POST", "/servers", _add_server),
    ("POST", "/servers/{server}/token", _server_token),
    ("GET", "/devices", _devices),
    ("POST", "/devices", _order),
    ("POST", "/configurator", _configure),
    ("GET", "/devices/{serial_number}", _device),
    ("PUT", "/devices/{serial_number}", _assign),
    ("DELETE", "/devices/{serial_number}", _release),
    ("POST", "/push-certificates", _push_certificate),
    ("GET", "/faults", _faults),
    ("POST", "/faults", _add_fault),
    ("DELETE", "/faults", _remove_faults),
    ("DELETE", "/faults/{name}", _remove_faults),
    ("GET", "/journal", _journal),
)
"""Method, address below `/_sim/apple`, and what answers there."""
