"""The life of an identity on the virtual clock: renewed in time, or dead."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from cryptography import x509

from device_emulator.core.actions import OpenEnrollmentLink, RemoveProfile
from device_emulator.core.device import Device
from device_emulator.core.events import (
    CertificateIssued,
    CertificateRenewed,
    CommandAnswered,
    Event,
    RenewalFailed,
    SessionEnded,
)
from device_emulator.core.settings import DeviceSettings, ProofOfIdentity
from device_emulator.core.states import LifeState
from device_emulator.fleet.virtual import VirtualSettings, VirtualWorld
from mdm_server.embed.in_process import ServiceSettings
from mdm_server.service.commanding import CommandOrder

DAY = timedelta(days=1)
LIFETIME = 10 * DAY
PROOFS = [ProofOfIdentity.SIGNATURE, ProofOfIdentity.TLS]


class Watched:
    """One device that asks for commands twice a day, and when it showed what."""

    def __init__(self, world: VirtualWorld) -> None:
        self.world = world
        self.seen: list[tuple[datetime, Event]] = []
        world.watchers.append(lambda _, event: self.seen.append((world.clock(), event)))

    @property
    def device(self) -> Device:
        """The device."""
        device = self.world.devices[0]
        assert isinstance(device, Device)
        return device

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate it has."""
        return x509.load_der_x509_certificate(self.device.handheld.keychain.certificate or b"")

    def since(self, moment: datetime) -> Counter[type[Event]]:
        """Count what it showed from a moment on."""
        return Counter(type(event) for when, event in self.seen if when >= moment)

    async def enroll(self) -> None:
        """Open the enrolment link."""
        self.world.happen(0, OpenEnrollmentLink(self.world.enrollment_url))
        await self.world.settle()
        assert self.device.life is LifeState.ENROLLED

    async def ask_for_its_name(self) -> None:
        """Queue a command."""
        order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})
        await self.world.suite.commanding.enqueue(self.device.handheld.hardware.udid, order)


@asynccontextmanager
async def _world(proof: ProofOfIdentity) -> AsyncIterator[Watched]:
    service = ServiceSettings(certificate_lifetime=LIFETIME)
    async with VirtualWorld.open(seed=5, settings=VirtualSettings(service=service)) as world:
        world.populate(1, DeviceSettings(poll=DAY / 2, proof=proof))
        watched = Watched(world)
        await watched.enroll()
        yield watched


@pytest.mark.parametrize("proof", PROOFS)
async def test_an_identity_is_renewed_for_as_long_as_anybody_looks(proof: ProofOfIdentity) -> None:
    """Ten days of validity: before the last fifth of them is over there is another; no session fails in 25 days."""
    async with _world(proof) as watched:
        begun, first = watched.world.clock(), watched.certificate
        await watched.world.advance(25 * DAY)
        await watched.ask_for_its_name()
        await watched.world.settle()
        seen = watched.since(begun)
        assert seen[CertificateRenewed] == 3
        assert seen[RenewalFailed] == 0
        assert {event.reason for _, event in watched.seen if isinstance(event, SessionEnded)} == {"finished"}
        assert watched.certificate.public_key() == first.public_key()
        assert watched.certificate.serial_number != first.serial_number
        assert seen[CommandAnswered] == 1
        renewed = [when for when, event in watched.seen if isinstance(event, CertificateRenewed)]
        assert renewed[0] - begun == pytest.approx(LIFETIME * 4 / 5, abs=timedelta(hours=1))


@pytest.mark.parametrize("proof", PROOFS)
async def test_an_identity_that_was_not_renewed_in_time_is_dead(proof: ProofOfIdentity) -> None:
    """The device goes on trying, and the server goes on refusing, until both sides begin anew.

    No refusal is a 401: the device stays managed, and unreachable. Its person removes the profile, an administrator
    retires it, and it enrols with another key.
    """
    async with _world(proof) as watched:
        world, dead = watched.world, watched.certificate
        await world.advance(7 * DAY)
        await world.server.stop()
        await world.advance(4 * DAY)
        assert watched.certificate == dead
        assert world.clock() > dead.not_valid_after_utc
        await world.server.start()
        await watched.ask_for_its_name()
        back = world.clock()
        await world.advance(3 * DAY)

        seen = watched.since(back)
        assert (seen[CertificateRenewed], seen[CommandAnswered]) == (0, 0)
        assert seen[RenewalFailed] >= 24
        assert watched.device.handheld.management is not None
        ends = {event.reason for when, event in watched.seen if when > back and isinstance(event, SessionEnded)}
        assert ends == {"http.400"}
        refused = [line for line in await world.journal_lines() if "expired" in line]
        assert any("auth.cert_invalid" in line for line in refused)
        assert any("scep.renewal" in line for line in refused)

        world.happen(0, RemoveProfile())
        await world.advance(DeviceSettings().retry.ceiling)
        await world.suite.administration.retire(watched.device.handheld.hardware.udid)
        await watched.enroll()
        again = world.clock()
        await watched.ask_for_its_name()
        await world.settle()
        assert watched.since(again)[CommandAnswered] >= 1
        assert watched.since(again)[CertificateIssued] == 1
        assert watched.certificate.public_key() != dead.public_key()


async def test_a_renewal_that_fails_for_days_may_still_be_in_time() -> None:
    """Down from the first attempt until an hour before the end: the next attempt renews, and nobody noticed."""
    async with _world(ProofOfIdentity.SIGNATURE) as watched:
        world, first = watched.world, watched.certificate
        await world.advance(7 * DAY)
        await world.server.stop()
        await world.advance(first.not_valid_after_utc - world.clock() - timedelta(hours=3))
        assert watched.since(first.not_valid_before_utc)[RenewalFailed] > 10
        await world.server.start()
        await world.advance(2 * DAY)
        assert watched.certificate != first
        assert watched.since(world.clock() - 2 * DAY)[CertificateRenewed] == 1
