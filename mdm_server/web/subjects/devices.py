"""Devices: who they are, and whether something waits for them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.explanation import Explanation
from mdm_server.service.views import DeviceView
from mdm_server.web.operations import Desk, Operations
from mdm_server.web.subjects.parameters import Behind, DeviceName, Limit, Udid

devices = Operations("Devices", "Who has enrolled, and how they are.")


class DevicePage(Struct, omit_defaults=True):
    """Some devices, in the order of their UDIDs."""

    devices: list[DeviceView]
    next: str | None = None


class Pushed(Struct):
    """What became of a push."""

    pushed: Annotated[bool, Meta(description="False when the device has given no push token yet.")]


@devices.get("/devices")
async def list_devices(
    desk: Desk, status: EnrollmentStatus | None = None, limit: Limit = 100, after: Behind = ""
) -> DevicePage:
    """List devices."""
    found = await desk.suite.administration.devices(status=status, limit=limit, after=after)
    return DevicePage(found, next=found[-1].udid if len(found) == limit else None)


@devices.get("/devices/{udid}", refusals=(404,))
async def show_device(desk: Desk, udid: Udid) -> DeviceView:
    """Show one device."""
    return await desk.suite.administration.device(udid)


@devices.get("/devices/{device}/explanation", refusals=(404,))
async def explain_device(desk: Desk, device: DeviceName) -> Explanation:
    """Explain a device.

    In sentences: why it is in its state, who did what and when, which guard refused, and what frees it.
    """
    return await desk.suite.staging.explaining.explain(device)


@devices.post("/devices/{udid}/push", refusals=(404,))
async def push_device(desk: Desk, udid: Udid) -> Pushed:
    """Wake a device.

    Queues nothing: the device connects and asks whether something waits for it. A push is a hint and may be lost.
    """
    return Pushed(await desk.suite.administration.push(udid))


@devices.get("/devices/{udid}/users", refusals=(404,))
async def list_users(desk: Desk, udid: Udid) -> DevicePage:
    """List a device's users.

    The people for whom it has connected: each has a channel, and a queue, of their own.
    """
    return DevicePage(await desk.suite.administration.users(udid))


@devices.post("/devices/{udid}/retire", refusals=(404, 409))
async def retire_device(desk: Desk, udid: Udid) -> DeviceView:
    """Retire a device.

    It is taken out of management and gets no more commands until it enrols again.
    """
    return await desk.suite.administration.retire(udid, desk.facts)
