from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_server.wire.checkin import (
    MESSAGES,
    Authenticate,
    CheckIn,
    CheckOut,
    DeclarativeManagement,
    GetBootstrapToken,
    TokenUpdate,
    UserAuthenticate,
)
from mdm_server.wire.enrollment_id import EnrollmentKind, Sender, Udid
from mdm_server.wire.errors import SchemaError, WireError
from mdm_server.wire.inbound import encode, parse
from mdm_server.wire.plist import CHECK_IN, RESULT, Codec, dumps
from mdm_server.wire.results import CommandResult, ErrorChainItem, Status
from rigs import foreign_messages as foreign
from rigs.plist_values import leaves, typed
from rigs.plist_zoo import refused

FLEET_USER = f"{foreign.FLEET['UDID']}:2B3A4C5D-0000-4000-8000-111122223333"


@pytest.mark.parametrize(
    ("body", "kind", "enrollment", "expected"),
    [
        (
            foreign.MDMB_AUTHENTICATE,
            Authenticate,
            foreign.MDMB["UDID"],
            {
                "topic": foreign.MDMB["Topic"],
                "device_name": "C02XKF7YH0G1's Computer",
                "os_version": "15.4",
                "build_version": "24E263",
                "product_name": "Mac16,10",
                "serial_number": "C02XKF7YH0G1",
                "model": None,
                "imei": None,
            },
        ),
        (
            foreign.MDMB_TOKEN_UPDATE,
            TokenUpdate,
            foreign.MDMB["UDID"],
            {
                "token": b"fakeToken",
                "push_magic": "fakePushMagic",
                "not_on_console": None,
                "awaiting_configuration": None,
                "unlock_token": None,
            },
        ),
        (foreign.FLEET_AUTHENTICATE, Authenticate, foreign.FLEET["UDID"], {"model": "iPad13,18", "os_version": None}),
        (
            foreign.FLEET_BYOD_AUTHENTICATE,
            Authenticate,
            foreign.FLEET["EnrollmentID"],
            {"model": "iPhone14,6", "serial_number": None},
        ),
        (
            foreign.FLEET_TOKEN_UPDATE,
            TokenUpdate,
            foreign.FLEET["UDID"],
            {
                "not_on_console": False,
                "awaiting_configuration": True,
                "unlock_token": b"unlocktokenDMPXK1ABCDEF",
                "topic": foreign.FLEET["Topic"],
            },
        ),
        (foreign.FLEET_USER_TOKEN_UPDATE, TokenUpdate, FLEET_USER, {"token": b"token.user.DMPXK1ABCDEF"}),
        (foreign.FLEET_USER_AUTHENTICATE, UserAuthenticate, FLEET_USER, {"topic": None, "digest_response": None}),
        (
            foreign.FLEET_DECLARATIVE_MANAGEMENT,
            DeclarativeManagement,
            foreign.FLEET["UDID"],
            {"endpoint": "tokens", "data": b"{}"},
        ),
        (foreign.FLEET_CHECK_OUT, CheckOut, foreign.FLEET["UDID"], {}),
        (foreign.FLEET_GET_BOOTSTRAP_TOKEN, GetBootstrapToken, foreign.FLEET["UDID"], {}),
    ],
)
def test_foreign_check_ins_are_understood(
    body: bytes, kind: type[CheckIn], enrollment: str, expected: dict[str, Any]
) -> None:
    """Checklist 2, 7 and 8: what mdmb and Fleet's client send is read as it is meant, and kept as it came."""
    message = parse(body)
    assert type(message) is kind
    assert message.enrollment.id == enrollment
    assert {name: getattr(message, name) for name in expected} == expected
    assert message.raw == body


