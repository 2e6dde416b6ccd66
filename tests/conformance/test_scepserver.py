"""Debian's `scepserver` certifies our devices: SHA-1 and DES whatever it is asked in, and a challenge for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from certs.keys import KeyKind
from device_emulator.core.events import CertificateIssued, CertificateRenewed, EnrollmentFailed, RenewalFailed
from device_emulator.core.messages import Errand, Prompted
from device_emulator.core.states import LifeState
from rigs import foreign_pkcs7 as pkcs7
from rigs.foreign_fleet import Fleet, foreign_fleet
from rigs.foreign_scepserver import ScepServer, debians_scepserver
from rigs.foreign_servers import CHALLENGE, foreign_server

OpenFleet = Callable[..., AbstractAsyncContextManager[Fleet]]


@pytest.fixture
def scepserver(tmp_path: Path) -> Iterator[ScepServer]:
    """Run Debian's scepserver; it expects the challenge that foreign profiles carry."""
    with debians_scepserver(tmp_path, challenge=CHALLENGE) as server:
        yield server


@pytest.fixture
def fleet_at(rsa_keys: list[rsa.RSAPrivateKey]) -> OpenFleet:
    """Return what enrols devices at a nanomdm-like server that leaves SCEP to somebody else."""

    @asynccontextmanager
    async def opened(scepserver: ScepServer, *, count: int = 1, **settings: Any) -> AsyncIterator[Fleet]:
        authority = pkcs7.SmallAuthority(rsa_keys[2], scepserver.certificate)
        async with foreign_server("nanomdm", authority) as server:
            server.scep_url = scepserver.url
            # One after the other: asked by two at once, scepserver now and then refuses one of them as a bad request.
            async with foreign_fleet(server, rsa_keys, count=count, concurrency=1, **settings) as fleet:
                yield fleet

    return opened


async def test_it_certifies_our_devices(scepserver: ScepServer, fleet_at: OpenFleet) -> None:
    """The whole enrolment: the depot has one certificate a device, named after it, and the devices take commands."""
    async with fleet_at(scepserver, count=2) as fleet:
        assert [failure for number in range(2) for failure in fleet.events(EnrollmentFailed, number)] == []
        assert {device.life for device in fleet.loop.devices.values()} == {LifeState.ENROLLED}
        names = {
            certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
            for certificate in scepserver.issued
        }
        assert names == {device.handheld.hardware.serial_number for device in fleet.loop.devices.values()}
        fleet.server.order(fleet.udid, "c")
        await fleet.ask()
        assert fleet.server.answers(fleet.udid) == [("c", "Acknowledged")]


async def test_a_wrong_challenge_is_a_refusal_with_its_reason(tmp_path: Path, fleet_at: OpenFleet) -> None:
    """FAILURE, badRequest: the enrolment ends at the identity, once, and nothing of it stays."""
    with debians_scepserver(tmp_path, challenge="another") as scepserver:
        async with fleet_at(scepserver) as fleet:
            (failure,) = fleet.events(EnrollmentFailed)
            assert (failure.stage, failure.reason) == ("identity", "scep.refused")
            assert "BAD_REQUEST" in failure.detail
            assert (fleet.device.life, fleet.server.requests, scepserver.issued) == (LifeState.IN_USE, [], [])


async def test_it_certifies_rsa_keys_only(scepserver: ScepServer, fleet_at: OpenFleet) -> None:
    """A P-256 identity, signed for by an RSA key: it opens the request, and then refuses what is in it."""
    async with fleet_at(scepserver, key_kind=KeyKind.P_256) as fleet:
        (failure,) = fleet.events(EnrollmentFailed)
        assert (failure.stage, failure.reason) == ("identity", "scep.refused")


async def test_without_the_leniency_its_answer_is_not_believed(scepserver: ScepServer, fleet_at: OpenFleet) -> None:
    """It signs with SHA-1: a device that was not told to bear that ends its enrolment, and says why."""
    async with fleet_at(scepserver, legacy_algorithms=False) as fleet:
        (failure,) = fleet.events(EnrollmentFailed)
        assert "sha1" in failure.detail.lower()
        assert fleet.device.life is LifeState.IN_USE


async def test_it_refuses_a_name_it_knows(scepserver: ScepServer, fleet_at: OpenFleet) -> None:
    """The trap of load tests (`-allowrenew 14`): the second enrolment of a device fails, and the device says so."""
    async with fleet_at(scepserver) as fleet:
        assert len(fleet.events(CertificateIssued)) == 1
        fleet.loop.happen(0, Prompted(Errand.CHECK_OUT))
        await fleet.quiet()
        await fleet.enroll()
        (failure,) = fleet.events(EnrollmentFailed)
        assert failure.reason == "scep.refused"
        assert len(scepserver.issued) == 1


async def test_a_renewal_that_is_refused_leaves_the_old_identity(scepserver: ScepServer, fleet_at: OpenFleet) -> None:
    """RenewalReq too soon: refused, and the device goes on with the certificate it has."""
    async with fleet_at(scepserver) as fleet:
        fleet.loop.happen(0, Prompted(Errand.RENEWAL))
        await fleet.quiet()
        assert (len(fleet.events(RenewalFailed)), fleet.events(CertificateRenewed)) == (1, [])
        await fleet.ask()
        assert fleet.reasons() == ["finished"]
