from __future__ import annotations

from rigs.uem_caller import Caller

DIRECT = "/api/mdm/groups/1/settings/directenrollment"
POLICIES = "/api/system/enrollment/restriction-policies"


async def test_direct_enrolment_is_shown_and_set(caller: Caller) -> None:
    """camelCase, as the vendor writes it; what is not said stays."""
    shown = (await caller.call("GET", DIRECT)).document
    assert shown["enableWorkSpaceOneDirectEnrollment"] is False
    _, nurses, _ = await caller.rig.call("POST", "/user-groups", json={"name": "Nurses"})
    body = {
        "enableWorkSpaceOneDirectEnrollment": True,
        "enableWorkSpaceOneDirectEnrollmentForIos": True,
        "assignedUserGroup": nurses["uuid"],
    }
    assert (await caller.call("PUT", DIRECT, json=body)).status == 200
    assert (await caller.call("PUT", DIRECT, json={"enableWorkSpaceOneDirectEnrollmentForIos": False})).status == 200
    assert (await caller.call("GET", DIRECT)).document == {
        "assignedUserGroup": nurses["uuid"],
        "enableWorkSpaceOneDirectEnrollment": True,
        "enableWorkSpaceOneDirectEnrollmentForIos": False,
        "enableWorkSpaceOneDirectEnrollmentForAndroidLegacy": False,
        "enableWorkSpaceOneDirectEnrollmentForAndroidEnterprise": False,
    }
    assert (await caller.call("PUT", DIRECT, json={"assignedUserGroup": 99})).status == 404


async def test_a_policy_is_who_may_enrol_in_a_group(caller: Caller) -> None:
    """It names user groups, and says nothing of what is restricted; a group without one has none."""
    assert (await caller.call("GET", POLICIES)).status == 204
    group = (await caller.call("GET", "/api/system/groups/1")).document
    assert (await caller.call("GET", f"{POLICIES}/{group['Uuid']}")).status == 404
    _, nurses, _ = await caller.rig.call("POST", "/user-groups", json={"name": "Nurses"})
    assign = f"{POLICIES}/{group['Uuid']}/organization-group/{group['Uuid']}"
    assert (await caller.call("PATCH", assign, json={"userGroups": [nurses["uuid"]]})).status == 200
    listed = (await caller.call("GET", POLICIES)).document
    assert listed["policies"][0]["userGroups"] == [{"uuid": nurses["uuid"], "name": "Nurses"}]
    assert (await caller.call("GET", f"{POLICIES}/1")).document == listed["policies"][0]
    assert (await caller.call("PATCH", assign, json={"userGroups": [99]})).status == 404
    assert (await caller.call("PATCH", assign, json={"userGroups": []})).status == 200
    assert (await caller.call("GET", POLICIES)).status == 204
