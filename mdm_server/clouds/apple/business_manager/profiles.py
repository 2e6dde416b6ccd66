"""The profiles that MDM servers define, and which device has which."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from mdm_server.clouds.apple.business_manager import placing
from mdm_server.clouds.apple.business_manager.ledger import Ledger
from mdm_server.clouds.apple.business_manager.servers import new_uuid
from mdm_server.wire.dep import DepProfile, OpType, ProfileStatus, ResponseStatus, encode, plain_uuid


class Profiles:
    """Keeps them. A profile is of the server that defined it, and so are the devices that can have it."""

    def __init__(self, ledger: Ledger, random_bytes: Callable[[int], bytes]) -> None:
        self._ledger = ledger
        self._random_bytes = random_bytes

    def define(self, server: int, profile: DepProfile) -> str:
        """Keep a new profile and return its UUID; the devices it names are assigned by whoever calls this."""
        uuid = new_uuid(self._random_bytes)
        content = encode(msgspec.structs.replace(profile, profile_uuid=uuid, devices=()))
        with self._ledger.transaction() as connection:
            connection.execute("INSERT INTO profiles VALUES (?, ?, ?)", (plain_uuid(uuid), server, content))
        return uuid

    def find(self, server: int, uuid: str) -> DepProfile | None:
        """Return a profile of a server, by any spelling of its UUID."""
        with self._ledger.reading() as connection:
            row = connection.execute(
                "SELECT content FROM profiles WHERE uuid = ? AND server = ?", (plain_uuid(uuid), server)
            ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=DepProfile)

    def assign(self, server: int, uuid: str, serials: Iterable[str], at: int) -> dict[str, ResponseStatus]:
        """Give devices of a server a profile of it."""
        statuses = {}
        with self._ledger.transaction() as connection:
            for serial in serials:
                changed = connection.execute(
                    "UPDATE devices SET profile = ?, profile_status = ?, profile_assigned = ?, profile_pushed = NULL"
                    " WHERE serial = ? AND server = ?",
                    (plain_uuid(uuid), ProfileStatus.ASSIGNED, at, placing.known_serial(serial), server),
                ).rowcount
                if changed:
                    placing.log(connection, server, placing.known_serial(serial), OpType.MODIFIED, at)
                statuses[serial] = ResponseStatus.SUCCESS if changed else ResponseStatus.NOT_ACCESSIBLE
        return statuses

    def remove(self, server: int, uuid: str | None, serials: Iterable[str], at: int) -> dict[str, ResponseStatus]:
        """Take a profile from devices of a server, or whichever each of them has; FAILED: it has another."""
        statuses = {}
        with self._ledger.transaction() as connection:
            for serial in serials:
                known = placing.known_serial(serial)
                row = connection.execute(
                    "SELECT profile FROM devices WHERE serial = ? AND server = ?", (known, server)
                ).fetchone()
                if row is None:
                    statuses[serial] = ResponseStatus.NOT_ACCESSIBLE
                elif row[0] is not None and uuid is not None and row[0] != plain_uuid(uuid):
                    statuses[serial] = ResponseStatus.FAILED
                else:
                    statuses[serial] = ResponseStatus.SUCCESS
                    if row[0] is not None:
                        connection.execute(
                            "UPDATE devices SET profile = NULL, profile_status = ?, profile_assigned = NULL,"
                            " profile_pushed = NULL WHERE serial = ?",
                            (ProfileStatus.REMOVED, known),
                        )
                        placing.log(connection, server, known, OpType.MODIFIED, at)
        return statuses

    def pushed(self, serial: str, at: int) -> bool:
        """Note that a device has asked for its profile and got it; say whether that was the first time."""
        with self._ledger.transaction() as connection:
            row = connection.execute(
                "UPDATE devices SET profile_status = ?, profile_pushed = ?"
                " WHERE serial = ? AND profile IS NOT NULL AND profile_status <> ? RETURNING server",
                (ProfileStatus.PUSHED, at, serial, ProfileStatus.PUSHED),
            ).fetchone()
            if row is None:
                return False
            placing.log(connection, row[0], serial, OpType.MODIFIED, at)
        return True
