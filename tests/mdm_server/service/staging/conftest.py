"""An administrator of staging, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from mdm_server.service.staging.passwords import CHEAP
from rigs.service import service_rig
from rigs.staging_office import StagingOffice


@pytest.fixture
async def office(
    tmp_path: Path, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey], now: datetime
) -> AsyncIterator[StagingOffice]:
    """Return an administrator at work."""
    async with service_rig(tmp_path, authority, rsa_keys, now, password_cost=CHEAP) as rig:
        yield StagingOffice(rig)
