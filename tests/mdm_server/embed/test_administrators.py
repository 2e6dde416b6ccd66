from __future__ import annotations

import base64
import ssl
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from mdm_server.embed import Server, ServerSettings
from mdm_server.embed.administrators import TENANT_CODE, ApiCredentials
from mdm_server.store.records import Occasion


async def _status(server: Server, credentials: ApiCredentials | None) -> int:
    assert credentials is not None
    pair = base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "aw-tenant-code": credentials.tenant_code}
    tls = ssl.create_default_context(cafile=str(server.ca_file))
    url = f"{server.url}/api/system/info"
    async with aiohttp.ClientSession() as session, session.get(url, ssl=tls, headers=headers) as response:
        return response.status


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    """Return the settings of a server that keeps its state."""
    return ServerSettings(state_dir=tmp_path / "state")


async def test_the_api_user_is_made_once_and_kept_as_hashes(settings: ServerSettings) -> None:
    """The first start shows password and tenant code; they work after a restart, and stand nowhere in the state."""
    async with Server.start(settings) as first:
        made = first.api
        assert await _status(first, made) == 200
    async with Server.start(settings) as second:
        assert second.api is None
        assert await _status(second, made) == 200
    assert made is not None
    assert settings.state_dir is not None
    kept = b"".join(path.read_bytes() for path in settings.state_dir.iterdir() if path.is_file())
    assert made.password.encode() not in kept
    assert made.tenant_code.encode() not in kept


async def test_a_new_token_comes_with_a_new_password(settings: ServerSettings) -> None:
    """Whoever asks for a new token has lost the old secrets, or somebody has found them: all are replaced."""
    async with Server.start(settings) as first:
        old = first.api
    async with Server.start(replace(settings, new_admin_token=True)) as second:
        assert await _status(second, old) == 401
        assert await _status(second, second.api) == 200


async def test_a_state_of_an_older_version_gets_an_api_user(settings: ServerSettings) -> None:
    """Half of one counts as none: the next start makes it whole, and leaves the administrator's token alone."""
    async with Server.start(settings) as first:
        token = first.admin_token
        await first.store.credentials.remove(TENANT_CODE, Occasion(first.admin_since))
    async with Server.start(settings) as second:
        assert second.admin_token is None
        assert await _status(second, second.api) == 200
    assert token is not None
