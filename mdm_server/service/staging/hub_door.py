"""The Hub's door: bytes in, bytes out; what cannot be read is refused and journaled, whoever guesses is slowed down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import Answer
from mdm_server.service.journal import Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.checking_out import CheckingOut
from mdm_server.service.staging.direct_enrollment import DirectEnrollment
from mdm_server.service.staging.hub import Hub
from mdm_server.wire.hub import DeviceReply, HubReply, Step, encode, parse_login, parse_request

JSON = "application/json"
GUESSES = frozenset(
    {
        "BAD_CREDENTIALS",
        "CAPTCHA_REQUIRED",
        "CREATE_MDM_ERROR",
        "GROUP_UNKNOWN",
        "SHARED_PASSCODE",
        "TOKEN_INVALID",
    }
)
"""The refusals that whoever tries out names, passwords and tokens collects; a session nobody can guess."""
UseCase = Callable[[RequestFacts, bytes], Awaitable[Answer]]


class HubDoor:
    """Hands the bodies of the Hub's requests to the use cases, as messages."""

    def __init__(
        self,
        hub: Hub,
        checking_out: CheckingOut,
        direct_enrollment: DirectEnrollment,
        journal: Journal,
        limiter: GuessLimiter,
    ) -> None:
        self._hub = hub
        self._checking_out = checking_out
        self._direct_enrollment = direct_enrollment
        self._journal = journal
        self._limiter = limiter

    def wizard(self, step: Step) -> UseCase:
        """Return what answers one step of the wizard."""

        async def answer(facts: RequestFacts, body: bytes) -> Answer:
            with self._journal.guard(facts):
                self._slow_down(facts)
                return self._answer(facts, await self._hub.answer(facts, step, parse_request(body)))

        return answer

    async def login(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer a login on an enrolled device: a claim, or a check-out."""
        with self._journal.guard(facts):
            self._slow_down(facts)
            return self._answer(facts, await self._checking_out.log_in(facts, body, parse_login(body)))

    async def logout(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer a logout on an enrolled device: a check-in."""
        with self._journal.guard(facts):
            return self._answer(facts, await self._checking_out.log_out(facts, body))

    async def status(self, facts: RequestFacts, body: bytes) -> Answer:
        """Tell whose an enrolled device is."""
        with self._journal.guard(facts):
            return self._answer(facts, await self._checking_out.status(facts, body))

    async def direct_enrollment(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer a login to the Workspace ONE app."""
        with self._journal.guard(facts):
            self._slow_down(facts)
            return self._answer(facts, await self._direct_enrollment.log_in(facts, parse_login(body)))

    def _slow_down(self, facts: RequestFacts) -> None:
        wait = self._limiter.retry_after(facts.peer)
        if wait is not None:
            raise Refusal("limit.rate", reason="hub", retry_after=wait)

    def _answer(self, facts: RequestFacts, reply: HubReply | DeviceReply) -> Answer:
        if reply.status.reason in GUESSES:
            self._limiter.failed(facts.peer)
        return Answer(encode(reply), JSON)
