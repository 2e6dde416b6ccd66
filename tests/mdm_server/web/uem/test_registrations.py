from __future__ import annotations

from typing import Any

import pytest

from rigs.uem_caller import Caller

USERS = "/api/system/users"
TOKENS = "/api/mdm/groups/1/enrollment-tokens"
NOBODY = "00000000-0000-4000-8000-000000000000"


async def _user(caller: Caller, name: str = "anna") -> int:
    return int((await caller.call("POST", f"{USERS}/adduser", json={"UserName": name})).document["Value"])


async def _ask_for_tokens(caller: Caller) -> None:
    status, _, _ = await caller.rig.call("POST", "/groups/1/settings", json={"token_required": True})
    assert status == 200


async def _tokens(caller: Caller, query: str = "") -> list[Any]:
    told = await caller.call("GET", TOKENS + query)
    return [] if told.status == 204 else list(told.document["tokens"])


@pytest.mark.parametrize(
    "sent",
    [
        {"data": b"LocationGroupId=1&PlatformId=2&SerialNumber=C02&Ownership=S&FriendlyName=a+phone"},
        {"data": b'{"LocationGroupId": {"Value": 1}, "PlatformId": 2, "SerialNumber": "C02", "Ownership": "S"}'},
        {"json": {"locationGroupId": "1", "platform_id": "2", "serialNumber": "C02", "ownership": "corporate_shared"}},
    ],
)
async def test_a_device_is_registered_however_it_is_written(caller: Caller, sent: dict[str, Any]) -> None:
    """Form or JSON, with whatever Content-Type; without a group that asks for tokens the answer has no body (C7)."""
    number = await _user(caller)
    told = await caller.call("POST", f"{USERS}/{number}/registerdevice", **sent)
    assert (told.status, told.document) == (200, b"")
    told = await caller.call("GET", f"{USERS}/registereddevices/search?serialnumber=C02")
    [found] = told.document["RegisteredDeviceInfoList"]
    assert (found["UserName"], found["Ownership"], found["Platform"]) == ("anna", "S", "Apple")
    assert (found["EnrollmentStatusId"], found["ComplianceStatusId"]) == ("2", "9")


async def test_the_answer_is_the_token_where_one_is_asked_for(caller: Caller) -> None:
    """A JSON string; the searches never show it again."""
    await _ask_for_tokens(caller)
    number = await _user(caller)
    told = await caller.call("POST", f"{USERS}/{number}/registerdevice", json={"SerialNumber": "C02", "PlatformId": 5})
    assert isinstance(told.document, str)
    assert len(told.document) == 8
    for path in (f"{USERS}/enrollmenttoken/search?username=anna", TOKENS):
        assert told.document not in str((await caller.call("GET", path)).document)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"PlatformId": 10}, "2 (Apple) or 5 (Android)"),
        ({"PlatformId": "x"}, "platformid"),
        ({"Ownership": "Z"}, "Ownership"),
        ({"LocationGroupId": 99}, "organization group"),
        (b"{", "JSON"),
        (b"[]", "array"),
    ],
)
async def test_a_registration_that_cannot_be_is_refused(caller: Caller, body: Any, hint: str) -> None:
    """With a word about what is wrong, and nothing stored."""
    number = await _user(caller)
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    told = await caller.call("POST", f"{USERS}/{number}/registerdevice", **sent)
    assert told.status in (400, 404)
    assert hint in told.document["message"]
    assert (await caller.call("GET", f"{USERS}/registereddevices/search")).status == 204
    assert (await caller.call("POST", f"{USERS}/99/registerdevice", json={})).status == 404


async def test_somebody_else_s_device_cannot_be_registered(caller: Caller) -> None:
    """409, until the registration is deleted; a bulk deletion says item by item what it did."""
    anna, ben = await _user(caller), await _user(caller, "ben")
    body = {"SerialNumber": "C02", "PlatformId": 2}
    assert (await caller.call("POST", f"{USERS}/{anna}/registerdevice", json=body)).status == 200
    assert (await caller.call("POST", f"{USERS}/{ben}/registerdevice", json=body)).status == 409
    bulk = {"BulkValues": {"Value": ["C02", "F99"]}}
    told = await caller.call("POST", f"{USERS}/registereddevices/delete?searchby=Serialnumber", json=bulk)
    assert (told.document["AcceptedItems"], told.document["FailedItems"]) == (1, 1)
    assert told.document["Faults"]["Fault"][0]["ItemValue"] == "F99"
    assert (await caller.call("POST", f"{USERS}/{ben}/registerdevice", json=body)).status == 200
    for query, sent in (("searchby=AssetNumber", bulk), ("searchby=Udid", {}), ("", bulk)):
        told = await caller.call("POST", f"{USERS}/registereddevices/delete?{query}", json=sent)
        assert told.status == 400


