"""SCEP verdicts: what a client is told, and what is on record afterwards."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from certs.errors import FailInfo
from certs.scep import PkiStatus, Reply
from rigs.service import ServiceDevice, ServiceRig

BAD_REQUEST = (PkiStatus.FAILURE, FailInfo.BAD_REQUEST)


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a key of the cheap kind."""
    return ec.generate_private_key(ec.SECP256R1())


def verdict(reply: Reply) -> tuple[PkiStatus, FailInfo | None]:
    """Return what a reply says."""
    return reply.status, reply.fail_info


async def certificates_on_record(rig: ServiceRig) -> int:
    """Count the certificates that were issued."""
    return (await rig.store.counts()).certificates


async def scep_events(rig: ServiceRig) -> list[str]:
    """Return the journal's SCEP codes with their reasons, in order."""
    return [f"{entry.code}:{entry.reason}" for entry in await rig.store.journal.list(code="scep.", limit=500)]


async def assert_declined(device: ServiceDevice, csr: bytes, event: str, fail_info: FailInfo, **message: Any) -> None:
    """Assert that a request is refused inside the protocol, and that nothing is on record for it."""
    before = await certificates_on_record(device.rig)
    reply = await device.send_scep(csr, **{"transaction_id": "refused", **message})
    assert verdict(reply) == (PkiStatus.FAILURE, fail_info)
    assert await certificates_on_record(device.rig) == before
    assert (await scep_events(device.rig))[-1].startswith(event)
