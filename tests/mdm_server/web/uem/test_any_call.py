from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mdm_server.web.uem.calls import Call
from mdm_server.web.uem.subjects import UEM_SUBJECTS
from rigs.uem_caller import Caller

CALLS = [call for subject in UEM_SUBJECTS for call in subject]
PARAMETER = re.compile(r"{\w+}")
NAMES = (
    "1",
    "99",
    "9" * 30,
    "x",
    "%00",
    "00000000-0000-0000-0000-000000000001",
    "00000000-0000-4000-8000-000000000000",
)
HUGE = 10**30
BODIES: tuple[Any, ...] = (
    {},
    [],
    "text",
    {"UserName": None, "GroupId": None},
    {"UserName": {"a": 1}, "GroupId": [], "token_uuids": "x", "device_wipe_uuids": [1], "BulkValues": {"Value": "x"}},
    {
        "UserName": "a\u0000b",
        "GroupId": "a\u0000b",
        "SerialNumber": "a\u0000b",
        "PlatformId": HUGE,
        "StagingMode": HUGE,
    },
    {"userName": "\ud800".encode("utf-16", "surrogatepass").hex(), "LocationGroupId": HUGE, "status": "perhaps"},
    {
        "registration_type": "REGISTER_DEVICE",
        "device_registration_record": {"user_uuid": HUGE, "serial_number": "x" * 100_000, "platform_id": -1},
    },
    {"registration_type": "BLACKLIST", "device_blacklist_record": {"device_attribute": "," * 10_000}},
    {"BulkValues": {"Value": ["", "\u202e", "x" * 10_000]}, "assignedUserGroup": HUGE, "userGroups": [HUGE, "x"]},
)
QUERY = (
    "?searchby=Serialnumber&id=%00&command=Lock&page=0&pagesize=0&username=%25&user=%FF&lgid=99999999999999999"
    "&organizationgroupid=0&targetlg=999999999999999999&action=APPROVE&seensince=0001-01-01&serialnumber=%00"
)


def _addresses(call: Call) -> Iterator[str]:
    for name in NAMES if "{" in call.path else NAMES[:1]:
        yield "/api/" + PARAMETER.sub(name, call.path)


def _requests(call: Call) -> Iterator[tuple[str, bytes]]:
    first = next(_addresses(call))
    for address in _addresses(call):
        yield address, b""
    yield first + QUERY, b""
    if call.method != "GET":
        for body in BODIES:
            yield first + QUERY, json.dumps(body).encode()
        for body in (b"UserName=%00&GroupId=%00", b"\xff\xfe", b"{" * 200):
            yield first, body


async def test_no_call_is_ever_answered_with_a_defect(caller: Caller) -> None:
    """Whatever stands in the address, the query and the body: an answer, or the one error document."""
    for call in CALLS:
        for address, body in _requests(call):
            told = await caller.call(call.method, address, version=call.versions[-1], data=body)
            assert told.status < 500 or told.status == 501, (call, address, body, told.document)
            if told.status >= 400:
                assert set(told.document) == {"errorCode", "message", "activityId"}, (call, address, body)
