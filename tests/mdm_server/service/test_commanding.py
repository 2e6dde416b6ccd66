from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.service.command_fields import HIDDEN, from_document, is_secret, to_document
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.invitations import InvitationRequest
from mdm_server.wire import plist
from mdm_server.wire.commands import COMMANDS, Field, Kind
from mdm_server.wire.mobileconfig import Payload, Profile, build_profile, open_profile
from rigs.service import ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
INFORMATION = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})


def _wifi(identifier: str = "test.wifi", **keys: Any) -> bytes:
    payload = Payload("com.apple.wifi.managed", f"{identifier}.1", "11111111-0000-4000-8000-000000000000", "Wi-Fi")
    profile = Profile(
        identifier=identifier,
        uuid="22222222-0000-4000-8000-000000000000",
        display_name="Wi-Fi",
        payloads=(payload,),
        **keys,
    )
    return plist.dumps(build_profile(profile))


async def _refusal(request: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await request
    return refused.value


# --- enqueue ---------------------------------------------------------------------------------------------------------


async def test_every_command_wakes_its_device(rig: ServiceRig) -> None:
    """One push each: making one of them for a device that is away is the push service's business."""
    device = await rig.enrolled()
    for _ in range(5):
        assert (await rig.suite.commanding.enqueue(device.udid, INFORMATION)).pushed
    assert [(target.token, target.magic) for target in rig.pushes.targets] == [(device.token, device.magic)] * 5


async def test_a_command_may_be_queued_without_a_push(rig: ServiceRig) -> None:
    """For whoever wants to see a device find out by itself."""
    device = await rig.enrolled()
    order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]}, push=False)
    assert not (await rig.suite.commanding.enqueue(device.udid, order)).pushed
    assert not rig.pushes.targets


async def test_a_stored_profile_is_delivered_signed(rig: ServiceRig) -> None:
    """InstallProfile that names a stored profile carries it, signed by our profile signer."""
    device = await rig.enrolled()
    await rig.suite.profiles.store(_wifi())
    order = CommandOrder(request_type="InstallProfile", fields={}, profile_id="test.wifi")
    await rig.suite.commanding.enqueue(device.udid, order)
    command = await device.idle()
    assert command is not None
    opened = open_profile(command["Command"]["Payload"], roots=[rig.authority.root.certificate], at=rig.clock())
    assert opened.signed
    assert opened.profile.identifier == "test.wifi"


async def test_clearing_a_passcode_uses_the_token_the_device_escrowed(rig: ServiceRig) -> None:
    """The administrator never handles an unlock token."""
    device = await rig.enrolled()
    await rig.suite.commanding.enqueue(device.udid, CommandOrder(request_type="ClearPasscode", fields={}))
    command = await device.idle()
    assert command is not None
    assert command["Command"]["UnlockToken"] == b"unlock " * 8
    (view,) = await rig.suite.commanding.list(device.udid)
    assert "unlock" not in repr(view)


async def test_clearing_a_passcode_without_a_token_is_refused(rig: ServiceRig) -> None:
    """Where there is nothing to clear it with, the order is refused before the device is bothered."""
    device = rig.device()
    await device.get_certificate()
    await device.authenticate()
    await device.token_update(UnlockToken=None)
    refusal = await _refusal(
        rig.suite.commanding.enqueue(device.udid, CommandOrder(request_type="ClearPasscode", fields={}))
    )
    assert (refusal.code, refusal.status) == ("command.fields", 422)


@pytest.mark.parametrize(
    ("request_type", "fields", "code"),
    [
        ("NoSuchCommand", {}, "command.unknown"),
        ("DeviceInformation", {}, "command.fields"),
        ("DeviceInformation", {"Queries": "DeviceName"}, "command.fields"),
        ("InstallProfile", {"Payload": "not base64!"}, "command.fields"),
        ("EnableLostMode", {"Message": "lost"}, "command.not_possible"),
        ("SetFirmwarePassword", {"NewPassword": "x"}, "command.not_possible"),
    ],
)
async def test_a_command_the_table_objects_to_needs_force(
    rig: ServiceRig, request_type: str, fields: dict[str, object], code: str
) -> None:
    """It is refused with what is wrong; with force it is queued all the same, and the objection is a warning."""
    device = await rig.enrolled()
    order = CommandOrder(request_type=request_type, fields=fields)
    refusal = await _refusal(rig.suite.commanding.enqueue(device.udid, order))
    assert (refusal.code, refusal.status) == (code, 422)
    assert await device.idle() is None
    forced = CommandOrder(request_type=request_type, fields=fields, force=True)
    assert (await rig.suite.commanding.enqueue(device.udid, forced)).warnings
    command = await device.idle()
    assert command is not None
    assert command["Command"]["RequestType"] == request_type


