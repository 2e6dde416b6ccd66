from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.errors import FailInfo
from certs.names import name_of
from certs.request import build_request
from mdm_server.service.compat import Compat
from mdm_server.service.invitations import InvitationRequest
from rigs import forged_requests
from rigs.scep_verdicts import assert_declined, new_key
from rigs.service import ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]

# --- T-16: keys ------------------------------------------------------------------------------------------------------

FORGED: dict[str, Callable[[], bytes]] = {
    "key_size": lambda: build_request(rsa.generate_private_key(65537, 1024), name_of("device")),
    "key_exponent": lambda: forged_requests.with_rsa_numbers(
        forged_requests.coprime_to_small_primes(random.Random(1), 2048), 3
    ),
    "key_roca": lambda: forged_requests.with_rsa_numbers(forged_requests.roca_modulus()),
    "key_fermat": lambda: forged_requests.with_rsa_numbers(forged_requests.modulus_with_close_factors()),
    "key_modulus": lambda: forged_requests.with_rsa_numbers(forged_requests.modulus_with_factor(17)),
    "key_curve": lambda: build_request(ec.generate_private_key(ec.SECP256K1()), name_of("device")),
    "key_malformed": lambda: forged_requests.with_point(3 << 250, 5 << 250),
}


@pytest.mark.parametrize("reason", sorted(FORGED))
async def test_a_bad_key_is_refused(rig: ServiceRig, reason: str) -> None:
    """Short, badly made, breakable, off the curve: badAlg, and which it was in the journal (T-16)."""
    await assert_declined(rig.device(), FORGED[reason](), f"scep.key:{reason}", FailInfo.BAD_ALG)


async def test_proof_of_possession_is_demanded(rig: ServiceRig) -> None:
    """A request that its own key did not sign is somebody else's key (T-16)."""
    device = rig.device()
    await device.fetch_profile()
    csr = bytearray(device.request(new_key()))
    csr[-1] ^= 1
    await assert_declined(device, bytes(csr), "scep.key:proof_of_possession", FailInfo.BAD_REQUEST)


async def test_an_authority_s_own_key_is_refused(rig: ServiceRig) -> None:
    """Nobody is certified with the key of the registration authority, not even by accident (T-16)."""
    device = rig.device()
    await device.fetch_profile()
    for identity in (rig.authority.issuing, rig.authority.registration, rig.authority.profile_signer):
        await assert_declined(device, device.request(identity.key), "scep.key:key_forbidden", FailInfo.BAD_REQUEST)


async def test_a_key_of_another_device_is_refused(rig: ServiceRig) -> None:
    """Two devices with one key are one device as far as signatures go (T-16)."""
    first, second = await rig.enrolled(1), rig.device(2)
    assert first.identity is not None
    profile = await rig.suite.invitations.profile(InvitationRequest(udid=second.udid))
    await second.fetch_profile(profile)
    await assert_declined(second, second.request(first.identity.key), "scep.key", FailInfo.BAD_REQUEST)


async def test_short_keys_are_certified_where_compat_says_so(open_rig: OpenRig) -> None:
    """Mdmb makes RSA-1024 when the profile names no size; such a device then works to the end."""
    async with open_rig(compat=frozenset({Compat.WEAK_KEYS})) as rig:
        device = rig.device()
        await device.get_certificate(key=rsa.generate_private_key(65537, 1024))
        assert (await device.authenticate()).status == 200
        assert (await device.token_update()).status == 200
