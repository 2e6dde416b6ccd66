"""Staging against a model of it: whoever tries what in whatever order, both say the same of every device."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.registration import Registration, find_registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    DeviceLockReason,
    DeviceStagingType,
    ListAttribute,
    ListKind,
    Platform,
    RegistrationState,
    StagingMode,
)
from mdm_server.store.records import NewCommand
from mdm_server.store.sqlite import SqliteStore, open_sqlite
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom, StagingView
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, device

UDIDS = ("A", "B")
PEOPLE = ("ann", "bob")
STAGER = "pat"
STEPS = 60


@dataclass
class Expected:
    """What the model believes of one device."""

    enrolled: bool = False
    holder: str | None = None
    """Who has it; the staging user while nobody has claimed it."""
    registered: str | None = None
    bound: bool = False
    locked: DeviceLockReason | None = None
    denied: bool = False

    def refusal(self, person: str | None) -> str | None:
        """Return why somebody, or a device that comes without the Hub, may not enrol it."""
        # The lock against others than the one it is bound to spares that one; the other keeps everybody out.
        spared = self.locked is DeviceLockReason.REG_BOUND_TO_OTHER and person in PEOPLE and person == self.registered
        if self.locked is not None and not spared:
            return self.locked
        if self.denied:
            return "DEVICE_DENYLISTED"
        if self.registered is None or person == self.registered:
            return None
        if person is None:
            return "HUB_REQUIRED"
        if self.bound:
            return "REG_BOUND_TO_OTHER"
        return None if person == STAGER else "REG_USER_MISMATCH"

    def enrol(self, person: str | None) -> None:
        """Believe that it is enrolled; one that comes without the Hub is nobody's."""
        self.enrolled, self.holder = True, person
        if person not in (None, STAGER):
            self.registered, self.bound = person, True

    def leave(self) -> None:
        """Believe that it is managed no longer; what it was registered to stays."""
        self.enrolled, self.holder = False, None


