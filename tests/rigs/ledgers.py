"""Apple's books for tests: closed when whoever opened them is gone."""

from __future__ import annotations

import weakref
from pathlib import Path

from mdm_server.clouds.apple.business_manager.ledger import Ledger


def ledger_of(owner: object, path: Path | None = None) -> Ledger:
    """Open a ledger for somebody; Python 3.13 complains, of all tests to the next one, of a database left open."""
    ledger = Ledger.open(path)
    weakref.finalize(owner, ledger.close)
    return ledger
