"""A service room for each test, and one authority for all of them."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from rigs.service import ServiceRig, service_rig

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Return an authority as a new server makes it."""
    return Authority.create(clock=lambda: NOW, random_bytes=random.Random(5).randbytes)


@pytest.fixture
async def rig(
    tmp_path: Path, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey], now: datetime
) -> AsyncIterator[ServiceRig]:
    """Return a service room with strict settings."""
    async with service_rig(tmp_path, authority, rsa_keys, now) as opened:
        yield opened


@pytest.fixture
def open_rig(tmp_path: Path, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey], now: datetime) -> OpenRig:
    """Return what opens a service room with other settings."""

    def opener(**settings: Any) -> AbstractAsyncContextManager[ServiceRig]:
        directory = tmp_path / f"rig-{len(list(tmp_path.iterdir()))}"
        directory.mkdir()
        return service_rig(directory, settings.pop("authority", authority), rsa_keys, now, **settings)

    return opener
