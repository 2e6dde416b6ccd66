"""Devices: who they are, and whether something waits for them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.service.suite import ServiceSuite
from mdm_server.service.views import DeviceView
from mdm_server.web.operations import Operations
from mdm_server.web.subjects.parameters import Behind, Limit, Udid

devices = Operations("Devices", "Who has enrolled, and how they are.")


class DevicePage(Struct, omit_defaults=True):
    """Some devices, in the order of their UDIDs."""

    devices: list[DeviceView]
    next: str | None = None


class QueueSummary(Struct):
    """A device for which commands wait."""

    udid: str
    name: str | None
    status: str
    queued: Annotated[int, Meta(description="How many commands have no final answer yet.")]


class QueuePage(Struct, omit_defaults=True):
    """Devices for which commands wait."""

    queues: list[QueueSummary]
    next: str | None = None


class Pushed(Struct):
    """What became of a push."""

    pushed: Annotated[bool, Meta(description="False when the device has given no push token yet.")]


@devices.get("/devices")
async def list_devices(
    suite: ServiceSuite, status: EnrollmentStatus | None = None, limit: Limit = 100, after: Behind | None = None
) -> DevicePage:
    """List devices."""
    found = await suite.administration.devices(status=status, limit=limit, after=after)
    return DevicePage(found, next=found[-1].udid if len(found) == limit else None)


@devices.get("/devices/{udid}", refusals=(404,))
async def show_device(suite: ServiceSuite, udid: Udid) -> DeviceView:
    """Show one device."""
    return await suite.administration.device(udid)


@devices.post("/devices/{udid}/push", refusals=(404,))
async def push_device(suite: ServiceSuite, udid: Udid) -> Pushed:
    """Wake a device.

    Queues nothing: the device connects and asks whether something waits for it. A push is a hint and may be lost.
    """
    return Pushed(await suite.administration.push(udid))


@devices.get("/queues")
async def list_queues(suite: ServiceSuite, limit: Limit = 100, after: Behind | None = None) -> QueuePage:
    """List the devices for which commands wait.

    Looks through `limit` devices a call; follow `next` until it is absent to have seen them all.
    """
    looked_through = await suite.administration.devices(limit=limit, after=after)
    waiting = [
        QueueSummary(device.udid, device.name, device.status, device.queued)
        for device in looked_through
        if device.queued
    ]
    return QueuePage(waiting, next=looked_through[-1].udid if len(looked_through) == limit else None)
