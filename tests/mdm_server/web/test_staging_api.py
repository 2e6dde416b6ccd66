from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from rigs.sockets import SocketRig, socket_rig
from rigs.staging_office import StagingOffice


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run a server whose passwords are worth nothing."""
    async with socket_rig(tmp_path, weak_passwords=True) as opened:
        yield opened


async def _make(rig: SocketRig, path: str, **document: Any) -> Any:
    status, made, _ = await rig.call("POST", path, json=document)
    assert status in (200, 201), made
    return made


async def test_groups_users_and_user_groups_come_and_go(rig: SocketRig) -> None:
    """What is made can be listed, shown, changed and deleted, by number and by UUID."""
    east = await _make(rig, "/groups", group_id="EAST", parent="1", settings={"max_devices": 2})
    assert (east["settings"]["max_devices"], east["overrides"]) == (2, {"max_devices": 2})
    changed = await _make(rig, f"/groups/{east['uuid']}/settings", mode="RegisteredOnly")
    assert changed["settings"]["mode"] == "RegisteredOnly"
    _, inherited, _ = await rig.call("DELETE", f"/groups/{east['id']}/settings/max_devices")
    assert inherited["settings"]["max_devices"] is None
    _, listed, _ = await rig.call("GET", "/groups")
    assert [group["group_id"] for group in listed["groups"]] == ["MDMSIM", "EAST"]
    nurses = await _make(rig, "/user-groups", name="Nurses", enrollment_group=str(east["id"]))

    anna = await _make(rig, "/users", user_name="anna", password="secret", group=east["uuid"], user_groups=["1"])
    assert (anna["group"], anna["user_groups"], anna["staging_type"]) == (east["id"], [nurses["id"]], "StagingDisabled")
    assert "password_hash" not in anna
    moved = await _make(rig, f"/users/{anna['id']}", staging_type="MultipleUserStaging", group="1")
    assert (moved["staging_type"], moved["group"], moved["user_groups"]) == ("MultipleUserStaging", 1, [nurses["id"]])
    given = await _make(rig, f"/users/{anna['uuid']}/shared-passcode", passcode="4711")
    assert given["has_shared_passcode"]
    assert (await _make(rig, f"/users/{anna['id']}/reset-attempts"))["failed_logins"] == 0
    _, page, _ = await rig.call("GET", "/users?name=ann")
    assert (page["total"], page["users"][0]["user_name"]) == (1, "anna")

    for path in (f"/users/{anna['id']}", f"/user-groups/{nurses['id']}", f"/groups/{east['id']}"):
        status, nothing, _ = await rig.call("DELETE", path)
        assert (status, nothing) == (204, b""), path
    _, listed, _ = await rig.call("GET", "/user-groups")
    assert listed == {"user_groups": []}


async def test_dep_profiles_are_saved_and_assigned(rig: SocketRig) -> None:
    """By the serial number of a device, which need not be known yet."""
    await _make(rig, "/users", user_name="stager", staging_type="SingleUserStagingStandard")
    saved = await _make(
        rig,
        "/dep-profiles",
        name="kiosks",
        authentication_required=False,
        default_user="1",
        skip_setup_items=["AppleID"],
        minimum_os="18.1",
    )
    assert (saved["name"], saved["default_user"], saved["skip_setup_items"]) == ("kiosks", 1, ["AppleID"])
    assert (await rig.call("GET", "/dep-profiles"))[1] == {"profiles": [saved]}
    assert (await rig.call("POST", "/dep-devices/C39DEP1", json={"profile": saved["id"]}))[0] == 204
    program = rig.server.suite.staging.program
    assert (await program.assigned_to("C39DEP1")).name == "kiosks"
    assert (await rig.call("DELETE", "/dep-devices/C39DEP1"))[0] == 204
    assert await program.assigned_to("C39DEP1") is None


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "code", "hint"),
    [
        ("POST", "/groups/1/settings", {"token_length": 21}, 422, "api.invalid", "from 6 to 20"),
        ("POST", "/groups/1/settings", {"tokn_length": 8}, 422, "api.invalid", "did you mean token_length"),
        ("POST", "/groups", {"group_id": "MDMSIM"}, 409, "api.conflict", ""),
        ("GET", "/groups/9", None, 404, "group.unknown", ""),
        ("GET", "/users/9", None, 404, "user.unknown", ""),
        ("DELETE", "/user-groups/9", None, 404, "user.group_unknown", ""),
        ("POST", "/users", {"user_name": "x", "staging_type": "Sometimes"}, 422, "api.invalid", "Sometimes"),
        ("POST", "/dep-profiles", {"name": "locked", "supervised": False}, 422, "dep.profile", ""),
        ("POST", "/dep-profiles", {"name": "x", "default_user": "9"}, 404, "user.unknown", ""),
        ("POST", "/dep-profiles", {"name": "x", "minimum_os": "new"}, 422, "api.invalid", "minimum_os"),
        ("POST", "/dep-devices/C39DEP1", {"profile": 9}, 404, "api.not_found", ""),
        ("POST", "/users", {"user_nam": "x"}, 422, "api.invalid", "user_nam"),
        ("GET", "/registrations/9", None, 404, "registration.unknown", ""),
        ("POST", "/registrations", {"user": "9"}, 404, "user.unknown", ""),
        ("DELETE", "/list-entries/9", None, 404, "list.unknown", ""),
        ("GET", "/staging/devices/9", None, 404, "device.unknown", ""),
        ("POST", "/staging/devices/9/assign", {"user": "1"}, 404, "device.unknown", ""),
        ("POST", "/wipes/9/reject", None, 404, "wipe.unknown", ""),
        ("POST", "/wipes/9/approve", {}, 404, "wipe.unknown", ""),
    ],
)
async def test_what_cannot_be_done_is_a_problem_with_a_code(
    rig: SocketRig, method: str, path: str, document: Any, status: int, code: str, hint: str
) -> None:
    """Each names what was wrong."""
    answered, problem, _ = await rig.call(method, path, json=document)
    assert (answered, problem["code"]) == (status, code)
    assert hint in str(problem)


async def test_a_registration_shows_its_token_once(rig: SocketRig) -> None:
    """It is in the answer that made it; a reset makes another, a revoked one opens nothing."""
    await _make(rig, "/groups/1/settings", token_required=True)
    await _make(rig, "/users", user_name="anna")
    made = await _make(rig, "/registrations", user="1", platform="Apple", serial_number="C02", ownership="C")
    assert (len(made["token"]), made["token_state"], made["user"]) == (8, "active", "anna")
    _, shown, _ = await rig.call("GET", f"/registrations/{made['uuid']}")
    assert (shown["token"], shown["identifiers"]["serial_number"]) == (None, "C02")
    revoked = await _make(rig, f"/registrations/{made['id']}/revoke-token")
    assert (revoked["token_state"], revoked["state"]) == ("revoked", "Expired")
    reset = await _make(rig, f"/registrations/{made['id']}/reset-token")
    assert reset["token"] not in (None, made["token"])
    _, page, _ = await rig.call("GET", "/registrations?text=C02&user=1")
    assert page["total"] == 1
    _, devices, _ = await rig.call("GET", "/staging/devices?status=Registered")
    assert [device["identifiers"]["serial_number"] for device in devices["devices"]] == ["C02"]
    assert (await rig.call("DELETE", f"/registrations/{made['id']}"))[0] == 204


async def test_an_enrolled_device_is_denied_and_freed(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Over the API as by the use cases: pending, locked, explained, and free when the entry goes."""
    office = StagingOffice.on_sockets(rig, rsa_keys)
    device = await office.enrolled(1, await office.user("anna"))
    body = {"kind": "Deny", "attribute": "SERIAL_NUMBER", "values": [device.serial_number]}
    entry = (await _make(rig, "/list-entries", **body))["entries"][0]
    _, page, _ = await rig.call("GET", "/staging/devices?locked=true")
    [denied] = page["devices"]
    assert (denied["status"], denied["lock"]["reason"]) == ("EnterpriseWipePending", "DEVICE_DENYLISTED")
    _, explained, _ = await rig.call("GET", f"/devices/{device.udid}/explanation")
    assert any("DEVICE_DENYLISTED" in sentence for sentence in explained["state"])
    _, wipes, _ = await rig.call("GET", "/wipes")
    assert [(wipe["state"], wipe["requested_by"]) for wipe in wipes["wipes"]] == [("Sent", "DEVICE_DENYLIST_ACTION")]
    assert (await rig.call("DELETE", f"/list-entries/{entry['id']}"))[0] == 204
    _, shown, _ = await rig.call("GET", f"/staging/devices/{device.udid}")
    assert shown["lock"] is None
    _, entries, _ = await rig.call("GET", "/list-entries?kind=Deny")
    assert entries == {"entries": []}


