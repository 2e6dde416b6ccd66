from __future__ import annotations

import pytest

from mdm_server.service.push import PushTarget
from mdm_server.store.journal_codes import JournalCode
from mdm_server.wire.apns import Reason
from rigs.service import ServiceDevice, ServiceRig


def _target(device: ServiceDevice) -> PushTarget:
    return PushTarget(device.token, device.magic, "topic", device.udid)


@pytest.mark.parametrize("reason", [Reason.UNREGISTERED, Reason.EXPIRED_TOKEN])
async def test_a_token_that_is_gone_is_pushed_no_more_until_its_device_names_it_again(
    rig: ServiceRig, reason: Reason
) -> None:
    """And the journal says why."""
    device = await rig.enrolled()
    assert await rig.suite.administration.push(device.udid)
    rig.suite.pusher.refused(_target(device), reason)
    rig.pushes.targets.clear()
    assert not await rig.suite.administration.push(device.udid)
    assert rig.pushes.tokens == []
    [event] = await rig.store.journal.list(code=JournalCode.PUSH_UNREGISTERED)
    assert (event.device, event.reason) == (device.udid, reason)
    await device.token_update(Token=device.token)
    assert await rig.suite.administration.push(device.udid)


async def test_any_other_refusal_is_written_down_and_stops_nothing(rig: ServiceRig) -> None:
    """A topic that was wrong is perhaps right tomorrow."""
    device = await rig.enrolled()
    rig.suite.pusher.refused(_target(device), Reason.BAD_TOPIC)
    assert await rig.suite.administration.push(device.udid)
    [event] = await rig.store.journal.list(code=JournalCode.PUSH_REFUSED)
    assert (event.device, event.reason) == (device.udid, Reason.BAD_TOPIC)


async def test_what_the_journal_says_of_a_push_is_no_secret(rig: ServiceRig) -> None:
    """Neither the token nor the magic."""
    device = await rig.enrolled()
    rig.suite.pusher.refused(_target(device), Reason.UNREGISTERED)
    told = repr(await rig.store.journal.list())
    assert device.token.hex() not in told
    assert device.magic not in told