@dataclass
class Play:
    """A store and its model, and what can happen to both."""

    path: Path
    chance: random.Random
    store: SqliteStore = field(init=False)
    actors: StagingActors = field(init=False)
    users: dict[str, EnrollmentUser] = field(default_factory=dict)
    certificates: dict[str, str] = field(default_factory=dict)
    model: dict[str, Expected] = field(default_factory=lambda: {udid: Expected() for udid in UDIDS})

    async def begin(self) -> None:
        """Open an empty state with its people in it."""
        self.store = open_sqlite(self.path, inline=True, durable=False)
        self.actors = StagingActors(self.store)
        for name in PEOPLE:
            self.users[name] = await self.actors.user(name)
        self.users[STAGER] = await self.actors.user(STAGER, DeviceStagingType.STANDARD)

    async def step(self) -> str:
        """Let something happen to a device; return what."""
        moves: list[Callable[[str], Awaitable[None]]] = [
            self.enrol_by_hub,
            self.enrol_by_hub,
            self.stage,
            self.claim,
            self.claim,
            self.enrol_without_the_hub,
            self.authenticate_again,
            self.check_out,
            self.wipe,
            self.register,
            self.delete_registration,
            self.lock_or_unlock,
            self.deny_or_allow,
            self.restart,
        ]
        move, udid = self.chance.choice(moves), self.chance.choice(UDIDS)
        await move(udid)
        return f"{move.__name__} {udid}"

    async def enrol_by_hub(self, udid: str) -> None:
        """Let somebody enrol a device by the Hub."""
        await self._enrol(udid, self.chance.choice(PEOPLE), StagingMode.NONE)

    async def stage(self, udid: str) -> None:
        """Let the staging user enrol a device for whoever comes."""
        await self._enrol(udid, STAGER, StagingMode.STANDARD)

    async def claim(self, udid: str) -> None:
        """Let somebody log in to a staged device."""
        expected, person = self.model[udid], self.chance.choice(PEOPLE)
        if expected.holder is None:
            return
        said = await self.actors.claim((await self.actors.device_of(udid)).id, self.users[person])
        assert said == ("claimed" if expected.holder in (STAGER, person) else "ALREADY_CLAIMED")
        if expected.holder == STAGER:
            expected.holder = person

    async def enrol_without_the_hub(self, udid: str) -> None:
        """Let a device come with an enrolment profile of the administrator's."""
        expected = self.model[udid]
        self.actors.counter += 1
        name = f"plain {self.actors.counter}"
        await self.actors.invite(name, udid=udid)
        await self.actors.issue(name, challenge=name)
        code = expected.refusal(None)
        # One that is somebody's stays whose it is, as long as it has not left.
        held = expected.holder is not None and code == "HUB_REQUIRED"
        if await self._outcome(udid, name, None if held else code):
            expected.enrolled = True

    async def authenticate_again(self, udid: str) -> None:
        """Let a device begin anew with the certificate it has."""
        expected = self.model[udid]
        if not expected.enrolled:
            return
        code = expected.refusal(None)
        held = expected.holder is not None and code == "HUB_REQUIRED"
        await self._outcome(udid, self.certificates[udid], None if held else code)

    async def check_out(self, udid: str) -> None:
        """Let a person remove the MDM profile."""
        if self.model[udid].enrolled:
            await self.actors.check_out(device(udid), self.certificates[udid])
            self.model[udid].leave()

    async def wipe(self, udid: str) -> None:
        """Let an administrator wipe a device, and the device do it."""
        if not self.model[udid].enrolled:
            return
        self.actors.counter += 1
        name = f"wipe {self.actors.counter}"
        if self.chance.random() < 0.5:
            command = NewCommand(udid, name, "RemoveProfile", b"<r/>")
            await self.actors.act(lambda room: room.commands.enqueue_parting(command))
        else:
            await self.actors.enqueue(udid, name, request_type="EraseDevice")
        await self.actors.idle(device(udid), self.certificates[udid])
        await self.actors.answer(device(udid), self.certificates[udid], name)
        self.model[udid].leave()

    async def register(self, udid: str) -> None:
        """Let an administrator register a device that nobody is expected with."""
        if self.model[udid].registered is None:
            person = self.chance.choice(PEOPLE)
            await self.actors.register(self.users[person], serial_number=f"serial {udid}")
            self.model[udid].registered = person

    async def delete_registration(self, udid: str) -> None:
        """Let an administrator delete a registration."""

        def work(room: StagingRoom) -> None:
            for registration in room.registrations.for_identifiers(_identifiers(udid)):
                room.registrations.remove(registration.id)

        await self.actors.act(work)
        self.model[udid].registered, self.model[udid].bound = None, False

    async def lock_or_unlock(self, udid: str) -> None:
        """Let a device be locked, or an administrator unlock it: by its serial number, whatever its UDID was."""
        reason = self.chance.choice([DeviceLockReason.REENROLL_PREVENTED, DeviceLockReason.REG_BOUND_TO_OTHER])
        lock = None if self.model[udid].locked else DeviceLock(reason, NOON)

        def work(room: StagingRoom) -> bool:
            known = room.devices.by_identifiers(DeviceIdentifiers(serial_number=f"SERIAL-{udid}"))
            for record in known:
                room.devices.replace(replace(record, lock=lock))
            return bool(known)

        if await self.actors.act(work):
            self.model[udid].locked = None if lock is None else lock.reason

    async def deny_or_allow(self, udid: str) -> None:
        """Let an administrator deny a device, or take that back."""

        def work(room: StagingRoom) -> None:
            for entry in room.lists.for_identifiers(_identifiers(udid), None):
                room.lists.remove(entry.id)
            if not self.model[udid].denied:
                room.lists.add(ListEntry(NEW, ListKind.DENY, ListAttribute.UDID, udid.lower(), ROOT_GROUP))

        await self.actors.act(work)
        self.model[udid].denied = not self.model[udid].denied

    async def restart(self, _: str) -> None:
        """Stop the server and start it again on the same state."""
        await self.store.close()
        self.store = open_sqlite(self.path, inline=True, durable=False)
        self.actors = replace(self.actors, store=self.store)

    async def _enrol(self, udid: str, person: str, mode: StagingMode) -> None:
        user = self.users[person]
        certificate = await self.actors.let_in(udid, user, serial_number=f"serial {udid}", mode=mode)
        if await self._outcome(udid, certificate, self.model[udid].refusal(person)):
            self.model[udid].enrol(person)

    async def _outcome(self, udid: str, certificate: str, code: str | None) -> bool:
        """Let a device enrol and compare what it is told; a refusal changes nothing (R0)."""
        before, said = await self.store.state_digest(), None
        try:
            await self.actors.install(udid, certificate, serial_number=f"serial {udid}")
        except Refusal as refusal:
            said = refusal.code
        assert said == code
        if said is not None:
            assert await self.store.state_digest() == before
            return False
        self.certificates[udid] = certificate
        return True

    async def compare(self) -> None:
        """Compare what the store believes of every device, and of its registration, with the model."""
        for udid, expected in self.model.items():
            record, registration = await self.actors.see(lambda view, udid=udid: _on_record(view, udid))  # type: ignore[misc]
            enrollment = await self.store.enrollments.find(udid)
            enrolled = enrollment is not None and enrollment.status == "Enrolled"
            assert enrolled == expected.enrolled
            owner = None if registration is None else registration.user
            assert owner == self._number(expected.registered)
            assert (registration is not None and registration.state is RegistrationState.BOUND) == expected.bound
            if record is None:
                assert expected.holder is None
                continue
            held = record.assignment
            assert (held.user or held.stager) == self._number(expected.holder)
            assert (record.status == "Enrolled") == (enrolled and record.enrollment_key == udid)
            assert (None if record.lock is None else record.lock.reason) == expected.locked

    def _number(self, name: str | None) -> int | None:
        return None if name is None else self.users[name].id


def _identifiers(udid: str) -> DeviceIdentifiers:
    return DeviceIdentifiers(udid, f"serial {udid}")


def _on_record(view: StagingView, udid: str) -> tuple[DeviceRecord | None, Registration | None]:
    known = view.devices.by_identifiers(_identifiers(udid), Platform.IOS)
    assert len(known) <= 1, f"{udid} has {len(known)} records"
    registration = find_registration(view.registrations.for_identifiers(_identifiers(udid)), _identifiers(udid))
    return next(iter(known), None), registration


@pytest.mark.parametrize("seed", range(20))
async def test_staging_does_what_the_model_does(tmp_path: Path, seed: int) -> None:
    """Invariants (a) to (e) of staging, I-18 to I-24: two devices, two users, a staging user, sixty random steps."""
    play = Play(tmp_path / "state.db", random.Random(seed))
    await play.begin()
    happened: list[str] = []
    try:
        for _ in range(STEPS):
            happened.append(await play.step())
            await play.compare()
    except BaseException as error:
        error.add_note(f"seed {seed}: {', '.join(happened)}")
        raise
    finally:
        await play.store.close()
