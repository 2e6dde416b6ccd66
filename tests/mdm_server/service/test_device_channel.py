from __future__ import annotations

from rigs.service import ServiceRig


async def test_a_device_enrols_takes_a_command_and_answers_it(rig: ServiceRig) -> None:
    """The whole of the protocol once: profile, SCEP, check-in, command, answer, nothing more."""
    from mdm_server.service.commanding import CommandOrder

    device = await rig.enrolled()
    queued = await rig.suite.commanding.enqueue(
        device.udid, CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})
    )
    command = await device.idle()
    assert command is not None
    assert command["CommandUUID"] == queued.command_uuid
    answer = await device.report(
        "Acknowledged", queued.command_uuid, QueryResponses={"DeviceName": "Kitchen", "OSVersion": "17.6"}
    )
    assert answer.body == b""
    assert await device.idle() is None
    view = await rig.suite.administration.device(device.udid)
    assert (view.status, view.name, view.os_version) == ("Enrolled", "Kitchen", "17.6")
