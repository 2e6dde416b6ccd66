"""Commands made out to devices: written once, and copied with another UUID for each device after the first.

A fleet-wide InstallProfile is the same 20 kB for everybody; writing it anew ten thousand times would take seconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from mdm_server.service.refusals import DetailedRefusal
from mdm_server.store.records import EnrollmentRow
from mdm_server.wire.command import build_command
from mdm_server.wire.errors import WireError


class CommandRendering:
    """One order, made out to one device after the other."""

    def __init__(
        self,
        request_type: str,
        fields: Mapping[str, Any],
        command_uuid: str | None,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._request_type = request_type
        self._fields = fields
        self._command_uuid = command_uuid
        self._random_bytes = random_bytes
        self._parts: list[bytes] = []

    def fields_for(self, enrollment: EnrollmentRow) -> Mapping[str, Any]:
        """Return the fields a device gets: the order's, and what only the device's own record can fill in."""
        if self._request_type == "ClearPasscode" and "UnlockToken" not in self._fields and enrollment.unlock_token:
            # Apple, ClearPasscodeCommand: the token a device gave in TokenUpdate is what clears its passcode.
            return {**self._fields, "UnlockToken": enrollment.unlock_token}
        return self._fields

    def render(self, fields: Mapping[str, Any]) -> tuple[str, bytes]:
        """Return a UUID and the command; raises Refusal `command.fields` for what a property list cannot hold."""
        if self._command_uuid is not None:
            return self._command_uuid, self._written(fields, self._command_uuid)
        command_uuid = str(uuid.UUID(bytes=self._random_bytes(16), version=4)).upper()
        if fields is not self._fields:
            return command_uuid, self._written(fields, command_uuid)
        if not self._parts:
            self._parts = self._written(fields, command_uuid).split(command_uuid.encode())
        return command_uuid, command_uuid.encode().join(self._parts)

    def _written(self, fields: Mapping[str, Any], command_uuid: str) -> bytes:
        try:
            return build_command(self._request_type, fields, command_uuid)
        except WireError as error:
            raise DetailedRefusal("command.fields", reason=error.code, detail=error.detail) from error
