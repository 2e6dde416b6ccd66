"""Where a device is: into an organization, to an MDM server, away again. Whatever a server may hear of is logged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.records import AddedBy, NewDevice
from mdm_server.wire.dep import OpType

LONGEST_SERIAL = 64


def known_serial(text: str) -> str:
    """Return a serial number as it is kept: in capitals, without spaces around it."""
    return text.strip().upper()


def check_serial(text: str) -> str:
    """Return a new serial number as it is kept (BusinessManagerError `abm.serial_invalid`)."""
    serial = known_serial(text)
    if not (0 < len(serial) <= LONGEST_SERIAL and serial.isascii() and serial.isalnum()):
        raise BusinessManagerError(
            "abm.serial_invalid", f"expected a serial number of 1 to {LONGEST_SERIAL} letters and digits, found another"
        )
    return serial


def log(connection: sqlite3.Connection, server: int, serial: str, op_type: OpType, at: int) -> int:
    """Write a change down; its number is behind all others, whichever server they are of."""
    row = connection.execute(
        "INSERT INTO changes (server, serial, op_type, op_date) VALUES (?, ?, ?, ?)", (server, serial, op_type, at)
    )
    assert row.lastrowid is not None
    return row.lastrowid


def taken(connection: sqlite3.Connection, serials: Iterable[str]) -> list[str]:
    """Return those that an organization has already."""
    found = "SELECT 1 FROM devices WHERE serial = ? AND organization IS NOT NULL"
    return [serial for serial in serials if connection.execute(found, (serial,)).fetchone()]


def bring_in(
    connection: sqlite3.Connection,
    devices: Sequence[NewDevice],
    organization: str,
    server: int | None,
    *,
    at: int,
    by: str,
    added_by: AddedBy = AddedBy.ORDER,
    provisional_until: int | None = None,
) -> None:
    """Put devices that nobody has into an organization, and to a server at once, in their order."""
    (newest,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM changes").fetchone()
    rows = [
        (
            known_serial(device.serial_number),
            organization,
            server,
            newest + number if server is not None else 0,
            device.model,
            device.device_family,
            device.os,
            device.color,
            device.description or f"{device.model} {device.color}".upper(),
            device.asset_tag,
            added_by,
            provisional_until,
            at if server is not None else None,
            by if server is not None else None,
        )
        for number, device in enumerate(devices, start=1)
    ]
    # One that an organization had and gave away comes as if it were new: another record, the same row.
    connection.executemany(
        "REPLACE INTO devices (serial, organization, server, position, model, device_family, os, color, description,"
        " asset_tag, added_by, provisional_until, assigned, assigned_by) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        rows,
    )
    if server is not None:
        connection.executemany(
            "INSERT INTO changes (sequence, server, serial, op_type, op_date) VALUES (?, ?, ?, ?, ?)",
            [(row[3], server, row[0], OpType.ADDED, at) for row in rows],
        )


def move(connection: sqlite3.Connection, serial: str, server: int | None, *, at: int, by: str) -> bool:
    """Assign a device of an organization to another server, or to none, and say whether it moved.

    Its profile stays behind: that was its old server's.
    """
    (before,) = connection.execute("SELECT server FROM devices WHERE serial = ?", (serial,)).fetchone()
    if before == server:
        return False
    _clear(connection, serial)
    if before is not None:
        log(connection, before, serial, OpType.DELETED, at)
    if server is not None:
        position = log(connection, server, serial, OpType.ADDED, at)
        connection.execute(
            "UPDATE devices SET server = ?, position = ?, assigned = ?, assigned_by = ? WHERE serial = ?",
            (server, position, at, by, serial),
        )
    return True


def take_out(connection: sqlite3.Connection, serial: str, *, at: int) -> None:
    """Take a device out of its organization, and with it the organization's lock."""
    (before,) = connection.execute("SELECT server FROM devices WHERE serial = ?", (serial,)).fetchone()
    _clear(connection, serial)
    connection.execute("UPDATE devices SET organization = NULL, provisional_until = NULL WHERE serial = ?", (serial,))
    connection.execute("DELETE FROM locks WHERE serial = ? AND kind = 'organization'", (serial,))
    if before is not None:
        log(connection, before, serial, OpType.DELETED, at)


def _clear(connection: sqlite3.Connection, serial: str) -> None:
    connection.execute(
        "UPDATE devices SET server = NULL, position = 0, assigned = NULL, assigned_by = NULL, profile = NULL,"
        " profile_status = 'empty', profile_assigned = NULL, profile_pushed = NULL, migrate_until = NULL"
        " WHERE serial = ?",
        (serial,),
    )
