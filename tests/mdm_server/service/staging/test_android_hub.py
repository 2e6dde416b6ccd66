"""The Hub on enrolled Androids: they prove themselves by the secret of their channel."""

from __future__ import annotations

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import Assignment
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType
from mdm_server.service.staging.android_identity import hash_of_secret
from mdm_server.store.staging import AndroidChannel, StagingRoom
from mdm_server.wire.android_channel import CommandType, authorization
from mdm_server.wire.hub import DeviceLogin, DeviceReply, encode, parse_device_reply
from rigs.hub import password_of
from rigs.staging_office import StagingOffice

SECRET = "the secret of android-1"


async def shared_android(office: StagingOffice) -> None:
    """Put a shared Android on record that nobody has."""
    stager = await office.person("stager", DeviceStagingType.MULTI)
    held = Assignment(AssignmentState.MULTI_IDLE, None, stager.id, office.rig.clock())
    device = await office.android(1, stager, assignment=held)

    def work(room: StagingRoom) -> None:
        channel = room.android.channel_of(device.id)
        assert channel is not None
        hashed = hash_of_secret(SECRET)
        room.android.open_channel(AndroidChannel(device.id, channel.name, hashed, channel.push_token))

    await office.act(work)


async def use(office: StagingOffice, verb: str, login: DeviceLogin, secret: str = SECRET) -> DeviceReply:
    """Use the Hub of the Android."""
    facts = office.rig.facts(method="POST", authorization=authorization("android-1", secret))
    answer = await getattr(office.rig.suite.hub.door, verb)(facts, encode(login))
    return parse_device_reply(answer.body)


async def test_a_shared_android_is_checked_out_and_loses_its_passcode_at_check_in(office: StagingOffice) -> None:
    """The same rules as on an iPhone; what goes is told by an operation of its channel."""
    await shared_android(office)
    await office.person("ann")
    login = DeviceLogin(username="ann", password=password_of("ann"))
    assert (await use(office, "login", login)).state == "CheckedOut"
    assert (await use(office, "status", DeviceLogin())).user == "ann"
    assert (await use(office, "logout", DeviceLogin())).state == "MultiIdle"
    device = await office.see(lambda view: view.devices.by_enrollment_key("android-1"))
    assert device is not None
    (cleared,) = await office.see(lambda view: view.android.operations(device.id, waiting=True))
    assert (cleared.type, cleared.parameters) == (CommandType.RESET_PASSWORD, {"new_password": ""})


async def test_a_wrong_secret_logs_nobody_in(office: StagingOffice) -> None:
    """Whoever does not know the channel's secret is not that device, whatever the password."""
    await shared_android(office)
    await office.person("ann")
    with pytest.raises(Refusal) as refused:
        await use(office, "login", DeviceLogin(username="ann", password=password_of("ann")), secret="guess")
    assert refused.value.code == "device.unknown"
