"""Who vouches for devices: the one who made them, in Apple's place."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from certs.authority import Authority
from device_emulator.scenario.checking import Script

NAME = "mdmsim TEST vendor"


def vendor_of(script: Script, clock: Callable[[], datetime]) -> Authority | None:
    """Return an authority whose word a server is to believe; None for a script in which nobody asks for it."""
    if "dep" not in script.document.needs:
        return None
    return Authority.create(clock=clock, random_bytes=os.urandom, organization=NAME)
