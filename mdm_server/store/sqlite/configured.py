"""The command that lets a device out of Setup Assistant, queued when it says that it waits there.

https://developer.apple.com/documentation/devicemanagement/device-configured-command
"""

from __future__ import annotations

import sqlite3
from uuid import UUID, uuid5

from mdm_server.store.records import EnrollmentRow, NewCommand, Occasion
from mdm_server.store.sqlite.commands import enqueue
from mdm_server.store.sqlite.staging.enrollment_program import SqliteEnrollmentProgram
from mdm_server.wire.command import build_command

REQUEST_TYPE = "DeviceConfigured"
NAMES = UUID("6d646d73-696d-4000-8000-000000000003")
"""The namespace of commands that are made from what is on record: nothing is drawn inside a transaction."""


def let_go_on(connection: sqlite3.Connection, enrollment: EnrollmentRow, occasion: Occasion) -> None:
    """Queue DeviceConfigured behind whatever waits for a device already, if its DEP profile makes it wait.

    Once for each enrolment, however often the device says so: the command's name comes from its Authenticate. A device
    that waits although no profile says so is left to an administrator.
    """
    if not (enrollment.channel.is_device and enrollment.awaiting_configuration and enrollment.serial_number):
        return
    program = SqliteEnrollmentProgram(connection).assigned_to(enrollment.serial_number)
    if program is None or not program.await_configuration:
        return
    name = str(uuid5(NAMES, f"{enrollment.channel.key} {enrollment.authenticated_at}")).upper()
    raw = build_command(REQUEST_TYPE, {}, name)
    enqueue(connection, NewCommand(enrollment.channel.key, name, REQUEST_TYPE, raw), occasion)
