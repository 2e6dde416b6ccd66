"""Pushes by way of Apple's push service: over HTTP/2, or, where it is in the same process, by a call."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from certs.identity import Identity, identity_to_pem
from mdm_server.clouds.apple.push.service import PushService
from mdm_server.outbound.push_connection import PushClient
from mdm_server.service.push import PushTarget, Refused
from mdm_server.wire.apns import OK, PushReply, Reason, mdm_push

APPLE = "https://api.push.apple.com"
MOST_WAITING = 100_000
"""So many devices wait for their push at most; the queue of commands is the truth, and the oldest hint goes first."""
MOST_ATTEMPTS = 5
CONNECT_SECONDS = 10.0
_TRY_AGAIN = frozenset({0, 429, 500, 503})
"""Statuses after which the same push may be taken; 0: there was no answer to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsSettings:
    """Where the push service is, and who we are there.

    Attributes:
        identity: the push certificate and its key.
        url: the origin of the service.
        ca_pem: the authorities to trust; None: those that this machine trusts.
        first_delay: seconds before the second attempt; each further one waits twice as long.
        longest_delay: and no longer than this.

    """

    identity: Identity
    url: str = APPLE
    ca_pem: str | None = None
    first_delay: float = 0.5
    longest_delay: float = 30.0


@dataclass(slots=True)
class _Waiting:
    """A push, and how often it was tried."""

    target: PushTarget
    attempts: int = 0


class ApnsSender:
    """Pushes through one connection that is opened again when it ends (mdm_server.service.push.PushSender).

    `send` does not wait for anything: pushes of one device coalesce until they are sent. A 429 or a failure of the
    service is tried again, later and later; what is refused for good is told to `on_refused`. Whoever makes a sender
    closes it.
    """

    def __init__(self, settings: ApnsSettings) -> None:
        self._settings = settings
        self._context = _tls(settings)
        self._waiting: OrderedDict[bytes, _Waiting] = OrderedDict()
        self._client: PushClient[_Waiting] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._later: set[asyncio.TimerHandle] = set()
        self._failures = 0
        self._is_proved = False
        self._is_closed = False
        self.on_refused: Refused | None = None

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Send one push to each target, as soon as that is possible."""
        for target in targets:
            self._put(_Waiting(target))
        self._push_on()

    async def close(self) -> None:
        """Hang up; what was not sent is forgotten. Harmless when repeated."""
        self._is_closed = True
        for timer in self._later:
            timer.cancel()
        self._later.clear()
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._client is not None:
            self._client.leave()
            self._client = None

    def can_push(self) -> None:
        """Push on: there is room again (of push_connection.Listener, as are the next two)."""
        self._push_on()

    def answered(self, push: _Waiting, status: int, reason: Reason | None) -> None:
        """Take an answer: done, again later, or never again."""
        if status == OK:
            self._failures, self._is_proved = 0, True
        elif status in _TRY_AGAIN and push.attempts < MOST_ATTEMPTS:
            self._after(self._delay(push.attempts), lambda: self._retry(push))
        else:
            self._refuse(push, reason or f"status {status}")

    def lost(self, unanswered: Sequence[_Waiting]) -> None:
        """Put back what got no answer; perhaps it was taken, but a push twice is a push."""
        self._client = None
        if not self._is_proved:  # one that was of use is replaced at once, as after a GOAWAY
            self._failures += 1
        self._is_proved = False
        for push in unanswered:
            if push.attempts < MOST_ATTEMPTS:
                self._put(push, newest=False)
            else:
                self._refuse(push, "no answer")
        self._push_on()

    def _refuse(self, push: _Waiting, reason: str) -> None:
        if self.on_refused is not None:
            self.on_refused(push.target, reason)

    def _put(self, push: _Waiting, *, newest: bool = True) -> None:
        """Let a push wait, in the place of an older one for the same device."""
        if not newest and push.target.token in self._waiting:
            return
        self._waiting[push.target.token] = push
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)

    def _retry(self, push: _Waiting) -> None:
        self._put(push, newest=False)
        self._push_on()

    def _push_on(self) -> None:
        """Send what waits, as much as there is room for; without a connection, open one."""
        if self._is_closed or not self._waiting:
            return
        client = self._client
        if client is None:
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect(), name="push service")
            return
        for _ in range(min(client.room, len(self._waiting))):
            _, push = self._waiting.popitem(last=False)
            push.attempts += 1
            target = push.target
            client.send(push, mdm_push(target.token, target.magic, target.topic))
        client.flush()

    async def _connect(self) -> None:
        """Open a connection, however long it takes."""
        parts = urlsplit(self._settings.url)
        host, port = parts.hostname or "", parts.port or 443
        loop = asyncio.get_running_loop()
        while self._client is None:
            if self._failures:
                await asyncio.sleep(self._delay(self._failures))
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    _, client = await loop.create_connection(
                        lambda: PushClient[_Waiting](parts.netloc, self), host, port, ssl=self._context
                    )
            except OSError:  # nobody there, or not trusted: ssl.SSLError and TimeoutError are OSErrors
                self._failures += 1
            else:
                if not client.is_over:
                    self._client = client
        self._connecting = None
        self._push_on()

    def _delay(self, failures: int) -> float:
        return min(self._settings.first_delay * 2.0 ** (failures - 1), self._settings.longest_delay)

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        def now() -> None:
            self._later.discard(timer)
            do()

        timer = asyncio.get_running_loop().call_later(seconds, now)
        self._later.add(timer)


class DirectSender:
    """Pushes by calling Apple's push service, where it is in the same process: nothing waits, so nothing is lost.

    Args:
        push: the service.
        certificate: the push certificate; its topic is what may be pushed.

    """

    def __init__(self, push: PushService, certificate: x509.Certificate) -> None:
        self._push = push
        self._certificate = certificate
        self._provider = push.connect(certificate)
        self.on_refused: Refused | None = None

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Push each target; a refusal that is not for good is tried again, as if the time between were nothing."""
        for target in targets:
            reply = self._try(target)
            if (reply.cut or reply.reason is not None) and self.on_refused is not None:
                self.on_refused(target, reply.reason or "no answer")

    def _try(self, target: PushTarget) -> PushReply:
        request = mdm_push(target.token, target.magic, target.topic)
        for _ in range(MOST_ATTEMPTS):
            reply = self._push.push(self._provider, request)
            if reply.cut or reply.goaway is not None:
                self._provider = self._push.connect(self._certificate)
            if not reply.cut and reply.status not in _TRY_AGAIN:
                break
        return reply


def _tls(settings: ApnsSettings) -> ssl.SSLContext:
    """Make the TLS context; OpenSSL reads keys from files only, so there is one, for a moment and for us alone."""
    context = ssl.create_default_context(cadata=settings.ca_pem)
    context.set_alpn_protocols(["h2"])
    with tempfile.TemporaryDirectory(prefix="mdmsim-push-") as folder:
        path = Path(folder) / "identity.pem"
        path.touch(mode=0o600)
        path.write_bytes(identity_to_pem(settings.identity))
        context.load_cert_chain(path)
    return context
