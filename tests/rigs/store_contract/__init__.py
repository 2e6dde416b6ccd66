"""What every store must do: a store's own test file inherits `StoreContract` and provides the `store` fixture."""

from __future__ import annotations

from rigs.store_contract.abm import AbmContract
from rigs.store_contract.enrollment import EnrollmentContract
from rigs.store_contract.household import HouseholdContract
from rigs.store_contract.identity import IdentityContract
from rigs.store_contract.issuance import IssuanceContract
from rigs.store_contract.queues import QueueContract
from rigs.store_contract.staging_finding import StagingFindingContract
from rigs.store_contract.staging_following import StagingFollowingContract
from rigs.store_contract.staging_records import StagingRecordsContract
from rigs.store_contract.staging_refusing import StagingRefusingContract
from rigs.store_contract.staging_wiping import StagingWipingContract
from rigs.store_contract.staging_work import StagingWorkContract
from rigs.store_contract.waiting import WaitingContract


class StoreContract(
    IdentityContract,
    IssuanceContract,
    EnrollmentContract,
    QueueContract,
    HouseholdContract,
    StagingRecordsContract,
    StagingFindingContract,
    StagingWorkContract,
    StagingFollowingContract,
    StagingRefusingContract,
    StagingWipingContract,
    AbmContract,
    WaitingContract,
):
    """Everything that a store must do."""