async def test_a_device_is_commanded_wiped_unlocked_and_deleted(
    rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """With the threshold used up the wipe waits, is rejected, and the deletion is refused for the same reason."""
    office = StagingOffice.on_sockets(rig, rsa_keys)
    device = await office.enrolled(1, await office.user("anna"))
    at = f"/staging/devices/{device.udid}"
    assert (await _make(rig, f"{at}/command", command="Lock"))["queued"] is not None
    await _make(rig, "/groups/1/settings", wipe_threshold={"count": 0, "minutes": 10})
    held = await _make(rig, f"{at}/wipe", kind="DeviceWipe", prevent_reenrollment=True)
    assert held["state"] == "OnHold"
    assert (await _make(rig, f"/wipes/{held['id']}/reject"))["state"] == "Rejected"
    status, problem, _ = await rig.call("DELETE", at)
    assert (status, problem["code"]) == (409, "WIPE_ON_HOLD")
    [again] = [wipe for wipe in (await rig.call("GET", "/wipes"))[1]["wipes"] if wipe["state"] == "OnHold"]
    await _make(rig, f"/wipes/{again['id']}/approve", prevent_reenrollment=True)
    _, shown, _ = await rig.call("GET", at)
    assert (shown["status"], shown["lock"]["reason"]) == ("EnterpriseWipePending", "REENROLL_PREVENTED")
    assert (await _make(rig, f"{at}/unlock"))["lock"] is None
    assert await _make(rig, "/attempts/reset", serial_number=device.serial_number) == {"sessions": 1}
    assert await _make(rig, "/directory-sync") == {"wipes": []}


async def test_a_defect_is_logged_without_what_the_caller_sent(
    rig: SocketRig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback, and neither the administrator's token nor anybody's password."""

    def broken(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mdm_server.service.staging.users.checked_name", broken)
    status, _, _ = await rig.call("POST", "/users", json={"user_name": "anna", "password": "correct horse"})
    assert status == 500
    assert "ZeroDivisionError" in caplog.text
    assert "correct horse" not in caplog.text
    assert str(rig.server.admin_token) not in caplog.text
