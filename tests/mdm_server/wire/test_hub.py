"""The Hub's messages, as clients spell them."""

from __future__ import annotations

import msgspec
import pytest

from mdm_server.wire.hub import (
    MAX_BYTES,
    MAX_TEXT,
    DeviceLogin,
    DeviceReply,
    GroupChoice,
    HubDevice,
    HubError,
    HubHeader,
    HubReply,
    HubRequest,
    HubStatus,
    NextStep,
    NextStepType,
    StatusCode,
    Step,
    encode,
    parse_device_reply,
    parse_login,
    parse_reply,
    parse_request,
    parse_step,
)

AS_THE_VENDORS_SAMPLE_WRITES_IT = b"""{"GroupId": "GlobalGroup", "GroupIDSource": "1", "Device": {"Serial": "C02X",
 "InternalIdentifier": "0000", "Type": "10", "BundleIdentifier": "com.example", "OsVersion": "14.1",
 "Identifier": "UDID-1", "Model": "MacBookPro", "Product": "MacBookPro11,1"},
 "Header": {"Language": "en", "ProcotolRevision": "5", "Mode": "2"}}"""


def test_the_vendors_own_sample_is_understood() -> None:
    """Serial, ProcotolRevision and what we know nothing of are read as that client writes them."""
    request = parse_request(AS_THE_VENDORS_SAMPLE_WRITES_IT)
    assert request.group_id == "GlobalGroup"
    assert request.header == HubHeader(language="en", protocol_revision="5", mode="2")
    assert request.device.serial_number == "C02X"
    assert (request.device.identifier, request.device.type) == ("UDID-1", "10")


def test_names_are_read_in_any_case_and_numbers_with_or_without_quotes() -> None:
    """Clients disagree about case and quotes; null is the same as nothing."""
    request = parse_request(
        b'{"DEVICE":{"type":2,"serialNumber":"S","imei":null},"accepted":"true","locationGroupID":7}'
    )
    assert (request.device.type, request.device.serial_number, request.device.imei) == ("2", "S", "")
    assert request.accepted is True
    assert request.location_group_id == "7"


def test_the_last_part_of_an_address_names_a_step_in_any_case() -> None:
    """Both spellings that were seen lead to the same step, and anything else to none."""
    assert parse_step("validategroupidentifier") is Step.GROUP
    assert parse_step("createMdmInstallUrl") is Step.INSTALL_URL
    assert parse_step("validateeverything") is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "parse.json"),
        (b"[]", "parse.json"),
        (b'"text"', "parse.json"),
        (b'{"Username":', "parse.json"),
        (b'{"Username":["x"]}', "parse.json"),
        (b'{"Header":"x"}', "parse.json"),
        (b'{"Accepted":"perhaps"}', "parse.json"),
        (b'{"Username":"\xff"}', "parse.json"),
        (b'{"Username":"a","userName":"b"}', "parse.duplicate_key"),
        (b'{"Device":{"Serial":"a","SerialNumber":"b"}}', "parse.duplicate_key"),
        (b'{"Password":"' + b"x" * (MAX_TEXT + 1) + b'"}', "parse.json"),
        (b'{"x":"' + b"x" * MAX_BYTES + b'"}', "parse.size"),
        (b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "parse.json"),
    ],
)
def test_what_is_no_message_is_refused_by_one_code_and_quotes_nothing(body: bytes, code: str) -> None:
    """Broken, ambiguous, endless or bottomless JSON is one clear error that repeats nothing of what was typed."""
    with pytest.raises(HubError) as refused:
        parse_request(body)
    assert refused.value.code == code
    assert "perhaps" not in str(refused.value)
    assert "xxx" not in str(refused.value)


@pytest.mark.parametrize(
    "message",
    [
        HubRequest(header=HubHeader(session_id="s"), username="ann", password="p", accepted=False),
        HubRequest(device=HubDevice(identifier="U", serial_number="S", imei="I", type="5", os_version="14", model="P")),
    ],
)
def test_a_request_that_was_written_reads_as_it_was(message: HubRequest) -> None:
    """What our own devices write, our own server reads."""
    assert parse_request(encode(message)) == message


def test_replies_that_were_written_read_as_they_were() -> None:
    """Everything a server can say survives the way, a long text too."""
    reply = HubReply(
        HubHeader(session_id="s"),
        HubStatus(StatusCode.ERROR, "Invalid User Credentials", "BAD_CREDENTIALS"),
        NextStep(NextStepType.GROUP_SELECT, groups=(GroupChoice("7", "Sales"),), terms_of_use="x" * 10_000),
    )
    assert parse_reply(encode(reply)) == reply
    assert reply.refused
    answer = DeviceReply(state="Assigned", user="ann", result="Enrolled", install_url="https://x")
    assert parse_device_reply(encode(answer)) == answer
    assert not answer.refused
    login = DeviceLogin(username="ann", password="p", shared_passcode="1", terms_accepted=True)
    assert parse_login(encode(login)) == login


def test_a_reply_is_spelled_as_the_real_one_is() -> None:
    """Header, Status and NextStep are there in the vendor's spelling even when there is little to say."""
    written = msgspec.json.decode(encode(HubReply(HubHeader(session_id="s"), next_step=NextStep(NextStepType.TOKEN))))
    assert written == {
        "Header": {"SessionId": "s"},
        "Status": {"Code": 1, "Notification": "", "Reason": ""},
        "NextStep": {"Type": 8},
    }


def test_what_was_typed_is_not_shown_by_accident() -> None:
    """A message in a log line or in a traceback shows no password."""
    assert "canary" not in repr(HubRequest(password="canary", username="canary", group_id="canary"))
    assert "canary" not in repr(DeviceLogin(password="canary", shared_passcode="canary"))
