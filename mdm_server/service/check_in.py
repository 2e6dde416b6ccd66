"""Check-in messages: Authenticate, TokenUpdate, CheckOut and the token exchanges.

Apple: "Check-in" (MDM protocol reference); statuses as measured of nanomdm where Apple is silent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.service.answer import Answer
from mdm_server.service.device_identity import PresentedCertificate
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.contract import Store
from mdm_server.wire.checkin import CheckIn


class CheckIns:
    """Carries out one check-in message of an identified device."""

    def __init__(
        self, store: Store, settings: ServiceSettings, journal: Journal, clock: Callable[[], datetime]
    ) -> None: ...

    async def answer(self, facts: RequestFacts, presented: PresentedCertificate, message: CheckIn) -> Answer:
        """Answer a check-in.

        Authenticate, TokenUpdate, CheckOut, SetBootstrapToken: 200 without a body. GetBootstrapToken: a plist, or no
        body when none is kept. UserAuthenticate: 410, this server does not manage network users. GetToken and
        DeclarativeManagement: refused (`checkin.token_service`, `ddm.not_configured`), never answered with 401.
        """
        raise NotImplementedError
