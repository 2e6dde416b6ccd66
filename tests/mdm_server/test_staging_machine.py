"""A running server does what the rules say, whatever happens in whatever order; and planted bugs would be noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging import assignment, guards, user_guards
from mdm_server.domain.staging.devices import Assignment, DeviceRecord
from mdm_server.domain.staging.guards import GuardName, Purpose
from mdm_server.domain.staging.vocabulary import AssignmentState
from mdm_server.service.staging import device_login, handing_over
from mdm_server.store.sqlite.staging.completing import SqliteCompletion
from rigs.staging_machine import ServedStaging

# What fails is shown as it happened: to make it shorter would take longer than a test may.
FEW = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestServedStaging = ServedStaging.TestCase
TestServedStaging.settings = FEW


# --- planted bugs ----------------------------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]


def _second_reassignment(plant: pytest.MonkeyPatch) -> None:
    """Let whoever logs in take a staged device, also one that somebody has taken."""
    refusal, claim, claim_at_the_server = assignment.claim_refusal, assignment.claim, handing_over.claim

    def taken(device: DeviceRecord) -> bool:
        return device.assignment.state is AssignmentState.ASSIGNED and device.claimed_once

    def claim_again(device: DeviceRecord, user: int, at: Any) -> Assignment:
        return replace(device.assignment, user=user) if taken(device) else claim(device, user, at)

    def hand_over_again(room: Any, device: DeviceRecord, user: Any, expected: Any, how: Any) -> DeviceRecord:
        # A trigger keeps the database from recording a second claim as such; what follows here slips past it.
        if not taken(device):
            return claim_at_the_server(room, device, user, expected, how)
        given = replace(device, assignment=assignment.claim(device, user.id, how.at))
        room.devices.replace(given)
        return given

    # The binding that the first claim leaves would stop the second one, too.
    unbound = {GuardName.BOUND_ELSEWHERE: frozenset({Purpose.ENROLL})}
    asked = [replace(each, purposes=unbound.get(each.name, each.purposes)) for each in guards.GUARDS]
    plant.setattr(guards, "GUARDS", tuple(asked))
    plant.setattr(user_guards, "claim_refusal", lambda device, user: None if taken(device) else refusal(device, user))
    plant.setattr(assignment, "claim", claim_again)
    plant.setattr(device_login, "claim", hand_over_again)


def _reenrolment_unlocks(plant: pytest.MonkeyPatch) -> None:
    """Let the owner's own enrolment clear the lock that keeps others out."""
    enroll = SqliteCompletion.enroll
    plant.setattr(
        SqliteCompletion, "enroll", lambda self, device, session: enroll(self, replace(device, lock=None), session)
    )


def _check_in_unenrolls(plant: pytest.MonkeyPatch) -> None:
    """Let giving a shared device back end its enrolment."""
    check_in = handing_over.check_in

    def check_in_badly(room: Any, device: DeviceRecord, *how: Any) -> DeviceRecord:
        returned = replace(check_in(room, device, *how), status=EnrollmentStatus.UNENROLLED)
        room.devices.replace(returned)
        return returned

    plant.setattr(device_login, "check_in", check_in_badly)


@pytest.mark.parametrize(
    ("plant", "noticed_by"),
    [(_second_reassignment, "I-19"), (_reenrolment_unlocks, "I-20"), (_check_in_unenrolls, "I-23")],
    ids=["a second reassignment is allowed", "re-enrolment clears a lock", "a check-in changes the status"],
)
def test_a_planted_bug_is_noticed(plant: Plant, noticed_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is caught by the invariant that forbids it: one that nothing can break says nothing."""
    plant(monkeypatch)
    sensitive = settings(FEW, max_examples=200, derandomize=True)
    with pytest.raises(AssertionError, match=noticed_by):
        run_state_machine_as_test(ServedStaging, settings=sensitive)
