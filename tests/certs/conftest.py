"""An authority and two devices, made once for the whole session."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.identity import Identity
from certs.names import name_of

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
"""The moment of the `now` fixture, for what outlives a single test."""


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Return an authority with an elliptic-curve issuing key and an RSA registration authority."""
    return Authority.create(clock=lambda: NOW, random_bytes=random.Random(1).randbytes)


@pytest.fixture(scope="session")
def device_rsa(authority: Authority, rsa_keys: list[rsa.RSAPrivateKey]) -> Identity:
    """Return a device's identity with an RSA-2048 key."""
    return authority.issue_identity(name_of("device-rsa", "mdmsim TEST"), key=rsa_keys[0])


@pytest.fixture(scope="session")
def device_p256(authority: Authority) -> Identity:
    """Return a device's identity with a P-256 key."""
    return authority.issue_identity(name_of("device-p256", "mdmsim TEST"))
