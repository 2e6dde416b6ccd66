from __future__ import annotations

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.service.staging.device_commands import DeviceCommand, command_named
from rigs.staging_office import StagingOffice


@pytest.mark.parametrize(
    ("command", "request_type"),
    [
        (DeviceCommand.LOCK, "DeviceLock"),
        (DeviceCommand.CLEAR_PASSCODE, "ClearPasscode"),
        (DeviceCommand.DEVICE_QUERY, "DeviceInformation"),
        (DeviceCommand.ENTERPRISE_WIPE, "RemoveProfile"),
        (DeviceCommand.DEVICE_WIPE, "EraseDevice"),
    ],
)
async def test_the_console_s_words_are_apple_s_commands(
    office: StagingOffice, command: DeviceCommand, request_type: str
) -> None:
    """Each is delivered as Apple describes it."""
    device = await office.enrolled(1, await office.user("anna"))
    assert await office.staging.commands.send(device.udid, command) is not None
    delivered = await device.idle()
    assert delivered is not None
    assert delivered["Command"]["RequestType"] == request_type


@pytest.mark.parametrize(
    ("command", "operation"),
    [
        (DeviceCommand.LOCK, "LOCK"),
        (DeviceCommand.CLEAR_PASSCODE, "RESET_PASSWORD"),
        (DeviceCommand.SOFT_RESET, "REBOOT"),
        (DeviceCommand.SYNC_DEVICE, None),
        (DeviceCommand.DEVICE_QUERY, None),
    ],
)
async def test_the_console_s_words_are_an_android_s_operations(
    office: StagingOffice, command: DeviceCommand, operation: str | None
) -> None:
    """What a sync does by itself needs no operation."""
    record = await office.android(1, await office.user("anna"))
    name = await office.staging.commands.send(record.id, command)
    queued = await office.rig.store.staging.read(lambda view: view.android.operations(record.id))
    assert [(each.name, each.type) for each in queued] == ([] if operation is None else [(name, operation)])


async def test_a_command_for_the_other_platform_is_refused(office: StagingOffice) -> None:
    """An Android has no shutdown."""
    record = await office.android(1, await office.user("anna"))
    with pytest.raises(Refusal, match="means nothing to Android") as refused:
        await office.staging.commands.send(record.id, DeviceCommand.SHUTDOWN)
    assert refused.value.code == "command.not_possible"


@pytest.mark.parametrize("command", list(DeviceCommand))
async def test_only_managed_devices_take_commands(office: StagingOffice, command: DeviceCommand) -> None:
    """One that has left is refused, whatever is asked."""
    record = await office.android(1, await office.user("anna"), status=EnrollmentStatus.UNENROLLED)
    with pytest.raises(Refusal) as refused:
        await office.staging.commands.send(record.id, command)
    assert refused.value.code == "state.not_enrolled"


def test_commands_are_named_in_any_case() -> None:
    """And what is no command is refused with those there are."""
    assert command_named("enterprisewipe") is DeviceCommand.ENTERPRISE_WIPE
    with pytest.raises(Refusal, match="EnterpriseWipe, DeviceWipe"):
        command_named("Explode")
