"""What something may cost, in seconds of a quiet machine.

A limit on cost is a promise about the code, not about the machine that happens to run the test. So it is CPU time of
this thread that counts, garbage that other tests left is nobody's fault, and who exceeds a limit is only then to blame
when this machine, in this moment, does its other work as fast as a quiet one.
"""

from __future__ import annotations

import gc
import plistlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

TRACED = 10
"""How many times as long a tight loop takes while coverage watches it; seven or eight were measured."""
QUIET_SECONDS = 25e-6
"""What plistlib takes for a small report on a quiet machine."""
REPORT = plistlib.dumps({"UDID": "0000", "Status": "Idle"})


def pace() -> float:
    """Return by how much a limit on cost is to be widened: other programs share the cores, coverage slows Python."""
    started = time.thread_time()
    for _ in range(100):
        plistlib.loads(REPORT)
    busy = (time.thread_time() - started) / 100 / QUIET_SECONDS
    return max(1.0, busy) * (1 if sys.gettrace() is None else TRACED)


@contextmanager
def at_most(seconds: float, what: str = "it") -> Iterator[None]:
    """Fail if the block costs more than this many seconds of a quiet machine."""
    collects = gc.isenabled()
    gc.disable()
    started = time.thread_time()
    try:
        yield
    finally:
        spent = time.thread_time() - started
        if collects:
            gc.enable()
    assert_cost(spent, seconds, what)


def assert_cost(spent: float, seconds: float, what: str = "it") -> None:
    """Assert that what was spent is not more than this many seconds of a quiet machine."""
    assert spent < seconds or spent < seconds * pace(), (
        f"{what} took {spent * 1000:.3f} ms of CPU; at most {seconds * 1000:g} on a quiet machine are allowed"
    )
