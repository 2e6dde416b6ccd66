"""Whether a SCEP request gets a certificate, and which: challenges, renewals, retries, approvals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from certs.authority import Authority
from mdm_server.service.journal import Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.running import Runner
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.contract import Store


class ScepIssuance:
    """Issues what the record says, never what the request wishes; records before it signs (I-11)."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        settings: ServiceSettings,
        journal: Journal,
        limiter: GuessLimiter,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        run: Runner,
    ) -> None: ...
