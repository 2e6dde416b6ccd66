"""The device enrolment API: finds out who calls, meets what was arranged to fail, and has the call answered.

https://developer.apple.com/documentation/devicemanagement/device-assignment
The points at which calls can be made to fail are named as in depsim's configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.depsim_token import DEPSIM_TOKEN
from mdm_server.clouds.apple.dep.accounts import Accounts
from mdm_server.clouds.apple.dep.asking import Asking
from mdm_server.clouds.apple.dep.assigning import Assigning
from mdm_server.clouds.apple.dep.cursors import SECRET_BYTES, Cursors
from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.clouds.apple.dep.fault_words import Mishap, meaning
from mdm_server.clouds.apple.dep.listing import Listing
from mdm_server.clouds.apple.dep.sessions import Session, Sessions
from mdm_server.clouds.apple.dep.settings import DepSettings, ErrorBody
from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Journal, Service
from mdm_server.clouds.call import Call, Reply
from mdm_server.wire.dep import (
    CONTENT_TYPE,
    PROTOCOL_VERSION,
    PROTOCOL_VERSION_HEADER,
    SESSION_HEADER,
    AssignReply,
    DepErrorCode,
    ResponseStatus,
    SessionReply,
    encode,
)

DEFAULT_RETRY_AFTER = 60
"""Seconds that a client is told to wait where the arranged failure does not say."""

_PRODUCT = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+(/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?( .*)?")
"""RFC 9110 §10.1.5: a product, perhaps with its version, and whatever follows."""
_LIBRARIES = re.compile(
    r"(go-http-client|python|aiohttp|okhttp|java|node-fetch|axios|undici|curl|wget|libwww-perl|ruby)\b", re.IGNORECASE
)
_WRAPPED: Mapping[ErrorBody, str] = {"bare": "{}", "quoted": '"{}"', "json": '{{"code":"{}"}}'}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked for.

    Attributes:
        point: what its failures are called.
        answer: what is asked for.
        failing: the same where every device of the request is to fail.

    """

    point: str
    answer: Callable[[Asking], msgspec.Struct | None]
    failing: Callable[[Asking, ResponseStatus], msgspec.Struct] | None = None


