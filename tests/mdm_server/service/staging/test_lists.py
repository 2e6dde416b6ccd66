from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import DeviceLockReason, ListAttribute, ListKind, Ownership, Platform
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeState
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.store.staging import ROOT_GROUP
from rigs.staging_office import StagingOffice

DENY = ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=("SERIAL000001",))


async def test_an_entry_says_where_and_as_what_a_device_enrols(office: StagingOffice) -> None:
    """Ownership and group of an allowed device are kept with the entry (row 16)."""
    east = await office.staging.groups.create(GroupOrder(group_id="EAST", parent=ROOT_GROUP))
    order = ListOrder(
        kind=ListKind.ALLOW,
        attribute=ListAttribute.IMEI,
        values=("350000000000001", "35 0000000000001", "350000000000002"),
        ownership=Ownership.CORPORATE_SHARED,
        enrollment_group=east.uuid,
    )
    entries = await office.staging.lists.add(order)
    assert [(each.value, each.ownership, each.enrollment_group) for each in entries] == [
        ("350000000000001", Ownership.CORPORATE_SHARED, east.id),
        ("350000000000002", Ownership.CORPORATE_SHARED, east.id),
    ]
    assert await office.staging.lists.all(ListKind.DENY) == []
    assert await office.staging.lists.all(ListKind.ALLOW) == await office.staging.lists.all() == entries


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"values": tuple(f"S{number}" for number in range(31))}, "api.invalid"),
        ({"values": ()}, "api.invalid"),
        ({"values": (" ",)}, "api.invalid"),
        ({"values": ("C02\x00",)}, "api.invalid"),
        ({"attribute": ListAttribute.PLATFORM, "values": ("Symbian",)}, "api.invalid"),
        ({"attribute": ListAttribute.PLATFORM, "values": ()}, "api.invalid"),
        ({"group": 99}, "group.unknown"),
        ({"enrollment_group": 99}, "group.unknown"),
        ({"values": ("taken",)}, "api.conflict"),
    ],
)
async def test_an_entry_that_cannot_be_is_refused(office: StagingOffice, change: dict[str, object], code: str) -> None:
    """31 identifiers are one too many (row 21); nothing is stored, not even the good half."""
    await office.staging.lists.add(replace(DENY, values=("TAKEN",)))
    before = await office.rig.store.state_digest()
    with pytest.raises(Refusal) as refused:
        await office.staging.lists.add(replace(DENY, **change))  # type: ignore[arg-type]
    assert refused.value.code == code
    assert await office.rig.store.state_digest() == before


async def test_a_denied_device_loses_its_management_and_is_locked(office: StagingOffice) -> None:
    """An enrolled device is told to drop its profile; it is unenrolled when it says that it has (row 19)."""
    anna = await office.user("anna")
    device = await office.enrolled(1, anna)
    [entry] = await office.staging.lists.add(replace(DENY, values=(device.serial_number.lower(),)))
    record = await office.record(device)
    assert record.status is EnrollmentStatus.ENTERPRISE_WIPE_PENDING
    assert record.lock is not None
    assert record.lock.reason is DeviceLockReason.DEVICE_DENYLISTED
    command = await device.idle()
    assert command is not None
    assert command["Command"]["RequestType"] == "RemoveProfile"
    await device.report("Acknowledged", command["CommandUUID"])
    record = await office.record(device)
    assert (record.status, record.lock and record.lock.reason) == (
        EnrollmentStatus.UNENROLLED,
        DeviceLockReason.DEVICE_DENYLISTED,
    )
    assert [told.code for told in await office.told("wipe.")] == ["wipe.requested", "wipe.done"]

    await office.staging.lists.remove(entry.id)
    assert (await office.record(device)).lock is None, "it can enrol again (row 20)"


async def test_a_denial_waits_for_no_threshold(office: StagingOffice) -> None:
    """However many go at once, and though an administrator's wipe of the same device is on hold."""
    anna = await office.user("anna")
    first, second = await office.enrolled(1, anna), await office.enrolled(2, anna)
    await office.staging.groups.change_settings(ROOT_GROUP, {"wipe_threshold": {"count": 0, "minutes": 10}})
    held = await office.staging.wipes.request(first.udid, WipeOrder(kind=WipeKind.ENTERPRISE))
    assert held.state is WipeState.ON_HOLD
    await office.staging.lists.add(replace(DENY, values=(first.serial_number, second.serial_number)))
    for device in (first, second):
        assert (await office.record(device)).status is EnrollmentStatus.ENTERPRISE_WIPE_PENDING


async def test_a_device_denied_twice_is_free_when_both_are_gone(office: StagingOffice) -> None:
    """By its number and by its platform: the lock goes with the last of them."""
    anna = await office.user("anna")
    device = await office.enrolled(1, anna)
    [by_number] = await office.staging.lists.add(replace(DENY, values=(device.serial_number,)))
    [by_platform] = await office.staging.lists.add(replace(DENY, attribute=ListAttribute.PLATFORM, values=("apple",)))
    assert by_platform.value == Platform.IOS
    await office.staging.lists.remove(by_number.id)
    assert (await office.record(device)).lock is not None
    await office.staging.lists.remove(by_platform.id)
    assert (await office.record(device)).lock is None
    with pytest.raises(Refusal) as refused:
        await office.staging.lists.remove(by_platform.id)
    assert refused.value.code == "list.unknown"


async def test_a_denial_in_one_branch_leaves_the_others_alone(office: StagingOffice) -> None:
    """An entry is for its group and what is below it."""
    east = await office.staging.groups.create(GroupOrder(group_id="EAST", parent=ROOT_GROUP))
    anna = await office.user("anna")
    here, there = await office.enrolled(1, anna), await office.enrolled(2, anna, group=east.id)
    serials = (here.serial_number, there.serial_number)
    await office.staging.lists.add(replace(DENY, values=serials, group=east.id))
    assert (await office.record(here)).status is EnrollmentStatus.ENROLLED
    assert (await office.record(there)).status is EnrollmentStatus.ENTERPRISE_WIPE_PENDING


async def test_removing_an_allowance_frees_nothing(office: StagingOffice) -> None:
    """Only the deny list locks."""
    anna = await office.user("anna")
    device = await office.enrolled(1, anna)
    allow = replace(DENY, kind=ListKind.ALLOW, values=(device.serial_number,))
    [allowed] = await office.staging.lists.add(allow)
    await office.staging.lists.add(replace(DENY, values=(device.serial_number,)))
    await office.staging.lists.remove(allowed.id)
    assert (await office.record(device)).lock is not None
