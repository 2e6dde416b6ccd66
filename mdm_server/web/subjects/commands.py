"""Commands: queue them, follow them, take them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from mdm_server.domain.command_queue import CommandState, is_terminal
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.views import CommandView, EnqueuedView
from mdm_server.store.contract import LARGEST_PAGE
from mdm_server.web.operations import Desk, Operations
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
    command_uuid: (
        Annotated[
            str,
            Meta(min_length=1, max_length=64, description="A UUID of your own: repeating the order is then harmless."),
        ]
        | None
    ) = None
    expires_in: Annotated[int, Meta(ge=1, le=31_536_000, description="Seconds until it is given up.")] | None = None

    def for_service(self) -> CommandOrder:
        """Say the same in the words of the service room."""
        return CommandOrder(
            request_type=self.request_type,
            fields=self.fields,
            profile_id=self.profile_id,
            force=self.force,
            push=self.push,
            command_uuid=self.command_uuid,
            expires_in=timedelta(seconds=self.expires_in) if self.expires_in is not None else None,
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


class Queue(Struct):
    """What waits for one device."""

    commands: list[CommandView]


class RequestType(Struct):
    """One kind of command this server knows."""

    request_type: str
    summary: str
    fields: list[str]


class RequestTypes(Struct):
    """Every kind of command this server knows."""

    request_types: list[RequestType]


@commands.get("/request-types")
async def list_request_types(desk: Desk) -> RequestTypes:
    """List the request types."""
    return RequestTypes(
        [RequestType(name, spec.summary, [field.name for field in spec.fields]) for name, spec in COMMANDS.items()]
    )


@commands.post("/devices/{udid}/commands", status=201, refusals=(404, 409))
async def enqueue_command(desk: Desk, udid: Udid, body: Order) -> EnqueuedView:
    """Queue a command for a device.

    The command is checked against Apple's description of it and against what is known of the device. With `profile_id`,
    InstallProfile delivers that stored profile, signed.
    """
    return await desk.suite.commanding.enqueue(udid, body.for_service(), desk.facts)


@commands.post("/commands", refusals=(404,))
async def enqueue_commands(desk: Desk, body: BulkOrder) -> Enqueued:
    """Queue a command for many devices.

    One transaction. A device that cannot have the command is in the results with the reason; the others have it.
    """
    return Enqueued(await desk.suite.commanding.enqueue_many(body.udids, body.for_service(), desk.facts))


@commands.get("/devices/{udid}/commands", refusals=(404,))
async def list_commands(desk: Desk, udid: Udid, limit: Limit = 100, after: BehindNumber = 0) -> CommandPage:
    """List a device's commands.

    Answered ones are included, with their answers.
    """
    found = await desk.suite.commanding.list(udid, limit=limit, after=after)
    return CommandPage(found, next=found[-1].sequence if len(found) == limit else None)


@commands.get("/devices/{udid}/queue", refusals=(404,))
async def show_queue(desk: Desk, udid: Udid) -> Queue:
    """Show a device's queue.

    The commands without a final answer, in the order in which they are delivered.
    """
    waiting: list[CommandView] = []
    after = 0
    while page := await desk.suite.commanding.list(udid, limit=LARGEST_PAGE, after=after):
        waiting += [command for command in page if not is_terminal(CommandState(command.state))]
        after = page[-1].sequence
    return Queue(waiting)


@commands.get("/devices/{udid}/commands/{command_uuid}", refusals=(404,))
async def show_command(desk: Desk, udid: Udid, command_uuid: CommandUuid) -> CommandView:
    """Show a command.

    Its answer too, once there is one.
    """
    return await desk.suite.commanding.find(udid, command_uuid)


@commands.delete("/devices/{udid}/commands/{command_uuid}", refusals=(404, 409))
async def cancel_command(desk: Desk, udid: Udid, command_uuid: CommandUuid) -> CommandView:
    """Cancel a command.

    It must not have an answer yet. A command that was sent already may still be carried out: a late answer is
    recorded and changes nothing.
    """
    return await desk.suite.commanding.cancel(udid, command_uuid, desk.facts)
