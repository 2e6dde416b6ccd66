"""What an MDM server may do with the devices that are assigned to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mdm_server.clouds.apple.business_manager import placing
from mdm_server.clouds.apple.business_manager.arrivals import Arrivals
from mdm_server.clouds.apple.business_manager.ledger import Ledger, stamp, whole_second
from mdm_server.clouds.apple.business_manager.locks import Locks
from mdm_server.clouds.apple.business_manager.profiles import Profiles
from mdm_server.clouds.apple.business_manager.records import ActivationLock, LockKind
from mdm_server.clouds.apple.business_manager.servers import Servers, TokenHolder
from mdm_server.clouds.apple.journal import Journal, Service
from mdm_server.wire.dep import (
    AccountDetail,
    ActivationLockRequest,
    BetaToken,
    DepDevice,
    DepProfile,
    OpType,
    ProfileStatus,
    ResponseStatus,
    dashed_uuid,
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some devices, where they end, and whether there are more."""

    devices: tuple[DepDevice, ...]
    end: int
    more: bool


class Program:
    """The records as MDM servers see them. Every method takes the number of the server that asks."""

    def __init__(
        self,
        ledger: Ledger,
        servers: Servers,
        profiles: Profiles,
        locks: Locks,
        arrivals: Arrivals,
        clock: Callable[[], datetime],
        journal: Journal,
    ) -> None:
        self._ledger = ledger
        self._servers = servers
        self._profiles = profiles
        self._locks = locks
        self._arrivals = arrivals
        self._clock = clock
        self._journal = journal

    def cursor_secret(self, fresh: bytes) -> bytes:
        """Return what cursors are signed with, which outlives the process as the cursors do."""
        return self._ledger.secret("cursor", fresh)

    def holder(self, consumer_key: str) -> TokenHolder | None:
        """Return whose token it is, if it is anybody's."""
        return self._servers.holder(consumer_key)

    def account(self, server: int) -> AccountDetail:
        """Tell a server whose it is."""
        record = self._servers.server(server)
        organization = self._servers.organization(record.organization)
        return AccountDetail(
            server_name=record.name,
            server_uuid=record.uuid,
            admin_id=organization.admin_id,
            facilitator_id=organization.admin_id,
            org_name=organization.name,
            org_email=organization.email,
            org_phone=organization.phone,
            org_address=organization.address,
            org_id=organization.id,
            org_id_hash=hashlib.sha256(organization.id.encode()).hexdigest(),
            org_type=organization.type,
            org_version=organization.version,
        )

    def newest(self) -> int:
        """Return the number of the newest change."""
        self._arrivals.let_in()
        with self._ledger.reading() as connection:
            (newest,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM changes").fetchone()
        return int(newest)

    def page(self, server: int, *, behind: int, until: int, limit: int) -> Page:
        """Return devices of a server in the order in which they came to it, of those that came until a change."""
        with self._ledger.reading() as connection:
            rows = connection.execute(
                f"SELECT position, 1, {_COLUMNS} FROM devices WHERE server = ? AND position > ? AND position <= ?"  # noqa: S608 - names of ours
                " ORDER BY position LIMIT ?",
                (server, behind, until, limit + 1),
            ).fetchall()
        shown = rows[:limit]
        return Page(tuple(_device(row) for row in shown), shown[-1][0] if shown else behind, len(rows) > limit)

    def changes(self, server: int, *, behind: int, limit: int) -> Page:
        """Return what has changed for a server, oldest first; a device is there as often as it changed."""
        self._arrivals.let_in()
        with self._ledger.reading() as connection:
            rows = connection.execute(
                f"SELECT sequence, devices.server IS changes.server, {_COLUMNS}, op_type, op_date"  # noqa: S608 - names of ours
                " FROM changes CROSS JOIN devices USING (serial) WHERE changes.server = ? AND sequence > ?"
                " ORDER BY sequence LIMIT ?",
                (server, behind, limit + 1),
            ).fetchall()
        shown = rows[:limit]
        return Page(tuple(_device(row) for row in shown), shown[-1][0] if shown else behind, len(rows) > limit)

    def details(self, server: int, serials: Sequence[str]) -> dict[str, DepDevice]:
        """Return particular devices; of others than the server's own nothing is told but that."""
        self._arrivals.let_in()
        found = {}
        with self._ledger.reading() as connection:
            for serial in serials:
                row = connection.execute(
                    f"SELECT position, 1, {_COLUMNS} FROM devices WHERE serial = ? AND server = ?",  # noqa: S608 - names of ours
                    (placing.known_serial(serial), server),
                ).fetchone()
                found[serial] = (
                    DepDevice(serial_number=serial, response_status=ResponseStatus.NOT_FOUND)
                    if row is None
                    else msgspec.structs.replace(_device(row), response_status=ResponseStatus.SUCCESS)
                )
        return found

    def disown(self, server: int, serials: Sequence[str]) -> dict[str, ResponseStatus]:
        """Take devices out of the organization for good."""
        self._arrivals.let_in()
        return {serial: self._disown(server, placing.known_serial(serial)) for serial in serials}

    def _disown(self, server: int, serial: str) -> ResponseStatus:
        with self._ledger.transaction() as connection:
            if not self._is_of(server, serial):
                return ResponseStatus.NOT_ACCESSIBLE
            placing.take_out(connection, serial, at=self._now())
        self._tell("device_disowned", serial=serial)
        return ResponseStatus.SUCCESS

    def define(self, server: int, profile: DepProfile) -> tuple[str, dict[str, ResponseStatus]]:
        """Keep a profile, and give it to the devices that it names."""
        self._arrivals.let_in()
        with self._ledger.transaction():
            uuid = self._profiles.define(server, profile)
            statuses = self._profiles.assign(server, uuid, profile.devices, self._now())
        self._tell("profile_defined", profile=uuid, name=profile.profile_name)
        return uuid, statuses

    def profile(self, server: int, uuid: str) -> DepProfile | None:
        """Return a profile of a server."""
        return self._profiles.find(server, uuid)

    def assign(self, server: int, uuid: str, serials: Sequence[str]) -> dict[str, ResponseStatus]:
        """Give devices a profile."""
        self._arrivals.let_in()
        statuses = self._profiles.assign(server, uuid, serials, self._now())
        self._tell("profile_assigned", profile=uuid, count=_successes(statuses))
        return statuses

    def remove(self, server: int, uuid: str | None, serials: Sequence[str]) -> dict[str, ResponseStatus]:
        """Take their profile from devices."""
        self._arrivals.let_in()
        statuses = self._profiles.remove(server, uuid, serials, self._now())
        self._tell("profile_removed", count=_successes(statuses))
        return statuses

    def lock(self, server: int, request: ActivationLockRequest) -> ResponseStatus:
        """Lock a device to the organization; without an escrow key, to whoever made the MDM server in the portal."""
        self._arrivals.let_in()
        serial = placing.known_serial(request.device)
        if not self._is_of(server, serial):
            return ResponseStatus.NOT_ACCESSIBLE
        account = None if request.escrow_key else self.account(server).admin_id
        lock = ActivationLock(
            kind=LockKind.ORGANIZATION, escrow_key=request.escrow_key, account=account, message=request.lost_message
        )
        self._locks.put(serial, lock)
        self._tell("activation_lock", serial=serial, kind=lock.kind)
        return ResponseStatus.SUCCESS

    def betas(self, server: int) -> tuple[BetaToken, ...] | None:
        """Return the beta programs of the organization; None where it has turned them off."""
        return self._servers.betas_of(server)

    def set_discovery_url(self, server: int, url: str) -> None:
        """Say where people are sent who sign in to enrol a device of their own."""
        self._servers.set_discovery_url(server, url)
        self._tell("account_driven_profile", url=url)

    def _is_of(self, server: int, serial: str) -> bool:
        with self._ledger.reading() as connection:
            found = connection.execute("SELECT 1 FROM devices WHERE serial = ? AND server = ?", (serial, server))
            return found.fetchone() is not None

    def _now(self) -> int:
        return stamp(self._clock())

    def _tell(self, event: str, **details: str | int) -> None:
        self._journal.tell(Service.DEP, event, **details)


_COLUMNS = (
    "serial, model, device_family, os, color, description, asset_tag,"
    " assigned, assigned_by, profile, profile_status, profile_assigned, profile_pushed, migrate_until"
)


def _device(row: tuple[Any, ...]) -> DepDevice:
    """Return what a server is told of a device; of one that it has no more, what everybody could read on it."""
    _, is_own, serial, model, family, system, color, description, tag, *own = row
    assigned, assigned_by, profile, status, profile_assigned, profile_pushed, migrate_until, *change = own
    op_type, op_date = change or (None, None)
    if not is_own or op_type == OpType.DELETED:
        return DepDevice(
            serial_number=serial,
            model=model,
            description=description,
            color=color,
            os=system,
            device_family=family,
            op_type=_OP_TYPES[op_type],
            op_date=whole_second(op_date),
        )
    return DepDevice(
        serial_number=serial,
        model=model,
        description=description,
        color=color,
        asset_tag=tag or None,
        os=system,
        device_family=family,
        profile_status=_STATUSES[status],
        profile_uuid=dashed_uuid(profile),
        profile_assign_time=whole_second(profile_assigned),
        profile_push_time=whole_second(profile_pushed),
        device_assigned_date=whole_second(assigned),
        device_assigned_by=assigned_by,
        op_type=_OP_TYPES[op_type],
        op_date=whole_second(op_date),
        mdm_migration_deadline=whole_second(migrate_until),
    )


_OP_TYPES: dict[str | None, OpType | None] = {None: None, **{each.value: each for each in OpType}}
_STATUSES = {each.value: each for each in ProfileStatus}


def _successes(statuses: dict[str, ResponseStatus]) -> int:
    return sum(status is ResponseStatus.SUCCESS for status in statuses.values())
