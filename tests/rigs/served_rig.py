"""A service rig whose devices and Hubs talk to a running server: every request goes through its one door, as bytes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.embed.in_process import InProcessServer
from mdm_server.service.answer import Answer
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.administration import StagingAdministration
from mdm_server.service.suite import ServiceSuite
from mdm_server.wire.hub import Step
from rigs.service import HandClock, ServiceRig

Ask = Callable[[RequestFacts, bytes], Awaitable[Answer]]
WIZARD = "/DeviceServices/AirwatchEnroll.aws/Enrollment"


@dataclass
class ServedSuite:
    """What a service rig calls use cases, each behind its address; only administrators are inside the server."""

    server: InProcessServer
    statuses: Counter[int] = field(default_factory=Counter)
    """How often the server answered a device with which HTTP status."""

    def __post_init__(self) -> None:
        self.settings = self.server.suite.settings
        self.enroll = SimpleNamespace(answer=self.at("/enroll"))
        self.scep = SimpleNamespace(answer=self.at("/scep"))
        self.device_channel = SimpleNamespace(answer=self.at("/mdm"))
        door = SimpleNamespace(wizard=self.wizard, login=self.at("/DeviceServices/Hub/login"))
        door.logout = self.at("/DeviceServices/Hub/logout")
        self.hub = SimpleNamespace(door=door)

    @property
    def staging(self) -> StagingAdministration:
        """The administrator's use cases, of the server as it runs now."""
        return self.server.suite.staging

    def wizard(self, step: Step) -> Ask:
        """Return what answers one step of the wizard."""
        return self.at(f"{WIZARD}/{step}")

    def at(self, path: str) -> Ask:
        """Return what answers at an address."""

        async def answer(facts: RequestFacts, body: bytes) -> Answer:
            url = f"{self.server.url}{path}?{urlencode(facts.query)}"
            headers = {} if facts.mdm_signature is None else {"Mdm-Signature": facts.mdm_signature}
            answered = await self.server.answer(facts.method, url, headers, body, peer=facts.peer)
            self.statuses[answered.status] += 1
            return answered

        return answer


def served_rig(server: InProcessServer, clock: HandClock) -> ServiceRig:
    """Return a rig of devices that reach this server; whoever restarts it tells the rig its new store."""
    return ServiceRig(
        store=server.store,
        path=Path(),
        authority=server.authority,
        suite=cast("ServiceSuite", ServedSuite(server)),
        clock=clock,
        random=random.Random(7),
        scep_keys=[one_rsa_key()],
    )


def statuses_of(rig: ServiceRig) -> Counter[int]:
    """Return how often the server of a rig answered with which HTTP status."""
    return cast("Any", rig.suite).statuses  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def one_rsa_key() -> rsa.RSAPrivateKey:
    """Return a key to sign first requests with: one for the whole process, for it costs 60 ms."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
