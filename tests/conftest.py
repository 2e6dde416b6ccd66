"""Fixtures that every room's tests may use."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa


@pytest.fixture
def now() -> datetime:
    """Return the moment at which tests happen: fixed, aware, and in the validity of everything they make."""
    return datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock(now: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still."""
    return lambda: now


@pytest.fixture
def random_bytes() -> Callable[[int], bytes]:
    """Return a reproducible source of bytes."""
    return random.Random(20260601).randbytes


@pytest.fixture(scope="session")
def rsa_keys() -> list[rsa.RSAPrivateKey]:
    """Return four RSA-2048 keys, made once for the whole session because one costs 60 ms."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4)]