async def test_a_registration_by_version_2(caller: Caller) -> None:
    """It names the user by UUID, and the answer is a document with the token, or an empty one."""
    number = await _user(caller)
    uuid = (await caller.call("GET", f"{USERS}/{number}")).document["Uuid"]
    record = {"user_uuid": uuid, "platform_id": 2, "device_udid": "UDID-1", "ownership_type": "EMPLOYEE_OWNED"}
    body = {"registration_type": "REGISTER_DEVICE", "device_registration_record": record}
    told = await caller.call("POST", TOKENS, version=2, json=body)
    assert (told.status, told.document) == (201, {})
    await _ask_for_tokens(caller)
    told = await caller.call("POST", TOKENS, version=2, json=body)
    assert len(told.document["token"]) == 8
    [token] = await _tokens(caller)
    assert (token["udid"], token["ownership_type"], token["platform"]) == ("UDID-1", "EMPLOYEE_OWNED", 2)
    shown = await caller.call("GET", f"{TOKENS}/{token['token_uuid']}")
    assert shown.document == token


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"registration_type": "REGISTER_DEVICE"},
        {"registration_type": "NONE"},
        {"registration_type": "SOMETHING"},
        {"registration_type": "WHITELIST", "device_blacklist_record": {"device_attribute": "C02"}},
        {"registration_type": "REGISTER_DEVICE", "device_registration_record": {"user_uuid": NOBODY}},
        {"registration_type": "REGISTER_DEVICE", "device_registration_record": {"user_uuid": 1, "platform_id": 12}},
        {"registration_type": "BLACKLIST", "device_blacklist_record": {"device_attribute": ""}},
        {"registration_type": "BLACKLIST", "device_blacklist_record": {"device_attribute": "1", "attribute_type": "X"}},
    ],
)
async def test_a_token_request_that_says_nothing_is_refused(caller: Caller, body: dict[str, Any]) -> None:
    """The type and the record of its kind belong together."""
    await _user(caller)
    told = await caller.call("POST", TOKENS, version=2, json=body)
    assert told.status in (400, 404), told.document
    assert await _tokens(caller) == []


async def test_tokens_are_revoked_and_reset(caller: Caller) -> None:
    """`PUT /mdm/enrollment-tokens`: a revoked one has the status 10, a reset one is in the answer, and only there."""
    await _ask_for_tokens(caller)
    number = await _user(caller)
    first = (await caller.call("POST", f"{USERS}/{number}/registerdevice", json={"SerialNumber": "C02"})).document
    [token] = await _tokens(caller)
    body = {"token_uuids": [token["token_uuid"]]}
    told = await caller.call("PUT", "/api/mdm/enrollment-tokens", json={**body, "action": "REVOKE"})
    assert told.status == 200
    assert [each["status"] for each in await _tokens(caller)] == [10]
    told = await caller.call("PUT", "/api/mdm/enrollment-tokens?action=reset", json=body)
    assert told.document["tokens"][0]["token"] != first
    assert [each["status"] for each in await _tokens(caller)] == [9]
    for wrong in ({**body, "action": "BURN"}, {"action": "RESET"}):
        assert (await caller.call("PUT", "/api/mdm/enrollment-tokens", json=wrong)).status == 400
    missing = {"token_uuids": [NOBODY], "action": "RESET"}
    assert (await caller.call("PUT", "/api/mdm/enrollment-tokens", json=missing)).status == 404
    assert (await caller.call("DELETE", "/api/mdm/enrollment-tokens", json={})).status == 400
    assert (await caller.call("DELETE", "/api/mdm/enrollment-tokens", json=body)).status == 204
    assert await _tokens(caller) == []


async def test_devices_are_allowed_and_denied(caller: Caller) -> None:
    """Version 1 is flat, version 2 has records; both lists are among the tokens, with the statuses 1 and 2."""
    flat = {"registration_type": "WHITELIST", "device_attribute": "C02", "ownership_type": "CORPORATE_SHARED"}
    assert (await caller.call("POST", TOKENS, version=1, json=flat)).status == 201
    record = {"device_attribute": "350000000000001,350000000000002", "attribute_type": "IMEI"}
    body = {"registration_type": "BLACKLIST", "device_blacklist_record": record}
    assert (await caller.call("POST", TOKENS, version=2, json=body)).status == 201
    assert [(token["status"], token.get("serial_number") or token["imei"]) for token in await _tokens(caller)] == [
        (1, "C02"),
        (2, "350000000000001"),
        (2, "350000000000002"),
    ]
    [allowed] = await _tokens(caller, "?serial_number=c02")
    assert (await caller.call("DELETE", f"{TOKENS}/{allowed['token_uuid']}")).status == 204
    assert (await caller.call("DELETE", f"{TOKENS}/{allowed['token_uuid']}")).status == 404
    assert (await caller.call("POST", TOKENS, version=1, json={**flat, "registration_type": "NONE"})).status == 400
    many = ",".join(f"S{number}" for number in range(31))
    assert (await caller.call("POST", TOKENS, json={**flat, "device_attribute": many})).status == 400, "row 21"
