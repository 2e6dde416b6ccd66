"""The door of the channel of virtual Androids: bytes in, bytes out; no is said in the channel's own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import Answer
from mdm_server.service.journal import Exchange, Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.android_enrollment import AndroidEnrollment
from mdm_server.service.staging.android_sync import AndroidSync
from mdm_server.wire.android_channel import (
    CONTENT_TYPE,
    ChannelMessage,
    CommandResult,
    Empty,
    EnrollRequest,
    ErrorReply,
    StatusReport,
    Verb,
    encode,
    parse,
    parse_path,
)

GUESSES = frozenset({"BAD_CREDENTIALS", "GROUP_UNKNOWN", "SESSION_EXPIRED"})
"""The refusals that whoever tries out passwords and tokens collects."""
RETRY_AFTER = 3


class AndroidDoor:
    """Hands the bodies of an Android's requests to the use cases, as messages."""

    def __init__(
        self, enrollment: AndroidEnrollment, sync: AndroidSync, journal: Journal, limiter: GuessLimiter
    ) -> None:
        self._enrollment = enrollment
        self._sync = sync
        self._journal = journal
        self._limiter = limiter

    def at(self, path: str) -> Callable[[RequestFacts, bytes], Awaitable[Answer]]:
        """Return what answers a POST to an address."""

        async def answer(facts: RequestFacts, body: bytes) -> Answer:
            return await self.answer(facts, path, body)

        return answer

    async def answer(self, facts: RequestFacts, path: str, body: bytes) -> Answer:
        """Answer a POST to an address of the channel."""
        try:
            with self._journal.guard(facts) as exchange:
                said = await self._talk(facts, path, body, exchange)
        except Refusal as refusal:
            said = refusal  # journaled by the guard; one that is returned has been already
        if isinstance(said, Refusal):
            if said.code in GUESSES:
                self._limiter.failed(facts.peer)
            return _no(said)
        return Answer(encode(said), CONTENT_TYPE)

    async def _talk(self, facts: RequestFacts, path: str, body: bytes, exchange: Exchange) -> ChannelMessage | Refusal:
        call = parse_path(path)
        if call is None:
            raise Refusal("api.not_found", reason="android")
        exchange.message, exchange.device = f"android.{call.verb}", call.device
        match call.verb:
            case Verb.ENROLL:
                self._slow_down(facts)
                return await self._enrollment.enroll(facts, parse(body, EnrollRequest))
            case Verb.SYNC:
                return await self._sync.synchronize(facts, call.device, parse(body, StatusReport))
            case Verb.ACKNOWLEDGE:
                result = parse(body, CommandResult)
                return await self._sync.acknowledge(facts, call.device, call.operation, result)
            case Verb.UNENROLL:
                parse(body, Empty)
                return await self._sync.unenroll(facts, call.device)

    def _slow_down(self, facts: RequestFacts) -> None:
        wait = self._limiter.retry_after(facts.peer)
        if wait is not None:
            raise Refusal("limit.rate", reason="android", retry_after=wait)


def _no(refusal: Refusal) -> Answer:
    """Say no; a device that is gone hears the reason for that in the place of the code."""
    code = refusal.reason if refusal.code == "android.gone" and refusal.reason else refusal.code
    later = {"Retry-After": str(refusal.retry_after or RETRY_AFTER)} if refusal.status in {429, 503} else {}
    body = encode(ErrorReply(code=code, text=refusal.text, remedy=refusal.remedy))
    return Answer(body, CONTENT_TYPE, status=refusal.status, headers=later)
