"""The channels and operations of Android devices in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from mdm_server.store.sqlite.staging.storing import Columns, change, insert, rows, update
from mdm_server.store.sqlite.values import moment, optional_moment, optional_stamp, stamp
from mdm_server.store.staging.records import AndroidChannel, Operation, OperationState

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _channel(values: sqlite3.Row) -> AndroidChannel:
    return AndroidChannel(
        device=values["device"],
        name=values["name"],
        secret_hash=values["secret_hash"],
        push_token=values["push_token"],
        policy_version=values["policy_version"],
        reported=_decode(values["reported"]),
    )


def _channel_columns(channel: AndroidChannel) -> Columns:
    return {
        "device": channel.device,
        "name": channel.name,
        "secret_hash": channel.secret_hash,
        "push_token": channel.push_token,
        "policy_version": channel.policy_version,
        "reported": _encode(dict(channel.reported)),
    }


def _operation(values: sqlite3.Row) -> Operation:
    return Operation(
        sequence=values["sequence"],
        device=values["device"],
        name=values["name"],
        type=values["type"],
        parameters=_decode(values["parameters"]),
        state=OperationState(values["state"]),
        queued_at=moment(values["queued_at"]),
        sent_at=optional_moment(values["sent_at"]),
        answered_at=optional_moment(values["answered_at"]),
        answer=_decode(values["answer"]),
    )


def _operation_columns(operation: Operation) -> Columns:
    return {
        "sequence": operation.sequence or None,
        "device": operation.device,
        "name": operation.name,
        "type": operation.type,
        "parameters": _encode(dict(operation.parameters)),
        "state": operation.state,
        "queued_at": stamp(operation.queued_at),
        "sent_at": optional_stamp(operation.sent_at),
        "answered_at": optional_stamp(operation.answered_at),
        "answer": _encode(dict(operation.answer)),
    }


class SqliteAndroid:
    """Implements `staging.Android`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def channel(self, name: str) -> AndroidChannel | None:
        """Find a channel by its name."""
        return self._one_channel("name", name)

    def channel_of(self, device: int) -> AndroidChannel | None:
        """Find the channel of a device."""
        return self._one_channel("device", device)

    def operation(self, device: int, name: str) -> Operation | None:
        """Find an operation of a device."""
        return next(iter(self._operations("AND name = ?", device, name)), None)

    def operations(self, device: int, *, waiting: bool = False) -> Sequence[Operation]:
        """List the operations of a device in order."""
        return self._operations("AND state IN ('Queued', 'Sent')" if waiting else "", device)

    def open_channel(self, channel: AndroidChannel) -> None:
        """Store a channel, in place of the one the device had."""
        self.close_channel(channel.device)
        insert(self._connection, "android_channel", _channel_columns(channel))

    def replace_channel(self, channel: AndroidChannel) -> None:
        """Store a channel anew."""
        update(self._connection, "android_channel", "device", _channel_columns(channel))

    def close_channel(self, device: int) -> None:
        """Forget the channel of a device and cancel its operations that wait."""
        change(self._connection, "DELETE FROM android_channel WHERE device = ?", device)
        change(
            self._connection,
            "UPDATE operation SET state = ? WHERE device = ? AND state IN ('Queued', 'Sent')",
            OperationState.CANCELLED,
            device,
        )

    def add_operation(self, operation: Operation) -> Operation:
        """Queue an operation."""
        return replace(operation, sequence=insert(self._connection, "operation", _operation_columns(operation)))

    def replace_operation(self, operation: Operation) -> None:
        """Store an operation anew."""
        update(self._connection, "operation", "sequence", _operation_columns(operation))

    def _one_channel(self, column: str, value: object) -> AndroidChannel | None:
        query = f"SELECT * FROM android_channel WHERE {column} = ?"  # noqa: S608 - our own words
        return next(iter([_channel(values) for values in rows(self._connection, query, value)]), None)

    def _operations(self, condition: str, device: int, *values: object) -> list[Operation]:
        query = f"SELECT * FROM operation WHERE device = ? {condition} ORDER BY sequence"  # noqa: S608
        return [_operation(each) for each in rows(self._connection, query, device, *values)]
