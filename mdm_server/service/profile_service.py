"""Over-the-air profile delivery and configuration: Apple's profile service in three phases (checklist row 12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from certs.authority import Authority
from mdm_server.service.answer import Answer
from mdm_server.service.device_identity import DeviceIdentity
from mdm_server.service.invitations import Invitations
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.running import Runner
from mdm_server.service.settings import ServiceSettings


class ProfileServiceEnrollment:
    """Leads a device through the phases; which phase a POST is in shows in who signed it."""

    def __init__(
        self,
        invitations: Invitations,
        authority: Authority,
        settings: ServiceSettings,
        identity: DeviceIdentity,
        journal: Journal,
        clock: Callable[[], datetime],
        run: Runner,
    ) -> None: ...

    async def start(self, facts: RequestFacts) -> Answer:
        """Phase 1 (GET /enroll/ota): the signed Profile Service payload with the URL and a challenge."""
        raise NotImplementedError

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Phases 2 and 3 (POST /enroll/ota): unsigned SCEP payload, then the signed enrolment profile."""
        raise NotImplementedError
