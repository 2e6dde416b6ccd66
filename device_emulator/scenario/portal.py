"""What an organization does in Apple Business Manager, and what somebody lets go wrong at Apple."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from device_emulator.core.device import Device
from device_emulator.scenario.cast import AnyDevice
from device_emulator.scenario.offices import Failure, Refused
from mdm_server.embed.apple_orders import AppleServices, BusinessManagerError, Entry, Fault, NewDevice, Service

ORGANIZATION = "Example Company"
SERVER = "mdmsim"
FAULT = "fault"
HELD_BACK = ("lost", "delayed", "reordered")
"""The fates of pushes that do not arrive, or not now."""


@dataclass(slots=True)
class ApplePortal:
    """Implements `Portal` with the simulated Apple that the stage has; it is asked for anew each time."""

    apple: Callable[[], AppleServices | None]
    devices: Mapping[str, AnyDevice]
    clock: Callable[[], datetime]
    organization: str = ""
    server: str = ""
    """The UUID of our server, as Apple counts them."""
    _arranged: int = 0
    _told: int = 0

    def open(self) -> None:
        """Enter a company, and our server as its own."""
        portal = self._apple().business_manager
        self.organization = portal.add_organization(ORGANIZATION).id
        self.server = portal.add_server(self.organization, SERVER).uuid

    def server_token(self, certificate: str) -> bytes:
        """Return the token by which our server is known, for the certificate (PEM) that it was made for."""
        read = x509.load_pem_x509_certificate(certificate.encode())
        with _in_the_scripts_words():
            return self._apple().business_manager.server_token(self.server, read)

    async def order(self, devices: Sequence[str], *, arrives_in: float) -> None:
        """Buy devices, which arrive for our server."""
        arrives_at = self.clock() + timedelta(seconds=arrives_in) if arrives_in else None
        ordered = [new_device(self.devices[name]) for name in devices]
        with _in_the_scripts_words():
            self._apple().business_manager.order(self.organization, ordered, server=self.server, arrives_at=arrives_at)

    async def release(self, devices: Sequence[str]) -> None:
        """Let go of devices."""
        with _in_the_scripts_words():
            self._apple().business_manager.release(self._serials(devices))

    async def withdraw(self, devices: Sequence[str]) -> None:
        """Take devices away from our server."""
        with _in_the_scripts_words():
            self._apple().business_manager.assign(self._serials(devices), None)

    async def add(self, device: str) -> None:
        """Add a device with Apple Configurator, for our server."""
        added = new_device(self.devices[device])
        with _in_the_scripts_words():
            self._apple().business_manager.add_by_configurator(added, self.organization, self.server)

    def leave(self, serial_number: str) -> None:
        """Let a device go whose person left within the provisional period."""
        with _in_the_scripts_words():
            self._apple().business_manager.leave(serial_number)

    async def fail(self, failure: Failure) -> None:
        """Arrange for a failure, behind those that were arranged for before."""
        self._arranged += 1
        name = f"failure {self._arranged}: {failure.service} answers {failure.point} with {failure.response}"
        self._apple().faults.add(
            Fault(
                name=name,
                service=Service(failure.service),
                point=failure.point,
                response=failure.response,
                count=failure.count,
                probability=failure.probability,
                delay=failure.delay,
            )
        )

    def profile_status(self, serial_number: str) -> str | None:
        """Return what became of the DEP profile of a device at Apple; None for one that is nobody's."""
        apple = self.apple()
        device = None if apple is None else apple.business_manager.device(serial_number)
        return None if device is None else str(device.profile_status)

    def activation_lock(self, serial_number: str) -> str | None:
        """Return who locked the activation of a device."""
        apple = self.apple()
        lock = None if apple is None else apple.business_manager.activation_lock(serial_number)
        return None if lock is None else str(lock.kind)

    def faults_struck(self) -> list[str]:
        """Return, once, a sentence for every failure that has happened since the last call."""
        entries = self._entries(after=self._told)
        self._told = entries[-1].sequence if entries else self._told
        return [f"at Apple, {entry.details['name']}" for entry in entries if entry.event == FAULT]

    def faults_waiting(self) -> list[str]:
        """Return a sentence for every failure that was arranged for and has not happened."""
        apple = self.apple()
        return [] if apple is None else [f"at Apple, {fault.name}" for fault in apple.faults.all()]

    @property
    def holds_push_back(self) -> bool:
        """Whether the newest push got lost, or waits: nobody needs to be waited for."""
        fates = (entry.details.get("fate") for entry in reversed(self._entries()))
        return next((fate in HELD_BACK for fate in fates if fate is not None), False)

    def journal(self) -> list[str]:
        """Return what happened at Apple, in order: service and event; of a push that was taken, its fate."""
        return [f"{entry.service}.{entry.details.get('fate', entry.event)}" for entry in self._entries()]

    def _entries(self, after: int = 0) -> Sequence[Entry]:
        apple = self.apple()
        return () if apple is None else apple.journal.entries(after=after)

    def _apple(self) -> AppleServices:
        apple = self.apple()
        if apple is None:
            raise Refused("abm.no_url", "nobody plays Apple here: say `needs: [dep]`")
        return apple

    def _serials(self, devices: Sequence[str]) -> list[str]:
        return [self.devices[name].handheld.hardware.serial_number for name in devices]


def new_device(device: AnyDevice) -> NewDevice:
    """Return what Apple writes on the card of a device that is bought."""
    serial_number = device.handheld.hardware.serial_number
    if not isinstance(device, Device):
        raise Refused("other_platform", "Apple sells no Androids")
    model = device.handheld.hardware.model
    family = model.model_name
    return NewDevice(serial_number=serial_number, model=model.marketing_name, device_family=family, os="iOS")


@contextmanager
def _in_the_scripts_words() -> Iterator[None]:
    try:
        yield
    except BusinessManagerError as error:
        raise Refused(error.code, error.detail) from error
