"""Queueing commands for devices: checked against the command table, rendered, recorded, and the devices woken."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mdm_server.domain.enrollment import may_queue
from mdm_server.domain.refusal import Refusal
from mdm_server.service.command_check import check_command
from mdm_server.service.command_fields import from_document
from mdm_server.service.command_rendering import CommandRendering
from mdm_server.service.profiles import Profiles
from mdm_server.service.push import Pusher, target_of
from mdm_server.service.refusals import DetailedRefusal, named
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.views import CommandView, EnqueuedView, command_view
from mdm_server.store.contract import Store
from mdm_server.store.records import CommandRow, EnrollmentRow, NewCommand
from mdm_server.wire.commands import COMMANDS

LARGEST_BULK = 10_000
DEVICES_AT_A_TIME = 64
"""How many commands of a bulk are made out before others get their turn on the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOrder:
    """A command wanted for some devices.

    `fields` are as in JSON: data in base64. `profile_id` fills InstallProfile's Payload with a stored
    profile, signed; ClearPasscode's UnlockToken is filled in from the device's own record. `force` queues what the
    command table says is wrong or the device will refuse; the reason then comes back as a warning. `push=False` leaves
    the device to find out by itself. A `command_uuid` given makes a repeated order the same order.
    """

    request_type: str
    fields: Mapping[str, object]
    profile_id: str | None = None
    force: bool = False
    push: bool = True
    command_uuid: str | None = None
    expires_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A command made out to one device, not queued yet."""

    enrollment: EnrollmentRow
    command: NewCommand
    warnings: tuple[str, ...]


class Commanding:
    """Enqueues, lists and cancels commands."""

    def __init__(
        self,
        store: Store,
        profiles: Profiles,
        pusher: Pusher,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._profiles = profiles
        self._pusher = pusher
        self._clock = clock
        self._random_bytes = random_bytes

    async def enqueue(self, udid: str, order: CommandOrder, facts: RequestFacts = INTERNAL) -> EnqueuedView:
        """Queue for one device.

        Raises Refusal `device.unknown` and `profile.unknown` (404), `state.not_enrolled` (409), `api.conflict` (409,
        the UUID names another command), `command.unknown`, `command.fields` and `command.not_possible` (422).
        """
        rendering = await self._rendering(order)
        enrollment = await self._enrollment(udid)
        draft = self._draft(enrollment, order, rendering)
        rows = await self._store.commands.enqueue([draft.command], facts.occasion(self._clock()))
        pushed = order.push and await self._pusher.wake([enrollment]) > 0
        return EnqueuedView(udid, rows[0].command_uuid, warnings=draft.warnings, pushed=pushed)

    async def enqueue_many(
        self, udids: Sequence[str], order: CommandOrder, facts: RequestFacts = INTERNAL
    ) -> builtins.list[EnqueuedView]:
        """Queue for many devices in one transaction; devices that cannot have it are in the result with the reason.

        A device that unenrols in between is left out in a second attempt: the rest is queued all the same.
        """
        if len(udids) > LARGEST_BULK:
            detail = f"udids: expected at most {LARGEST_BULK}, found {len(udids)}"
            raise DetailedRefusal("api.invalid", reason="too_many_devices", detail=detail)
        wanted = [*dict.fromkeys(udids)]
        rendering = await self._rendering(order)
        drafts, views = await self._drafts(wanted, order, rendering)
        try:
            views |= await self._queue(drafts, order, facts)
        except Refusal as refusal:
            if refusal.code not in {"state.not_enrolled", "api.not_found"}:
                raise
            drafts, views = await self._drafts(wanted, order, rendering)
            views |= await self._queue(drafts, order, facts)
        return [views[udid] for udid in wanted]

    async def list(
        self, udid: str, *, limit: int = 100, after: int = 0, facts: RequestFacts = INTERNAL
    ) -> builtins.list[CommandView]:
        """Return a device's commands in the order of their sequence; raises Refusal `device.unknown`."""
        await self._enrollment(udid)
        return [command_view(row) for row in await self._store.commands.list(udid, after=after, limit=limit)]

    async def find(self, udid: str, command_uuid: str) -> CommandView:
        """Return one command of a device; raises Refusal `command.not_found` (404)."""
        return command_view(await self._row(udid, command_uuid))

    async def cancel(self, udid: str, command_uuid: str, facts: RequestFacts = INTERNAL) -> CommandView:
        """Take back a command that has no answer yet; raises Refusal `command.not_found` or `command.done` (409)."""
        try:
            return command_view(await self._store.commands.cancel(udid, command_uuid, facts.occasion(self._clock())))
        except Refusal as refusal:
            names = {"api.not_found": "command.not_found", "api.conflict": "command.done"}
            raise named(refusal, names) from refusal

    async def _drafts(
        self, udids: Sequence[str], order: CommandOrder, rendering: CommandRendering
    ) -> tuple[dict[str, _Draft], dict[str, EnqueuedView]]:
        """Make a command out to each device that can have it; return these, and the reasons for the others."""
        drafts: dict[str, _Draft] = {}
        refused: dict[str, EnqueuedView] = {}
        for number, udid in enumerate(udids):
            if number % DEVICES_AT_A_TIME == 0:
                await asyncio.sleep(0)
            try:
                drafts[udid] = self._draft(await self._enrollment(udid), order, rendering)
            except Refusal as refusal:
                refused[udid] = EnqueuedView(udid, None, refusal.code, str(refusal))
        return drafts, refused

    async def _queue(
        self, drafts: Mapping[str, _Draft], order: CommandOrder, facts: RequestFacts
    ) -> dict[str, EnqueuedView]:
        """Queue what was made out, wake whom it is for, and say what became of it."""
        if not drafts:
            return {}
        commands = [draft.command for draft in drafts.values()]
        rows = await self._store.commands.enqueue(commands, facts.occasion(self._clock()))
        if order.push:
            await self._pusher.wake(draft.enrollment for draft in drafts.values())
        return {
            udid: EnqueuedView(
                udid,
                row.command_uuid,
                warnings=draft.warnings,
                pushed=order.push and target_of(draft.enrollment) is not None,
            )
            for (udid, draft), row in zip(drafts.items(), rows, strict=True)
        }

    async def _rendering(self, order: CommandOrder) -> CommandRendering:
        """Prepare what is the same for every device."""
        spec = COMMANDS.get(order.request_type)
        if spec is None and not order.force:
            raise DetailedRefusal("command.unknown", detail=order.request_type[:100])
        fields = dict(order.fields) if spec is None else from_document(spec, order.fields)
        if order.profile_id is not None:
            if order.request_type != "InstallProfile":
                raise DetailedRefusal("command.fields", detail="profile_id: expected with InstallProfile only")
            fields["Payload"] = await self._profiles.signed(order.profile_id)
        return CommandRendering(order.request_type, fields, order.command_uuid, self._random_bytes)

    def _draft(self, enrollment: EnrollmentRow, order: CommandOrder, rendering: CommandRendering) -> _Draft:
        """Make a command out to a device."""
        if not may_queue(enrollment.status):
            raise Refusal("state.not_enrolled", reason=enrollment.status)
        fields = rendering.fields_for(enrollment)
        warnings = check_command(order.request_type, fields, enrollment, force=order.force)
        command_uuid, raw = rendering.render(fields)
        expires_at = None if order.expires_in is None else self._clock() + order.expires_in
        command = NewCommand(enrollment.channel.key, command_uuid, order.request_type, raw, expires_at)
        return _Draft(enrollment, command, warnings)

    async def _enrollment(self, udid: str) -> EnrollmentRow:
        enrollment = await self._store.enrollments.find(udid)
        if enrollment is None:
            raise Refusal("device.unknown")
        return enrollment

    async def _row(self, udid: str, command_uuid: str) -> CommandRow:
        row = await self._store.commands.find(udid, command_uuid)
        if row is None:
            raise Refusal("command.not_found")
        return row