@pytest.mark.parametrize(
    ("body", "status", "command", "enrollment"),
    [
        (foreign.MDMB_IDLE, Status.IDLE, None, foreign.MDMB["UDID"]),
        (foreign.MDMB_ERROR, Status.ERROR, "c-1", foreign.MDMB["UDID"]),
        (foreign.FLEET_IDLE, Status.IDLE, None, foreign.FLEET["UDID"]),
        (foreign.FLEET_NOT_NOW, Status.NOT_NOW, "c-2", foreign.FLEET["UDID"]),
        (foreign.FLEET_DEVICE_INFORMATION, Status.ACKNOWLEDGED, "c-3", foreign.FLEET["UDID"]),
        (foreign.FLEET_USER_ACKNOWLEDGED, Status.ACKNOWLEDGED, "c-4", FLEET_USER),
    ],
)
def test_foreign_reports_are_understood(body: bytes, status: Status, command: str | None, enrollment: str) -> None:
    """Checklist 2 and 7: command reports are known by what they lack, a MessageType."""
    report = parse(body)
    assert isinstance(report, CommandResult)
    assert (report.status, report.command_uuid, report.enrollment.id) == (status, command, enrollment)
    assert report.raw == body


def test_an_answer_keeps_all_its_values() -> None:
    """What a query returned is in `values`, nested as it came."""
    report = parse(foreign.FLEET_DEVICE_INFORMATION)
    assert isinstance(report, CommandResult)
    assert report.values["QueryResponses"]["DeviceCapacity"] == 64


def test_mdmbs_error_chain_is_read() -> None:
    """The chain says what went wrong, outermost first."""
    report = parse(foreign.MDMB_ERROR)
    assert isinstance(report, CommandResult)
    text = "Unknown command: Foo <MDMClientError:91>"
    assert report.error_chain == (ErrorChainItem(12021, "MCMDMErrorDomain", text, text),)


def test_a_check_in_may_not_be_as_large_as_a_report() -> None:
    """T-38: 1 MiB is for reports; a check-in of that size is refused although it could be read."""
    sender = Sender(udid=Udid("U"))
    padding = b"x" * CHECK_IN.max_bytes
    large = encode(TokenUpdate(sender=sender, topic="t", token=padding, push_magic="m"), binary=True)
    refused(lambda: parse(large), "parse.size")
    report = CommandResult(sender=sender, status=Status.IDLE, values={"Padding": padding})
    assert parse(encode(report, binary=True)).enrollment.id == "U"
    refused(lambda: parse(b" " * (RESULT.max_bytes + 1)), "parse.size", within=0.001)


SENDER = Sender(udid=Udid("U"), user_id="USER", user_short_name="jane")
EVERYTHING = [
    Authenticate(sender=SENDER, topic="t", device_name="n", model="m", imei="1", meid="2", serial_number="s"),
    TokenUpdate(sender=SENDER, topic="t", token=b"\x00\x01", push_magic="m", unlock_token=b"u", not_on_console=True),
    CheckOut(sender=SENDER, topic="t"),
    UserAuthenticate(sender=SENDER, digest_response="d"),
    MESSAGES["SetBootstrapToken"](sender=SENDER, bootstrap_token=b"b", awaiting_configuration=True),
    GetBootstrapToken(sender=SENDER),
    MESSAGES["GetToken"](sender=SENDER, token_service_type="com.apple.maid", token_parameters={"PhoneUDID": "p"}),
    DeclarativeManagement(sender=SENDER, endpoint="status", data=b"{}"),
]


