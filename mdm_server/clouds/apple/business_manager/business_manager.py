"""Apple Business Manager, as a person in front of it, a device at Apple's door and a reseller see it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509

from mdm_server.clouds.apple.business_manager import placing
from mdm_server.clouds.apple.business_manager.arrivals import RESELLER, Arrivals
from mdm_server.clouds.apple.business_manager.depsim_token import DEPSIM_TOKEN
from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.ledger import Ledger, moment, stamp
from mdm_server.clouds.apple.business_manager.locks import Locks
from mdm_server.clouds.apple.business_manager.profiles import Profiles
from mdm_server.clouds.apple.business_manager.program import Program
from mdm_server.clouds.apple.business_manager.records import (
    AbmDevice,
    ActivationLock,
    AddedBy,
    MdmServer,
    NewDevice,
    Organization,
)
from mdm_server.clouds.apple.business_manager.servers import Servers, new_uuid
from mdm_server.clouds.apple.journal import Journal, Service
from mdm_server.wire.activation import CloudConfiguration
from mdm_server.wire.dep import BetaToken, DepProfile, OpType, ProfileStatus, dashed_uuid
from mdm_server.wire.errors import WireError
from mdm_server.wire.server_token import seal_token

PROVISIONAL: Final = timedelta(days=30)
"""How long a person may leave who was given a device that Apple Configurator added (Apple Configurator's guide)."""


class BusinessManager:
    """The portal, with what activation asks it. What an MDM server may do is its `program`."""

    def __init__(
        self, ledger: Ledger, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes], journal: Journal
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._random_bytes = random_bytes
        self._journal = journal
        self._servers = Servers(ledger, random_bytes)
        self._profiles = Profiles(ledger, random_bytes)
        self._locks = Locks(ledger)
        self._arrivals = Arrivals(ledger, clock, journal)
        self.program = Program(ledger, self._servers, self._profiles, self._locks, self._arrivals, clock, journal)

    def add_organization(self, name: str, **details: str) -> Organization:
        """Found an organization; `details` are the other fields of its record, such as `email`."""
        founded = Organization(id=new_uuid(self._random_bytes), name=name)
        organization = replace(founded, **details)  # type: ignore[arg-type]
        self._servers.add_organization(organization)
        self._tell("organization_added", organization=organization.id, name=name)
        return organization

    def organizations(self) -> Sequence[Organization]:
        """Return all organizations."""
        return self._servers.organizations()

    def agree_to_terms(self, organization: str) -> None:
        """Agree to Apple's newest terms."""
        self._servers.agree(organization, agreed=True)
        self._tell("terms_agreed", organization=organization)

    def withdraw_terms(self, organization: str) -> None:
        """Let new terms appear that nobody has agreed to: the organization's MDM servers are sent away until then."""
        self._servers.agree(organization, agreed=False)
        self._tell("terms_withdrawn", organization=organization)

    def offer_betas(self, organization: str, tokens: Sequence[BetaToken] | None) -> None:
        """Let an organization's devices have beta versions; None: it has turned AppleSeed for IT off."""
        self._servers.offer_betas(organization, tokens)

    def add_server(self, organization: str, name: str) -> MdmServer:
        """Enter an MDM server of an organization."""
        server = self._servers.add_server(organization, name)
        self._tell("server_added", organization=organization, server=server.uuid, name=name)
        return server

    def servers(self) -> Sequence[MdmServer]:
        """Return all MDM servers of all organizations."""
        return self._servers.servers()

    def discovery_url(self, server: str) -> str | None:
        """Return where people are sent who sign in to enrol a device of their own."""
        return self._servers.discovery_url(server)

    def server_token(self, server_uuid: str, certificate: x509.Certificate) -> bytes:
        """Make a server token (.p7m) for the certificate that was uploaded; the one that the server had is over."""
        number = self._servers.number(server_uuid)
        with self._ledger.transaction():
            token = self._servers.new_token(number, self._clock())
            try:
                sealed = seal_token(token, certificate)
            except WireError as error:
                raise BusinessManagerError("abm.certificate", error.detail) from error
        self._tell("server_token_made", server=server_uuid, expires=token.access_token_expiry.isoformat())
        return sealed

    def depsim_server(self, organization: str) -> MdmServer:
        """Return the MDM server that speaks with depsim's fixed tokens, entering it for the first who asks."""
        holder = self._servers.holder(DEPSIM_TOKEN.consumer_key)
        if holder is not None:
            return self._servers.server(holder.server)
        with self._ledger.transaction():
            server = self.add_server(organization, "depsim")
            self._servers.keep_token(self._servers.number(server.uuid), DEPSIM_TOKEN)
        return server

    def order(
        self,
        organization: str,
        devices: Sequence[NewDevice],
        *,
        server: str | None = None,
        arrives_at: datetime | None = None,
    ) -> None:
        """Order devices: they are the organization's at once, or when they arrive.

        Raises:
            BusinessManagerError: `abm.serial_invalid`, or `abm.serial_taken` where one is somebody's already.

        """
        number = self._place(organization, server)
        serials = _checked(devices)
        with self._changing() as connection:
            if placing.taken(connection, serials):
                raise BusinessManagerError(
                    "abm.serial_taken", "expected devices that nobody has, found one in the order"
                )
            if arrives_at is not None and arrives_at > self._clock():
                self._arrivals.expect(organization, devices, number, arrives_at)
            else:
                placing.bring_in(connection, devices, organization, number, at=self._now(), by=RESELLER)
        self._tell("devices_ordered", organization=organization, count=len(serials))

    def assign(self, serials: Iterable[str], server: str | None) -> None:
        """Assign devices to an MDM server of their organization, or to none (`abm.serial_unknown`: none is moved)."""
        moved = []
        with self._changing() as connection:
            for serial in serials:
                device = self._known(serial)
                number = None if server is None else self._servers.number(server, organization=device.organization)
                by = self._servers.organization(device.organization).admin_id
                if placing.move(connection, device.serial_number, number, at=self._now(), by=by):
                    moved.append(device.serial_number)
        # Not before it is certain that all of them are.
        for serial in moved:
            self._tell("device_assigned", serial=serial, server=server or "")

    def release(self, serials: Iterable[str]) -> None:
        """Let devices go: they are in no organization any more (`abm.serial_unknown`: none is let go)."""
        released = []
        with self._changing() as connection:
            for serial in serials:
                device = self._known(serial)
                placing.take_out(connection, device.serial_number, at=self._now())
                released.append(device.serial_number)
        for serial in released:
            self._tell("device_released", serial=serial)

    def migrate(self, serial: str, until: datetime | None) -> None:
        """Have a device that another MDM server manages come to its new one by then; its MDM server hears of it."""
        with self._changing() as connection:
            device = self._known(serial)
            if device.server is None:
                raise BusinessManagerError("abm.server_unknown", "expected a device with an MDM server to come to")
            connection.execute(
                "UPDATE devices SET migrate_until = ? WHERE serial = ?",
                (None if until is None else stamp(until), device.serial_number),
            )
            self._modified(connection, device)

    def describe(self, serial: str, *, asset_tag: str | None = None, description: str | None = None) -> None:
        """Change what is written on a device's card; its MDM server hears of it."""
        with self._changing() as connection:
            device = self._known(serial)
            connection.execute(
                "UPDATE devices SET asset_tag = coalesce(?, asset_tag), description = coalesce(?, description)"
                " WHERE serial = ?",
                (asset_tag, description, device.serial_number),
            )
            self._modified(connection, device)

    def add_by_configurator(self, device: NewDevice, organization: str, server: str | None) -> AbmDevice:
        """Add a device that somebody has in hand; for thirty days its person may leave (`abm.serial_taken`)."""
        number = self._place(organization, server)
        (serial,) = _checked([device])
        with self._changing() as connection:
            if placing.taken(connection, [serial]):
                raise BusinessManagerError("abm.serial_taken", "expected a device that nobody has, found another")
            placing.bring_in(
                connection,
                [device],
                organization,
                number,
                at=self._now(),
                by=self._servers.organization(organization).admin_id,
                added_by=AddedBy.CONFIGURATOR,
                provisional_until=stamp(self._clock() + PROVISIONAL),
            )
        self._tell("device_added", serial=serial, organization=organization)
        return self._known(serial)

    def leave(self, serial: str) -> None:
        """Leave the organization, as the person who holds the device (`abm.not_provisional`)."""
        with self._changing() as connection:
            device = self._known(serial)
            if device.provisional_until is None or device.provisional_until <= self._clock():
                raise BusinessManagerError(
                    "abm.not_provisional",
                    f"expected a device within {PROVISIONAL.days} days of being added with Apple Configurator,"
                    " found another: only its organization can release it",
                )
            placing.take_out(connection, device.serial_number, at=self._now())
        self._tell("device_left", serial=device.serial_number)

    def device(self, serial: str) -> AbmDevice | None:
        """Return a device of some organization."""
        self._arrivals.let_in()
        with self._ledger.reading() as connection:
            row = connection.execute(
                f"{_DEVICES} WHERE serial = ? AND devices.organization IS NOT NULL", (placing.known_serial(serial),)
            ).fetchone()
        return None if row is None else _device(row)

    def devices(self, organization: str) -> Sequence[AbmDevice]:
        """Return all devices of an organization, by serial number."""
        self._arrivals.let_in()
        with self._ledger.reading() as connection:
            rows = connection.execute(
                f"{_DEVICES} WHERE devices.organization = ? ORDER BY serial", (organization,)
            ).fetchall()
        return [_device(row) for row in rows]

    def cloud_configuration(self, serial: str) -> CloudConfiguration | None:
        """Return what a device is told when it is activated; None: no organization has decided anything for it."""
        device = self.device(serial)
        if device is None or device.server is None or device.profile_uuid is None:
            return None
        profile = self._profiles.find(self._servers.number(device.server), device.profile_uuid)
        return CloudConfiguration(
            profile=profile or DepProfile(),
            profile_uuid=device.profile_uuid,
            organization_name=self._servers.organization(device.organization).name,
            server_uuid=device.server,
        )

    def profile_pushed(self, serial: str) -> None:
        """Note that a device has got its profile."""
        if self._profiles.pushed(placing.known_serial(serial), self._now()):
            self._tell("profile_pushed", serial=placing.known_serial(serial))

    def activation_lock(self, serial: str) -> ActivationLock | None:
        """Return what keeps a device from being activated."""
        return self._locks.of(placing.known_serial(serial))

    def set_activation_lock(self, serial: str, lock: ActivationLock | None) -> None:
        """Lock a device in the place of the lock that it has, or free it."""
        known = placing.known_serial(serial)
        self._locks.put(known, lock)
        self._tell("activation_lock", serial=known, kind=lock.kind if lock else "none")

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Change something, after what has arrived is in."""
        self._arrivals.let_in()
        with self._ledger.transaction() as connection:
            yield connection

    def _place(self, organization: str, server: str | None) -> int | None:
        """Return the number of a server of an organization that exists."""
        self._servers.organization(organization)
        return None if server is None else self._servers.number(server, organization=organization)

    def _modified(self, connection: sqlite3.Connection, device: AbmDevice) -> None:
        """Let a device's server, if it has one, hear that something about it is different."""
        if device.server is not None:
            number = self._servers.number(device.server)
            placing.log(connection, number, device.serial_number, OpType.MODIFIED, self._now())

    def _known(self, serial: str) -> AbmDevice:
        device = self.device(serial)
        if device is None:
            raise BusinessManagerError("abm.serial_unknown", "expected a device of an organization, found none such")
        return device

    def _now(self) -> int:
        return stamp(self._clock())

    def _tell(self, event: str, **details: str | int) -> None:
        self._journal.tell(Service.PORTAL, event, **details)


_DEVICES = (
    "SELECT serial, model, device_family, os, color, description, asset_tag, devices.organization, servers.uuid,"
    " profile, profile_status, added_by, provisional_until FROM devices LEFT JOIN servers ON server = number"
)


def _checked(devices: Sequence[NewDevice]) -> list[str]:
    """Return the serial numbers of an order, as they are kept."""
    serials = [placing.check_serial(device.serial_number) for device in devices]
    if len(set(serials)) < len(serials):
        raise BusinessManagerError("abm.serial_taken", "expected every device once, found one twice in the order")
    return serials


def _device(row: tuple[Any, ...]) -> AbmDevice:
    *texts, organization, server, profile, status, added_by, provisional_until = row
    return AbmDevice(
        **dict(zip(_CARD, texts, strict=True)),
        organization=organization,
        server=server,
        profile_uuid=dashed_uuid(profile),
        profile_status=ProfileStatus(status),
        added_by=AddedBy(added_by),
        provisional_until=None if provisional_until is None else moment(provisional_until),
    )


_CARD = ("serial_number", "model", "device_family", "os", "color", "description", "asset_tag")