class DepApi:
    """Answers MDM servers."""

    def __init__(
        self,
        business_manager: BusinessManager,
        faults: Faults,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        journal: Journal,
        settings: DepSettings | None = None,
    ) -> None:
        self._settings = settings or DepSettings()
        self._faults = faults
        self._journal = journal
        program = business_manager.program
        secret = program.cursor_secret(random_bytes(SECRET_BYTES))
        cursors = Cursors(secret, timedelta(days=self._settings.cursor_days))
        self._sessions = Sessions(program, self._settings, clock, random_bytes)
        self._endpoints = _endpoints(
            Accounts(program, self._settings),
            Listing(program, cursors, self._settings, clock),
            Assigning(program, self._settings),
        )

    def answer(self, call: Call) -> Reply:
        """Answer a call, whatever it is."""
        try:
            if (call.method, call.path) == ("GET", "/token") and self._settings.depsim:
                return _reply(DEPSIM_TOKEN)
            if call.path == "/session":
                return self._open(call)
            return self._ask(call)
        except DepApiError as error:
            return self._refuse(error, call)

    def _open(self, call: Call) -> Reply:
        """Open a session."""
        if call.method != "GET":
            raise DepApiError(DepErrorCode.INVALID_METHOD, "expected GET")
        self._version(call)
        session = self._sessions.open(call)
        fault = self._faults.strike(Service.DEP, "get_session")
        self._journal.tell(Service.DEP, "session_opened", server=session.server_uuid)
        return self._befall(fault, call, lambda: _reply(SessionReply(session.token)))

    def _ask(self, call: Call) -> Reply:
        """Answer a call of a session."""
        methods = self._endpoints.get(call.path.rstrip("/"))
        if methods is None:
            raise DepApiError(DepErrorCode.NOT_FOUND, "no such address")
        version = self._version(call)
        session = self._sessions.find(call.headers.get(SESSION_HEADER.lower()))
        endpoint = methods.get(call.method)
        try:
            if endpoint is None:
                raise DepApiError(DepErrorCode.INVALID_METHOD, f"expected one of {', '.join(methods)}")
            reply = self._meet(endpoint, Asking(session.server, version, call))
        except DepApiError as error:
            reply = self._refuse(error, call)
        return self._with_session(reply, session)

    def _meet(self, endpoint: Endpoint, asking: Asking) -> Reply:
        """Answer a call, or do what was arranged in its place."""
        fault = self._faults.strike(Service.DEP, endpoint.point)
        meant = None if fault is None else meaning(fault.response)
        if fault is not None and isinstance(meant, ResponseStatus):
            if endpoint.failing is None:
                raise DepApiError(DepErrorCode.NOT_FOUND, f"arranged: {fault.name}")
            message = endpoint.failing(asking, meant)
            if meant is ResponseStatus.THROTTLED and isinstance(message, AssignReply):
                message = msgspec.structs.replace(message, retry_after_seconds=_retry_after(fault))
            return _reply(message)
        return self._befall(fault, asking.call, lambda: _reply(endpoint.answer(asking)))

    def _befall(self, fault: Fault | None, call: Call, answer: Callable[[], Reply]) -> Reply:
        """Answer a call, unless a failure that was arranged says otherwise."""
        if fault is None:
            return answer()
        meant = meaning(fault.response)
        if isinstance(meant, ResponseStatus):
            meant = DepErrorCode.NOT_FOUND
        if meant is Mishap.CUT:
            return Reply(cut=True, delay=fault.delay)
        if isinstance(meant, Mishap):
            return replace(answer(), delay=fault.delay, cut=meant is Mishap.LOST)
        if meant is DepErrorCode.TOO_MANY_REQUESTS:
            error = DepApiError(meant, f"arranged: {fault.name}", retry_after=_retry_after(fault))
            return self._refuse(error, call)
        return replace(self._refuse(DepApiError(meant, f"arranged: {fault.name}"), call), delay=fault.delay)

    def _refuse(self, error: DepApiError, call: Call) -> Reply:
        """Say no, in the shape that was chosen, and write the reason into the journal."""
        # How a path is spelled is the caller's; the journal keeps no essay.
        asked = f"{call.method} {call.path}"[:80]
        self._journal.tell(Service.DEP, "refused", asked=asked, code=error.code, reason=error.reason, peer=call.peer)
        headers = {"Content-Type": "application/json" if self._settings.error_body == "json" else "text/plain"}
        if error.retry_after is not None:
            headers["Retry-After"] = str(error.retry_after)
        body = _WRAPPED[self._settings.error_body].format(error.code)
        return Reply(status=error.code.status, headers=headers, body=body.encode())

    def _with_session(self, reply: Reply, session: Session) -> Reply:
        """Let an answer carry the session's token: it may be a new one."""
        return replace(reply, headers={**reply.headers, SESSION_HEADER: self._sessions.answered(session)})

    def _version(self, call: Call) -> int:
        """Return the version of the protocol that a client speaks, after a look at what it says it is."""
        if self._settings.strict_user_agent:
            agent = call.headers.get("user-agent", "").strip()
            if not agent:
                raise DepApiError(DepErrorCode.USER_AGENT_MISSING, "no User-Agent")
            if not _PRODUCT.fullmatch(agent) or _LIBRARIES.match(agent):
                raise DepApiError(DepErrorCode.USER_AGENT_INVALID, "expected a product as User-Agent")
        spoken = call.headers.get(PROTOCOL_VERSION_HEADER.lower(), "").strip()
        if len(spoken) == 1 and "1" <= spoken <= PROTOCOL_VERSION:
            return int(spoken)
        if self._settings.strict_protocol_version:
            raise DepApiError(
                DepErrorCode.BAD_REQUEST, f"expected {PROTOCOL_VERSION_HEADER} from 1 to {PROTOCOL_VERSION}"
            )
        return int(PROTOCOL_VERSION)


def _endpoints(accounts: Accounts, listing: Listing, assigning: Assigning) -> Mapping[str, Mapping[str, Endpoint]]:
    """Return what can be asked for, by path and method."""
    assign = Endpoint("put_profile_devices", assigning.assign, assigning.assign_failing)
    return {
        "/account": {"GET": Endpoint("get_account", accounts.account)},
        "/server/devices": {"POST": Endpoint("post_server_devices", listing.fetch)},
        "/devices/sync": {"POST": Endpoint("post_devices_sync", listing.sync)},
        "/devices": {"POST": Endpoint("post_devices", listing.details, listing.details_failing)},
        "/devices/disown": {"POST": Endpoint("post_devices_disown", listing.disown, listing.disown_failing)},
        "/device/activationlock": {"POST": Endpoint("post_activationlock", accounts.lock, accounts.lock_failing)},
        "/profile": {
            "GET": Endpoint("get_profile", assigning.show),
            "POST": Endpoint("post_profile", assigning.define, assigning.define_failing),
        },
        # Clients disagree about the verb that assigns: nanodep puts, zentral posts.
        "/profile/devices": {
            "PUT": assign,
            "POST": assign,
            "DELETE": Endpoint("delete_profile_devices", assigning.remove, assigning.remove_failing),
        },
        "/os-beta-enrollment/tokens": {"GET": Endpoint("get_beta_tokens", accounts.betas)},
        "/account-driven-enrollment/profile": {
            "POST": Endpoint("post_account_driven_profile", accounts.account_driven),
        },
    }


def _reply(message: msgspec.Struct | None) -> Reply:
    """Write an answer."""
    return Reply(headers={"Content-Type": CONTENT_TYPE}, body=b"" if message is None else encode(message))


def _retry_after(fault: Fault) -> int:
    """Return how long a client is told to wait: what the failure calls its delay."""
    return max(1, round(fault.delay)) if fault.delay else DEFAULT_RETRY_AFTER
