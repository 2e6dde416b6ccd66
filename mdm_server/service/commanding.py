"""Queueing commands for devices: checked against the command table, rendered, recorded, and the devices woken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mdm_server.service.journal import Journal
from mdm_server.service.profiles import Profiles
from mdm_server.service.push import Pusher
from mdm_server.service.views import CommandView, EnqueuedView
from mdm_server.store.contract import Store


@dataclass(frozen=True, slots=True)
class CommandOrder:
    """A command wanted for some devices.

    `profile_id` fills InstallProfile's Payload with a stored profile, signed. `force` queues what the command table says
    the device will refuse; the reason then comes back as a warning. `push=False` leaves the device to find out by itself.
    """

    request_type: str
    fields: Mapping[str, object]
    profile_id: str | None = None
    force: bool = False
    push: bool = True


class Commanding:
    """Enqueues, lists and cancels commands."""

    def __init__(
        self,
        store: Store,
        profiles: Profiles,
        pusher: Pusher,
        journal: Journal,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None: ...

    async def enqueue(self, udid: str, order: CommandOrder) -> EnqueuedView:
        """Queue for one device; raises Refusal `device.unknown` 404, `command.unknown`, `command.fields`,
        `command.not_possible` 422, `device.not_enrolled` 409, `profile.unknown` 404.
        """
        raise NotImplementedError

    async def enqueue_many(self, udids: Sequence[str], order: CommandOrder) -> list[EnqueuedView]:
        """Queue for many devices in one transaction; devices that cannot have it are in the result with the reason."""
        raise NotImplementedError

    async def list(self, udid: str, *, limit: int = 100, after: int = 0) -> list[CommandView]:
        """Return a device's commands in the order of their sequence; raises Refusal `device.unknown`."""
        raise NotImplementedError

    async def find(self, command_uuid: str) -> CommandView:
        """Return one command; raises Refusal `command.not_found` (404)."""
        raise NotImplementedError

    async def cancel(self, command_uuid: str) -> CommandView:
        """Take back a command that has no answer yet; raises Refusal `command.not_found` or `command.done` (409)."""
        raise NotImplementedError