async def test_a_field_nobody_knows_is_a_warning(rig: ServiceRig) -> None:
    """Devices ignore keys they have never heard of; whoever misspelled one wants to know."""
    device = await rig.enrolled()
    order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"], "Qeries": []})
    assert "Qeries" in (await rig.suite.commanding.enqueue(device.udid, order)).warnings[0]


async def test_lost_mode_is_possible_on_a_supervised_device(rig: ServiceRig) -> None:
    """What the device is decides, and the server knows what it is."""
    device = rig.device()
    await device.enroll(await rig.suite.invitations.profile(InvitationRequest(supervised=True)))
    order = CommandOrder(request_type="EnableLostMode", fields={"Message": "lost"})
    assert (await rig.suite.commanding.enqueue(device.udid, order)).warnings == ()


async def test_unknown_and_unenrolled_devices_get_nothing(rig: ServiceRig) -> None:
    """404 for the one, 409 for the other."""
    assert (await _refusal(rig.suite.commanding.enqueue("nobody", INFORMATION))).code == "device.unknown"
    device = await rig.enrolled()
    await device.check_out()
    refusal = await _refusal(rig.suite.commanding.enqueue(device.udid, INFORMATION))
    assert (refusal.code, refusal.status) == ("state.not_enrolled", 409)


async def test_an_order_with_a_uuid_is_the_same_order_when_repeated(rig: ServiceRig) -> None:
    """An administrator whose reply was lost may ask again; another command under that UUID is a conflict."""
    device = await rig.enrolled()
    order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]}, command_uuid="MINE")
    for _ in range(2):
        assert (await rig.suite.commanding.enqueue(device.udid, order)).command_uuid == "MINE"
    assert len(await rig.suite.commanding.list(device.udid)) == 1
    other = CommandOrder(request_type="SecurityInfo", fields={}, command_uuid="MINE")
    assert (await _refusal(rig.suite.commanding.enqueue(device.udid, other))).status == 409


async def test_a_command_expires_when_told_to(rig: ServiceRig) -> None:
    """After its time it is not delivered any more."""
    device = await rig.enrolled()
    order = CommandOrder(
        request_type="DeviceInformation", fields={"Queries": ["DeviceName"]}, expires_in=timedelta(minutes=1)
    )
    await rig.suite.commanding.enqueue(device.udid, order)
    rig.clock.pass_time(minutes=2)
    assert await device.idle() is None
    assert [view.state for view in await rig.suite.commanding.list(device.udid)] == ["Expired"]


async def test_many_devices_are_served_in_one_go_and_the_others_named(rig: ServiceRig) -> None:
    """One transaction for all that can; a reason for each that cannot; each device once, in the order asked."""
    devices = [await rig.enrolled(number) for number in range(3)]
    await devices[1].check_out()
    udids = [devices[2].udid, "nobody", devices[1].udid, devices[0].udid, devices[2].udid]
    views = await rig.suite.commanding.enqueue_many(udids, INFORMATION)
    assert [(view.udid, view.code) for view in views] == [
        (devices[2].udid, None),
        ("nobody", "device.unknown"),
        (devices[1].udid, "state.not_enrolled"),
        (devices[0].udid, None),
    ]
    assert {view.command_uuid for view in views if view.code is None} == {
        (await device.idle() or {}).get("CommandUUID") for device in (devices[0], devices[2])
    }


async def test_every_device_of_a_bulk_gets_a_command_of_its_own(rig: ServiceRig) -> None:
    """The same command under another UUID each; what is a device's own, such as its unlock token, is its own."""
    devices = [await rig.enrolled(number) for number in range(3)]
    for number, device in enumerate(devices):
        await device.token_update(UnlockToken=f"token of {number}".encode())
    await rig.suite.profiles.store(_wifi())
    for order in (
        CommandOrder(request_type="InstallProfile", fields={}, profile_id="test.wifi"),
        CommandOrder(request_type="ClearPasscode", fields={}),
    ):
        await rig.suite.commanding.enqueue_many([device.udid for device in devices], order)
        commands = [await device.idle() or {} for device in devices]
        assert len({command["CommandUUID"] for command in commands}) == 3
        for number, (device, command) in enumerate(zip(devices, commands, strict=True)):
            own = command["Command"].get("UnlockToken", f"token of {number}".encode())
            assert own == f"token of {number}".encode()
            assert command["Command"]["RequestType"] == order.request_type
            await device.report("Acknowledged", command["CommandUUID"])


