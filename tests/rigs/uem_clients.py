"""pyws1uem, the client from PyPI, unmodified: a program nobody here wrote, which blocks and trusts the system's CAs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mdm_server.embed import Server


def import_pyws1uem() -> Any:
    """Import the client's module, and put back the level of the root logger, which its import sets to DEBUG."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    import pyws1uem.client as client

    root.setLevel(level)
    root.handlers[:] = handlers
    return client


@contextmanager
def trusting(ca_file: Path | str) -> Iterator[None]:
    """Let `requests` trust a server's CA until the block ends."""
    before = os.environ.get("REQUESTS_CA_BUNDLE")
    os.environ["REQUESTS_CA_BUNDLE"] = str(ca_file)
    try:
        yield
    finally:
        if before is None:
            del os.environ["REQUESTS_CA_BUNDLE"]
        else:
            os.environ["REQUESTS_CA_BUNDLE"] = before


def client_of(server: Server) -> Any:
    """Return a client that knows a server's API user; it wants the address without a scheme, and adds https."""
    credentials = server.api
    assert credentials is not None
    api = import_pyws1uem().WorkspaceOneAPI
    address = server.url.removeprefix("https://")
    return api(address, credentials.tenant_code, credentials.user, credentials.password)
