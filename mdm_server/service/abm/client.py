"""Apple Business Manager's device API, as an MDM server calls it.

https://developer.apple.com/documentation/devicemanagement/device-assignment
A session is opened by OAuth 1.0; any response may bring another one. Where Apple says that a session is none any more,
one new session is opened and the call made again, once: a server that says no for ever is not asked for ever. A call
that got no answer, or an answer of a server in trouble, is repeated at once; all of them may be, without harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from mdm_server.service.calling import Called, Caller, CallFailedError
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.wire.dep import (
    CONTENT_TYPE,
    PROTOCOL_VERSION,
    PROTOCOL_VERSION_HEADER,
    SESSION_HEADER,
    AccountDetail,
    ActivationLockReply,
    ActivationLockRequest,
    AssignReply,
    AssignRequest,
    DepProfile,
    DevicesReply,
    DevicesRequest,
    DisownReply,
    FetchReply,
    FetchRequest,
    SessionReply,
    SyncRequest,
    decode,
    encode,
)
from mdm_server.wire.dep_errors import DepErrorCode, error_code
from mdm_server.wire.errors import WireError
from mdm_server.wire.oauth1 import Credentials, authorization
from mdm_server.wire.server_token import ServerToken

USER_AGENT = "mdmsim-mdm-server/1"
"""Apple answers nobody who does not say what they are."""
REALM = "ADM"
TRIES = 3
"""How often a call is made that gets no answer, or one of a server in trouble."""
PATIENCE = 60
"""Seconds to wait where Apple asks for patience and does not say how much."""
MOST_PATIENCE = 24 * 60 * 60

Message = TypeVar("Message", bound=msgspec.Struct)


class AbmRefused(DetailedRefusal):
    """Apple said no: `abm.refused`, with Apple's word for it as the reason."""

    def __init__(self, status: int, word: DepErrorCode | None, *, retry_after: int | None = None) -> None:
        said = word or f"an answer {status} without a word"
        super().__init__("abm.refused", reason=word.lower() if word else f"http_{status}", detail=str(said))
        self.retry_after = retry_after
        self.answered = status
        self.word = word

    @property
    def session_is_over(self) -> bool:
        """Whether another session may help."""
        return self.answered == 401 or self.word is DepErrorCode.FORBIDDEN

    @property
    def is_over_soon(self) -> bool:
        """Whether the same call may be answered the next moment."""
        return self.answered >= 500


