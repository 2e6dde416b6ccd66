from __future__ import annotations

from dataclasses import replace

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import AssignmentState, ListAttribute, ListKind, Platform
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from rigs.staging_office import StagingOffice

DENY = ListOrder(kind=ListKind.DENY, attribute=ListAttribute.UDID, values=())


async def test_a_device_that_came_without_the_hub_is_denied_like_any_other(office: StagingOffice) -> None:
    """By its UDID or its serial number: it is told to leave, and is locked."""
    first, second = await office.rig.enrolled(1), await office.rig.enrolled(2)
    assert (await office.staging.devices.search()).total == 0
    await office.staging.lists.add(replace(DENY, values=(first.udid,)))
    await office.staging.lists.add(replace(DENY, attribute=ListAttribute.SERIAL_NUMBER, values=(second.serial_number,)))
    for device in (first, second):
        record = await office.record(device)
        assert (record.status, record.lock is not None) == (EnrollmentStatus.ENTERPRISE_WIPE_PENDING, True)
        command = await device.idle()
        assert command is not None
        await device.report("Acknowledged", command["CommandUUID"])
        assert (await office.record(device)).status is EnrollmentStatus.UNENROLLED


async def test_a_device_that_is_here_already_is_registered_as_it_stands(office: StagingOffice) -> None:
    """It stays enrolled and nobody's: the registration is for whoever enrols it next."""
    anna, device = await office.user("anna"), await office.rig.enrolled(1)
    order = RegistrationOrder(
        user=anna.id, platform=Platform.IOS, identifiers=DeviceIdentifiers(serial_number=device.serial_number)
    )
    for _ in range(2):
        await office.staging.registrations.register(order)
    record = await office.record(device)
    assert (record.status, record.assignment.state) == (EnrollmentStatus.ENROLLED, AssignmentState.UNASSIGNED)
    assert record.identifiers.udid == device.udid
    assert (await office.staging.devices.search()).total == 1
    await device.check_out()
    assert (await office.record(device)).status is EnrollmentStatus.UNENROLLED


async def test_who_is_allowed_or_gone_is_not_adopted(office: StagingOffice) -> None:
    """Allowing names devices to come; one that has left is nobody's business."""
    allowed, gone = await office.rig.enrolled(1), await office.rig.enrolled(2)
    await gone.check_out()
    await office.staging.lists.add(replace(DENY, kind=ListKind.ALLOW, values=(allowed.udid,)))
    await office.staging.lists.add(replace(DENY, values=(gone.udid,)))
    assert (await office.staging.devices.search()).total == 0
