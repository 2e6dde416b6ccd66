"""A state machine for a running server against the rules: people, devices, administrators, restarts in any order.

Every step is taken at a desk that knows nothing but the domain's rules and, in bytes, at a running server; both must
say the same and hold the same to be true. Apart from that, the invariants of the server's promise are checked on what
the server has on record, from what was seen of it before: I-18 to I-24 (assignment and lockout) and I-08.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from mdm_server.domain.enrollment import MANAGED, TRANSITIONS, EnrollmentStatus
from mdm_server.domain.staging.assignment import ASSIGNMENT
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.guards import Verdict
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceLockReason, StagingMode
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.domain.staging.withholding import GIVEN_TO_LOCKED_DEVICES
from mdm_server.service.staging.device_commands import DeviceCommand
from rigs.served_desk import SERIALS, ServedDesk
from rigs.served_rig import statuses_of

ANNA, BEN, PAT, MIA = 10, 11, 12, 13
STAGERS = {StagingMode.STANDARD: PAT, StagingMode.MULTI: MIA, StagingMode.ADVANCED: MIA}
OWNERS = (DeviceLockReason.REG_USER_MISMATCH, DeviceLockReason.REG_BOUND_TO_OTHER)
SHARED = (AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT)

serials = st.sampled_from(SERIALS)
people = st.sampled_from([ANNA, BEN])
anybody = st.sampled_from([ANNA, BEN, ANNA, BEN, ANNA, BEN, PAT, MIA])
modes = st.sampled_from([StagingMode.STANDARD, StagingMode.MULTI, StagingMode.ADVANCED])
mostly = st.sampled_from([True] * 7 + [False])
rarely = st.sampled_from([False] * 3 + [True])


class ServedStaging(RuleBasedStateMachine):
    """People and administrators do anything in any order, and the server is restarted in between."""

    @initialize(lock=st.sampled_from(["device", "user"]), staged=mostly)
    def open(self, lock: str, staged: bool) -> None:
        """Start a server with one of the two readings of the lock; the devices may be staged already."""
        self.served = ServedDesk(lock)
        self.desk = self.served.desk
        self.seen: dict[str, DeviceRecord] = {}
        self.locks: dict[str, DeviceLockReason] = {}
        self.claims: dict[str, int] = {}
        self.releases = 0
        if staged:
            for serial, mode in zip(SERIALS, (StagingMode.STANDARD, StagingMode.MULTI), strict=True):
                self._enrolls(serial, STAGERS[mode], None, mode, True, "U")

    def teardown(self) -> None:
        """Stop the server."""
        if hasattr(self, "served"):
            self.served.close()

    # --- people ------------------------------------------------------------------------------------------------------

    @rule(serial=serials, user=people, password=mostly, udid=st.sampled_from("UUUV"))
    def enrolls(self, serial: str, user: int, password: bool, udid: str) -> None:
        """Let somebody enrol a device for themselves, perhaps with another UDID than before."""
        self._enrolls(serial, user, user, StagingMode.NONE, password, udid)

    @rule(serial=serials, mode=modes, named=people, udid=st.sampled_from("UUUV"))
    def stages(self, serial: str, mode: StagingMode, named: int, udid: str) -> None:
        """Let a staging user enrol a device for others."""
        owner = named if mode is StagingMode.ADVANCED else None
        self._enrolls(serial, STAGERS[mode], owner, mode, True, udid)

    @precondition(lambda self: self.desk.managed())
    @rule(data=st.data(), user=anybody, password=mostly)
    def logs_in(self, data: st.DataObject, user: int, password: bool) -> None:
        """Let somebody log in to the Hub of an enrolled device."""
        self._logs_in(data.draw(st.sampled_from(self.desk.managed())), user, password)

    @precondition(lambda self: self.desk.managed())
    @rule(data=st.data(), queue=st.permutations([ANNA, BEN]))
    def log_in_one_after_the_other(self, data: st.DataObject, queue: list[int]) -> None:
        """Let two people log in to the same device."""
        serial = data.draw(st.sampled_from(self.desk.managed()))
        for user in queue:
            self._logs_in(serial, user, password=True)

    @rule(serial=serials, owner=people)
    def the_wrong_one_comes_first(self, serial: str, owner: int) -> None:
        """Expect a device of somebody, another tries to take it, and then who was expected (§4 no. 1)."""
        self.served.register(serial, owner)
        self._look(serial, EnrollmentStatus.REGISTERED)
        for user in (ANNA + BEN - owner, owner):
            if serial in self.desk.managed():
                self._logs_in(serial, user, password=True)
            else:
                self._enrolls(serial, user, user, StagingMode.NONE, True, "U")
        if serial in self.desk.managed():
            self.served.command(serial, DeviceCommand.CLEAR_PASSCODE)
            self._checks_in(serial)

    @precondition(lambda self: self.desk.shared())
    @rule(data=st.data())
    def logs_out(self, data: st.DataObject) -> None:
        """Let somebody give a shared device back."""
        self._logs_out(data.draw(st.sampled_from(self.desk.shared())))

    @rule(serial=serials, user=people)
    def borrows(self, serial: str, user: int) -> None:
        """Let somebody take a shared device, which is staged for that if nobody has it, and give it back."""
        if serial not in self.desk.managed():
            self._enrolls(serial, MIA, None, StagingMode.MULTI, True, "U")
        if serial in self.desk.shared():
            self._logs_in(serial, user, password=True)
            self._logs_out(serial)

    @precondition(lambda self: self.desk.managed())
    @rule(data=st.data())
    def removes_the_profile(self, data: st.DataObject) -> None:
        """Let a person remove the MDM profile."""
        serial = data.draw(st.sampled_from(self.desk.managed()))
        self.served.remove_profile(serial)
        self._left(serial)

    @precondition(lambda self: self.locks)
    @rule(data=st.data(), user=anybody)
    def tries_the_other_platform(self, data: st.DataObject, user: int) -> None:
        """Let somebody come back with locked hardware and another system on it: that unlocks nothing (I-20)."""
        serial = data.draw(st.sampled_from(sorted(self.locks)))
        if not self.desk.spares(self.locks[serial], user if user in (ANNA, BEN) else ANNA, self._owner(serial)):
            assert self.served.knock_as_android(serial, user) == self.locks[serial], "I-20: it is locked still"

    # --- devices -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.desk.managed())
    @rule(data=st.data())
    def checks_in(self, data: st.DataObject) -> None:
        """Let a device ask for its commands, and do them."""
        self._checks_in(data.draw(st.sampled_from(self.desk.managed())))

    # --- administrators ----------------------------------------------------------------------------------------------

    @rule(serial=serials, user=people)
    def registers(self, serial: str, user: int) -> None:
        """Expect a device of somebody (T1)."""
        self.served.register(serial, user)
        self._look(serial, EnrollmentStatus.REGISTERED)

    @rule(serial=serials)
    def deletes_registrations(self, serial: str) -> None:
        """Expect nobody any more (T29)."""
        registered = self.desk.registration(serial) is not None
        self.served.delete_registrations(serial)
        if registered:
            self._may_release(serial, *OWNERS)
        self._look(serial, EnrollmentStatus.DISCOVERED)

    @precondition(lambda self: len(self.locks) < len(SERIALS))
    @rule(serial=serials, really=rarely)
    def denies(self, serial: str, really: bool) -> None:
        """Put a device on the deny list (T4)."""
        if really and not self.desk.denied(serial):
            self.served.deny(serial)
            self._look(serial, EnrollmentStatus.ENTERPRISE_WIPE_PENDING)

    @precondition(lambda self: self.desk.entries)
    @rule(serial=serials)
    def allows_again(self, serial: str) -> None:
        """Take a device off the deny list (T5)."""
        if self.desk.denied(serial):
            self.served.undeny(serial)
            self._may_release(serial, DeviceLockReason.DEVICE_DENYLISTED)
            self._look(serial)

    @precondition(lambda self: self.locks)
    @rule(data=st.data())
    def unlocks(self, data: st.DataObject) -> None:
        """Unlock a device."""
        serial = data.draw(st.sampled_from(sorted(self.locks)))
        self.served.unlock(serial)
        self._may_release(serial, self.locks[serial])
        self._look(serial)

    @precondition(lambda self: self.desk.managed())
    @rule(data=st.data(), kind=st.sampled_from(WipeKind), obeys=st.booleans())
    def wipes(self, data: st.DataObject, kind: WipeKind, obeys: bool) -> None:
        """Tell a device to leave; it does at its next check-in, now or when much has happened."""
        serial = data.draw(st.sampled_from(self.desk.managed()))
        self.served.wipe(serial, kind)
        self._look(serial, EnrollmentStatus.ENTERPRISE_WIPE_PENDING, EnrollmentStatus.DEVICE_WIPE_PENDING)
        if obeys:
            self._checks_in(serial)
            assert serial not in self.desk.managed(), "a device that did what it was told is managed no longer"

    @precondition(lambda self: self.desk.managed())
    @rule(data=st.data(), command=st.sampled_from([DeviceCommand.CLEAR_PASSCODE, DeviceCommand.DEVICE_QUERY]))
    def commands(self, data: st.DataObject, command: DeviceCommand) -> None:
        """Tell a device to do something that locked ones are told, or not (I-21); it asks at once."""
        serial = data.draw(st.sampled_from(self.desk.managed()))
        self.served.command(serial, command)
        self._checks_in(serial)

    @precondition(lambda self: self.desk.managed())
    @rule(data=st.data(), user=anybody)
    def gives(self, data: st.DataObject, user: int) -> None:
        """Change the user of a device through the API (T18 to T22)."""
        serial = data.draw(st.sampled_from(self.desk.managed()))
        before = self.seen[serial]
        allowed = self.served.patch(serial, user)
        self._look(serial)
        after = self.seen[serial]
        assert allowed or after == before, "I-18: who is refused gets nothing"
        if before.assignment.state is AssignmentState.STAGED_UNCLAIMED and after.assignment.user is not None:
            self.claims[serial] = self.claims.get(serial, 0) + 1

    @rule(really=rarely)
    def restarts(self, really: bool) -> None:
        """Stop the server and start it again: it knows what it knew."""
        if not really:
            return
        before = self.served.records()
        self.served.restart()
        assert self.served.records() == before, "what was answered survives a restart"

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def claimed_once_at_most(self) -> None:
        """Hold I-19: a staged device is reassigned once for each enrolment."""
        assert all(count <= 1 for count in self.claims.values()), f"I-19: claimed more than once: {self.claims}"

    @invariant()
    def devices_are_never_sent_away(self) -> None:
        """Hold I-08: no device is ever answered 401 or 403, and none breaks the server."""
        assert set(statuses_of(self.served.rig)) <= {200, 400}, f"I-08: {statuses_of(self.served.rig)}"

    @invariant()
    def locks_stay(self) -> None:
        """Hold I-20: a lock is there until an administrator ends it, and keeps its reason."""
        for serial, reason in self.locks.items():
            lock = self.seen[serial].lock
            assert lock is not None, f"I-20: the lock of {serial} is gone"
            assert lock.reason is reason, f"I-20: the lock of {serial} is another"

    @invariant()
    def one_user_at_most(self) -> None:
        """Hold I-18: a device that is assigned or checked out has one user, and any other has none."""
        for record in self.seen.values():
            held = record.assignment.state in (AssignmentState.ASSIGNED, AssignmentState.CHECKED_OUT)
            assert (record.assignment.user is not None) == held, f"I-18: {record.assignment}"
            if record.status not in MANAGED:
                assert record.assignment.state is AssignmentState.UNASSIGNED, f"I-18: {record.assignment}"

    @invariant()
    def releases_are_told_once(self) -> None:
        """Hold I-22: the journal has one entry for each lock that was released, and says by what."""
        told = self.served.told("lock.released")
        assert len(told) == self.releases, "I-22: released without a word, or told twice"
        assert all(event.detail["by"] for event in told), "I-22: nobody released it"

    @invariant()
    def the_server_did_what_the_rules_say(self) -> None:
        """Hold I-51: what the server has on record is what follows from the rules."""
        differences = list(self.served.differences())
        assert not differences, "; ".join(differences)

    # --- seeing ------------------------------------------------------------------------------------------------------

    def _logs_in(self, serial: str, user: int, password: bool) -> None:
        """Let somebody log in, and check what came of it: who takes a device, takes it from nobody (I-19)."""
        before = self.seen[serial]
        locked, owner = before.lock, self._owner(serial)
        verdict = self.served.log_in(serial, user, password=password)
        self._look(serial)
        after = self.seen[serial]
        shared = before.assignment.state in SHARED
        self._refused_fairly(serial, user, owner, verdict, staged=shared)
        if verdict is not None:
            assert after.assignment == before.assignment, "I-19: who is refused gets nothing"
            return
        assert password
        assert locked is None or self.desk.spares(locked.reason, user, owner), "I-20: a locked device takes nobody"
        assert after.assignment.user == user, "I-18: who was let in has the device"
        if not shared and before.assignment.user != user:
            self.claims[serial] = self.claims.get(serial, 0) + 1

    def _logs_out(self, serial: str) -> None:
        """Let somebody give a shared device back: the assignment changes, and nothing else (I-23)."""
        before = self.seen[serial]
        self.served.log_out(serial)
        self._look(serial)
        after = self.seen[serial]
        expected = replace(before, assignment=after.assignment, home_group=None, last_seen=after.last_seen)
        assert after == expected, "I-23: a check-in changes the assignment only"
        assert after.assignment.user is None, "I-18: a device that was given back is nobody's"

    def _checks_in(self, serial: str) -> None:
        """Let a device ask for its commands, and do them: a locked one is given no profile and no secret (I-21)."""
        before, owner = self.seen[serial], self._owner(serial)
        done = self.served.check_in(serial)
        if before.lock is not None and not self.desk.spares(before.lock.reason, before.assignment.user, owner):
            assert GIVEN_TO_LOCKED_DEVICES.issuperset(done), f"I-21: a locked device was given {done}"
        if serial in self.desk.managed():
            assert before.status is EnrollmentStatus.ENROLLED, "a device that is to be wiped is told so"
        else:
            self._left(serial)

    def _enrolls(self, serial: str, user: int, owner: int | None, mode: StagingMode, password: bool, udid: str) -> None:
        """Let somebody go through the wizard, and check what came of it by what was known before."""
        lock = self.seen[serial].lock if serial in self.seen else None
        holder, denied = self._owner(serial), self.desk.denied(serial)
        on_behalf = owner if mode is StagingMode.ADVANCED else None
        verdict = self.served.enroll(serial, user, mode, on_behalf, password=password, udid=udid)
        self._refused_fairly(serial, owner, holder, verdict, staged=mode is not StagingMode.NONE)
        if verdict is None:
            assert password
            assert not denied, "I-20: what is denied never gets in"
            assert lock is None or self.desk.spares(lock.reason, owner, holder), "I-20: a locked device takes nobody"
            assert holder in (None, owner) or owner is None, "I-20: a device that is registered is its user's"
            self.claims.pop(serial, None)
            self._look(serial, EnrollmentStatus.ENROLLED)
        else:
            self._look(serial)

    def _refused_fairly(
        self, serial: str, person: int | None, holder: int | None, verdict: Verdict | None, *, staged: bool
    ) -> None:
        """Check that a refusal locks no right user out (I-24)."""
        if verdict is None or verdict.sets_lock is None:
            return
        rightful = person is not None and holder == person and not staged
        assert not (rightful and verdict.sets_lock in OWNERS), f"I-24: {serial} was locked for the right user"

    def _left(self, serial: str) -> None:
        """Take note that a device is managed no longer."""
        self.claims.pop(serial, None)
        self._look(serial, EnrollmentStatus.UNENROLLED)

    def _look(self, serial: str, *statuses: EnrollmentStatus) -> None:
        """See what has become of a device: only along the tables, and its status only to one of these (I-23)."""
        before, after = self.seen.get(serial), self.served.records().get(serial)
        if after is None:
            assert before is None, "I-18: a record is gone"
            return
        self.seen[serial] = after
        if before is not None:
            assert after.status in (before.status, *statuses), f"I-23: from {before.status} to {after.status}"
            assert _may_become(before.status, after.status), f"I-23: from {before.status} to {after.status}"
            step = (before.assignment.state, after.assignment.state)
            assert step in _STEPS or step[0] is step[1], f"I-23: from {step[0]} to {step[1]}"
        if after.lock is not None:
            self.locks.setdefault(serial, after.lock.reason)

    def _may_release(self, serial: str, *reasons: DeviceLockReason) -> None:
        """Take note that an administrator has done what ends a lock for one of these reasons."""
        if self.locks.get(serial) in reasons:
            del self.locks[serial]
            self.releases += 1

    def _owner(self, serial: str) -> int | None:
        held = self.desk.registration(serial)
        return None if held is None else held.user


_STEPS = {(state, target) for (state, _), target in ASSIGNMENT.moves.items()}
_REACHED = {
    state: {target for (before, _), target in TRANSITIONS.moves.items() if before is state}
    for state in EnrollmentStatus
}
"""Where one transition leads from a status."""


def _may_become(before: EnrollmentStatus, after: EnrollmentStatus) -> bool:
    """Say whether one step leads from a status to another, where enrolling is Authenticate and TokenUpdate at once."""
    if after is EnrollmentStatus.ENROLLED:
        return after in _REACHED[EnrollmentStatus.ENROLLMENT_IN_PROGRESS]
    # A device that is expected no more is one that was only heard of, which is no event of its enrolment.
    forgotten = (EnrollmentStatus.REGISTERED, EnrollmentStatus.DISCOVERED)
    return after is before or after in _REACHED[before] or (before, after) == forgotten