class AbmClient:
    """One of our servers in Apple Business Manager, calling. Raises Refusal `abm.unreachable`, and AbmRefused."""

    def __init__(
        self,
        caller: Caller,
        token: ServerToken,
        url: str,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._caller = caller
        self._credentials = Credentials(
            consumer_key=token.consumer_key,
            consumer_secret=token.consumer_secret,
            token=token.access_token,
            token_secret=token.access_secret,
        )
        self._url = url.rstrip("/")
        self._clock = clock
        self._random_bytes = random_bytes
        self._session: str | None = None

    async def account(self) -> AccountDetail:
        """Ask whose server this is."""
        return await self._ask("GET", "/account", None, AccountDetail)

    async def fetch(self, cursor: str | None, limit: int | None = None) -> FetchReply:
        """Ask for a page of all devices."""
        return await self._ask("POST", "/server/devices", FetchRequest(cursor, limit), FetchReply)

    async def sync(self, cursor: str | None, limit: int | None = None) -> FetchReply:
        """Ask for a page of what has changed."""
        return await self._ask("POST", "/devices/sync", SyncRequest(cursor, limit), FetchReply)

    async def details(self, serial_numbers: Sequence[str]) -> DevicesReply:
        """Ask about particular devices."""
        return await self._ask("POST", "/devices", DevicesRequest(tuple(serial_numbers)), DevicesReply)

    async def disown(self, serial_numbers: Sequence[str]) -> DisownReply:
        """Give devices up for ever: the organization has them no more."""
        return await self._ask("POST", "/devices/disown", DevicesRequest(tuple(serial_numbers)), DisownReply)

    async def define(self, profile: DepProfile) -> AssignReply:
        """Define a profile; the answer says what Apple calls it."""
        return await self._ask("POST", "/profile", profile, AssignReply)

    async def profile(self, profile_uuid: str) -> DepProfile:
        """Ask for a profile."""
        return await self._ask("GET", f"/profile?profile_uuid={quote(profile_uuid, safe='')}", None, DepProfile)

    async def assign(self, profile_uuid: str, serial_numbers: Sequence[str]) -> AssignReply:
        """Give devices a profile."""
        return await self._ask(
            "PUT", "/profile/devices", AssignRequest(profile_uuid, tuple(serial_numbers)), AssignReply
        )

    async def remove(self, serial_numbers: Sequence[str]) -> AssignReply:
        """Take the profile of devices away."""
        return await self._ask("DELETE", "/profile/devices", AssignRequest(None, tuple(serial_numbers)), AssignReply)

    async def activation_lock(
        self, serial_number: str, escrow_key: str | None = None, message: str | None = None
    ) -> ActivationLockReply:
        """Lock a device to the organization."""
        request = ActivationLockRequest(serial_number, escrow_key, message)
        return await self._ask("POST", "/device/activationlock", request, ActivationLockReply)

    async def _ask(self, method: str, path: str, message: msgspec.Struct | None, kind: type[Message]) -> Message:
        """Make a call as often as makes sense."""
        body = b"" if message is None else encode(message)
        sessions, tries = 2, TRIES
        while True:
            try:
                return await self._ask_once(method, path, body, kind)
            except AbmRefused as refused:
                # The sessions are counted apart from the tries: a repeated call may well meet the end of its session.
                if refused.session_is_over:
                    self._session = None
                    sessions -= 1
                elif refused.is_over_soon:
                    tries -= 1
                if not sessions or not tries or not (refused.session_is_over or refused.is_over_soon):
                    raise
            except CallFailedError as failed:
                tries -= 1
                if not tries:
                    raise DetailedRefusal("abm.unreachable", reason=failed.reason, detail=str(failed)) from failed

    async def _ask_once(self, method: str, path: str, body: bytes, kind: type[Message]) -> Message:
        if self._session is None:
            self._session = await self._open_session()
        called = await self._call(method, path, body, {SESSION_HEADER: self._session})
        self._session = called.headers.get(SESSION_HEADER.lower(), self._session)
        return _read(called, kind)

    async def _open_session(self) -> str:
        url = f"{self._url}/session"
        signed = authorization(
            "GET",
            url,
            self._credentials,
            nonce=self._random_bytes(16).hex(),
            timestamp=int(self._clock().timestamp()),
            realm=REALM,
        )
        called = await self._call("GET", "/session", b"", {"Authorization": signed})
        return _read(called, SessionReply).auth_session_token

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Called:
        standing = {
            "Content-Type": CONTENT_TYPE,
            "Accept": CONTENT_TYPE,
            "User-Agent": USER_AGENT,
            PROTOCOL_VERSION_HEADER: PROTOCOL_VERSION,
        }
        return await self._caller.call(method, self._url + path, {**standing, **headers}, body)


def _read(called: Called, kind: type[Message]) -> Message:
    if called.status != 200:
        word = error_code(called.body)
        raise AbmRefused(called.status, word, retry_after=_retry_after(called) if called.status == 429 else None)
    try:
        return decode(called.body, kind)
    except WireError as error:
        raise DetailedRefusal("abm.refused", reason="malformed_answer", detail=error.detail) from error


def patience(seconds: int | None) -> int:
    """Return how long to wait where Apple asks for so much patience: a second at least, and no more than a day."""
    return PATIENCE if seconds is None else max(1, min(seconds, MOST_PATIENCE))


def _retry_after(called: Called) -> int:
    """Return how long to wait; a date, which Apple does not send, counts as no word about it."""
    told = called.headers.get("retry-after", "")
    return patience(int(told) if told.isascii() and told.isdigit() and len(told) < 10 else None)
