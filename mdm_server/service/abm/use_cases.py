"""Everything about Apple Business Manager, wired once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.service.abm.assigning import Assigning
from mdm_server.service.abm.clients import AbmClients
from mdm_server.service.abm.inventory import AbmInventory
from mdm_server.service.abm.owning import AbmOwning
from mdm_server.service.abm.sync import AbmSync
from mdm_server.service.abm.tokens import AbmTokens
from mdm_server.service.calling import Caller
from mdm_server.service.running import Runner
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.staging import Staging


@dataclass(frozen=True, slots=True)
class AbmUseCases:
    """What can be asked about Apple Business Manager."""

    tokens: AbmTokens
    inventory: AbmInventory
    owning: AbmOwning
    sync: AbmSync
    clients: AbmClients


def open_abm(
    staging: Staging,
    settings: ServiceSettings,
    caller: Caller | None,
    run: Runner,
    *,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
) -> AbmUseCases:
    """Wire the use cases together; without a caller, or an address to call, all but the calls works."""
    clients = AbmClients(caller, settings.abm_url, clock, random_bytes)
    assigning = Assigning(staging, settings.base_url, clock)
    return AbmUseCases(
        tokens=AbmTokens(staging, clients, clock, random_bytes, run),
        inventory=AbmInventory(staging, clock),
        owning=AbmOwning(staging, clients, clock, random_bytes, run),
        sync=AbmSync(staging, clients, assigning, clock),
        clients=clients,
    )
