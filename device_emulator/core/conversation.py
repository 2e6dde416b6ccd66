"""Conversations with a server, written as generators: what to send goes out by `yield`, the reply comes back from it.

A conversation exists only while one is under way. It yields a `Draft` and is sent the reply to it, or a `Pause` and is
sent None when the time has come. `Device` numbers the drafts and keeps the deadline; nothing here waits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import Event, RetryScheduled
from device_emulator.core.messages import RequestFailed, RequestKind, ResponseArrived
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import RetryPolicy

Result = TypeVar("Result")

USER_AGENT = "MDM/1.0 mdmsim"
OK = 200
SAID_AT_MOST = 200
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408


class Patience(Protocol):
    """The settings a conversation asks for."""

    @property
    def retry(self) -> RetryPolicy:
        """How to try again."""
        ...


class Correspondent(Protocol):
    """What a conversation needs to know of the device that holds it, be that an iPhone or an Android."""

    @property
    def settings(self) -> Patience:
        """How patient it is."""
        ...

    @property
    def randomness(self) -> Randomness:
        """Its chance."""
        ...

    def clock(self) -> datetime:
        """Return the time."""
        ...

    def emit(self, event: Event) -> None:
        """Leave an event for whoever watches."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A request without its number. `by_tls` says that the device proves itself by its TLS client certificate."""

    kind: RequestKind
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    by_tls: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing to do before `until`."""

    until: datetime


Reply = ResponseArrived | RequestFailed | None
Conversation = Generator[Draft | Pause, Reply, Result]
Prove = Callable[[Draft], Draft]
"""Adds to a request what proves which enrolled device sends it."""


def patiently(correspondent: Correspondent, draft: Draft) -> Conversation[ResponseArrived]:
    """Send a request until there is an answer that trying again would not change.

    Raises:
        ExchangeError: there is none after as many attempts as the settings allow, or trying again cannot help.

    """
    policy = correspondent.settings.retry
    for failures in range(1, policy.attempts + 1):
        reply = yield draft
        reason = passing_failure(reply)
        if reason is None:
            assert isinstance(reply, ResponseArrived)
            return reply
        if failures < policy.attempts:
            at = correspondent.clock() + pause_after(correspondent, draft.kind, failures, reply)
            correspondent.emit(RetryScheduled(draft.kind, reason, at))
            yield Pause(at)
    raise ExchangeError(
        "server.unavailable", f"expected an answer to {draft.kind}, the last of {failures} was {reason}"
    )


def once(draft: Draft) -> Conversation[ResponseArrived]:
    """Send a request once.

    Raises:
        TemporaryError: there is no answer, or one that says to try again later.

    """
    reply = yield draft
    reason = passing_failure(reply)
    if reason is not None:
        raise TemporaryError(reason, f"expected an answer to {draft.kind}, found {reason}", draft.kind, reply)
    assert isinstance(reply, ResponseArrived)
    return reply


def said_by(response: ResponseArrived) -> str:
    """Return what a server says beside its status: often the reason, and sometimes a page."""
    return ascii(response.body[:SAID_AT_MOST].decode("utf-8", "replace").strip())


class TemporaryError(ExchangeError):
    """A request failed for a reason that may pass: the errand is run again later."""

    def __init__(self, reason: str, detail: str, kind: RequestKind, reply: Reply = None) -> None:
        self.kind, self.reply = kind, reply
        super().__init__(reason, detail)


def passing_failure(reply: Reply) -> str | None:
    """Return why a request is to be sent again, or None for an answer to be taken as it is.

    Raises:
        ExchangeError: the request failed, and always will.

    """
    match reply:
        case RequestFailed(reason=reason, retryable=True):
            return reason
        case RequestFailed(reason=reason):
            raise ExchangeError(reason, "expected a connection to the server, found that there can be none")
        case ResponseArrived(status=status) if status >= 500 or status in {TOO_MANY_REQUESTS, REQUEST_TIMEOUT}:
            return f"http.{status}"
    return None


def pause_after(correspondent: Correspondent, kind: RequestKind, failures: int, reply: Reply) -> timedelta:
    """Return how long to wait before trying again: what the server asks for, or exponential back-off with jitter."""
    policy = correspondent.settings.retry
    if isinstance(reply, ResponseArrived):
        asked = retry_after(reply.headers, correspondent.clock())
        if asked is not None:
            return min(asked, policy.ceiling)
    # The exponent is capped so that a device that has failed for a week does not compute with astronomic numbers.
    longest = min(policy.ceiling, policy.first * policy.factor ** min(failures - 1, 32))
    return longest * correspondent.randomness.stream(f"retry {kind}", failures).uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read Retry-After (RFC 9110 §10.2.3): seconds or a date; None where it is absent or neither."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return timedelta(seconds=min(int(value), 86_400))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(timedelta(0), moment - now)
