"""Sessions: opened with a signature, carried in a header, ended by time, by a successor or by a restart.

A server has one session. When its token changes, the one before stays good until the new one has been used, for the
answer that brought it may have been lost. Who comes with a token that was good once is told UNAUTHORIZED; who comes
with one that never was, as all are after a restart, is told FORBIDDEN as by depsim. Clients open a new one at either.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mdm_server.clouds.apple.business_manager.program import Program
from mdm_server.clouds.apple.business_manager.servers import TokenHolder
from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.clouds.call import Call
from mdm_server.wire import oauth1
from mdm_server.wire.dep import DepErrorCode
from mdm_server.wire.errors import WireError

REMEMBERED = 10_000
"""Ended tokens that are remembered, and nonces where a timestamp may be any; an older one is as one that never was."""


@dataclass(slots=True)
class Session:
    """An MDM server that has shown who it is."""

    server: int
    server_uuid: str
    consumer_key: str
    token: str = field(repr=False)
    opened: datetime
    before: str | None = field(default=None, repr=False)
    """The token that this one follows, while it has not been used."""
    answers: int = 0


class Sessions:
    """Opens and knows them. They are in memory only."""

    def __init__(
        self,
        program: Program,
        settings: DepSettings,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._program = program
        self._settings = settings
        self._clock = clock
        self._random_bytes = random_bytes
        self._by_token: dict[str, Session] = {}
        self._by_server: dict[int, Session] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._nonces: OrderedDict[tuple[str, int, str], datetime] = OrderedDict()

    def open(self, call: Call) -> Session:
        """Open a session for whoever signed the call; the one that the server had ends.

        Raises:
            DepApiError: BAD_REQUEST for a header that cannot be read, UNAUTHORIZED for one that is not true or was
                used before (RFC 5849 §3.2), T_C_NOT_SIGNED.

        """
        try:
            claim = oauth1.read(call.headers.get("authorization", ""))
        except WireError as error:
            raise DepApiError(DepErrorCode.BAD_REQUEST, error.code) from error
        holder = self._verified(call, claim)
        if not holder.terms_agreed:
            raise DepApiError(DepErrorCode.T_C_NOT_SIGNED, "terms")
        self._end(self._by_server.get(holder.server))
        session = Session(holder.server, holder.server_uuid, claim.consumer_key, self._new_token(), self._clock())
        self._by_server[holder.server] = self._by_token[session.token] = session
        return session

    def find(self, token: str | None) -> Session:
        """Return the session of a token (DepApiError UNAUTHORIZED, FORBIDDEN, T_C_NOT_SIGNED)."""
        if not token:
            raise DepApiError(DepErrorCode.UNAUTHORIZED, "no session")
        session = self._by_token.get(token)
        if session is None:
            if token in self._ended:
                raise DepApiError(DepErrorCode.UNAUTHORIZED, "session ended")
            raise DepApiError(DepErrorCode.FORBIDDEN, "unknown session")
        holder = self._program.holder(session.consumer_key)
        if holder is None or self._is_over(session, holder):
            self._end(session)
            raise DepApiError(DepErrorCode.UNAUTHORIZED, "session ended")
        if not holder.terms_agreed:
            raise DepApiError(DepErrorCode.T_C_NOT_SIGNED, "terms")
        if token == session.token and session.before is not None:
            self._forget(session.before)
            session.before = None
        return session

    def answered(self, session: Session) -> str:
        """Count an answer and return the token that it carries, which now and then is a new one."""
        session.answers += 1
        every = self._settings.rotate_every
        if every and session.answers % every == 0 and session.before is None:
            session.before, session.token = session.token, self._new_token()
            self._by_token[session.token] = session
        return session.token

    def _verified(self, call: Call, claim: oauth1.Authorization) -> TokenHolder:
        """Return whose signature it is, once."""
        holder = self._program.holder(claim.consumer_key)
        if holder is None:
            raise DepApiError(DepErrorCode.UNAUTHORIZED, "unknown consumer")
        secrets = oauth1.Credentials(
            consumer_key=claim.consumer_key,
            consumer_secret=holder.consumer_secret,
            token=holder.access_token,
            token_secret=holder.access_secret,
        )
        if not oauth1.verify(claim, call.method, call.url, call.query, secrets):
            raise DepApiError(DepErrorCode.UNAUTHORIZED, "signature")
        now = self._clock()
        if holder.expires <= now:
            raise DepApiError(DepErrorCode.UNAUTHORIZED, "server token expired")
        window = self._settings.timestamp_window
        if window is not None and abs(now.timestamp() - claim.timestamp) > window.total_seconds():
            raise DepApiError(DepErrorCode.UNAUTHORIZED, "timestamp")
        self._use_nonce((claim.consumer_key, claim.timestamp, claim.nonce), now, window)
        return holder

    def _use_nonce(self, nonce: tuple[str, int, str], now: datetime, window: timedelta | None) -> None:
        """Remember a nonce, which is good once with its timestamp (RFC 5849 §3.3), as long as it could come again."""
        while self._nonces:
            oldest = next(iter(self._nonces.values()))
            is_past = len(self._nonces) >= REMEMBERED if window is None else now - oldest > 2 * window
            if not is_past:
                break
            self._nonces.popitem(last=False)
        if nonce in self._nonces:
            raise DepApiError(DepErrorCode.UNAUTHORIZED, "nonce used before")
        self._nonces[nonce] = now

    def _is_over(self, session: Session, holder: TokenHolder) -> bool:
        now = self._clock()
        return now - session.opened > self._settings.session_life or holder.expires <= now

    def _new_token(self) -> str:
        return self._random_bytes(32).hex()

    def _end(self, session: Session | None) -> None:
        if session is None:
            return
        self._by_server.pop(session.server, None)
        for token in (session.token, session.before):
            if token is not None:
                self._forget(token)

    def _forget(self, token: str) -> None:
        self._by_token.pop(token, None)
        self._ended[token] = None
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
