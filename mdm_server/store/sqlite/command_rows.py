"""Commands as rows of SQLite."""

from __future__ import annotations

from typing import Any

from mdm_server.domain.command_queue import CommandState
from mdm_server.store.records import CommandRow
from mdm_server.store.sqlite.values import moment, optional_moment

SELECT_COMMAND = (
    "SELECT sequence, enrollment, command_uuid, request_type, raw, state, queued_at, sent_at, answered_at, expires_at, "
    "result FROM command "
)


def command_row(values: Any) -> CommandRow:
    """Return the record in a row of SELECT_COMMAND."""
    return CommandRow(
        sequence=values[0],
        enrollment=values[1],
        command_uuid=values[2],
        request_type=values[3],
        raw=values[4],
        state=CommandState(values[5]),
        queued_at=moment(values[6]),
        sent_at=optional_moment(values[7]),
        answered_at=optional_moment(values[8]),
        expires_at=optional_moment(values[9]),
        result=values[10],
    )