async def test_a_device_that_leaves_in_the_middle_of_a_bulk_is_left_out(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or none is the store's rule; the others are queued in a second attempt."""
    stays, leaves = await rig.enrolled(1), await rig.enrolled(2)
    enqueue = rig.store.commands.enqueue

    async def leave_first(commands: Any, occasion: Any) -> Any:
        monkeypatch.undo()
        await leaves.check_out()
        return await enqueue(commands, occasion)

    monkeypatch.setattr(rig.store.commands, "enqueue", leave_first)
    views = await rig.suite.commanding.enqueue_many([stays.udid, leaves.udid], INFORMATION)
    assert [view.code for view in views] == [None, "state.not_enrolled"]


async def test_a_bulk_that_repeats_another_order_under_its_uuid_is_a_conflict(rig: ServiceRig) -> None:
    """All or none: nothing of it is queued."""
    device = await rig.enrolled()
    for request_type in ("SecurityInfo", "ProfileList"):
        order = CommandOrder(request_type=request_type, fields={}, command_uuid="MINE")
        if request_type == "SecurityInfo":
            await rig.suite.commanding.enqueue_many([device.udid], order)
        else:
            assert (await _refusal(rig.suite.commanding.enqueue_many([device.udid], order))).status == 409
    assert [view.request_type for view in await rig.suite.commanding.list(device.udid)] == ["SecurityInfo"]


async def test_a_bulk_for_nobody_queues_nothing(rig: ServiceRig) -> None:
    """Only reasons come back."""
    (view,) = await rig.suite.commanding.enqueue_many(["nobody"], INFORMATION)
    assert (view.code, view.command_uuid) == ("device.unknown", None)


async def test_a_profile_belongs_into_install_profile_only(rig: ServiceRig) -> None:
    """Named with another command, it is a mistake."""
    device = await rig.enrolled()
    order = CommandOrder(request_type="SecurityInfo", fields={}, profile_id="test.wifi")
    assert (await _refusal(rig.suite.commanding.enqueue(device.udid, order))).code == "command.fields"


async def test_fields_no_plist_can_hold_are_refused(rig: ServiceRig) -> None:
    """JSON has null; a property list has not."""
    device = await rig.enrolled()
    order = CommandOrder(request_type="SecurityInfo", fields={"Odd": None}, force=True)
    assert (await _refusal(rig.suite.commanding.enqueue(device.udid, order))).code == "command.fields"


async def test_too_many_devices_at_once_are_refused(rig: ServiceRig) -> None:
    """A bulk has a limit, so that one order cannot hold the writer for minutes."""
    refusal = await _refusal(rig.suite.commanding.enqueue_many(["x"] * 10_001, INFORMATION))
    assert refusal.status == 422


# --- look and cancel -------------------------------------------------------------------------------------------------


async def test_a_waiting_command_is_cancelled_and_an_answered_one_is_not(rig: ServiceRig) -> None:
    """Cancelling is for what has no answer yet."""
    device = await rig.enrolled()
    uuids = [str((await rig.suite.commanding.enqueue(device.udid, INFORMATION)).command_uuid) for _ in range(2)]
    assert (await rig.suite.commanding.cancel(device.udid, uuids[0])).state == "Cleared"
    await device.idle()
    await device.report("Acknowledged", uuids[1])
    refusal = await _refusal(rig.suite.commanding.cancel(device.udid, uuids[1]))
    assert (refusal.code, refusal.status) == ("command.done", 409)
    assert (await _refusal(rig.suite.commanding.cancel(device.udid, "no"))).code == "command.not_found"
    assert (await _refusal(rig.suite.commanding.find(device.udid, "no"))).code == "command.not_found"


async def test_a_command_is_shown_without_its_secrets(rig: ServiceRig) -> None:
    """A PIN goes to the device and nowhere else (T-72)."""
    device = await rig.enrolled(product_name="MacBookPro17,1")
    order = CommandOrder(request_type="DeviceLock", fields={"PIN": "246810", "Message": "Bring me back"})
    await rig.suite.commanding.enqueue(device.udid, order)
    (view,) = await rig.suite.commanding.list(device.udid)
    assert view.fields == {"PIN": HIDDEN, "Message": "Bring me back"}
    assert "246810" not in repr(await rig.store.journal.list(limit=500))


# --- fields ----------------------------------------------------------------------------------------------------------


def test_text_becomes_data_where_the_command_wants_it() -> None:
    """JSON has no bytes; the command table says where they belong."""
    install = from_document(COMMANDS["InstallProfile"], {"Payload": base64.b64encode(b"profile").decode()})
    assert install == {"Payload": b"profile"}
    settings = from_document(
        COMMANDS["Settings"],
        {"Settings": [{"Item": "Wallpaper", "Image": "aGk=", "Where": 1}, {"Item": "Bluetooth", "Enabled": True}]},
    )
    assert settings["Settings"][0]["Image"] == b"hi"
    assert settings["Settings"][1] == {"Item": "Bluetooth", "Enabled": True}


def test_no_command_takes_a_date() -> None:
    """Were there one, text would have to become a date for it as it becomes data."""

    def kinds(fields: tuple[Field, ...]) -> set[Kind]:
        return {field.kind for field in fields}.union(*(kinds(field.fields) for field in fields))

    assert Kind.DATE not in set().union(*(kinds(spec.fields) for spec in COMMANDS.values()))


def test_what_is_neither_data_nor_known_stays_as_it_is() -> None:
    """The check of the fields then says what is wrong with it."""
    assert from_document(COMMANDS["InstallProfile"], {"Payload": "!", "Other": [1]}) == {"Payload": "!", "Other": [1]}


def test_values_are_shown_as_json_can_hold_them() -> None:
    """Bytes by their length, dates with their zone, secrets not at all."""
    shown = to_document(
        {
            "Data": b"1234",
            "Date": datetime(2026, 1, 2, 3, 4),  # noqa: DTZ001 - as plistlib reads it
            "Aware": datetime(2026, 1, 2, tzinfo=UTC),
            "List": [{"UnlockToken": "secret"}, b""],
            "Number": 1.5,
        }
    )
    assert shown == {
        "Data": "(4 bytes)",
        "Date": "2026-01-02T03:04:00+00:00",
        "Aware": "2026-01-02T00:00:00+00:00",
        "List": [{"UnlockToken": HIDDEN}, "(0 bytes)"],
        "Number": 1.5,
    }


@pytest.mark.parametrize(
    "name", ["PIN", "NewPassword", "UnlockToken", "BootstrapToken", "Challenge", "FirmwarePassword"]
)
def test_the_names_of_secrets_are_known(name: str) -> None:
    """Whatever is called so is not shown."""
    assert is_secret(name)


@pytest.mark.parametrize("name", ["DeviceName", "Pinned", "ShippingAddress", "Message", "ActivationLockBypassCode"])
def test_other_names_are_not_taken_for_secrets(name: str) -> None:
    """A message is a message, and a bypass code is there to be typed by whoever asked for it."""
    assert not is_secret(name)


# --- profiles --------------------------------------------------------------------------------------------------------


async def test_profiles_are_kept_by_identifier(rig: ServiceRig) -> None:
    """Stored, listed, shown, replaced, removed."""
    view = await rig.suite.profiles.store(_wifi())
    assert (view.profile_id, view.payload_types) == ("test.wifi", ("com.apple.wifi.managed",))
    replaced = await rig.suite.profiles.store(_wifi(removal_disallowed=True))
    assert [each.removal_disallowed for each in await rig.suite.profiles.list()] == [True]
    assert await rig.suite.profiles.find("test.wifi") == replaced
    assert await rig.suite.profiles.content("test.wifi") == _wifi(removal_disallowed=True)
    await rig.suite.profiles.remove("test.wifi")
    assert await rig.suite.profiles.list() == []
    for request in (rig.suite.profiles.find("test.wifi"), rig.suite.profiles.remove("test.wifi")):
        assert (await _refusal(request)).code == "profile.unknown"


async def test_a_signed_profile_is_taken_out_of_its_envelope(rig: ServiceRig) -> None:
    """What leaves this server carries this server's signature, not that of whoever made the file."""
    await rig.suite.profiles.store(_wifi())
    signed = await rig.suite.profiles.signed("test.wifi")
    await rig.suite.profiles.remove("test.wifi")
    await rig.suite.profiles.store(signed)
    assert await rig.suite.profiles.content("test.wifi") == _wifi()


@pytest.mark.parametrize("data", [b"", b"junk", b"<plist/>", plist.dumps({"PayloadType": "x"}), b"0\x80\x00\x00"])
async def test_what_is_no_profile_is_not_kept(rig: ServiceRig, data: bytes) -> None:
    """Refused with 422 and what was expected."""
    refusal = await _refusal(rig.suite.profiles.store(data))
    assert (refusal.code, refusal.status) == ("profile.invalid", 422)
    assert "expected" in str(refusal)
