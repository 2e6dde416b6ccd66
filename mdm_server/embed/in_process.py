"""The server in its caller's own loop and on its caller's clock: no socket, no thread, no HTTP library.

    async with InProcessServer.open(clock=clock, seed=7) as server:
        answer = await server.answer("GET", f"{server.url}/enroll", {}, b"", peer="device-1")

Requests are the bytes that a device would send, and what comes back is what it would be sent. Nothing in here waits for
anything, so nothing is left that the operating system could reorder: on a clock that only its caller moves, the same
requests make the same journal.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, urlsplit

from certs.authority import Authority
from mdm_server.domain.refusal import Refusal
from mdm_server.embed.believing import believing
from mdm_server.embed.chance import Chance
from mdm_server.embed.housekeeping import SWEEP_EVERY, wake_waiting
from mdm_server.embed.in_process_apple import InProcessApple
from mdm_server.embed.journal_lines import journal_lines
from mdm_server.outbound.courier import SortingSender
from mdm_server.service.answer import Answer, say_no
from mdm_server.service.push import PushTarget
from mdm_server.service.request_facts import RequestFacts, told_by
from mdm_server.service.running import run_inline
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.android import AndroidDoor
from mdm_server.service.staging.passwords import CHEAP
from mdm_server.service.suite import ServiceSuite, assemble
from mdm_server.store.contract import Store
from mdm_server.store.sqlite import open_sqlite
from mdm_server.web.hub_routes import hub_use_cases
from mdm_server.wire.android_channel import PREFIX as ANDROID

__all__ = ["DEFAULTS", "SWEEP_EVERY", "InProcessServer", "ServiceSettings", "ServiceSuite", "Store", "journal_lines"]

URL = "https://mdm.test"
"""Where devices believe the server to be; the name is reserved for tests (RFC 6761 §6.2) and is never looked up."""
DATABASE = "state.sqlite"
RETRY_AFTER = 3
DEFAULTS = ServiceSettings(base_url=URL, password_cost=CHEAP)
"""Nobody attacks a server that listens to nobody, so its passwords need not be dear."""

Clock = Callable[[], datetime]
Deliver = Callable[[bytes, str], None]
UseCase = Callable[[RequestFacts, bytes], Awaitable[Answer]]


class InProcessServer:
    """A server that answers calls. Made by `open`; `stop` and `start` are its power switch.

    `deliver(token, magic)` is called for every push, in the order in which the server sends them; whoever delivers them
    puts a function of his own there. `requests` counts what was asked since the beginning.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        chance: Chance,
        settings: ServiceSettings,
        apple: InProcessApple | None = None,
    ) -> None:
        self.deliver: Deliver = _nobody_listens
        self.url = settings.base_url
        self.authority = replace(authority_since(clock()), clock=clock, random_bytes=chance)
        self._folder = folder
        self._clock = clock
        self._chance = chance
        self._settings = settings
        self.apple = apple
        self.requests = 0
        self._store: Store | None = None
        self._suite: ServiceSuite | None = None
        self._routes: Routes | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls, *, clock: Clock, seed: int, settings: ServiceSettings = DEFAULTS, with_apple: bool = False
    ) -> AsyncIterator[InProcessServer]:
        """Start a server with an empty state, and leave nothing of it behind.

        `seed` is what identifiers and challenges are drawn from; the authority's keys are not. `with_apple` plays Apple
        beside it, whom it believes, asks for devices, and pushes through.
        """
        with TemporaryDirectory(prefix="mdmsim-virtual-") as folder, ExitStack() as closing:
            apple = None
            if with_apple:
                apple = InProcessApple(clock, seed)
                closing.callback(apple.close)
                settings = believing(settings, apple.services, apple.url)
            server = cls(Path(folder), clock=clock, chance=Chance(seed), settings=settings, apple=apple)
            await server.start()
            try:
                yield server
            finally:
                await server.stop()

    @property
    def is_running(self) -> bool:
        """Whether it answers."""
        return self._suite is not None

    @property
    def suite(self) -> ServiceSuite:
        """The use cases, for whoever administers the server without HTTP."""
        if self._suite is None:
            raise ConnectionRefusedError("the server is stopped")
        return self._suite

    @property
    def store(self) -> Store:
        """The open store."""
        if self._store is None:
            raise ConnectionRefusedError("the server is stopped")
        return self._store

    async def start(self) -> None:
        """Open the state, as it was when the server stopped, and wake the devices for which something waits."""
        self._store = open_sqlite(self._folder / DATABASE, inline=True, durable=False)
        apns = None if self.apple is None else self.apple.sender(self._settings.topic)
        self._suite = assemble(
            self._store,
            self.authority,
            self._settings,
            clock=self._clock,
            random_bytes=self._chance,
            run=run_inline,
            sender=self if apns is None else SortingSender(apns, self),
            caller=self.apple,
        )
        if apns is not None:
            apns.on_refused = self._suite.pusher.refused
        self._routes = routes_of(self._suite)
        await wake_waiting(self._suite)

    async def sweep(self) -> None:
        """Do what time does by itself: to be called every SWEEP_EVERY, and harmless while the server is stopped."""
        if self._suite is not None:
            await self._suite.hub.sweep.run()
            await self._suite.abm.sync.run_due()

    async def stop(self) -> None:
        """Close the state: what was answered stays, whatever was only in memory is gone. Harmless when repeated."""
        store, self._store, self._suite, self._routes = self._store, None, None, None
        if store is not None:
            await store.close()

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Deliver pushes: the server is its own push service (mdm_server.service.push.PushSender)."""
        for target in targets:
            self.deliver(target.token, target.magic)

    async def answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        peer: str,
        certificate: bytes | None = None,
    ) -> Answer:
        """Answer one request; `certificate` (DER) is what the client showed in the TLS handshake that there is none of.

        Raises:
            ConnectionRefusedError: the server is stopped.

        """
        if self.apple is not None and self.apple.is_at(url):
            return self.apple.answer_device(method, url, headers, body, peer=peer)
        if self._routes is None:
            raise ConnectionRefusedError("the server is stopped")
        self.requests += 1
        parts = urlsplit(url)
        use_case = self._routes.find(method, parts.path)
        if use_case is None:
            return Answer(b"404: Not Found", "text/plain; charset=utf-8", status=404)
        facts = RequestFacts(
            request_id=f"request-{self.requests}",
            peer=peer,
            method=method,
            base_url=self.url,
            tls_certificate=certificate,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else {},
            **told_by({name.lower(): value for name, value in headers.items()}),
        )
        try:
            return await use_case(facts, body)
        except Refusal as refusal:
            return _refused(refusal)


@dataclass(frozen=True, slots=True)
class Routes:
    """What devices and the Hub may ask for: plain addresses, and patterns for those that are spelled in many ways."""

    plain: Mapping[str, UseCase]
    patterns: Sequence[tuple[re.Pattern[str], UseCase]]
    android: AndroidDoor

    def find(self, method: str, path: str) -> UseCase | None:
        """Return what answers a request, or None."""
        found = self.plain.get(path)
        if found is not None or method != "POST":
            return found
        if path.startswith(f"{ANDROID}/"):
            return self.android.at(path)
        return next((use_case for pattern, use_case in self.patterns if pattern.fullmatch(path)), None)


def routes_of(suite: ServiceSuite) -> Routes:
    """Return the addresses of the first port, without the administrator's."""
    plain = {
        "/mdm": suite.device_channel.answer,
        "/checkin": suite.device_channel.answer,
        "/scep": suite.scep.answer,
        "/enroll": suite.enroll.answer,
        "/enroll/dep": suite.hub.setup_assistant.answer,
        "/enroll/dep/web": suite.hub.web_sign_in.answer,
    }
    hub = [(re.compile(pattern), use_case) for pattern, use_case in hub_use_cases(suite.hub.door)]
    return Routes(plain, hub, suite.android.door)


@lru_cache(maxsize=4)
def authority_since(moment: datetime) -> Authority:
    """Return the authority of a world that begins at this moment.

    Its keys are drawn from the operating system, for nothing that vouches is ever drawn from a seed, and made once for
    all worlds of this process: making them takes longer than many a scenario.
    """
    return Authority.create(clock=lambda: moment, random_bytes=token_bytes)


def _nobody_listens(token: bytes, magic: str) -> None:
    """Drop a push."""


def _refused(refusal: Refusal) -> Answer:
    answer = say_no(refusal)
    if refusal.status not in {429, 503}:
        return answer
    return replace(answer, headers={"Retry-After": str(refusal.retry_after or RETRY_AFTER)})
