"""Apple's Device Enrollment Program as programs for Workspace ONE UEM call it: `/api/mdm/dep`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rigs.abm_portal import Portal
from rigs.sockets import socket_rig
from rigs.uem_caller import Caller

PROFILES, GROUPS = "/api/mdm/dep/profiles", "/api/mdm/dep/groups"
SERIAL = "C39ABM000001"


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    """Run a server with Apple beside it, and return somebody who may call its API."""
    async with socket_rig(tmp_path, apple="127.0.0.1:0") as rig:
        yield Caller(rig)


async def a_token(caller: Caller) -> Portal:
    """Make our server one of Apple Business Manager's."""
    portal, tokens = Portal.of(caller.rig.server), caller.rig.server.suite.abm.tokens
    token = await tokens.new("stores")
    await tokens.upload(token.id, portal.p7m(await tokens.certificate(token.id)))
    return portal


async def root_uuid(caller: Caller) -> str:
    """Return the UUID of the topmost group, as clients look it up."""
    told = await caller.call("GET", "/api/system/groups/search")
    return str(told.document["LocationGroups"][0]["Uuid"])


async def test_a_profile_is_made_found_changed_and_deleted(caller: Caller) -> None:
    """By any part of its name; panes are switches, in the vendor's spelling or Apple's."""
    told = await caller.call("GET", f"{PROFILES}/search?SearchText=x")
    assert (told.status, told.document) == (204, b"")
    wanted = {
        "ProfileName": "Kiosk profile",
        "Department": "Stores",
        "SupportNumber": "+1 555",
        "SuperviseDevices": True,
        "IsMdmRemovable": True,
        "SkipAppleId": True,
        "SkipTermsOfService": "true",
        "SkipSiri": False,
        "DeviceLocationGroupId": 1,
        "SomethingElse": 7,
    }
    told = await caller.call("POST", PROFILES, json=wanted)
    assert told.status == 200
    uuid = told.document["uuid"]
    told = await caller.call("GET", f"{PROFILES}/search?searchtext=kiosk")
    assert (told.document["TotalResults"], told.document["ProfileList"][0]["uuid"]) == (1, uuid)
    shown = (await caller.call("GET", f"{PROFILES}/{uuid}")).document
    assert (shown["ProfileName"], shown["Department"], shown["IsMdmRemovable"]) == ("Kiosk profile", "Stores", True)
    assert [name for name, value in shown.items() if name.startswith("Skip") and value] == ["SkipAppleID", "SkipTOS"]
    told = await caller.call("PUT", f"{PROFILES}/{uuid}", json={**shown, "Department": "Lab"})
    assert told.status == 200
    changed = (await caller.call("GET", f"{PROFILES}/{uuid}")).document
    assert changed == {**shown, "Department": "Lab"}
    assert (await caller.call("DELETE", f"{PROFILES}/{uuid}")).status == 200
    told = await caller.call("GET", f"{PROFILES}/{uuid}")
    assert (told.status, told.document["errorCode"]) == (404, 404)


async def test_a_profile_that_contradicts_itself_is_refused(caller: Caller) -> None:
    """Row 45: what cannot be removed has to be supervised."""
    body = {"ProfileName": "locked", "IsMdmRemovable": False, "SuperviseDevices": False}
    told = await caller.call("POST", PROFILES, json=body)
    assert (told.status, "supervise what cannot be removed" in told.document["message"]) == (400, True)
    assert (await caller.call("POST", PROFILES, json={})).status == 400


async def test_devices_are_read_assigned_and_listed_as_clients_do_it(caller: Caller) -> None:
    """Sync or Fetch; Assign or Unassign in whatever case."""
    portal, group = await a_token(caller), await root_uuid(caller)
    told = await caller.call("GET", f"{GROUPS}/{group}/devices")
    assert told.status == 204
    portal.order(SERIAL, "C39ABM000002")
    for action in ("Sync", "fetch"):
        assert (await caller.call("PUT", f"{GROUPS}/{group}/devices?action={action}")).status == 200
    uuid = (await caller.call("POST", PROFILES, json={"ProfileName": "corporate"})).document["uuid"]
    assert (await caller.call("PUT", f"{PROFILES}/{uuid}/devices/{SERIAL}?action=assign")).status == 200
    assert portal.profile_of(SERIAL) == "corporate"
    listed = (await caller.call("GET", f"{GROUPS}/{group}/devices")).document
    assert [(each["deviceSerialNumber"], each["profileName"]) for each in listed] == [
        (SERIAL, "corporate"),
        ("C39ABM000002", ""),
    ]
    assert (await caller.call("PUT", f"{PROFILES}/{uuid}/devices/{SERIAL}?action=Unassign")).status == 200
    assert portal.profile_of(SERIAL) is None
    assert (await caller.call("PUT", f"{PROFILES}/{uuid}/devices/{SERIAL}?action=Unassign")).status == 404


@pytest.mark.parametrize("action", ["", "?action=", "?action=Explode"])
async def test_an_action_that_there_is_not_is_refused(caller: Caller, action: str) -> None:
    """With what there is."""
    group = await root_uuid(caller)
    told = await caller.call("PUT", f"{GROUPS}/{group}/devices{action}")
    assert (told.status, told.document["errorCode"]) == (400, 400)


async def test_a_server_without_a_token_has_nothing_to_read(caller: Caller) -> None:
    """404, not an empty success."""
    group = await root_uuid(caller)
    assert (await caller.call("PUT", f"{GROUPS}/{group}/devices?action=Sync")).status == 404
