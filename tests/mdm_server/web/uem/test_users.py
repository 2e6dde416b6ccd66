from __future__ import annotations

from typing import Any

import pytest

from mdm_server.domain.staging.vocabulary import DeviceStagingType
from rigs.uem_caller import Caller

USERS = "/api/system/users"
STAGING_MODES = {
    "StagingDisabled": "StagingDisabled",
    "SingleUserStagingStandard": "SingleUnknownUserStaging",
    "SingleUserStagingAdvanced": "SingleKnownUserStaging",
    "MultipleUserStaging": "MultipleUserStaging",
    "MultipleUserStagingSingleUserStandard": "UnknownUserMultipleUser",
    "MultipleUserStagingSingleUserAdvanced": "KnownUserMultipleUser",
}


async def _find(caller: Caller, name: str) -> Any:
    told = await caller.call("GET", f"{USERS}/search?username={name}")
    return told.document["Users"][0]


async def test_a_user_is_made_read_changed_and_deleted(caller: Caller) -> None:
    """Version 2: the answer to making one has no body; Location leads to it."""
    body = {"userName": "anna", "password": "secret", "emailAddress": "anna@example.test", "securityType": "Basic"}
    told = await caller.call("POST", USERS, version=2, json=body)
    assert (told.status, told.document) == (201, b"")
    address = told.headers["Location"].removeprefix(caller.rig.server.url)
    read = (await caller.call("GET", address, version=2)).document
    assert (read["userName"], read["emailAddress"], read["securityType"]) == ("anna", "anna@example.test", "BASIC")
    assert read["organizationGroupUuid"]
    told = await caller.call("PUT", address, version=2, json={"firstName": "Anna"})
    assert (told.status, told.document) == (200, b"")
    read = (await caller.call("GET", address, version=2)).document
    assert (read["displayName"], read["emailAddress"]) == ("Anna", "anna@example.test")
    assert (await caller.call("DELETE", address, version=2)).status == 200
    assert (await caller.call("GET", address, version=2)).status == 404


@pytest.mark.parametrize("kind", list(DeviceStagingType))
async def test_every_staging_type_goes_in_and_comes_out(caller: Caller, kind: str) -> None:
    """The six values of version 2, and the names that version 1 has for them."""
    body = {"userName": "pat", "deviceStagingEnabled": kind != "StagingDisabled", "deviceStagingType": kind}
    assert (await caller.call("POST", USERS, version=2, json=body)).status == 201
    found = await _find(caller, "pat")
    assert (found["DeviceStagingType"], found["StagingMode"]) == (kind, STAGING_MODES[kind])
    assert found["DeviceStagingEnabled"] is (kind != "StagingDisabled")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"deviceStagingEnabled": True}, "SingleUserStagingStandard"),
        ({"deviceStagingEnabled": False, "deviceStagingType": "MultipleUserStaging"}, "StagingDisabled"),
        ({"StagingMode": "UnknownUserMultipleUser"}, "MultipleUserStagingSingleUserStandard"),
        ({"StagingMode": 4}, "MultipleUserStaging"),
        ({"StagingMode": "1"}, "SingleUserStagingAdvanced"),
        ({"StagingMode": "EndUser"}, "StagingDisabled"),
        ({}, "StagingDisabled"),
    ],
)
async def test_staging_may_be_said_in_the_words_of_version_1(caller: Caller, given: dict[str, Any], kind: str) -> None:
    """A word or a number of StagingMode; enabling alone is the plainest kind, disabling wins."""
    told = await caller.call("POST", f"{USERS}/adduser", json={"UserName": "pat", **given})
    assert told.status == 200
    shown = await caller.call("GET", f"{USERS}/{told.document['Value']}")
    assert shown.document["DeviceStagingType"] == kind


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({}, "userName"),
        ({"userName": "x", "deviceStagingType": "Sometimes"}, "deviceStagingType"),
        ({"userName": "x", "StagingMode": "Sometimes"}, "StagingMode"),
        ({"userName": "x", "StagingMode": 9}, "StagingMode"),
        ({"userName": "x", "securityType": "retina"}, "securityType"),
        ({"userName": ["x"]}, "username"),
        ({"userName": "x", "organizationGroupUuid": "00000000-0000-4000-8000-000000000000"}, "organization group"),
    ],
)
async def test_a_user_who_cannot_be_is_refused(caller: Caller, body: dict[str, Any], hint: str) -> None:
    """The message names what is wrong."""
    told = await caller.call("POST", USERS, version=2, json=body)
    assert told.status in (400, 404)
    assert hint.lower() in told.document["message"].lower()


async def test_users_are_activated_moved_and_deleted_in_version_1(caller: Caller) -> None:
    """Its verbs stand in the path."""
    number = (await caller.call("POST", f"{USERS}/adduser", json={"UserName": "anna", "Status": "true"})).document[
        "Value"
    ]
    east = (await caller.call("POST", "/api/system/groups/1", json={"GroupId": "EAST"})).document["Value"]
    assert (await caller.call("POST", f"{USERS}/{number}/deactivate")).status == 200
    assert (await _find(caller, "anna"))["Status"] is False
    assert (await caller.call("GET", f"{USERS}/search?status=active")).status == 204
    assert (await caller.call("POST", f"{USERS}/{number}/activate")).status == 200
    assert (await caller.call("POST", f"{USERS}/{number}/changelocationgroup?targetLG={east}")).status == 200
    found = await caller.call("GET", f"{USERS}/search?organizationgroupid={east}")
    assert [user["LocationGroupId"] for user in found.document["Users"]] == [str(east)]
    assert (await caller.call("GET", f"{USERS}/search?organizationgroupid=99")).status == 204
    assert (await caller.call("POST", f"{USERS}/{number}/changelocationgroup")).status == 400
    assert (await caller.call("POST", f"{USERS}/{number}/update", json={"LastName": "Berg"})).status == 200
    assert (await _find(caller, "anna"))["LastName"] == "Berg"
    assert (await caller.call("DELETE", f"{USERS}/{number}/delete")).status == 200
    assert (await caller.call("GET", f"{USERS}/search?username=anna")).status == 204
