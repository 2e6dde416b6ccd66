"""Apple's push service: takes pushes from providers, refuses them in Apple's words, and hands them to the courier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from cryptography import x509

from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Journal, Service
from mdm_server.clouds.apple.push import request_rules as rules
from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.clouds.apple.push.deliveries import Deliveries
from mdm_server.clouds.apple.push.notification import Notification
from mdm_server.clouds.apple.push.provider import Provider, Providers
from mdm_server.clouds.apple.push.provider_tokens import ProviderKeys
from mdm_server.clouds.apple.push.request_rules import PushRefused
from mdm_server.wire.apns import GONE_FOR_GOOD, ID, Environment, PushReply, PushRequest, Reason

POINT = "push"
"""Where failures of pushes are arranged for."""
LOST, DELAYED, REORDERED, GOAWAY, DISCONNECT = "lost", "delayed", "reordered", "goaway", "disconnect"
RESPONSES: Sequence[str] = (LOST, DELAYED, REORDERED, GOAWAY, DISCONNECT, *Reason)
"""What may happen there: Apple's reasons in their own spelling, and what happens to pushes on their way.

`lost`: taken, and never delivered. `delayed`: delivered after the delay of the fault. `reordered`: delivered behind the
next push. `goaway`: taken, and then the connection ends as before maintenance. `disconnect`: the connection breaks, and
whoever pushed cannot know whether the push was taken; it was not.
"""


LONGEST_ID = 64
"""What is longer is not said back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSettings:
    """How strict the service is.

    Attributes:
        environment: which of Apple's two services it is.
        strict_tokens: a token that no device ever listened with is a BadDeviceToken; else it may yet come.
        most_per_token: so many pushes of one token in `window_seconds` are too many, if there are more.
        most_waiting: so many delayed pushes may wait before the service is unavailable.

    """

    environment: Environment = Environment.PRODUCTION
    strict_tokens: bool = False
    most_per_token: int = 1000
    window_seconds: int = 60
    most_waiting: int = 100_000


