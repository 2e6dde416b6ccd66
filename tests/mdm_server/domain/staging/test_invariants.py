"""The invariants of staging hold through every order of events; and planted bugs show that this would be noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging import assignment, device_guards, device_lock, guards, user_guards
from mdm_server.domain.staging.device_lock import LockEvent, LockState
from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers
from mdm_server.domain.staging.guards import GuardName, Verdict
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    EntryChannel,
    ListKind,
    RegistrationState,
    StagingMode,
)
from rigs.staging_desk import LIMIT, SERIALS, Desk

serials = st.sampled_from(SERIALS)
people = st.sampled_from([10, 11])
anybody = st.sampled_from([10, 11, 10, 11, 12, 13])
mostly = st.sampled_from([True] * 7 + [False])
rarely = mostly.map(lambda often: not often)
modes = st.sampled_from([*StagingMode, StagingMode.STANDARD, StagingMode.MULTI, StagingMode.MULTI])
STAGERS = {StagingMode.STANDARD: 12, StagingMode.MULTI: 13, StagingMode.ADVANCED: 13}


class Staging(RuleBasedStateMachine):
    """People and administrators do anything in any order at one desk."""

    @initialize(lock=st.sampled_from(["device", "user"]))
    def open(self, lock: str) -> None:
        """Open a desk with one of the two readings of the lock."""
        self.desk = Desk(lock)
        self.locks: dict[str, DeviceLockReason] = {}
        self.claims: dict[str, int] = {}

    # --- attempts ----------------------------------------------------------------------------------------------------

    @rule(serial=serials, user=anybody, password=mostly, barcode=st.booleans(), udid=st.sampled_from("UV"))
    def enrolls(self, serial: str, user: int, password: bool, barcode: bool, udid: str) -> None:
        """Let somebody enrol a device for themselves."""
        channel = EntryChannel.BARCODE if barcode else EntryChannel.HUB
        self._judged(
            serial,
            user,
            lambda: self.desk.enroll(serial, user, password=password, channel=channel, udid=udid),
            password,
        )

    @rule(serial=serials, mode=modes, named=people, password=mostly)
    def stages(self, serial: str, mode: StagingMode, named: int, password: bool) -> None:
        """Let a staging user enrol a device for others."""
        stager = STAGERS.get(mode, 10)
        on_behalf = named if mode is StagingMode.ADVANCED else None
        self._judged(
            serial,
            on_behalf or stager,
            lambda: self.desk.enroll(serial, stager, mode=mode, on_behalf=on_behalf, password=password),
            password,
            staged=mode in (StagingMode.STANDARD, StagingMode.MULTI),
        )

    @precondition(lambda self: self._managed())
    @rule(data=st.data(), user=anybody, password=mostly)
    def logs_in(self, data: st.DataObject, user: int, password: bool) -> None:
        """Let somebody log in to Hub on a device that is enrolled."""
        serial = data.draw(st.sampled_from(self._managed()))
        before = self.desk.devices[serial]
        shared = before.assignment.state in (AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT)
        verdict = self._judged(
            serial, user, lambda: self.desk.log_in(serial, user, password=password), password, shared=shared
        )
        after = self.desk.devices[serial]
        assert after.status is before.status, "(c) a login never changes the enrolment status"
        if verdict is None:
            assert after.assignment.user == user, "(a) who was let in has the device"
            assert before.assignment.user in (None, user), "(a) nobody loses a device to a login"
            self.claims[serial] = self.claims.get(serial, 0) + (not shared and before.assignment.user is None)

    @precondition(lambda self: self._shared())
    @rule(data=st.data())
    def logs_out(self, data: st.DataObject) -> None:
        """Let somebody, or the timer, give a shared device back."""
        serial = data.draw(st.sampled_from(self._shared()))
        before = self.desk.devices[serial]
        self.desk.log_out(serial)
        after = self.desk.devices[serial]
        assert after == replace(before, assignment=after.assignment), "(c) a check-in changes the assignment only"
        assert after.assignment.user is None

    @precondition(lambda self: self._managed())
    @rule(data=st.data(), wiped=st.booleans(), really=rarely)
    def leaves(self, data: st.DataObject, wiped: bool, really: bool) -> None:
        """Let the management of a device end."""
        if not really:
            return
        serial = data.draw(st.sampled_from(self._managed()))
        self.desk.leave(serial, wiped=wiped)
        self._may_release(serial, DeviceLockReason.STAGING_USER_GONE if wiped else None)
        self.claims.pop(serial, None)

    # --- administrators ----------------------------------------------------------------------------------------------

    @rule(serial=st.none() | serials, user=people)
    def registers(self, serial: str | None, user: int) -> None:
        """Expect a device of somebody (T1)."""
        self.desk.register(serial, user)

    @rule(serial=serials)
    def deletes_registrations(self, serial: str) -> None:
        """Expect nobody any more (T29)."""
        self.desk.delete_registrations(serial)
        self._may_release(serial, DeviceLockReason.REG_USER_MISMATCH, DeviceLockReason.REG_BOUND_TO_OTHER)

    @rule(serial=serials, really=rarely)
    def denies(self, serial: str, really: bool) -> None:
        """Put a device on the deny list (T4)."""
        if not really:
            return
        self.desk.deny(serial)
        if serial in self.claims and self.desk.devices[serial].status not in MANAGED:
            del self.claims[serial]

    @rule(serial=serials)
    def allows_again(self, serial: str) -> None:
        """Take a device off the deny list (T5)."""
        self.desk.undeny(serial)
        self._may_release(serial, DeviceLockReason.DEVICE_DENYLISTED, DeviceLockReason.REENROLL_PREVENTED)

    @rule(serial=serials)
    def unlocks(self, serial: str) -> None:
        """Unlock a device."""
        self.desk.release(serial, LockEvent.UNLOCK)
        self.locks.pop(serial, None)

    @rule(serial=serials)
    def resets_attempts(self, serial: str) -> None:
        """Forget the failed logins of a device and of everybody."""
        self.desk.reset_attempts(serial)
        self._may_release(serial, DeviceLockReason.CREATE_MDM_ERROR)

    @precondition(lambda self: self._managed())
    @rule(data=st.data(), really=rarely)
    def loses_its_stager(self, data: st.DataObject, really: bool) -> None:
        """Delete the staging user of a device (T31)."""
        if really:
            self.desk.lose_stager(data.draw(st.sampled_from(self._managed())))

    @precondition(lambda self: self._managed())
    @rule(data=st.data(), user=anybody)
    def patches(self, data: st.DataObject, user: int) -> None:
        """Change the user of a device through the API (T18 to T22)."""
        serial = data.draw(st.sampled_from(self._managed()))
        before = self.desk.devices[serial]
        allowed = self.desk.patch(serial, user)
        after = self.desk.devices[serial]
        assert allowed or after == before
        assert after.status is before.status, "(c) a PATCH never changes the enrolment status"
        if before.assignment.state is AssignmentState.STAGED_UNCLAIMED and after.assignment.user is not None:
            self.claims[serial] = self.claims.get(serial, 0) + 1

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def one_user_at_most(self) -> None:
        """Hold (a): a device that is assigned or checked out has one user, any other has none."""
        for device in getattr(self, "desk", Desk()).devices.values():
            has_user = device.assignment.state in (AssignmentState.ASSIGNED, AssignmentState.CHECKED_OUT)
            assert (device.assignment.user is not None) == has_user
            if device.status not in MANAGED:
                assert device.assignment.state is AssignmentState.UNASSIGNED

    @invariant()
    def claimed_once_at_most(self) -> None:
        """Hold (b): a staged device is claimed once for each enrolment."""
        assert all(count <= 1 for count in getattr(self, "claims", {}).values())

    @invariant()
    def locks_stay(self) -> None:
        """Hold (d): a lock is there until somebody who may ends it, and keeps its reason."""
        for serial, reason in getattr(self, "locks", {}).items():
            lock = self.desk.devices[serial].lock
            assert lock is not None, f"the lock of {serial} is gone"
            assert lock.reason is reason

    # --- judging the judge -------------------------------------------------------------------------------------------

    def _judged(
        self,
        serial: str,
        owner: int,
        act: Callable[[], Verdict | None],
        password: bool,
        *,
        staged: bool = False,
        shared: bool = False,
    ) -> Verdict | None:
        """Let somebody try, and check what came of it by what is known beforehand."""
        believed, others = self.desk.believed(), self._others(serial, owner)
        holder, bound = self._expected(serial)
        lock = self.desk.devices[serial].lock if serial in self.desk.devices else None
        verdict = act()
        if verdict is not None:
            assert self.desk.believed() == believed, "(e) a refusal changes nothing but counters and the lock it sets"
            if verdict.sets_lock is not None:
                self.locks.setdefault(serial, verdict.sets_lock)
                assert STAGING_REFUSALS[verdict.code].sticky
            else:
                assert self.desk.devices.get(serial) is None or self.desk.devices[serial].lock == lock
            rightful = holder == owner and not staged and not shared
            assert not (rightful and verdict.sets_lock in _OWNERS), "the right user is never locked out"
            return verdict
        assert password, "nobody gets in without the password"
        assert not self._denied(serial), "(g) what is denied never gets in"
        assert lock is None or self._spares(lock.reason, holder, owner), "(d) a locked device takes nobody"
        if not shared:
            assert holder in (None, owner) or (staged and not bound), "a device that is registered is its user's"
            assert others < LIMIT, "(f) the limit counts who has a device, and until then who staged it"
        if self.desk.devices[serial].assignment.state in (AssignmentState.STAGED_UNCLAIMED, AssignmentState.MULTI_IDLE):
            self.claims.pop(serial, None)
        return None

    def _expected(self, serial: str) -> tuple[int | None, bool]:
        """Return for whom a device is registered, and whether it is bound: that counts before what is expected."""
        named = DeviceIdentifiers(serial_number=serial)
        held = [held for held in self.desk.registrations.values() if held.identifiers.matches(named)]
        held.sort(key=lambda registration: (registration.state is not RegistrationState.BOUND, registration.id))
        return (held[0].user, held[0].state is RegistrationState.BOUND) if held else (None, False)

    def _others(self, serial: str, person: int) -> int:
        """Count the other devices that somebody has, or has staged and nobody has yet."""
        assigned = [each.assignment for name, each in self.desk.devices.items() if name != serial]
        return sum(person == (whose.user or whose.stager) for whose in assigned)

    def _denied(self, serial: str) -> bool:
        return any(entry.kind is ListKind.DENY and entry.value == serial for entry in self.desk.entries.values())

    def _spares(self, reason: DeviceLockReason, holder: int | None, owner: int) -> bool:
        milder = self.desk.mismatch_lock == "user" and reason is DeviceLockReason.REG_USER_MISMATCH
        return holder == owner and (milder or reason is DeviceLockReason.REG_BOUND_TO_OTHER)

    def _may_release(self, serial: str, *reasons: DeviceLockReason | None) -> None:
        if serial in self.locks and self.locks[serial] in reasons:
            del self.locks[serial]

    def _managed(self) -> list[str]:
        return sorted(serial for serial, device in self.desk.devices.items() if device.status in MANAGED)

    def _shared(self) -> list[str]:
        states = (AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT)
        return [serial for serial in self._managed() if self.desk.devices[serial].assignment.state in states]


_OWNERS = (DeviceLockReason.REG_USER_MISMATCH, DeviceLockReason.REG_BOUND_TO_OTHER)
QUICK = settings(
    max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
TestStaging = Staging.TestCase
TestStaging.settings = QUICK


# --- planted bugs ----------------------------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]


def _second_claim(plant: pytest.MonkeyPatch) -> None:
    def claim(device: Any, user: int, at: Any) -> Assignment:
        return Assignment(AssignmentState.ASSIGNED, user, device.assignment.stager, at)

    # The binding that the first claim leaves would stop the second one, too.
    _without(GuardName.BOUND_ELSEWHERE)(plant)
    plant.setattr(user_guards, "claim_refusal", lambda device, user: None)
    plant.setattr(assignment, "claim", claim)


def _reenrolling_unlocks(plant: pytest.MonkeyPatch) -> None:
    moves = {**device_lock.DEVICE_LOCK.moves}
    moves.update({(state, LockEvent.ENROLLED): LockState.FREE for state in LockState})
    plant.setattr(device_lock, "DEVICE_LOCK", replace(device_lock.DEVICE_LOCK, moves=moves))


def _check_in_unenrolls(plant: pytest.MonkeyPatch) -> None:
    def log_out(desk: Desk, serial: str) -> None:
        desk.leave(serial, wiped=False)

    plant.setattr(Desk, "log_out", log_out)


def _without(name: GuardName) -> Plant:
    def plant_it(plant: pytest.MonkeyPatch) -> None:
        deaf = tuple(replace(guard, check=lambda _: None) if guard.name is name else guard for guard in guards.GUARDS)
        plant.setattr(guards, "GUARDS", deaf)

    plant_it.__name__ = f"without_{name}"
    return plant_it


def _lock_forgets_owners(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(device_guards, "keeps_out", lambda lock, person, registration, settings: person is None)


def _counts_the_stager(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(Assignment, "counted_for", property(lambda self: self.stager or self.user))


@pytest.mark.parametrize(
    "plant",
    [
        _second_claim,
        _reenrolling_unlocks,
        _check_in_unenrolls,
        _lock_forgets_owners,
        _counts_the_stager,
        _without(GuardName.CREDENTIALS),
        _without(GuardName.DEVICE_LOCK),
        _without(GuardName.DENY_LIST),
        _without(GuardName.REGISTRATION_OWNER),
        _without(GuardName.BOUND_ELSEWHERE),
        _without(GuardName.USER_LIMIT),
    ],
    ids=lambda plant: plant.__name__.strip("_"),
)
def test_a_planted_bug_is_noticed(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invariant that nothing can break says nothing."""
    plant(monkeypatch)
    sensitive = settings(QUICK, max_examples=1500, derandomize=True, phases=[Phase.generate])
    with pytest.raises((AssertionError, Refusal)):
        run_state_machine_as_test(Staging, settings=sensitive)
