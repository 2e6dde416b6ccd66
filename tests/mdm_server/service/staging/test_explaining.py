from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    ListAttribute,
    ListKind,
    Platform,
)
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.staging import explaining
from mdm_server.service.staging.explaining import Explaining
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom
from rigs.service import ServiceRig

PHONE = DeviceRecord(
    NEW,
    "d-1",
    Platform.IOS,
    DeviceIdentifiers("00008110-001A2B3C4D5E6F70", "F17XQ2", "350000000000001"),
    "iPhone15,2",
    friendly_name="Anna's phone",
    group=ROOT_GROUP,
    status=EnrollmentStatus.REGISTERED,
)


async def _told(rig: ServiceRig, work: Callable[[StagingRoom], None]) -> None:
    await rig.store.staging.transact(work, rig.facts().occasion(rig.clock()))


def _people(room: StagingRoom) -> dict[str, int]:
    return {
        name: room.users.add(EnrollmentUser(NEW, f"u-{name}", name, group=ROOT_GROUP)).id
        for name in ("anna", "bert", "stage")
    }


def _wrong_user(room: StagingRoom) -> None:
    """Write what a login of bert on a device registered to anna leaves behind."""
    people = _people(room)
    lock = DeviceLock(DeviceLockReason.REG_USER_MISMATCH, room.occasion.at, people["bert"])
    device = room.devices.add(replace(PHONE, lock=lock))
    room.registrations.add(
        Registration(NEW, "r-1", people["anna"], ROOT_GROUP, identifiers=PHONE.identifiers, created_at=room.occasion.at)
    )
    room.journal.tell("registration.created", user="anna", serial="F17XQ2")
    room.journal.tell("lock.set", device=f"device:{device.id}", reason="REG_USER_MISMATCH", user="bert")
    room.journal.tell(
        "hub.refused",
        device=f"device:{device.id}",
        reason="REG_USER_MISMATCH",
        user="bert",
        guard="RegistrationOwner",
    )
    room.journal.tell("registration.created", user="bert", serial="ANOTHER")


async def test_a_locked_device_is_explained_from_its_records_and_its_journal(rig: ServiceRig) -> None:
    """What was told before there was a record of it, by its serial number alone, is part of the story."""
    await _told(rig, _wrong_user)
    explanation = await Explaining(rig.store).explain("F17XQ2")
    assert explanation.device == "Anna's phone (F17XQ2)"
    assert explanation.state[0] == "Anna's phone (F17XQ2) is expected, and has not enrolled."
    assert "it is registered to anna, and bert tried to have it" in explanation.state[1]
    assert [happening.code for happening in explanation.story] == ["registration.created", "lock.set", "hub.refused"]
    assert explanation.remedy[0].startswith("What to do: Unlock the device")


@pytest.mark.parametrize(
    "name",
    [
        "00008110-001a2b3c4d5e6f70",
        "f17-xq2",
        "350000000000001",
        "device:1",
        "1",
        "d-1",
        "anna's PHONE",
    ],
)
async def test_a_device_is_found_by_whatever_somebody_calls_it(rig: ServiceRig, name: str) -> None:
    """UDID, serial number, IMEI, number, UUID, or the name it was registered under."""
    await _told(rig, _wrong_user)
    assert (await Explaining(rig.store).explain(name)).device == "Anna's phone (F17XQ2)"


@pytest.mark.parametrize(
    ("name", "detail"), [("F17XQ3", "did you mean 'F17XQ2'?"), ("~~~", "nothing like it"), ("", "nothing like it")]
)
async def test_an_unknown_device_is_refused_with_the_nearest_name_there_is(
    rig: ServiceRig, name: str, detail: str
) -> None:
    """Whoever mistyped is told what was probably meant; nonsense is not guessed at."""
    await _told(rig, _wrong_user)
    with pytest.raises(Refusal) as refused:
        await Explaining(rig.store).explain(name)
    assert isinstance(refused.value, DetailedRefusal)
    assert (refused.value.code, detail in refused.value.detail) == ("device.unknown", True)