class PushService:
    """Takes pushes. No I/O, no waiting: delayed pushes are delivered by whoever calls `deliver_due` when it is time.

    Args:
        clock: tells the time, aware.
        stream: where identifiers of pushes come from that have none.
        faults: failures that somebody arranged for, at the point `push`.
        journal: what happened.
        courier: where devices wait.
        trusted: the authorities whose push certificates are good, the root last.
        settings: how strict to be.

    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        stream: Random,
        faults: Faults,
        journal: Journal,
        courier: Courier,
        trusted: Sequence[x509.Certificate],
        settings: PushSettings | None = None,
    ) -> None:
        self._clock = clock
        self._stream = stream
        self._faults = faults
        self._journal = journal
        self._settings = settings or PushSettings()
        self._expired: dict[bytes, datetime] = {}
        self._window = 0
        self._pushed: Counter[bytes] = Counter()
        self.courier = courier
        self.keys = ProviderKeys()
        self.providers = Providers(clock, trusted, self._settings.environment, self.keys)
        self.deliveries = Deliveries(clock, courier, self._settings.most_waiting)
        self.is_shut_down = False

    def now(self) -> datetime:
        """Tell the time that this service goes by."""
        return self._clock()

    def connect(self, certificate: x509.Certificate | None) -> Provider:
        """Return who is at the other end of a connection that showed this certificate, or none."""
        provider = self.providers.connect(certificate)
        self._journal.tell(Service.APNS, "connected", provider=provider.name, topics=" ".join(sorted(provider.topics)))
        return provider

    def push(self, provider: Provider, request: PushRequest) -> PushReply:
        """Answer one request of a provider."""
        apns_id = self._identify(request)
        try:
            notification = self._take(provider, request)
            fault = self._faults.strike(Service.APNS, POINT)
            if fault is not None and fault.response in _REASONS:
                raise PushRefused(_REASONS[fault.response], self._stamp(_REASONS[fault.response]))
        except PushRefused as refused:
            self._journal.tell(Service.APNS, "refused", id=apns_id, provider=provider.name, reason=refused.reason)
            return PushReply(reason=refused.reason, apns_id=apns_id, timestamp=refused.timestamp)
        if fault is not None and fault.response == DISCONNECT:
            return PushReply(apns_id=apns_id, cut=True)
        fate = "unread" if notification is None else self._dispatch(notification, fault)
        self._journal.tell(Service.APNS, "pushed", id=apns_id, provider=provider.name, fate=fate)
        return PushReply(apns_id=apns_id, goaway=_goaway(fault))

    def gone(self, tokens: Iterable[bytes]) -> None:
        """Bury tokens: whoever pushes them from now on is told Unregistered, and since when."""
        for token in tokens:
            self.courier.bury(token)

    def expire(self, tokens: Iterable[bytes]) -> None:
        """Let tokens expire: whoever pushes them from now on is told ExpiredToken, and since when."""
        for token in tokens:
            self._expired.setdefault(token, self._clock())

    def shut_down(self) -> None:
        """Take no more pushes: whoever pushes is told Shutdown."""
        self.is_shut_down = True

    @property
    def next_delivery(self) -> datetime | None:
        """When the next delayed push is due; None when none waits."""
        return self.deliveries.next_delivery

    def deliver_due(self) -> int:
        """Deliver the delayed pushes that are due by now, and return how many they were."""
        return self.deliveries.deliver_due()

    def _identify(self, request: PushRequest) -> str:
        """Return the identifier that the provider gave, or a new one as Apple writes it."""
        said = next((value for name, value in request.headers if name == ID), "")
        known = 0 < len(said) <= LONGEST_ID
        return said if known else str(UUID(int=self._stream.getrandbits(128), version=4)).upper()

    def _take(self, provider: Provider, request: PushRequest) -> Notification | None:
        """Return the push that a request is; None for one that no managed device would understand.

        Raises:
            PushRefused: for the first rule that it breaks.

        """
        if self.is_shut_down:
            raise PushRefused(Reason.SHUTDOWN)
        if self.deliveries.is_full:
            raise PushRefused(Reason.SERVICE_UNAVAILABLE)
        token = rules.token_of(request)
        headers = rules.headers_of(request)
        topic = rules.topic_of(headers, self.providers.topics(provider, headers))
        wish = rules.wish_of(headers, topic, self._clock())
        self.providers.check_type(provider, wish.push_type)
        magic = rules.magic_of(request.body, wish.push_type)
        self._check_token(token, topic)
        return None if magic is None else Notification(token, topic, magic, wish.expires)

    def _check_token(self, token: bytes, topic: str) -> None:
        """Refuse a push to a token that is gone, expired, of another topic, unknown, or pushed too often."""
        since = self.courier.gone_since(token)
        if since is not None:
            raise PushRefused(Reason.UNREGISTERED, _milliseconds(since))
        if token in self._expired:
            raise PushRefused(Reason.EXPIRED_TOKEN, _milliseconds(self._expired[token]))
        if self.courier.topic_of(token) not in {None, topic}:
            raise PushRefused(Reason.DEVICE_TOKEN_NOT_FOR_TOPIC)
        if self._settings.strict_tokens and not self.courier.has_met(token):
            raise PushRefused(Reason.BAD_DEVICE_TOKEN)
        window = int(self._clock().timestamp()) // self._settings.window_seconds
        if window != self._window:
            self._window = window
            self._pushed.clear()
        if self._pushed[token] >= self._settings.most_per_token:
            raise PushRefused(Reason.TOO_MANY_REQUESTS)
        self._pushed[token] += 1

    def _dispatch(self, notification: Notification, fault: Fault | None) -> str:
        """Send a push on its way, and return what the journal says of it."""
        response = None if fault is None else fault.response
        if fault is not None and response == DELAYED:
            self.deliveries.later(notification, fault.delay)
        elif fault is not None and response == REORDERED:
            self.deliveries.behind_the_next(notification, fault.delay)
        elif response != LOST:
            return self.deliveries.now(notification).name.lower()
        return str(response)

    def _stamp(self, reason: Reason) -> int | None:
        return _milliseconds(self._clock()) if reason in GONE_FOR_GOOD else None


_REASONS: Mapping[str, Reason] = {reason.value: reason for reason in Reason}


def _goaway(fault: Fault | None) -> Reason | None:
    return Reason.SHUTDOWN if fault is not None and fault.response == GOAWAY else None


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
