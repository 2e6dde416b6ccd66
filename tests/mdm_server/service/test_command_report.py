from __future__ import annotations

from typing import Any

import pytest

from mdm_server.service.commanding import CommandOrder
from mdm_server.wire import plist
from rigs.service import ServiceDevice, ServiceRig, command_in

INFORMATION = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})


async def _queue(device: ServiceDevice, count: int) -> list[str]:
    """Queue commands and return their UUIDs."""
    uuids = []
    for _ in range(count):
        view = await device.rig.suite.commanding.enqueue(device.udid, INFORMATION)
        assert view.command_uuid is not None
        uuids.append(view.command_uuid)
    return uuids


def _uuid(command: dict[str, Any] | None) -> str | None:
    return None if command is None else str(command["CommandUUID"])


async def _answer(device: ServiceDevice, status: str, uuid: str, **keys: Any) -> str | None:
    return _uuid(command_in(await device.report(status, uuid, **keys)))


async def test_no_command_is_an_empty_body(rig: ServiceRig) -> None:
    """Not an empty plist: that sends mdmb into a loop (checklist row 6)."""
    device = await rig.enrolled()
    answer = await device.report("Idle")
    assert (answer.status, answer.body, answer.content_type) == (200, b"", None)


async def test_the_head_of_the_line_is_sent_again_until_it_is_answered(rig: ServiceRig) -> None:
    """A device that crashes in the middle of a command gets it again, and nothing behind it."""
    device = await rig.enrolled()
    first, second = await _queue(device, 2)
    assert [_uuid(await device.idle()) for _ in range(3)] == [first] * 3
    assert await _answer(device, "Acknowledged", first) == second
    assert await _answer(device, "Acknowledged", second) is None


async def test_commands_queued_in_the_same_moment_keep_their_order(rig: ServiceRig) -> None:
    """The clock stands still here: order is the sequence number, and never a timestamp."""
    device = await rig.enrolled()
    uuids = await _queue(device, 10)
    delivered = [_uuid(await device.idle())]
    while (following := await _answer(device, "Acknowledged", str(delivered[-1]))) is not None:
        delivered.append(following)
    assert delivered == uuids


async def test_not_now_keeps_its_place_and_is_not_offered_again_in_the_same_session(rig: ServiceRig) -> None:
    """The next one is delivered meanwhile; after the next Idle it is first in line again."""
    device = await rig.enrolled()
    first, second, third = await _queue(device, 3)
    assert _uuid(await device.idle()) == first
    assert await _answer(device, "NotNow", first) == second
    assert await _answer(device, "Acknowledged", second) == third
    assert await _answer(device, "Acknowledged", third) is None
    (fourth,) = await _queue(device, 1)
    assert _uuid(await device.idle()) == first
    assert await _answer(device, "Acknowledged", first) == fourth


@pytest.mark.parametrize("status", ["Error", "CommandFormatError"])
async def test_an_error_ends_a_command(rig: ServiceRig, status: str) -> None:
    """It is done, its answer is kept, and the next one comes."""
    device = await rig.enrolled()
    first, second = await _queue(device, 2)
    await device.idle()
    chain = [{"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain", "LocalizedDescription": "Unbekannt"}]
    assert await _answer(device, status, first, ErrorChain=chain) == second
    view = await rig.suite.commanding.find(device.udid, first)
    assert (view.state, view.answer_status) == ("Error", status)
    assert view.answer == {"ErrorChain": chain}


async def test_the_first_terminal_answer_wins(rig: ServiceRig) -> None:
    """A late NotNow does not reopen what was acknowledged (a peer gets this wrong)."""
    device = await rig.enrolled()
    (uuid,) = await _queue(device, 1)
    await device.idle()
    await _answer(device, "Acknowledged", uuid, QueryResponses={"DeviceName": "First"})
    for status in ("NotNow", "Error", "Acknowledged"):
        assert await _answer(device, status, uuid, QueryResponses={"DeviceName": "Late"}) is None
    view = await rig.suite.commanding.find(device.udid, uuid)
    assert (view.state, view.answer) == ("Acknowledged", {"QueryResponses": {"DeviceName": "First"}})
    assert (await rig.suite.administration.device(device.udid)).name == "First"


async def test_an_answer_to_an_unknown_command_is_harmless(rig: ServiceRig) -> None:
    """It is answered 200 with whatever is next; nanomdm answers 500 and loses the session."""
    device = await rig.enrolled()
    (uuid,) = await _queue(device, 1)
    assert await _answer(device, "Acknowledged", "never sent") == uuid
    assert await _answer(device, "NotNow", "never sent either") == uuid


async def test_an_answer_to_a_command_not_sent_yet_is_taken(rig: ServiceRig) -> None:
    """The device knows best what it did: our own book-keeping may have been lost with a reply."""
    device = await rig.enrolled()
    first, second = await _queue(device, 2)
    assert await _answer(device, "Acknowledged", second) == first
    assert await _answer(device, "Acknowledged", first) is None


async def test_a_device_information_answer_is_remembered(rig: ServiceRig) -> None:
    """What describes the device shows; lists, data and what nobody asked for does not."""
    device = await rig.enrolled()
    (uuid,) = await _queue(device, 1)
    await device.idle()
    responses = {"DeviceName": "Kitchen", "IsSupervised": True, "BatteryLevel": 0.5, "OSVersion": "18.0"}
    await _answer(
        device, "Acknowledged", uuid, QueryResponses={**responses, "Unknown": "x", "EASDeviceIdentifier": "y"}
    )
    view = await rig.suite.administration.device(device.udid)
    assert (view.name, view.supervised, view.os_version) == ("Kitchen", True, "18.0")
    assert view.details["BatteryLevel"] == 0.5
    assert "Unknown" not in view.details


@pytest.mark.parametrize(
    "responses", [None, "text", [], {"DeviceName": 7}, {"DeviceName": "x" * 100_000}, {"OSVersion": b"7"}]
)
async def test_a_strange_device_information_answer_is_taken_as_it_is(rig: ServiceRig, responses: object) -> None:
    """A device may answer nonsense: the command is done, and the server lives (T-37)."""
    device = await rig.enrolled()
    (uuid,) = await _queue(device, 1)
    await device.idle()
    keys = {} if responses is None else {"QueryResponses": responses}
    assert await _answer(device, "Acknowledged", uuid, **keys) is None
    assert (await rig.suite.administration.device(device.udid)).status == "Enrolled"


async def test_an_acknowledged_erase_ends_the_enrolment(rig: ServiceRig) -> None:
    """It is the last thing heard of the device until it enrols anew."""
    device = await rig.enrolled()
    view = await rig.suite.commanding.enqueue(device.udid, CommandOrder(request_type="EraseDevice", fields={}))
    await _queue(device, 1)
    assert (await rig.suite.administration.device(device.udid)).status == "DeviceWipePending"
    await device.idle()
    assert await _answer(device, "Acknowledged", str(view.command_uuid)) is None
    assert (await rig.suite.administration.device(device.udid)).status == "Unenrolled"
    assert await device.idle() is None


async def test_the_answer_is_kept_as_it_came(rig: ServiceRig) -> None:
    """Byte for byte, also a binary one: nothing is re-encoded."""
    device = await rig.enrolled()
    (uuid,) = await _queue(device, 1)
    await device.idle()
    body = plist.dumps({"UDID": device.udid, "Status": "Acknowledged", "CommandUUID": uuid, "Odd": [1]}, binary=True)
    await device.send(body)
    row = await rig.store.commands.find(device.udid, uuid)
    assert row is not None
    assert row.result == body
