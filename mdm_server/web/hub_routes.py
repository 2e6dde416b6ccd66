"""The addresses of the Hub: the vendor's own for the wizard, in both orders that clients use and in any case.

The table is here, and serves whoever hands requests to the use cases: the first port, and a server without HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiohttp import web

from mdm_server.service.staging.hub_door import HubDoor
from mdm_server.web.exchange import DeviceEndpoints, UseCase
from mdm_server.wire.hub import MAX_BYTES, Step

_WIZARD = r"(?:AirwatchEnroll\.aws/Enrollment|Enrollment/AirwatchEnroll\.aws)"


def hub_use_cases(door: HubDoor) -> Iterator[tuple[str, UseCase]]:
    """Pair each address, as a regular expression for the whole path, with what answers a POST to it."""
    for step in Step:
        yield _anywhere(f"{_WIZARD}/{step}"), door.wizard(step)
    for name, use_case in _on_the_device(door).items():
        yield _anywhere(name), use_case


def add_hub_routes(application: web.Application, devices: DeviceEndpoints, door: HubDoor) -> None:
    """Serve the Hub's addresses."""
    for pattern, use_case in hub_use_cases(door):
        route = "/{address:" + pattern.removeprefix("/") + "}"
        application.router.add_route("POST", route, devices.endpoint(use_case, body_bytes=MAX_BYTES))


def _on_the_device(door: HubDoor) -> Mapping[str, UseCase]:
    return {
        "Hub/login": door.login,
        "Hub/logout": door.logout,
        "Hub/status": door.status,
        "WorkspaceOne/enroll": door.direct_enrollment,
    }


def _anywhere(path: str) -> str:
    return f"/(?i:DeviceServices/{path}/?)"
