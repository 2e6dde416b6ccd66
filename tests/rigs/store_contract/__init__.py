"""What every store must do: a store's own test file inherits `StoreContract` and provides the `store` fixture."""

from __future__ import annotations

from rigs.store_contract.enrollment import EnrollmentContract
from rigs.store_contract.household import HouseholdContract
from rigs.store_contract.identity import IdentityContract
from rigs.store_contract.issuance import IssuanceContract
from rigs.store_contract.queues import QueueContract


class StoreContract(IdentityContract, IssuanceContract, EnrollmentContract, QueueContract, HouseholdContract):
    """Everything that a store must do."""
