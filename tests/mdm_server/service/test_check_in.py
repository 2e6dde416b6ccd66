from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.service import device_channel
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.compat import Compat
from mdm_server.service.invitations import InvitationRequest
from mdm_server.wire import plist
from rigs.rejection import assert_rejected
from rigs.service import ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
INFORMATION = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})


async def test_authenticate_alone_does_not_enrol(rig: ServiceRig) -> None:
    """The first TokenUpdate does (Apple, Check-in)."""
    device = rig.device()
    await device.get_certificate()
    answer = await device.authenticate()
    assert (answer.status, answer.body) == (200, b"")
    assert (await rig.suite.administration.device(device.udid)).status == "EnrollmentInProgress"
    await device.token_update()
    view = await rig.suite.administration.device(device.udid)
    assert (view.status, view.serial_number, view.os_version) == ("Enrolled", device.serial_number, "17.5")
    assert (view.can_be_pushed, view.can_be_unlocked) == (True, True)


async def test_an_authenticate_of_few_words_is_enough(rig: ServiceRig) -> None:
    """Nanomdm's own test device sends UDID, SerialNumber and Topic, and nothing else."""
    device = rig.device()
    await device.get_certificate()
    assert (await device.send(device.message("Authenticate", SerialNumber="S"))).status == 200


async def test_re_authenticating_clears_the_queue_and_starts_again(rig: ServiceRig) -> None:
    """What was queued for the old enrolment must not reach the new one."""
    device = await rig.enrolled()
    await rig.suite.commanding.enqueue(device.udid, INFORMATION)
    await device.authenticate()
    assert (await rig.suite.administration.device(device.udid)).status == "EnrollmentInProgress"
    await device.token_update()
    assert await device.idle() is None
    assert [view.state for view in await rig.suite.commanding.list(device.udid)] == ["Cleared"]


async def test_checking_out_ends_delivery(rig: ServiceRig) -> None:
    """After CheckOut nothing is delivered, and saying it twice is harmless."""
    device = await rig.enrolled()
    await rig.suite.commanding.enqueue(device.udid, INFORMATION)
    for _ in range(2):
        assert (await device.check_out()).status == 200
    assert await device.idle() is None
    assert (await rig.suite.administration.device(device.udid)).status == "Unenrolled"


async def test_a_token_update_without_an_unlock_token_keeps_the_one_on_record(rig: ServiceRig) -> None:
    """Two peers overwrite it with nothing, and can never clear that passcode again."""
    device = await rig.enrolled()
    await device.token_update(UnlockToken=None)
    row = await rig.store.enrollments.find(device.udid)
    assert row is not None
    assert row.unlock_token == b"unlock " * 8


async def test_a_device_that_has_just_enrolled_is_woken_for_what_waits(rig: ServiceRig) -> None:
    """A command queued while the enrolment was being made is not forgotten until somebody pushes."""
    device = rig.device()
    await device.get_certificate()
    await device.authenticate()
    queued = await rig.suite.commanding.enqueue(device.udid, INFORMATION)
    assert not queued.pushed
    await device.token_update()
    assert rig.pushes.tokens == [device.token]


@pytest.mark.parametrize("spelled", [None, True, False, "true", "false"])
async def test_not_on_console_may_be_missing_or_a_string(rig: ServiceRig, spelled: object) -> None:
    """Mdmb leaves it out, Fleet's client sends the string "false" (checklist row 8)."""
    device = rig.device()
    await device.get_certificate()
    await device.authenticate()
    assert (await device.token_update(NotOnConsole=spelled)).status == 200


async def test_a_udid_wins_over_an_enrollment_id(rig: ServiceRig) -> None:
    """Fleet's client sends both; that does not make a personal device of it (checklist row 7)."""
    device = rig.device()
    await device.get_certificate()
    await device.authenticate(EnrollmentID="testenrollmentid-1")
    await device.token_update(EnrollmentID="testenrollmentid-1")
    assert (await rig.suite.administration.device(device.udid)).kind == "device"


async def test_many_devices_may_have_one_push_token(rig: ServiceRig) -> None:
    """Mdmb gives every device the same token and magic; nothing is keyed by them (checklist row 9)."""
    for number in range(3):
        device = rig.device(number)
        await device.get_certificate()
        await device.authenticate()
        await device.token_update(Token=b"fakeToken", PushMagic="fakePushMagic")
    views = await rig.suite.administration.devices()
    assert [view.status for view in views] == ["Enrolled"] * 3
    queued = await rig.suite.commanding.enqueue_many([view.udid for view in views], INFORMATION)
    assert all(view.command_uuid for view in queued)


