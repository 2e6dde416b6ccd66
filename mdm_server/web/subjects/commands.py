"""Commands: queue them, follow them, take them back."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from mdm_server.service.commanding import CommandOrder
from mdm_server.service.suite import ServiceSuite
from mdm_server.service.views import CommandView, EnqueuedView
from mdm_server.web.operations import Operations
from mdm_server.web.subjects.parameters import BehindNumber, CommandUuid, Limit, ProfileId, Udid, Udids
from mdm_server.wire.commands import COMMANDS

commands = Operations("Commands", "Queue commands, follow what becomes of them, take them back.")


class Order(Struct, kw_only=True, forbid_unknown_fields=True):
    """A command that is wanted."""

    request_type: Annotated[str, Meta(max_length=64, description="Apple's RequestType, such as `DeviceLock`.")]
    fields: Annotated[
        dict[str, Any], Meta(description='The command\'s own keys, such as `{"PIN": "123456"}`. Data is base64.')
    ] = field(default_factory=dict)
    profile_id: ProfileId | None = None
    force: Annotated[bool, Meta(description="Queue it even if the device is known to refuse it.")] = False
    push: Annotated[bool, Meta(description="Wake the device.")] = True

    def for_service(self) -> CommandOrder:
        """Say the same in the words of the service room."""
        return CommandOrder(
            request_type=self.request_type,
            fields=self.fields,
            profile_id=self.profile_id,
            force=self.force,
            push=self.push,
        )


class BulkOrder(Order, kw_only=True, forbid_unknown_fields=True):
    """A command that is wanted for many devices."""

    udids: Udids


class Enqueued(Struct):
    """What became of an order, device by device."""

    results: list[EnqueuedView]


class CommandPage(Struct, omit_defaults=True):
    """Some commands of one device, in the order in which they are delivered."""

    commands: list[CommandView]
    next: int | None = None


class RequestType(Struct):
    """One kind of command this server knows."""

    request_type: str
    summary: str
    fields: list[str]


class RequestTypes(Struct):
    """Every kind of command this server knows."""

    request_types: list[RequestType]


@commands.get("/request-types")
async def list_request_types(suite: ServiceSuite) -> RequestTypes:
    """List the kinds of commands there are."""
    return RequestTypes(
        [RequestType(name, spec.summary, [field.name for field in spec.fields]) for name, spec in COMMANDS.items()]
    )


@commands.post("/devices/{udid}/commands", status=201, refusals=(404, 409))
async def enqueue_command(suite: ServiceSuite, udid: Udid, body: Order) -> EnqueuedView:
    """Queue a command for a device.

    The command is checked against Apple's description of it and against what is known of the device. With `profile_id`,
    InstallProfile delivers that stored profile, signed.
    """
    return await suite.commanding.enqueue(udid, body.for_service())


@commands.post("/commands", refusals=(404,))
async def enqueue_commands(suite: ServiceSuite, body: BulkOrder) -> Enqueued:
    """Queue a command for many devices.

    One transaction. A device that cannot have the command is in the results with the reason; the others have it.
    """
    return Enqueued(await suite.commanding.enqueue_many(body.udids, body.for_service()))


@commands.get("/devices/{udid}/commands", refusals=(404,))
async def list_commands(suite: ServiceSuite, udid: Udid, limit: Limit = 100, after: BehindNumber = 0) -> CommandPage:
    """List a device's commands, answered ones included."""
    found = await suite.commanding.list(udid, limit=limit, after=after)
    return CommandPage(found, next=found[-1].sequence if len(found) == limit else None)


@commands.get("/commands/{command_uuid}", refusals=(404,))
async def show_command(suite: ServiceSuite, command_uuid: CommandUuid) -> CommandView:
    """Show one command, and its answer once there is one."""
    return await suite.commanding.find(command_uuid)


@commands.delete("/commands/{command_uuid}", refusals=(404, 409))
async def cancel_command(suite: ServiceSuite, command_uuid: CommandUuid) -> CommandView:
    """Take back a command that has no answer yet.

    A command that was sent already may still be carried out: a late answer is recorded and changes nothing.
    """
    return await suite.commanding.cancel(command_uuid)
