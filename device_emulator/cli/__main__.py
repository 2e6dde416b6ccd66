"""`python -m device_emulator.cli`: the same as `device-emulator`."""

from __future__ import annotations

from device_emulator.cli import main

main()
