"""GET and POST /enroll: the enrolment profile, for whoever asks or for the device that says who it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import PROFILE, Answer
from mdm_server.service.compat import Compat
from mdm_server.service.device_description import envelope_of, machine_of, open_description
from mdm_server.service.invitations import InvitationRequest, Invitations
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.completion import SESSION_PARAMETER, Completion

SIGN_MESSAGE_PARAMETER = "sign_message"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class Enroll:
    """Gives out signed enrolment profiles, one one-time challenge each."""

    def __init__(
        self,
        invitations: Invitations,
        completion: Completion,
        settings: ServiceSettings,
        journal: Journal,
        clock: Callable[[], datetime],
    ) -> None:
        self._invitations = invitations
        self._completion = completion
        self._settings = settings
        self._journal = journal
        self._clock = clock

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer with `application/x-apple-aspen-config`.

        MachineInfo may come as `?deviceinfo=` (base64url), as the x-apple-aspen-deviceinfo header (base64) or as the
        body of a POST (checklist row 13). With it, the invitation is for that device; without it, for the first device
        that comes with the certificate. `?sign_message=false` asks for a profile whose device shows its certificate in
        the TLS handshake instead of signing. Raises Refusal `enroll.machine_info` when what came cannot be trusted, and
        `enroll.closed` when open enrolment is off and no MachineInfo came.

        `?session=` names the Hub session that led here, and gets what `Completion.profile` gives.
        """
        with self._journal.guard(facts):
            session = facts.query.get(SESSION_PARAMETER)
            if session is not None:
                return Answer(await self._completion.profile(session, facts), PROFILE)
            request = self._invitation_for(facts, body)
            return Answer(await self._invitations.profile(request, facts), PROFILE)

    def _invitation_for(self, facts: RequestFacts, body: bytes) -> InvitationRequest:
        """Decide whom the invitation is for.

        Only a vouched description makes it one for a certain device, because such an invitation may take the place of
        an enrolment. A description that is tolerated without being vouched for gets what a stranger gets.
        """
        sign_message = _TRUTHS.get(facts.query.get(SIGN_MESSAGE_PARAMETER, "").lower())
        envelope = envelope_of(facts, body)
        if envelope is None:
            if not self._settings.open_enrollment:
                raise Refusal("enroll.closed")
            return InvitationRequest(sign_message=sign_message)
        description = open_description(envelope, self._settings, self._clock(), code="enroll.machine_info")
        if not description.vouched:
            if not self._settings.allows(Compat.ANY_DEVICE_CA):
                raise Refusal("enroll.machine_info", reason="untrusted")
            return InvitationRequest(sign_message=sign_message)
        info = machine_of(description, code="enroll.machine_info")
        return InvitationRequest(udid=info.udid, serial_number=info.serial, sign_message=sign_message)
