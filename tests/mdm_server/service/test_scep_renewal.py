from __future__ import annotations

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.errors import FailInfo
from certs.identity import Identity
from certs.request import build_request
from rigs.scep_verdicts import assert_declined
from rigs.service import ServiceDevice, ServiceRig

# --- T-15: renewal ---------------------------------------------------------------------------------------------------


async def _rsa_device(rig: ServiceRig, key: rsa.RSAPrivateKey, number: int = 1) -> ServiceDevice:
    """Return an enrolled device with an RSA identity: only such a one can open the reply to a renewal."""
    device = rig.device(number)
    await device.get_certificate(key=key)
    await device.authenticate()
    await device.token_update()
    return device


async def test_a_device_renews_with_its_current_certificate(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """No challenge is needed, and the new certificate is the same device's from the start (RFC 8894 §2.4)."""
    device = await _rsa_device(rig, rsa_keys[1])
    new = await device.renew(rsa_keys[2])
    row = await rig.store.certificates.find(new.fingerprint)
    assert row is not None
    assert (row.device, row.renewal) == (device.udid, True)
    device.identity = new
    assert await device.idle() is None


async def test_nobody_but_the_holder_of_a_current_certificate_renews(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Self-signed, of another authority, expired, not on record, never used: no certificate for any (T-15, I-12)."""
    device = await _rsa_device(rig, rsa_keys[1])
    assert device.identity is not None
    subject = device.identity.certificate.subject
    now = rig.clock()
    other = Authority.create(clock=rig.clock, random_bytes=rig.random.randbytes)
    unused = rig.device(2)
    await unused.get_certificate(key=rsa_keys[2])
    assert unused.identity is not None
    expired = rig.authority.issue(
        rsa_keys[1].public_key(), subject, not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)
    )
    table: dict[str, tuple[Identity, FailInfo]] = {
        "scep.renewal:untrusted": (device.scep_signer(), FailInfo.BAD_MESSAGE_CHECK),
        "scep.renewal:untrusted ": (other.issue_identity(subject, key=rsa_keys[1]), FailInfo.BAD_MESSAGE_CHECK),
        "scep.renewal:expired": (Identity(rsa_keys[1], expired), FailInfo.BAD_MESSAGE_CHECK),
        "scep.renewal:unrecorded": (rig.authority.issue_identity(subject, key=rsa_keys[1]), FailInfo.BAD_CERT_ID),
        "scep.renewal:issued": (unused.identity, FailInfo.BAD_CERT_ID),
    }
    for event, (signer, fail_info) in table.items():
        csr = build_request(rsa_keys[3], signer.certificate.subject)
        await assert_declined(device, csr, event.strip(), fail_info, signer=signer, renewal=True)


async def test_a_revoked_or_replaced_certificate_renews_nothing(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """The thief of an old certificate cannot turn it into a new one (T-15)."""
    device = await _rsa_device(rig, rsa_keys[1])
    old = device.identity
    assert old is not None
    device.identity = await device.renew(rsa_keys[2])
    await device.idle()
    csr = build_request(rsa_keys[3], old.certificate.subject)
    await assert_declined(device, csr, "scep.renewal:superseded", FailInfo.BAD_CERT_ID, signer=old, renewal=True)
    await rig.suite.administration.revoke(device.identity.fingerprint)
    csr = build_request(rsa_keys[3], device.identity.certificate.subject)
    await assert_declined(
        device, csr, "scep.renewal:revoked", FailInfo.BAD_CERT_ID, signer=device.identity, renewal=True
    )


async def test_a_renewal_is_for_the_same_name(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A device cannot renew into another's certificate (T-15)."""
    one, two = await _rsa_device(rig, rsa_keys[1], 1), await _rsa_device(rig, rsa_keys[2], 2)
    assert one.identity is not None
    assert two.identity is not None
    csr = build_request(rsa_keys[3], two.identity.certificate.subject)
    await assert_declined(one, csr, "scep.subject", FailInfo.BAD_REQUEST, signer=one.identity, renewal=True)
