"""All of Apple's services, wired to each other once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from certs.authority import Authority
from mdm_server.clouds.apple.activation.factory import Factory
from mdm_server.clouds.apple.activation.service import Activation
from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.ledger import Ledger
from mdm_server.clouds.apple.dep.api import DepApi
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.clouds.apple.faults import Faults
from mdm_server.clouds.apple.journal import Journal
from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.clouds.apple.push.service import PushService
from mdm_server.clouds.call import Call, Reply

ORGANIZATION = "mdmsim TEST Apple"
"""What Apple's certificates say; nobody shall take them for real ones."""
ACTIVATION_PATHS = ("/activation", "/activation-lock")


@dataclass(frozen=True, slots=True)
class AppleServices:
    """Apple, ready to be asked. Made by `open`; `close` closes its books."""

    authority: Authority
    journal: Journal
    faults: Faults
    business_manager: BusinessManager
    dep: DepApi
    activation: Activation
    push: PushService
    courier: Courier
    _ledger: Ledger

    @classmethod
    def open(
        cls,
        database: Path | None,
        authority: Authority,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        stream: Random,
        courier: Courier | None = None,
        dep: DepSettings | None = None,
    ) -> AppleServices:
        """Open Apple's books; None keeps them in memory. `stream` draws what is left to chance, such as faults."""
        journal = Journal(clock)
        faults = Faults(clock, stream, journal)
        ledger = Ledger.open(database)
        business_manager = BusinessManager(ledger, clock, random_bytes, journal)
        courier = courier or Courier(clock)
        return cls(
            authority=authority,
            journal=journal,
            faults=faults,
            business_manager=business_manager,
            dep=DepApi(business_manager, faults, clock, random_bytes, journal, dep),
            activation=Activation(business_manager, Factory(ledger), authority, faults, clock, random_bytes, journal),
            push=PushService(clock, stream, faults, journal, courier, authority.ca_certificates),
            courier=courier,
            _ledger=ledger,
        )

    def answer(self, call: Call) -> Reply:
        """Answer an HTTP call: of a device that is activated, or of an MDM server at the device API."""
        service = self.activation if call.path in ACTIVATION_PATHS else self.dep
        return service.answer(call)

    def close(self) -> None:
        """Close the books; harmless when repeated."""
        self._ledger.close()
