"""Devices and their user channels in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mdm_server.domain.enrollment import Channel, EnrollmentEvent, EnrollmentStatus
from mdm_server.store.records import AuthenticateFacts, Details, EnrollmentRow, Occasion, TokenUpdateFacts
from mdm_server.store.sqlite import enrolling, enrollment_changes
from mdm_server.store.sqlite.enrollment_rows import SELECT_ENROLLMENT, enrollment_row, find_enrollment
from mdm_server.store.sqlite.room import Room, page


class SqliteEnrollments:
    """Implements `contract.Enrollments`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def authenticate(self, facts: AuthenticateFacts, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """Begin an enrolment."""
        operation = partial(enrolling.authenticate, facts=facts, fingerprint=fingerprint, occasion=occasion)
        return self._seen(await self._room.writer.run(operation), occasion)

    async def token_update(self, facts: TokenUpdateFacts, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """Record how to push; the first one enrols the device, or opens the user channel."""
        operation = partial(enrolling.token_update, facts=facts, fingerprint=fingerprint, occasion=occasion)
        return self._seen(await self._room.writer.run(operation), occasion)

    async def check_out(self, channel: Channel, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """End an enrolment."""
        operation = partial(enrolling.check_out, channel=channel, fingerprint=fingerprint, occasion=occasion)
        return self._seen(await self._room.writer.run(operation), occasion)

    async def admit(self, channel: Channel, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
        """Let another check-in message pass and return who sent it."""
        operation = partial(enrolling.admit, channel=channel, fingerprint=fingerprint, occasion=occasion)
        return self._seen(await self._room.writer.run(operation), occasion)

    async def set_bootstrap_token(
        self, channel: Channel, token: bytes | None, fingerprint: str, occasion: Occasion
    ) -> EnrollmentRow:
        """Keep a bootstrap token, or forget it."""
        operation = partial(
            enrolling.set_bootstrap_token, channel=channel, token=token, fingerprint=fingerprint, occasion=occasion
        )
        return self._seen(await self._room.writer.run(operation), occasion)

    async def find(self, key: str) -> EnrollmentRow | None:
        """Find an enrolment by its key."""
        return find_enrollment(self._room.reader, key, self._room.waiting.last_seen(key))

    async def find_by_serial_number(self, serial_number: str) -> Sequence[EnrollmentRow]:
        """Find device channels that gave this serial number."""
        return self._all("WHERE e.serial_number = ? AND e.key = e.device ORDER BY e.key LIMIT 100", serial_number)

    async def list(
        self,
        *,
        after: str = "",
        limit: int = 100,
        status: EnrollmentStatus | None = None,
        device: str | None = None,
    ) -> Sequence[EnrollmentRow]:
        """List enrolments by key."""
        chosen = "WHERE e.key > ? AND (? IS NULL OR e.status = ?) AND "
        order = " ORDER BY e.key LIMIT ?"
        if device is None:
            return self._all(chosen + "e.key = e.device" + order, after, status, status, page(limit))
        return self._all(chosen + "e.device = ?" + order, after, status, status, device, page(limit))

    async def describe(
        self, key: str, details: Details, occasion: Occasion, *, supervised: bool | None = None
    ) -> EnrollmentRow:
        """Add what a DeviceInformation answer told."""
        operation = partial(
            enrollment_changes.describe, key=key, details=details, occasion=occasion, supervised=supervised
        )
        return await self._room.writer.run(operation)

    async def move(self, key: str, event: EnrollmentEvent, occasion: Occasion) -> EnrollmentRow:
        """Apply an administrator's event."""
        operation = partial(enrollment_changes.move, key=key, event=event, occasion=occasion)
        return await self._room.writer.run(operation)

    def _all(self, where: str, *values: object) -> Sequence[EnrollmentRow]:
        rows = self._room.rows(SELECT_ENROLLMENT + where, *values)
        return [enrollment_row(found, self._room.waiting.last_seen(found[0])) for found in rows]

    def _seen(self, row: EnrollmentRow, occasion: Occasion) -> EnrollmentRow:
        self._room.waiting.saw(row.channel.key, occasion.at)
        return row
