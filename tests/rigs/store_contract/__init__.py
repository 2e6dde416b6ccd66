"""What every store must do: a store's own test file inherits `StoreContract` and provides the `store` fixture."""

from __future__ import annotations

from rigs.store_contract.enrollment import EnrollmentContract
from rigs.store_contract.household import HouseholdContract
from rigs.store_contract.identity import IdentityContract
from rigs.store_contract.issuance import IssuanceContract
from rigs.store_contract.queues import QueueContract
from rigs.store_contract.staging_following import StagingFollowingContract
from rigs.store_contract.staging_records import StagingRecordsContract


class StoreContract(
    IdentityContract,
    IssuanceContract,
    EnrollmentContract,
    QueueContract,
    HouseholdContract,
    StagingRecordsContract,
    StagingFollowingContract,
):
    """Everything that a store must do."""
