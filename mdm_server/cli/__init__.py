"""The `mdm-server` command: serve, and administer a running server over its REST API."""

from __future__ import annotations


def main() -> None:
    """Run the command line (the console script's entry point)."""
    raise SystemExit("mdm-server: not built yet")
