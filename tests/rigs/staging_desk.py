"""A desk where devices are handed out by the rules of the domain alone: what a server does, without a server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from mdm_server.domain.enrollment import MANAGED, EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging import assignment, device_lock, login_attempts, registration
from mdm_server.domain.staging.device_lock import LockEvent
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord, PresentedDevice
from mdm_server.domain.staging.guards import Attempt, Credentials, DeviceCounts, Purpose, Verdict, judge
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.registration import Registration, RegistrationEvent
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceStagingType,
    EntryChannel,
    ListAttribute,
    ListKind,
    Platform,
    RegistrationState,
    StagingMode,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIMIT = 2
SERIALS = ("S1", "S2", "S3")


def _people() -> dict[int, EnrollmentUser]:
    kinds = [DeviceStagingType.DISABLED] * 2 + [DeviceStagingType.STANDARD, DeviceStagingType.MULTI_ADVANCED]
    names = ("anna", "ben", "pat", "mia")
    return {
        number: EnrollmentUser(number, f"u-{number}", name, staging_type=kind)
        for number, (name, kind) in enumerate(zip(names, kinds, strict=True), start=10)
    }


@dataclass
class Desk:
    """Three devices, four people, one organization group."""

    mismatch_lock: str = "device"
    users: dict[int, EnrollmentUser] = field(default_factory=_people)
    devices: dict[str, DeviceRecord] = field(default_factory=dict)
    registrations: dict[int, Registration] = field(default_factory=dict)
    entries: dict[int, ListEntry] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    ticks: int = 0
    numbers: int = 100

    def __post_init__(self) -> None:
        overrides = {"max_devices": LIMIT, "reg_mismatch_lock": self.mismatch_lock, "captcha_after": 3}
        self.tree = GroupTree([OrganizationGroup(1, "g-1", "ACME", "Acme", "Customer", overrides=overrides)])

    @property
    def now(self) -> datetime:
        """A minute later every time."""
        self.ticks += 1
        return START + timedelta(minutes=self.ticks)

    def number(self) -> int:
        """Return a number that nothing has yet."""
        self.numbers += 1
        return self.numbers

    def believed(self) -> tuple[object, ...]:
        """Return all that a refusal must not change: devices but for their locks, whose they are, registrations."""
        devices = {serial: replace(device, lock=None) for serial, device in self.devices.items() if _known(device)}
        return devices, dict(self.registrations), dict(self.entries)

    # --- what people do ----------------------------------------------------------------------------------------------

    def enroll(
        self,
        serial: str,
        user: int,
        *,
        mode: StagingMode = StagingMode.NONE,
        on_behalf: int | None = None,
        password: bool = True,
        channel: EntryChannel = EntryChannel.HUB,
        udid: str = "U",
    ) -> Verdict | None:
        """Try to enrol a device; return why not."""
        presented = PresentedDevice(DeviceIdentifiers(f"{udid}-{serial}", serial), Platform.IOS, "iPhone14,5", "17.4")
        target = None if on_behalf is None else self.users[on_behalf]
        attempt = self._attempt(serial, presented, user, password, Purpose.ENROLL)
        attempt = replace(attempt, mode=mode, on_behalf=target, channel=channel)
        attempt = replace(
            attempt,
            registrations=self._registrations(presented.identifiers, attempt.owner),
            counts=DeviceCounts(self._count(attempt.counted_user, serial)),
        )
        verdict = judge(attempt)
        if verdict is not None:
            self._refused(serial, attempt, verdict)
            return verdict
        device = attempt.record or DeviceRecord(self.number(), "d", Platform.IOS, presented.identifiers, group=1)
        at = self.now
        whose = assignment.enroll(device, mode, user, on_behalf, at)
        self.devices[serial] = replace(
            device,
            identifiers=presented.identifiers,
            status=EnrollmentStatus.ENROLLED,
            assignment=whose,
            enrolling_user=user,
            claimed_once=False,
            lock=device_lock.released(device.lock, LockEvent.ENROLLED),
        )
        self.failures.pop(serial, None)
        if whose.user is not None:
            self._bind(serial, whose.user, attempt.registration)
        return None

    def log_in(self, serial: str, user: int, *, password: bool = True) -> Verdict | None:
        """Try to claim a staged device, or to check out a shared one; return why not."""
        device = self.devices[serial]
        shared = device.assignment.state in (AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT)
        purpose = Purpose.CHECK_OUT if shared else Purpose.CLAIM
        presented = PresentedDevice(device.identifiers, Platform.IOS, device.model, device.os_version)
        attempt = self._attempt(serial, presented, user, password, purpose)
        attempt = replace(
            attempt,
            registrations=self._registrations(device.identifiers, attempt.owner),
            counts=DeviceCounts(self._count(attempt.counted_user, serial)),
        )
        verdict = judge(attempt)
        if verdict is not None:
            self._refused(serial, attempt, verdict)
            return verdict
        move = assignment.check_out if shared else assignment.claim
        whose = move(device, user, self.now)
        claimed = device.claimed_once or (not shared and whose is not device.assignment)
        self.devices[serial] = replace(device, assignment=whose, claimed_once=claimed)
        if not shared:
            self._bind(serial, user, attempt.registration)
        return None

    def log_out(self, serial: str) -> None:
        """Give a shared device back."""
        device = self.devices[serial]
        self.devices[serial] = replace(device, assignment=assignment.check_in(device, self.now))

    def leave(self, serial: str, *, wiped: bool) -> None:
        """Let a device's management end."""
        device = self.devices[serial]
        lock = device_lock.released(device.lock, LockEvent.UNENROLLED)
        lock = device_lock.released(lock, LockEvent.WIPED) if wiped else lock
        gone = EnrollmentStatus.UNENROLLED
        whose = assignment.unenroll(device, self.now)
        self.devices[serial] = replace(device, status=gone, assignment=whose, lock=lock)
        for number, held in self.registrations.items():
            if held.device == device.id:
                self.registrations[number] = registration.advance(held, RegistrationEvent.DEVICE_UNENROLLED)

    # --- what administrators do --------------------------------------------------------------------------------------

    def register(self, serial: str | None, user: int) -> None:
        """Expect a device, or any one, of a user."""
        number = self.number()
        identifiers = DeviceIdentifiers(serial_number=serial)
        self.registrations[number] = Registration(number, "r", user, 1, Platform.IOS, identifiers)

    def delete_registrations(self, serial: str) -> None:
        """Expect nobody any more."""
        names = DeviceIdentifiers(serial_number=serial)
        kept = {number: held for number, held in self.registrations.items() if not held.identifiers.matches(names)}
        self.registrations = kept
        self.release(serial, LockEvent.DELETE_REGISTRATION)

    def deny(self, serial: str) -> None:
        """Put a device on the deny list; if it is enrolled it leaves (T4)."""
        number = self.number()
        self.entries[number] = ListEntry(number, ListKind.DENY, ListAttribute.SERIAL_NUMBER, serial, 1)
        if serial in self.devices and self.devices[serial].status in MANAGED:
            self.leave(serial, wiped=False)

    def undeny(self, serial: str) -> None:
        """Take it off again (T5)."""
        self.entries = {number: entry for number, entry in self.entries.items() if entry.value != serial}
        self.release(serial, LockEvent.REMOVE_FROM_DENY_LIST)

    def reset_attempts(self, serial: str) -> None:
        """Forget the failed logins of a device and of everybody."""
        self.failures.pop(serial, None)
        self.users = {number: login_attempts.after_reset(user) for number, user in self.users.items()}
        self.release(serial, LockEvent.RESET_ATTEMPTS)

    def release(self, serial: str, event: LockEvent) -> None:
        """Let something end the lock of a device, if it may."""
        if serial in self.devices:
            device = self.devices[serial]
            self.devices[serial] = replace(device, lock=device_lock.released(device.lock, event))

    def lose_stager(self, serial: str) -> None:
        """Let the staging user of a device be gone (T31)."""
        device = self.devices[serial]
        self.devices[serial] = replace(device, assignment=assignment.orphan(device, self.now))

    def patch(self, serial: str, user: int) -> bool:
        """Change the user of a device through the API; say whether it was allowed."""
        device = self.devices[serial]
        enrolling = None if device.enrolling_user is None else self.users[device.enrolling_user]
        try:
            event, whose = assignment.patch_enrollment_user(device, self.users[user], enrolling, self.now)
        except Refusal:
            return False
        claimed = device.claimed_once or event is assignment.AssignmentEvent.CLAIM
        self.devices[serial] = replace(device, assignment=whose, claimed_once=claimed)
        return True

    # --- what follows ------------------------------------------------------------------------------------------------

    def _attempt(self, serial: str, device: PresentedDevice, user: int, password: bool, purpose: Purpose) -> Attempt:
        return Attempt(
            self.tree,
            self.tree[1],
            device,
            purpose=purpose,
            user=self.users[user],
            credentials=Credentials.GOOD if password else Credentials.BAD,
            device_failures=self.failures.get(serial, 0),
            record=self.devices.get(serial),
            entries=tuple(self.entries.values()),
        )

    def _registrations(self, identifiers: DeviceIdentifiers, owner: EnrollmentUser | None) -> tuple[Registration, ...]:
        user = None if owner is None else owner.id
        return tuple(
            held
            for held in self.registrations.values()
            if (user is not None and held.user == user) or held.identifiers.matches(identifiers)
        )

    def _count(self, user: EnrollmentUser | None, but: str) -> int:
        others = [device for serial, device in self.devices.items() if serial != but and device.status in MANAGED]
        return sum(user is not None and device.assignment.counted_for == user.id for device in others)

    def _refused(self, serial: str, attempt: Attempt, verdict: Verdict) -> None:
        """Write what a refusal leaves behind: counters, and the lock it sets."""
        if verdict.counts_as_failure:
            self.failures[serial] = self.failures.get(serial, 0) + 1
            if attempt.user is not None:
                failed = login_attempts.after_failure(self.users[attempt.user.id], attempt.settings)
                self.users[attempt.user.id] = failed
        if verdict.sets_lock is not None:
            device = self.devices.get(serial)
            if device is None:
                device = DeviceRecord(self.number(), "d", Platform.IOS, attempt.device.identifiers, group=1)
            lock = device_lock.locked(device.lock, verdict.sets_lock, self.now)
            self.devices[serial] = replace(device, lock=lock)

    def _bind(self, serial: str, user: int, expected: Registration | None) -> None:
        device = self.devices[serial]
        if expected is None:
            number = self.number()
            state = RegistrationState.NONE
            expected = Registration(number, "r", user, 1, Platform.IOS, device.identifiers, state=state)
        bound = registration.bind(expected, device.id, device.identifiers)
        self.registrations[bound.id] = bound


def _known(device: DeviceRecord) -> bool:
    """Say whether a device was more than a lock: one that was only ever refused is not on record but for that."""
    return device.status is not EnrollmentStatus.DISCOVERED