@pytest.mark.parametrize("message", EVERYTHING, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize(("binary", "codec"), [(False, Codec.STDLIB), *((True, codec) for codec in Codec)])
def test_every_check_in_survives_both_formats_and_codecs(message: CheckIn, binary: bool, codec: Codec) -> None:
    """Checklist 3: what the emulator builds, the server reads, in XML and in binary."""
    body = encode(message, binary=binary, codec=codec)
    assert parse(body, codec=codec) == message
    assert parse(body, codec=codec).raw == body


@pytest.mark.parametrize("binary", [False, True])
def test_a_report_survives_both_formats(binary: bool) -> None:
    """A report is read as it was built, its values being the whole dictionary."""
    chain = (ErrorChainItem(12021, "MCMDMErrorDomain", "nein", "no"), ErrorChainItem(1, "d"))
    report = CommandResult(
        sender=SENDER, status=Status.ERROR, command_uuid="c", error_chain=chain, values={"Extra": [1]}
    )
    read = parse(encode(report, binary=binary))
    assert isinstance(read, CommandResult)
    assert (read.status, read.command_uuid, read.error_chain, read.sender) == (Status.ERROR, "c", chain, SENDER)
    assert read.values["Extra"] == [1]
    assert read.is_user_channel
    assert read.to_plist() == read.values


def test_eight_messages_are_known() -> None:
    """All of Apple's check-in messages are here and each is tested above."""
    assert {type(message).message_type for message in EVERYTHING} == set(MESSAGES)
    assert len(MESSAGES) == 8


WRONG = {
    str: [1, b"x", [], {}, True, ""],
    bytes: ["x", 1, [], {}],
    bool: ["yes", 1, b"", []],
    int: ["1", 1.5, True],
    dict: ["x", [], b""],
    list: ["x", {}, 1],
}


def _wrong_values() -> list[tuple[str, dict[str, Any]]]:
    """Return every message of the catalogue with each of its keys of every wrong type, and without each it needs."""
    cases: list[tuple[str, dict[str, Any]]] = []
    reports = [
        CommandResult(sender=SENDER, status=Status.ERROR, command_uuid="c", error_chain=(ErrorChainItem(1, "d", "x"),))
    ]
    for message in itertools.chain(EVERYTHING, reports):
        payload = message.to_plist()
        name = payload.get("MessageType", "report")
        for key, value in payload.items():
            optional_text = key not in {
                "MessageType",
                "Status",
                "Topic",
                "CommandUUID",
                "PushMagic",
                "UDID",
                "Endpoint",
            }
            cases.extend(
                (f"{name}.{key}={wrong!r}", payload | {key: wrong})
                for wrong in WRONG[type(value)]
                if not (wrong == "" and (optional_text or key == "Topic"))
            )
    return cases


@pytest.mark.parametrize(("name", "payload"), [pytest.param(*case, id=case[0]) for case in _wrong_values()])
def test_a_value_of_the_wrong_type_is_refused(name: str, payload: dict[str, Any]) -> None:
    """T-37: whatever key has another type than Apple says, the message is refused as parse.schema."""
    with pytest.raises(SchemaError) as caught:
        parse(dumps(payload))
    assert caught.value.code == "parse.schema"
    assert str(caught.value).startswith("parse.schema: expected ")


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ({"UDID": "U"}, "expected Status to be one of Idle, Acknowledged, Error, CommandFormatError, NotNow; found"),
        ({"UDID": "U", "Status": "Foo"}, "found 'Foo'"),
        ({"UDID": "U", "Status": "idle"}, "found 'idle'"),
        ({"UDID": "U", "Status": "Acknowledged"}, "expected a string as CommandUUID, found nothing"),
        ({"UDID": "U", "Status": "NotNow", "CommandUUID": ""}, "found str without content"),
        ({"Status": "Idle"}, "expected UDID or EnrollmentID, found neither"),
        ({"UDID": "", "Status": "Idle"}, "found neither"),
        ({"UDID": "U", "MessageType": "Foo"}, "expected MessageType to be one of Authenticate, .*; found 'Foo'"),
        ({"UDID": "U", "MessageType": "x" * 5000}, "found 'xxxxxxxxxxxxxxxxxxx…"),
        ({"UDID": "U", "MessageType": "Authenticate"}, "expected a string as Topic, found nothing"),
        ({"UDID": "U", "MessageType": "CheckOut", "Topic": ""}, "expected a string as Topic, found str without"),
        ({"UDID": "U", "MessageType": "TokenUpdate", "Topic": "t", "PushMagic": "m"}, "expected data as Token"),
        ({"UDID": "U", "MessageType": "TokenUpdate", "Topic": "t", "Token": b"t"}, "as PushMagic, found nothing"),
        ({"UDID": "U", "MessageType": "UserAuthenticate"}, "expected UserID in UserAuthenticate"),
        ({"UDID": "U", "MessageType": "GetToken"}, "as TokenServiceType, found nothing"),
        ({"UDID": "U", "MessageType": "DeclarativeManagement"}, "as Endpoint, found nothing"),
        ({"UDID": "U", "Status": "Error", "CommandUUID": "c", "ErrorChain": ["x"]}, "an array of dictionaries"),
    ],
)
def test_an_incomplete_message_is_refused(payload: dict[str, Any], complaint: str) -> None:
    """T-37: missing keys and unknown words are named, with what was expected."""
    with pytest.raises(SchemaError, match=complaint):
        parse(dumps(payload))


