from __future__ import annotations

import asyncio

from cryptography.hazmat.primitives.asymmetric import rsa

from certs.keys import KeyKind, generate_key
from mdm_server.service.running import run_inline, runner_for


def test_only_rsa_is_worth_handing_over(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """An RSA signature takes a millisecond and goes where it was told to; one on a curve is over sooner than that."""
    assert runner_for(rsa_keys[0], asyncio.to_thread) is asyncio.to_thread
    assert runner_for(generate_key(KeyKind.P_256), asyncio.to_thread) is run_inline