@pytest.mark.parametrize("name", ["00008110-0000000000000002", "serial000002", "Device SERIAL000002"])
async def test_a_device_that_enrolled_with_a_profile_alone_is_explained_too(rig: ServiceRig, name: str) -> None:
    """Staging has no record of it, but it has a status, a story, and the name that its person gave it."""
    await rig.enrolled(1)
    await rig.enrolled(2)
    explanation = await Explaining(rig.store).explain(name)
    assert explanation.state[0] == "Device SERIAL000002 (SERIAL000002) is enrolled, and assigned to nobody."
    assert [happening.code for happening in explanation.story] == ["enroll.authenticated", "enroll.enrolled"]
    with pytest.raises(DetailedRefusal, match="SERIAL000001"):
        await Explaining(rig.store).explain("SERIAL00001")


async def test_lists_and_assignments_are_told_with_the_people_in_them(rig: ServiceRig) -> None:
    """A shared device that was put on the deny list while somebody had it."""

    def work(room: StagingRoom) -> None:
        people = _people(room)
        room.devices.add(
            replace(
                PHONE,
                friendly_name="",
                status=EnrollmentStatus.ENROLLED,
                assignment=Assignment(AssignmentState.CHECKED_OUT, people["anna"], people["stage"]),
            )
        )
        room.lists.add(ListEntry(NEW, ListKind.DENY, ListAttribute.SERIAL_NUMBER, "F17XQ2", ROOT_GROUP))

    await _told(rig, work)
    explanation = await Explaining(rig.store).explain("F17XQ2")
    assert explanation.state[:2] == (
        "iPhone15,2 (F17XQ2) is enrolled as a shared device of stage, and anna has checked it out.",
        "It is on the deny list: nobody can enrol it.",
    )
    assert explanation.remedy == ("What to do: Remove the device from the deny list.",)


async def test_a_device_that_says_nothing_of_itself_has_a_number(rig: ServiceRig) -> None:
    """An Android work profile, for one."""

    def work(room: StagingRoom) -> None:
        nameless = DeviceRecord(NEW, "d-2", Platform.ANDROID, DeviceIdentifiers(), group=None)
        room.devices.add(nameless)

    await _told(rig, work)
    assert (await Explaining(rig.store).explain("1")).device == "Android device (number 1)"


async def test_of_a_long_journal_the_newest_pages_are_read(rig: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """An explanation costs a bounded amount of reading, whatever a device has been through."""
    monkeypatch.setattr(explaining, "PAGE", 2)
    monkeypatch.setattr(explaining, "MOST_PAGES", 3)

    def work(room: StagingRoom) -> None:
        device = room.devices.add(PHONE)
        for number in range(20):
            room.journal.tell("assignment.checked_out", device=f"device:{device.id}", user=f"user-{number}")

    await _told(rig, work)
    story = (await Explaining(rig.store).explain("F17XQ2")).story
    assert [happening.sentence.split()[0] for happening in story] == [f"user-{number}" for number in range(14, 20)]


async def test_entries_that_name_a_device_by_its_serial_number_alone_are_looked_for_among_the_newest(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is filed under the device itself is found however old it is."""
    monkeypatch.setattr(explaining, "REACH", 5)

    def work(room: StagingRoom) -> None:
        device = room.devices.add(PHONE)
        room.journal.tell("registration.created", user="anna", serial="F17XQ2")
        room.journal.tell("assignment.checked_out", device=f"device:{device.id}", user="anna")
        for _ in range(10):
            room.journal.tell("user.changed", user="bert")
        room.journal.tell("list.denied", serial="F17XQ2")

    await _told(rig, work)
    story = (await Explaining(rig.store).explain("F17XQ2")).story
    assert [happening.code for happening in story] == ["assignment.checked_out", "list.denied"]
