"""The channel of virtual Androids over real sockets: its own addresses, its own words, and the limits of every port."""

from __future__ import annotations

from typing import Any

import pytest

from mdm_server.domain.staging.vocabulary import DeviceStagingType
from mdm_server.service.staging.users import UserOrder
from mdm_server.wire import android_provisioning as provisioning
from mdm_server.wire.android_channel import (
    CONTENT_TYPE,
    MAX_BYTES,
    Assignment,
    CommandError,
    CommandResult,
    CommandType,
    EnrollReply,
    EnrollRequest,
    ErrorReply,
    Hardware,
    ManagementMode,
    Outcome,
    ProvisioningMethod,
    StagingCredentials,
    StatusReport,
    SyncReply,
    acknowledgement_url,
    authorization,
    device_url,
    encode,
    parse,
    wake_token,
)
from mdm_server.wire.courier import Listen, Push, parse_from_server
from mdm_server.wire.courier import encode as encode_frame
from rigs.sockets import SocketRig, socket_rig

HARDWARE = Hardware(
    identifier="0123456789abcdef",
    brand="Zebra",
    model="TC52",
    os_version="10",
    api_level=29,
    serial_number="S17",
    imei=None,
)
ENROLL = "/sim/v1/android/devices:enroll"


@pytest.fixture
async def rig(tmp_path: Any) -> Any:
    """Run a server whose passwords cost nothing, with a staging user."""
    async with socket_rig(tmp_path, weak_passwords=True) as opened:
        stager = UserOrder(user_name="stager", password="depot", staging_type=DeviceStagingType.STANDARD)
        await opened.server.suite.staging.users.create(stager)
        yield opened


def request_with(password: str = "depot") -> bytes:
    """Return what a device that scanned a code asks."""
    return encode(
        EnrollRequest(
            hardware=HARDWARE,
            management_mode=ManagementMode.FULLY_MANAGED,
            provisioning_method=ProvisioningMethod.QR_CODE,
            credentials=StagingCredentials(group_id="MDMSIM", user_name="stager", password=password),
        )
    )


async def post(rig: SocketRig, path: str, body: bytes, **headers: str) -> tuple[int, str, bytes]:
    """Send a POST over TLS and return status, content type and body."""
    url = path if path.startswith("http") else rig.server.url + path
    async with rig.session.post(url, data=body, headers=headers, ssl=rig.tls) as answer:
        return answer.status, answer.headers.get("Content-Type", ""), await answer.read()


async def enrolled(rig: SocketRig) -> EnrollReply:
    """Enrol a device."""
    status, content_type, body = await post(rig, ENROLL, request_with())
    assert (status, content_type) == (200, CONTENT_TYPE), body
    return parse(body, EnrollReply)


async def test_a_device_enrols_reports_obeys_and_leaves(rig: SocketRig) -> None:
    """The whole of the channel, as its documentation has it."""
    reply = await enrolled(rig)
    proof = {"Authorization": authorization(reply.device, reply.secret)}
    sync = device_url(rig.server.url, reply.device, "sync")
    report = encode(StatusReport(hardware=HARDWARE))
    status, _, body = await post(rig, sync, report, **proof)
    assert status == 200
    assert parse(body, SyncReply).assignment == Assignment(state="StagedUnclaimed")

    found = await rig.server.store.staging.read(lambda view: view.devices.by_enrollment_key(reply.device))
    assert found is not None
    operation = await rig.server.suite.android.commands.send(found.id, CommandType.LOCK)
    _, _, body = await post(rig, sync, report, **proof)
    assert [command.operation for command in parse(body, SyncReply).commands] == [operation]
    done = encode(CommandResult(outcome=Outcome.SUCCEEDED))
    acknowledgement = acknowledgement_url(rig.server.url, reply.device, operation)
    assert await post(rig, acknowledgement, done, **proof) == (200, CONTENT_TYPE, b"{}")

    leave = device_url(rig.server.url, reply.device, "unenroll")
    assert await post(rig, leave, b"", **proof) == (200, CONTENT_TYPE, b"{}")
    status, _, body = await post(rig, sync, report, **proof)
    assert (status, parse(body, ErrorReply).code) == (410, "android.gone")