def test_a_refusal_does_not_repeat_a_secret() -> None:
    """The error is journalled, so a token of the wrong type is not in it."""
    body = dumps({"UDID": "U", "MessageType": "TokenUpdate", "Topic": "t", "Token": "s3cret", "PushMagic": "m"})
    with pytest.raises(SchemaError) as caught:
        parse(body)
    assert "s3cret" not in str(caught.value)


def test_unknown_keys_are_kept_in_the_raw_bytes_and_ignored() -> None:
    """T-37: a later iOS may say more; what it says is kept."""
    body = dumps({"UDID": "U", "MessageType": "CheckOut", "Topic": "t", "NewInIOS42": {"a": [1]}})
    message = parse(body)
    assert message == CheckOut(sender=Sender(udid=Udid("U")), topic="t")
    assert b"NewInIOS42" in message.raw


def test_twenty_thousand_extra_keys_are_refused() -> None:
    """T-37: extra keys are kept, but bounded."""
    extra = {f"k{number}": True for number in range(20_000)}
    body = dumps({"UDID": "U", "Status": "Idle"} | extra)
    refused(lambda: parse(body), "parse.expansion", within=0.1)


def test_a_report_with_an_incomplete_error_chain_is_taken() -> None:
    """A command whose report is refused would stay at the head of the queue, so a poor report is better than none."""
    payload = {"UDID": "U", "Status": "Error", "CommandUUID": "c", "ErrorChain": [{}, {"ErrorCode": 5}]}
    report = parse(dumps(payload))
    assert isinstance(report, CommandResult)
    assert report.error_chain == (ErrorChainItem(), ErrorChainItem(5))


@given(
    payload=st.dictionaries(
        st.sampled_from(
            ["UDID", "EnrollmentID", "UserID", "Status", "MessageType", "CommandUUID", "ErrorChain", "Topic"]
        ),
        leaves
        | st.sampled_from([*MESSAGES, *map(str, Status)])
        | st.lists(st.dictionaries(st.just("ErrorCode"), leaves)),
    )
)
@settings(max_examples=300, deadline=None)
def test_any_dictionary_is_read_or_refused_and_nothing_else(payload: dict[str, Any]) -> None:
    """T-37: whatever a dictionary says, the answer is a message that says the same, or a WireError."""
    try:
        message = parse(dumps(payload))
    except WireError:
        return
    if isinstance(message, CommandResult):
        assert typed(message.values) == typed(payload)


def test_user_channels_are_told_from_device_channels() -> None:
    """Fleet's user token update is for the user's enrolment, whose parent is the device's."""
    enrollment = parse(foreign.FLEET_USER_TOKEN_UPDATE).enrollment
    assert (enrollment.kind, enrollment.parent) == (EnrollmentKind.USER, foreign.FLEET["UDID"])