@pytest.mark.parametrize("binary", [False, True])
async def test_messages_may_be_xml_or_binary(rig: ServiceRig, binary: bool) -> None:
    """Real devices send XML, an emulator may send either (checklist row 3)."""
    device = rig.device()
    await device.get_certificate()
    for message in (
        device.message("Authenticate", SerialNumber="S"),
        device.message("TokenUpdate", Token=b"t", PushMagic="m"),
        {"UDID": device.udid, "Status": "Idle"},
    ):
        assert (await device.send(plist.dumps(message, binary=binary))).status == 200


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-apple-aspen-mdm", "nonsense"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_the_plist_decides_and_not_the_header(rig: ServiceRig, content_type: str, method: str) -> None:
    """PUT or POST, any Content-Type or none: MessageType routes (checklist rows 1 and 2)."""
    device = rig.device()
    await device.get_certificate()
    body = plist.dumps(device.message("Authenticate", SerialNumber="S"))
    assert (await device.send(body, method=method, content_type=content_type)).status == 200
    assert (await rig.suite.administration.device(device.udid)).status == "EnrollmentInProgress"


async def test_another_topic_needs_compat(rig: ServiceRig, open_rig: OpenRig) -> None:
    """Fleet's client makes up a topic of its own; a strict server insists on the profile's."""
    device = rig.device()
    await device.get_certificate()
    message = device.message("Authenticate", Topic="com.apple.mgmt.External.made-up")
    await assert_rejected(rig.store, device.send(message), status=400, event="checkin.topic")
    async with open_rig(compat=frozenset({Compat.ANY_TOPIC})) as lenient:
        device = lenient.device()
        await device.get_certificate()
        assert (await device.authenticate(Topic="com.apple.mgmt.External.made-up")).status == 200


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_a_bootstrap_token_is_kept_given_back_and_taken_away(rig: ServiceRig) -> None:
    """None kept is an empty body; an empty one removes what was kept (Apple, SetBootstrapTokenRequest)."""
    device = await rig.enrolled()
    assert (await device.send(device.message("GetBootstrapToken"))).body == b""
    await device.send(device.message("SetBootstrapToken", BootstrapToken=b"bootstrap"))
    answer = await device.send(device.message("GetBootstrapToken"))
    assert plist.loads_dict(answer.body) == {"BootstrapToken": b"bootstrap"}
    await device.send(device.message("SetBootstrapToken", BootstrapToken=b""))
    assert (await device.send(device.message("GetBootstrapToken"))).body == b""


async def test_a_network_user_is_not_managed(rig: ServiceRig) -> None:
    """UserAuthenticate is answered 410, which tells a Mac to leave that user alone."""
    device = await rig.enrolled()
    message = device.message("UserAuthenticate", UserID="6D646D73-0000-4000-8000-000000000001")
    assert (await device.send(message)).status == 410


@pytest.mark.parametrize(
    ("message_type", "keys", "event"),
    [
        ("GetToken", {"TokenServiceType": "com.apple.maid"}, "checkin.token_service"),
        ("DeclarativeManagement", {"Endpoint": "declaration-items"}, "ddm.not_configured"),
    ],
)
async def test_what_is_not_configured_is_refused_clearly(
    rig: ServiceRig, message_type: str, keys: dict[str, str], event: str
) -> None:
    """A 400 with a code of its own, never a 401 and never a 500; the device stays enrolled."""
    device = await rig.enrolled()
    await assert_rejected(rig.store, device.send(device.message(message_type, **keys)), status=400, event=event)
    assert await device.idle() is None


@pytest.mark.parametrize("message_type", ["GetToken", "DeclarativeManagement", "UserAuthenticate", "GetBootstrapToken"])
async def test_a_certificate_that_never_authenticated_asks_for_nothing(rig: ServiceRig, message_type: str) -> None:
    """Not even with one issued for exactly this device (T-29)."""
    device = rig.device()
    await device.get_certificate(await rig.suite.invitations.profile(InvitationRequest(udid=device.udid)))
    keys = {"TokenServiceType": "com.apple.maid", "Endpoint": "tokens", "UserID": "6D646D73-0000-4000-8000-00000000000"}
    message = device.message(message_type, **keys)
    await assert_rejected(rig.store, device.send(message), status=400, event="state.order")
    await device.authenticate()
    if message_type != "GetBootstrapToken":
        await assert_rejected(rig.store, device.send(message), status=400, event="state.order")


async def test_a_bootstrap_token_belongs_to_the_device_whichever_user_speaks(rig: ServiceRig) -> None:
    """A Mac may send it on a user channel."""
    device = await rig.enrolled()
    user = {"UserID": "6D646D73-0000-4000-8000-000000000001", "UserShortName": "kim"}
    await device.send(device.message("SetBootstrapToken", BootstrapToken=b"bootstrap", **user))
    answer = await device.send(device.message("GetBootstrapToken"))
    assert plist.loads_dict(answer.body) == {"BootstrapToken": b"bootstrap"}


