"""pyws1uem 0.0.10 from PyPI, unmodified, administers staging over TLS; each of its traps has a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rigs.server_thread import ServerThread, server_thread
from rigs.uem_clients import client_of, import_pyws1uem, trusting


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerThread]:
    """Run a server, and let the client trust it."""
    with server_thread(tmp_path_factory.mktemp("uem"), weak_passwords=True) as server, trusting(server.server.ca_file):
        yield server


@pytest.fixture
def client(running: ServerThread) -> Any:
    """Return the client."""
    return client_of(running)


def _user(client: Any, name: str, **given: Any) -> Any:
    """Make a user and return what a search says of it."""
    said = {"userName": name, "password": "secret", "securityType": "basic", "status": "true", **given}
    assert client.users.create_user(**said) == 201
    return client.users.search(username=name)["Users"][0]


def test_information_is_found(client: Any) -> None:
    """The plainest call there is."""
    assert "mdmsim" in client.info.get_environment_info()["ProductName"]
