"""An administrator whose server believes a vendor of devices, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from mdm_server.service.staging.passwords import CHEAP
from rigs.boxed_device import vendor_since
from rigs.service import service_rig
from rigs.staging_office import StagingOffice


@pytest.fixture(scope="session")
def vendor() -> Authority:
    """Return an authority in Apple's place."""
    return vendor_since(datetime.fromisoformat("2026-06-01T12:00:00+00:00"))


@pytest.fixture
async def office(
    tmp_path: Path, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey], now: datetime, vendor: Authority
) -> AsyncIterator[StagingOffice]:
    """Return an administrator whose server believes the vendor."""
    believed = (vendor.root.certificate,)
    async with service_rig(tmp_path, authority, rsa_keys, now, password_cost=CHEAP, device_authorities=believed) as rig:
        yield StagingOffice(rig)
