"""The door without a page: `/enroll/dep`, where Setup Assistant itself asks its person, by HTTP's Basic scheme."""

from __future__ import annotations

from mdm_server.service.answer import PROFILE, TEXT, Answer
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.automated_enrollment.entrance import Arrival, Declined, Entrance, Unattended
from mdm_server.wire.basic_authorization import basic_pair

CHALLENGE = {"WWW-Authenticate": 'Basic realm="mdmsim"'}


class AutomatedEnrollment:
    """Answers devices in Setup Assistant."""

    def __init__(self, entrance: Entrance, journal: Journal) -> None:
        self._entrance = entrance
        self._journal = journal

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer a device's MachineInfo, in whichever of its three forms it came (checklist row 13).

        The enrolment profile; 401 to ask who the person is; 403 `com.apple.softwareupdate.required` to have the device
        update first; or a refusal of staging, as text with its status. Raises Refusal `ade.machineinfo` for a device
        that is not what it says, or has no DEP profile.
        """
        with self._journal.guard(facts) as exchange:
            info, arrival = await self._entrance.recognize(facts, body, exchange)
            update = self._entrance.update_first(facts, info, arrival.program)
            return update or await self._enroll(facts, arrival)

    async def _enroll(self, facts: RequestFacts, arrival: Arrival) -> Answer:
        if not arrival.program.authentication_required:
            outcome = await self._entrance.enroll(facts, arrival, Unattended(default_user=arrival.program.default_user))
        else:
            typed = _typed(facts.authorization)
            if typed is None:
                return Answer(status=401, headers=CHALLENGE)
            outcome = await self._entrance.enroll_as(facts, arrival, typed)
        if not isinstance(outcome, Declined):
            return Answer(outcome, PROFILE)
        if outcome.may_try_again:
            return Answer(status=401, headers=CHALLENGE)
        return Answer(outcome.text.encode(), TEXT, status=outcome.status)


def _typed(authorization: str | None) -> tuple[str, str] | None:
    """Return what was typed in Setup Assistant; None if nobody was asked yet."""
    scheme, _, encoded = (authorization or "").partition(" ")
    return basic_pair(encoded) if scheme.lower() == "basic" else None
