"""`python -m mdm_server.cli`: the same as `mdm-server`."""

from __future__ import annotations

from mdm_server.cli import main

main()