async def test_a_personal_macs_bootstrap_token_belongs_to_the_mac(rig: ServiceRig) -> None:
    """A user enrolment has no UDID; its device is named by EnrollmentID, its user by EnrollmentUserID."""
    device = rig.device()
    await device.get_certificate()
    personal = {"UDID": None, "EnrollmentID": "PERSONAL"}
    await device.send(device.message("Authenticate", **personal))
    await device.send(device.message("TokenUpdate", Token=b"t", PushMagic="m", **personal))
    user = {**personal, "EnrollmentUserID": "PERSON"}
    await device.send(device.message("SetBootstrapToken", BootstrapToken=b"bootstrap", **user))
    answer = await device.send(device.message("GetBootstrapToken", **personal))
    assert plist.loads_dict(answer.body) == {"BootstrapToken": b"bootstrap"}
    assert (await rig.suite.administration.device("PERSONAL")).kind == "user_enrollment_device"


async def test_a_user_channel_opens_beside_the_device_and_has_a_queue_of_its_own(rig: ServiceRig) -> None:
    """A user's TokenUpdate makes an enrolment of its own, below its device."""
    device = await rig.enrolled(product_name="MacBookPro17,1")
    user = {"UserID": "6D646D73-0000-4000-8000-000000000001", "UserShortName": "kim", "UserLongName": "Kim"}
    await device.send(device.message("TokenUpdate", Token=b"user token", PushMagic="user magic", **user))
    (view,) = await rig.suite.administration.users(device.udid)
    assert (view.parent, view.kind) == (device.udid, "user")
    row = await rig.store.enrollments.find(device.udid)
    assert row is not None
    assert row.push_magic == device.magic


# --- T-35, T-37: what does not parse ---------------------------------------------------------------------------------

NASTY: dict[str, tuple[bytes, str]] = {
    "no plist": (b"hello", "parse."),
    "no dictionary": (plist.dumps(["Authenticate"]), "parse.schema"),
    "nothing": (b"", "parse."),
    "unknown message": (plist.dumps({"MessageType": "Foo", "UDID": "X"}), "parse.schema"),
    "message of a number": (plist.dumps({"MessageType": 1, "UDID": "X"}), "parse.schema"),
    "unknown status": (plist.dumps({"Status": "Foo", "UDID": "X"}), "parse.schema"),
    "no status": (plist.dumps({"UDID": "X"}), "parse.schema"),
    "an answer to nothing": (plist.dumps({"Status": "Acknowledged", "UDID": "X"}), "parse.schema"),
    "nobody": (plist.dumps({"Status": "Idle"}), "parse.schema"),
    "a number as UDID": (plist.dumps({"Status": "Idle", "UDID": 7}), "parse.schema"),
    "a text as token": (
        plist.dumps({"MessageType": "TokenUpdate", "UDID": "X", "Topic": "t", "Token": "x", "PushMagic": "m"}),
        "parse.schema",
    ),
    "two UDIDs": (
        plist.dumps({"Status": "Idle", "UDID": "A"}).replace(b"</dict>", b"<key>UDID</key><string>B</string></dict>"),
        "parse.duplicate_key",
    ),
    "entities": (
        (
            b'<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "b">]><plist><dict><key>UDID</key>'
            b"<string>&a;</string></dict></plist>"
        ),
        "parse.entity",
    ),
    "depth": (b"<plist>" + b"<array>" * 100 + b"</array>" * 100 + b"</plist>", "parse.depth"),
    "twenty thousand keys": (
        plist.dumps({"Status": "Idle", "UDID": "X"} | {f"key {number}": number for number in range(20_001)}),
        "parse.",
    ),
    "a check-in of 300 kB": (
        plist.dumps({"MessageType": "CheckOut", "UDID": "X", "Topic": "t", "Filling": b"x" * 300_000}),
        "parse.size",
    ),
}


@pytest.mark.parametrize("name", sorted(NASTY))
async def test_what_does_not_parse_is_refused_and_the_server_lives(rig: ServiceRig, name: str) -> None:
    """Even signed by an enrolled device: 400 (413 for size), a code, nothing changed (T-35, T-37)."""
    device = await rig.enrolled()
    body, event = NASTY[name]
    digest = await rig.store.state_digest()
    with pytest.raises(Refusal) as refused:
        await device.send(body)
    assert refused.value.code.startswith(event), refused.value
    assert refused.value.status in {400, 413}
    assert await rig.store.state_digest() == digest
    assert await device.idle() is None


async def test_a_strangers_body_is_not_parsed_at_all(rig: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a signature that holds, the property list parser is never reached (reference §1.2, order of checks)."""
    device = await rig.enrolled()

    def parse(*_: object, **__: object) -> None:
        pytest.fail("the body of a stranger was parsed")

    monkeypatch.setattr(device_channel.inbound, "parse", parse)
    await assert_rejected(rig.store, device.send(b"<plist/>", mdm_signature="AAAA"), status=400, event="auth.cms")
