"""One desk twice: by the rules of the domain alone, and at a running server that is asked in bytes.

Whatever somebody does is done at both, and `DisagreementError` is raised where the server answers otherwise than the
rules. What they hold to be true afterwards is compared by `differences`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from mdm_server.domain.enrollment import MANAGED, TRANSITIONS, EnrollmentEvent, EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging import device_lock
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.guards import Verdict
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.registration import Registration, find_registration
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    ListAttribute,
    ListKind,
    Platform,
    RegistrationState,
    StagingMode,
)
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.embed.in_process import InProcessServer
from mdm_server.service.invitations import PROFILE_IDENTIFIER
from mdm_server.service.staging.device_commands import DeviceCommand
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.store.staging import StagingView
from rigs.hub import Hub, password_of
from rigs.served_rig import one_rsa_key, served_rig
from rigs.service import HandClock, ServiceDevice, command_in
from rigs.staging_desk import Desk
from rigs.staging_office import StagingOffice

T = TypeVar("T")

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
SERIALS = ("S1", "S2")
_WIPES = {
    WipeKind.ENTERPRISE: EnrollmentEvent.ENTERPRISE_WIPE_REQUESTED,
    WipeKind.DEVICE: EnrollmentEvent.ERASE_REQUESTED,
}


class DisagreementError(AssertionError):
    """The server did otherwise than the rules say."""


class Believed(Desk):
    """A desk that also knows what a server does between two rules: wipes take their time, and records come first."""

    def __post_init__(self) -> None:
        overrides = {"reg_mismatch_lock": self.mismatch_lock, "captcha_after": 1000}
        self.tree = GroupTree([OrganizationGroup(1, "g-1", "ACME", "Acme", "Customer", overrides=overrides)])

    def managed(self) -> list[str]:
        """Return the devices that are managed."""
        return sorted(serial for serial, device in self.devices.items() if device.status in MANAGED)

    def shared(self) -> list[str]:
        """Return the managed devices that are shared."""
        states = (AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT)
        return [serial for serial in self.managed() if self.devices[serial].assignment.state in states]

    def registration(self, serial: str) -> Registration | None:
        """Return the registration that counts for a device."""
        return find_registration(self.registrations.values(), DeviceIdentifiers(serial_number=serial))

    def spares(self, lock: DeviceLockReason, person: int | None, owner: int | None) -> bool:
        """Say whether a lock keeps out others than the owner only, and this is the owner."""
        milder = self.mismatch_lock == "user" and lock is DeviceLockReason.REG_USER_MISMATCH
        return person is not None and person == owner and (milder or lock is DeviceLockReason.REG_BOUND_TO_OTHER)

    def log_in(self, serial: str, user: int, *, password: bool = True) -> Verdict | None:
        """Try to claim a device, or to check it out; its owner who comes back changes nothing, deleted bindings too."""
        before, registrations = self.devices[serial], dict(self.registrations)
        verdict = super().log_in(serial, user, password=password)
        if self.devices[serial].assignment == before.assignment:
            self.registrations = registrations
        return verdict

    def register(self, serial: str | None, user: int) -> None:
        """Expect a device of somebody (T1): from then on it is on record."""
        super().register(serial, user)
        assert serial is not None
        names = DeviceIdentifiers(serial_number=serial)
        device = self.devices.get(serial) or DeviceRecord(self.number(), "d", Platform.IOS, names, group=1)
        if device.status is EnrollmentStatus.DISCOVERED:
            device = replace(device, status=EnrollmentStatus.REGISTERED)
        self.devices[serial] = device

    def delete_registrations(self, serial: str) -> None:
        """Expect nobody any more (T29)."""
        super().delete_registrations(serial)
        device = self.devices.get(serial)
        if device is not None and device.status is EnrollmentStatus.REGISTERED:
            self.devices[serial] = replace(device, status=EnrollmentStatus.DISCOVERED)

    def deny(self, serial: str) -> None:
        """Put a device on the deny list; if it is on record it is locked, and if it is enrolled it is to leave (T4)."""
        number = self.number()
        self.entries[number] = ListEntry(number, ListKind.DENY, ListAttribute.SERIAL_NUMBER, serial, 1)
        if serial in self.devices:
            self.wipe(serial, WipeKind.ENTERPRISE)
            device = self.devices[serial]
            lock = device_lock.locked(device.lock, DeviceLockReason.DEVICE_DENYLISTED, self.now)
            self.devices[serial] = replace(device, lock=lock)

    def denied(self, serial: str) -> bool:
        """Say whether a device is on the deny list."""
        return any(entry.value == serial for entry in self.entries.values())

    def wipe(self, serial: str, kind: WipeKind) -> None:
        """Let a managed device be told to leave."""
        device = self.devices[serial]
        if device.status in MANAGED:
            status = TRANSITIONS.after(device.status, _WIPES[kind]) or device.status
            self.devices[serial] = replace(device, status=status)

    def patch(self, serial: str, user: int) -> bool:
        """Change the user of a device through the API (T18 to T22): registrations are in the way, or follow."""
        before, found = self.devices[serial], self.registration(serial)
        unclaimed = before.assignment.state is AssignmentState.STAGED_UNCLAIMED
        taking = unclaimed and not self.users[user].may_stage
        if taking and found is not None and found.user != user:
            return False
        if not super().patch(serial, user):
            return False
        if taking:
            self._bind(serial, user, found)
        elif before.assignment.state is AssignmentState.ASSIGNED:
            for number, held in self.registrations.items():
                if held.device == before.id:
                    self.registrations[number] = replace(held, user=user)
        return True


@dataclass
class ServedDesk:
    """Two devices and four people at a desk, and at a running server. Close it."""

    mismatch_lock: str = "device"
    hands: dict[str, Hub] = field(default_factory=dict)
    """The devices as they enrolled last."""

    def __post_init__(self) -> None:
        self.desk = Believed(self.mismatch_lock)
        self._loop = asyncio.Runner()
        self._stack = AsyncExitStack()
        clock = HandClock(START)
        self.server = self.run(self._stack.enter_async_context(InProcessServer.open(clock=clock, seed=7)))
        self.rig = served_rig(self.server, clock)
        self.office = StagingOffice(self.rig)
        self.users = {number: self._hire(number) for number in self.desk.users}
        self.run(self.office.set(reg_mismatch_lock=self.mismatch_lock, captcha_after=1000))

    def _hire(self, number: int) -> int:
        user = self.desk.users[number]
        return self.run(self.office.person(user.user_name, user.staging_type)).id

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Let something happen at the server, to its end."""
        return self._loop.run(coroutine)

    def close(self) -> None:
        """Stop the server, and leave nothing of it behind."""
        self.run(self._stack.aclose())
        self._loop.close()

    # --- what people do ----------------------------------------------------------------------------------------------

    def enroll(
        self, serial: str, user: int, mode: StagingMode, on_behalf: int | None, *, password: bool, udid: str
    ) -> Verdict | None:
        """Let somebody go through the wizard, and install what it leads to."""
        hub = Hub(self.rig, self._device(serial, udid))
        named = "" if on_behalf is None else self._name(on_behalf)
        choice = "Multi" if mode is StagingMode.MULTI else "Single"
        walk = hub.walk(self._name(user), password=self._typed(user, password), staging_mode=choice, on_behalf=named)
        reply = self.run(walk)
        verdict = self.desk.enroll(serial, user, mode=mode, on_behalf=on_behalf, password=password, udid=udid)
        self._agree(verdict, reply.status.reason)
        if verdict is None:
            self.run(hub.install(reply.next_step.install_url))
            self.hands[serial] = hub
        return verdict

    def knock_as_android(self, serial: str, user: int) -> str:
        """Let somebody begin to enrol the same hardware with the other system on it; return why not."""
        hub = Hub(self.rig, self._device(serial, "A"), type="5", os_version="14")
        return self.run(hub.walk(self._name(user), staging_mode="Single", on_behalf="anna")).status.reason

    def log_in(self, serial: str, user: int, *, password: bool) -> Verdict | None:
        """Let somebody log in to the Hub of an enrolled device."""
        said = self.run(self.hands[serial].take(self._name(user), self._typed(user, password))).status.reason
        verdict = self.desk.log_in(serial, user, password=password)
        self._agree(verdict, said)
        return verdict

    def log_out(self, serial: str) -> None:
        """Let somebody give a shared device back."""
        self._agree(None, self.run(self.hands[serial].give_back()).status.reason)
        self.desk.log_out(serial)

    def remove_profile(self, serial: str) -> None:
        """Let a person remove the MDM profile."""
        assert self.run(self.hands[serial].device.check_out()).status == 200
        self.desk.leave(serial, wiped=False)

    def check_in(self, serial: str) -> list[str]:
        """Let a device ask for its commands and do them all, up to one that ends its management; return them."""
        device, done = self.hands[serial].device, list[str]()
        answer = self.run(device.report("Idle"))
        while (found := command_in(answer)) is not None:
            command = found["Command"]
            done.append(command["RequestType"])
            answer = self.run(device.report("Acknowledged", found["CommandUUID"]))
            if command["RequestType"] == "EraseDevice" or command.get("Identifier") == PROFILE_IDENTIFIER:
                self.desk.leave(serial, wiped=True)
                break
        return done

    # --- what administrators do --------------------------------------------------------------------------------------

    def register(self, serial: str, user: int) -> None:
        """Register a device to a user; one that is somebody else's is not."""
        names = DeviceIdentifiers(serial_number=serial)
        found = self.desk.registration(serial)
        order = RegistrationOrder(user=self.users[user], platform=Platform.IOS, identifiers=names)
        taken = found is not None and found.user != user
        self._agree("api.conflict" if taken else None, self._refusal(self._staging.registrations.register(order)))
        if found is None:
            self.desk.register(serial, user)

    def delete_registrations(self, serial: str) -> None:
        """Delete every registration of a device."""
        names = DeviceIdentifiers(serial_number=serial)
        if self.run(self._staging.registrations.delete_of_device(names)):
            self.desk.delete_registrations(serial)

    def deny(self, serial: str) -> None:
        """Put a device on the deny list."""
        order = ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=[serial])
        self.run(self._staging.lists.add(order))
        self.desk.deny(serial)

    def undeny(self, serial: str) -> None:
        """Take a device off the deny list."""
        for entry in self.run(self._staging.lists.all(ListKind.DENY)):
            if entry.value == serial:
                self.run(self._staging.lists.remove(entry.id))
        self.desk.undeny(serial)

    def unlock(self, serial: str) -> None:
        """Unlock a device that is on record."""
        self.run(self._staging.devices.unlock(self.record(serial).id))
        self.desk.release(serial, device_lock.LockEvent.UNLOCK)

    def wipe(self, serial: str, kind: WipeKind) -> None:
        """Tell a managed device to leave."""
        self.run(self._staging.wipes.request(self.record(serial).id, WipeOrder(kind=kind)))
        self.desk.wipe(serial, kind)

    def command(self, serial: str, command: DeviceCommand) -> None:
        """Queue a command for a managed device."""
        self.run(self._staging.commands.send(self.record(serial).id, command))

    def patch(self, serial: str, user: int) -> bool:
        """Give a device to somebody through the API; say whether that was allowed."""
        code = self._refusal(self._staging.assignments.assign(self.record(serial).id, self.users[user]))
        allowed = self.desk.patch(serial, user)
        if allowed is not (code == ""):
            raise DisagreementError(
                f"giving {serial} to {self._name(user)}: by the rules {allowed}, the server says {code}"
            )
        return allowed

    def restart(self) -> None:
        """Stop the server, and start it again on its state."""
        self.run(self.server.stop())
        self.run(self.server.start())
        self.rig.store = self.server.store

    # --- what there is -----------------------------------------------------------------------------------------------

    def records(self) -> dict[str, DeviceRecord]:
        """Return what the server has on record, by serial number, in the desk's numbers of users."""
        return {serial: self._numbered(record) for serial, (record, _) in self._known().items() if record is not None}

    def record(self, serial: str) -> DeviceRecord:
        """Return what the server has on record of a device that it knows."""
        record, _ = self._known()[serial]
        assert record is not None, f"the server does not know {serial}"
        return record

    def told(self, code: str) -> list[Any]:
        """Return what the journal tells under a code."""
        return self.run(self.office.told(code))

    def differences(self) -> Iterator[str]:
        """Compare what the server has on record with what follows from the rules."""
        for serial, (record, found) in self._known().items():
            believed, held = self.desk.devices.get(serial), self.desk.registration(serial)
            mine = {**_essence(believed), **_expectation(held)}
            theirs = {**_essence(record and self._numbered(record)), **_expectation(self._expected(found))}
            for name, expected in mine.items():
                if theirs[name] != expected:
                    yield f"{serial}: {name} is {theirs[name]} on record, and {expected} by the rules"

    # --- what follows ------------------------------------------------------------------------------------------------

    @property
    def _staging(self) -> Any:
        return self.office.staging

    def _known(self) -> dict[str, tuple[DeviceRecord | None, Registration | None]]:
        return self.run(self.office.see(lambda view: {serial: _on_record(view, serial) for serial in SERIALS}))

    def _device(self, serial: str, udid: str) -> ServiceDevice:
        return ServiceDevice(self.rig, udid=f"{udid}-{serial}", serial_number=serial, scep_key=one_rsa_key())

    def _name(self, user: int) -> str:
        return self.desk.users[user].user_name

    def _typed(self, user: int, right: bool) -> str:
        return password_of(self._name(user)) if right else "wrong"

    def _number(self, user: int | None) -> int | None:
        return next((number for number, served in self.users.items() if served == user), None)

    def _numbered(self, record: DeviceRecord) -> DeviceRecord:
        held = record.assignment
        whose = replace(held, user=self._number(held.user), stager=self._number(held.stager))
        return replace(record, assignment=whose, enrolling_user=self._number(record.enrolling_user))

    def _expected(self, held: Registration | None) -> Registration | None:
        return held and replace(held, user=self._number(held.user))

    def _refusal(self, request: Coroutine[Any, Any, Any]) -> str:
        try:
            self.run(request)
        except Refusal as refusal:
            return refusal.code
        return ""

    def _agree(self, expected: Verdict | str | None, said: str) -> None:
        code = expected.code if isinstance(expected, Verdict) else expected
        if (code or "") != said:
            raise DisagreementError(
                f"by the rules {code or 'nothing'} stands against it, the server says {said or 'yes'}"
            )


def _essence(record: DeviceRecord | None) -> dict[str, object]:
    """Return what both must hold to be the same of a device; one that nobody knows is nobody's."""
    if record is None:
        return {
            "the status": None,
            "the assignment": None,
            "who enrolled it": None,
            "the claim": None,
            "the lock": None,
        }
    held = record.assignment
    return {
        "the status": record.status,
        "the assignment": (held.state, held.user, held.stager),
        "who enrolled it": record.enrolling_user if record.status in MANAGED else None,
        "the claim": record.claimed_once,
        "the lock": None if record.lock is None else record.lock.reason,
    }


def _expectation(held: Registration | None) -> dict[str, object]:
    return {"the registration": None if held is None else (held.user, held.state is RegistrationState.BOUND)}


def _on_record(view: StagingView, serial: str) -> tuple[DeviceRecord | None, Registration | None]:
    names = DeviceIdentifiers(serial_number=serial)
    known = view.devices.by_identifiers(names)
    assert len(known) <= 1, f"I-18: {serial} is on record {len(known)} times"
    return next(iter(known), None), find_registration(view.registrations.for_identifiers(names), names)