async def test_the_courier_wakes_a_device_for_a_command(rig: SocketRig) -> None:
    """It listens for a token that it worked out by itself."""
    reply = await enrolled(rig)
    token = wake_token(reply.device, reply.secret)
    found = await rig.server.store.staging.read(lambda view: view.devices.by_enrollment_key(reply.device))
    assert found is not None
    async with rig.session.ws_connect(rig.server.url + "/courier", ssl=rig.tls) as socket:
        await socket.send_str(encode_frame(Listen((token,))))
        await socket.receive_str(timeout=10)
        await rig.server.suite.android.commands.send(found.id, CommandType.LOCK)
        frame = parse_from_server(await socket.receive_str(timeout=10))
    assert isinstance(frame, Push)
    assert frame.token == token


async def test_a_refusal_is_said_in_the_channels_words(rig: SocketRig) -> None:
    """A code, what a person reads, and the way out."""
    status, content_type, body = await post(rig, ENROLL, request_with("wrong"))
    refused = parse(body, ErrorReply)
    assert content_type == CONTENT_TYPE
    assert refused.code == "BAD_CREDENTIALS"
    assert refused.text
    assert refused.remedy
    assert 400 <= status < 500
    assert status != 410


@pytest.mark.parametrize("path", ["/sim/v1/android", "/sim/v1/android/", "/sim/v1/android/devices/x", "/sim/v1/x"])
async def test_other_addresses_are_nobodys(path: str, rig: SocketRig) -> None:
    """404, whoever asks."""
    status, _, _ = await post(rig, path, b"{}")
    assert status == 404


async def test_a_body_larger_than_any_message_is_not_read(rig: SocketRig) -> None:
    """The port says no before the channel does."""
    status, _, body = await post(rig, ENROLL, b" " * (MAX_BYTES + 1))
    assert (status, body.split(b":")[0]) == (413, b"limit.body")


# What an administrator does with them


async def test_an_administrator_makes_a_code_that_enrols(rig: SocketRig) -> None:
    """What it carries is all that a device needs."""
    order = {"group": "MDMSIM", "user_name": "stager", "password": "depot", "wifi": "Depot", "short": True}
    status, made, _ = await rig.call("POST", "/android-codes", json=order)
    assert status == 200
    extras = provisioning.parse(made["payload"].encode()).staging
    assert extras is not None
    assert extras.server_url == rig.server.url
    assert (extras.group_id, extras.user_name, extras.password) == ("MDMSIM", "stager", "depot")


async def test_an_administrator_sends_a_command_and_sees_what_became_of_it(rig: SocketRig) -> None:
    """Queued, sent, and failed with the device's reason; the password that it carried is not shown."""
    reply = await enrolled(rig)
    found = await rig.server.store.staging.read(lambda view: view.devices.by_enrollment_key(reply.device))
    assert found is not None
    order = {"type": "RESET_PASSWORD", "new_password": "12345"}
    status, queued, _ = await rig.call("POST", f"/androids/{found.id}/commands", json=order)
    assert status == 200
    proof = {"Authorization": authorization(reply.device, reply.secret)}
    report = encode(StatusReport(hardware=HARDWARE))
    await post(rig, device_url(rig.server.url, reply.device, "sync"), report, **proof)
    refused = encode(CommandResult(outcome=Outcome.FAILED, error=CommandError.INVALID_VALUE))
    await post(rig, acknowledgement_url(rig.server.url, reply.device, queued["operation"]), refused, **proof)
    _, listed, _ = await rig.call("GET", f"/androids/{found.id}/operations")
    (operation,) = listed["operations"]
    assert (operation["state"], operation["error"]) == ("Failed", "INVALID_VALUE")
    assert "12345" not in str(listed)


@pytest.mark.parametrize(
    ("device", "order", "status", "code"),
    [
        ("999", {"type": "LOCK"}, 404, "device.unknown"),
        ("1", {"type": "JUMP"}, 422, "api.invalid"),
        ("1", {"type": "START_KIOSK"}, 422, "command.fields"),
    ],
)
async def test_a_command_that_cannot_be_is_refused(
    device: str, order: dict[str, str], status: int, code: str, rig: SocketRig
) -> None:
    """With the problem document that every call gets."""
    answered, problem, _ = await rig.call("POST", f"/androids/{device}/commands", json=order)
    assert (answered, problem["code"]) == (status, code)
