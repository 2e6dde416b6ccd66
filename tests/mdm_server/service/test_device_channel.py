from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.service import device_channel
from mdm_server.service.device_channel import LARGE_BODY
from mdm_server.wire import inbound
from mdm_server.wire.checkin import CheckIn
from mdm_server.wire.results import CommandResult
from rigs.service import ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
Result = TypeVar("Result")


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


@pytest.mark.parametrize(("values", "elsewhere"), [(10, 0), (LARGE_BODY, 1)])
async def test_a_large_report_is_not_parsed_where_others_wait(open_rig: OpenRig, values: int, elsewhere: int) -> None:
    """A report with thousands of values goes to whoever does the heavy work; the usual small one is not worth the way.

    What the others would have to wait is promised to stay below 100 ms, and 20,000 values alone take longer.
    """
    handed_over: list[object] = []

    async def run(work: Callable[[], Result], /) -> Result:
        handed_over.append(work)
        return work()

    async with open_rig(run=run) as rig:
        device = await rig.enrolled()
        handed_over.clear()
        await device.report("Acknowledged", "no-such-command", Values=[True] * (values // 8))
        assert len(handed_over) == elsewhere


async def test_an_idle_in_the_same_words_is_parsed_once_and_judged_every_time(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the bytes mean is remembered; whose they are is asked anew, so that nobody else can say them."""
    parsed: list[bytes] = []
    original = inbound.parse

    def parse(body: bytes) -> CheckIn | CommandResult:
        parsed.append(body)
        return original(body)

    monkeypatch.setattr(inbound, "parse", parse)
    device, other = await rig.enrolled(1), await rig.enrolled(2)
    parsed.clear()
    for _ in range(3):
        assert await device.idle() is None
    assert len(parsed) == 1
    with pytest.raises(Refusal) as refused:
        await other.send(parsed[0])
    assert refused.value.code == "auth.cert_mismatch"
    await device.report("NotNow", "no-such-command")
    await device.report("NotNow", "no-such-command")
    assert len(parsed) == 3


async def test_no_more_idles_are_remembered_than_there_is_room_for(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a certificate cannot make the server grow by saying the same in ever new words."""
    monkeypatch.setattr(device_channel, "REMEMBERED_IDLES", 2)
    device = await rig.enrolled()
    for number in range(5):
        await device.report("Idle", Extra=number)
    assert len(rig.suite.device_channel._idles) <= 2
    await device.report("Idle", Extra="x" * 1000)
    assert len(rig.suite.device_channel._idles) <= 2
