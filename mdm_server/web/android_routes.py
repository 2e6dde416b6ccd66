"""The addresses of virtual Androids. They are this project's own (mdm_server.wire.android_channel)."""

from __future__ import annotations

from aiohttp import web

from mdm_server.service.staging.android import AndroidDoor
from mdm_server.web.exchange import DeviceEndpoints
from mdm_server.wire.android_channel import MAX_BYTES, PREFIX


def add_android_routes(application: web.Application, devices: DeviceEndpoints, door: AndroidDoor) -> None:
    """Serve the channel's addresses; the door knows which is which."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await devices.endpoint(door.at(request.path), body_bytes=MAX_BYTES)(request)

    application.router.add_route("POST", PREFIX + "/{rest:.*}", handle)
