"""Our server and Apple Business Manager, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from mdm_server.domain.abm.tokens import AbmToken
from rigs.abm_office import AbmOffice, abm_office


@pytest.fixture
async def office(
    tmp_path: Path, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey], now: datetime
) -> AsyncIterator[AbmOffice]:
    """Return both sides; nothing has passed between them yet."""
    async with abm_office(tmp_path, authority, rsa_keys, now) as opened:
        yield opened


@pytest.fixture
async def token(office: AbmOffice) -> AbmToken:
    """Return a token that is good; what was asked for it is forgotten."""
    uploaded = await office.token()
    office.line.asked.clear()
    return uploaded
