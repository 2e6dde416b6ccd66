from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.errors import FailInfo
from certs.identity import Identity
from certs.keys import PrivateKey
from certs.names import name_of
from certs.scep import PkiStatus, Reply, poll_request, read_reply
from mdm_server.domain.refusal import Refusal
from mdm_server.service.invitations import InvitationRequest
from rigs.scep_verdicts import BAD_REQUEST, verdict
from rigs.service import ServiceDevice, ServiceRig

# --- manual approval -------------------------------------------------------------------------------------------------


async def _poll(device: ServiceDevice, transaction: str, signer: Identity, key: PrivateKey | None) -> Reply:
    nonce = b"p" * 16
    raw = poll_request(
        device.rig.authority.issuing.certificate.subject,
        name_of("device"),
        signer=signer,
        recipient=device.rig.authority.registration.certificate,
        transaction_id=transaction,
        sender_nonce=nonce,
        when=device.rig.clock(),
    )
    return read_reply(
        (await device.post_scep(raw)).body,
        identity=signer,
        transaction_id=transaction,
        sender_nonce=nonce,
        trusted=[device.rig.authority.registration.certificate],
        key=key,
    )


async def _waiting(rig: ServiceRig, key: rsa.RSAPrivateKey) -> tuple[ServiceDevice, Identity]:
    """Return a device whose request waits for a person, and the signer of its request."""
    device = rig.device()
    await device.fetch_profile(await rig.suite.invitations.profile(InvitationRequest(manual_approval=True)))
    device.scep_key = key
    signer = device.scep_signer()
    reply = await device.send_scep(device.request(key), transaction_id="t", key=key, signer=signer)
    assert reply.status is PkiStatus.PENDING
    return device, signer


async def test_a_request_that_waits_is_granted_when_a_person_approves(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """PENDING, then GetCertInitial yields the certificate (RFC 8894 §3.3.3)."""
    device, signer = await _waiting(rig, rsa_keys[1])
    assert (await _poll(device, "t", signer, rsa_keys[1])).status is PkiStatus.PENDING
    (pending,) = await rig.suite.administration.pending()
    await rig.suite.administration.approve(pending.transaction_id)
    reply = await _poll(device, "t", signer, rsa_keys[1])
    assert reply.certificate is not None
    assert await rig.suite.administration.pending() == []


async def test_a_denied_request_stays_denied(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A no is final."""
    device, signer = await _waiting(rig, rsa_keys[1])
    await rig.suite.administration.deny("t")
    assert verdict(await _poll(device, "t", signer, rsa_keys[1])) == BAD_REQUEST
    with pytest.raises(Refusal) as refused:
        await rig.suite.administration.approve("t")
    assert refused.value.status == 409


async def test_only_the_holder_of_the_key_may_ask_how_it_stands(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Another signer in the same transaction, and an unknown transaction, are refused."""
    device, signer = await _waiting(rig, rsa_keys[1])
    await rig.suite.administration.approve("t")
    device.scep_key = rsa_keys[2]
    stranger = await _poll(device, "t", device.scep_signer(), None)
    assert verdict(stranger) == (PkiStatus.FAILURE, FailInfo.BAD_MESSAGE_CHECK)
    unknown = await _poll(device, "unknown", signer, None)
    assert verdict(unknown) == (PkiStatus.FAILURE, FailInfo.BAD_CERT_ID)


async def test_approving_what_does_not_wait_is_an_error(rig: ServiceRig) -> None:
    """The administrator is told that there is no such request."""
    for verb in (rig.suite.administration.approve, rig.suite.administration.deny):
        with pytest.raises(Refusal) as refused:
            await verb("nothing")
        assert (refused.value.status, refused.value.code) == (404, "scep.unknown_transaction")
