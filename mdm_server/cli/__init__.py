"""The `mdm-server` command: serve, and administer a running server over its REST API."""

from __future__ import annotations

from mdm_server.cli.program import main

__all__ = ["main"]
