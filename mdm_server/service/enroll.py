"""GET and POST /enroll: the enrolment profile, for whoever asks or for the device that says who it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.service.answer import Answer
from mdm_server.service.invitations import Invitations
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings


class Enroll:
    """Gives out signed enrolment profiles, one one-time challenge each."""

    def __init__(
        self, invitations: Invitations, settings: ServiceSettings, journal: Journal, clock: Callable[[], datetime]
    ) -> None: ...

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer with `application/x-apple-aspen-config`.

        MachineInfo may come as `?deviceinfo=` (base64url), as the x-apple-aspen-deviceinfo header (base64) or as the
        body of a POST (checklist row 13). With it, the invitation is for that device; without it, for the first device
        that comes with the certificate. Raises Refusal `enroll.machine_info` when what came cannot be trusted, and
        `enroll.closed` when open enrolment is off and no MachineInfo came.
        """
        raise NotImplementedError
