"""Wipes that were asked for, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.sqlite.staging.schema import OPEN_WIPES
from mdm_server.store.sqlite.staging.storing import Columns, Conditions, insert, rows, update
from mdm_server.store.sqlite.values import moment, optional_moment, optional_stamp, stamp
from mdm_server.store.staging.records import LARGEST_PAGE

_SELECT = "SELECT * FROM wipe "


def _wipe(values: sqlite3.Row) -> WipeRequest:
    return WipeRequest(
        id=values["id"],
        device=values["device"],
        group=values["organization_group"],
        kind=WipeKind(values["kind"]),
        state=WipeState(values["state"]),
        requested_at=moment(values["requested_at"]),
        requested_by=values["requested_by"],
        decided_at=optional_moment(values["decided_at"]),
        decided_by=values["decided_by"],
    )


def _columns(wipe: WipeRequest) -> Columns:
    return {
        "id": wipe.id or None,
        "device": wipe.device,
        "organization_group": wipe.group,
        "kind": wipe.kind,
        "state": wipe.state,
        "requested_at": stamp(wipe.requested_at),
        "requested_by": wipe.requested_by,
        "decided_at": optional_stamp(wipe.decided_at),
        "decided_by": wipe.decided_by,
    }


class SqliteWipes:
    """Implements `staging.Wipes`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, wipe_id: int) -> WipeRequest | None:
        """Find a wipe."""
        return next(iter(self._all(Conditions().equal("id", wipe_id))), None)

    def recent(self, groups: Collection[int], since: datetime) -> Sequence[WipeRequest]:
        """List what counts against the threshold of groups."""
        conditions = Conditions().among("organization_group", groups)
        conditions.holds("(requested_at >= ? OR state = ?)", stamp(since), WipeState.ON_HOLD)
        return self._all(conditions)

    def all(self, groups: Collection[int] | None = None) -> Sequence[WipeRequest]:
        """List the wipes of groups, newest first."""
        return self._all(Conditions().among("organization_group", groups), f"id DESC LIMIT {LARGEST_PAGE}")

    def open_requests(self) -> Sequence[WipeRequest]:
        """List the wipes on hold."""
        return self._all(Conditions().equal("state", WipeState.ON_HOLD))

    def open_of_device(self, device: int) -> WipeRequest | None:
        """Find the wipe of a device that is on hold or under way."""
        return next(iter(self._all(Conditions().equal("device", device).among("state", OPEN_WIPES))), None)

    def add(self, wipe: WipeRequest) -> WipeRequest:
        """Store a new wipe."""
        return replace(wipe, id=insert(self._connection, "wipe", _columns(wipe)))

    def replace(self, wipe: WipeRequest) -> None:
        """Store a wipe anew."""
        update(self._connection, "wipe", "id", _columns(wipe))

    def _all(self, conditions: Conditions, order: str = "id") -> list[WipeRequest]:
        query = f"{_SELECT}WHERE {conditions} ORDER BY {order}"
        return [_wipe(values) for values in rows(self._connection, query, *conditions.values)]
