from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.domain.staging.vocabulary import DeviceStagingType, StagingMode
from rigs.service import ServiceDevice
from rigs.sockets import socket_rig
from rigs.staging_office import StagingOffice
from rigs.uem_caller import Caller

DEVICES = "/api/mdm/devices"
FIELDS = {
    "Id", "Uuid", "Udid", "SerialNumber", "MacAddress", "Imei", "AssetNumber", "DeviceFriendlyName",
    "DeviceReportedName", "LocationGroupId", "LocationGroupName", "UserId", "UserName", "UserEmailAddress", "Ownership",
    "PlatformId", "Platform", "ModelId", "Model", "OperatingSystem", "LastSeen", "EnrollmentStatus", "ComplianceStatus",
    "CompromisedStatus", "LastEnrolledOn", "IsSupervised", "IsActivationLockEnabled", "EnrollmentUserUuid", "ManagedBy",
    "DepTokenSource",
}  # fmt: skip
"""The fields that clients read (staging-flows.md §5.3)."""


class Scene:
    """A caller, and an enrolled device."""

    def __init__(self, caller: Caller, office: StagingOffice, device: ServiceDevice, number: int, user: int) -> None:
        self.caller = caller
        self.office = office
        self.device = device
        self.number = number
        self.user = user

    async def call(self, method: str, path: str, **request: Any) -> Any:
        """Call the API."""
        return await self.caller.call(method, DEVICES + path, **request)


@pytest.fixture
async def scene(tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey]) -> AsyncIterator[Scene]:
    """Enrol anna's device."""
    async with socket_rig(tmp_path, weak_passwords=True) as rig:
        office = StagingOffice.on_sockets(rig, rsa_keys)
        anna = await office.user("anna", email="anna@example.test")
        device = await office.enrolled(1, anna)
        yield Scene(Caller(rig), office, device, (await office.record(device)).id, anna.id)


async def test_a_device_is_found_by_all_its_names(scene: Scene) -> None:
    """`searchby` in any case, by number and by UUID; the answer has every field that clients read."""
    shown = (await scene.call("GET", f"/{scene.number}")).document
    assert set(shown) == FIELDS
    assert (shown["Id"], shown["EnrollmentStatus"], shown["Ownership"]) == ({"Value": scene.number}, "Enrolled", "C")
    assert (shown["UserName"], shown["UserEmailAddress"], shown["PlatformId"]["Id"]) == (
        "anna",
        "anna@example.test",
        {"Value": 2},
    )
    for query in (
        f"?searchby=Serialnumber&id={scene.device.serial_number}",
        f"?SearchBy=udid&Id={scene.device.udid}",
        f"?searchby=DeviceId&id={scene.number}",
        f"/{shown['Uuid']}",
    ):
        assert (await scene.call("GET", query)).document == shown, query


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("/99", 404, 5061),
        ("/nonsense", 404, 5061),
        ("?searchby=ImeiNumber&id=1", 404, 5061),
        ("?searchby=Macaddress&id=1", 404, 5061),
        ("?searchby=Colour&id=blue", 400, 400),
        ("?searchby=Udid", 400, 400),
        ("", 400, 400),
        ("/udid/nobody/deviceenrollmentstatus", 404, 5061),
        ("/search?platform=Symbian", 400, 400),
        ("/search?seensince=yesterday", 400, 400),
        ("/search?user=nobody", 404, 404),
    ],
)
async def test_what_is_not_found_is_5061_and_what_is_not_meant_400(
    scene: Scene, query: str, status: int, code: int
) -> None:
    """The vendor's own number for a device that there is not."""
    told = await scene.call("GET", query)
    assert (told.status, told.document["errorCode"]) == (status, code)


async def test_version_2_says_it_in_parts(scene: Scene) -> None:
    """`enrollmentInfo`, with its words in capitals."""
    told = await scene.call("GET", f"/{scene.number}", version=2)
    info = told.document["enrollmentInfo"]
    assert (info["enrollmentStatus"], info["ownership"], info["userName"], info["managedBy"]) == (
        "ENROLLED",
        "CORPORATE_DEDICATED",
        "anna",
        "MDM",
    )
    await scene.office.staging.devices.delete(scene.number)
    told = await scene.call("GET", f"/{scene.number}", version=2)
    assert told.document["enrollmentInfo"]["enrollmentStatus"] == "ENTERPRISE_WIPE_PENDING"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("?user=anna&platform=apple&ownership=C&lgid=1", True),
        ("?enrollmentstatus=Enrolled&pagesize=1", True),
        ("?lastseen=2020-01-01T00:00:00", True),
        ("?page=1", False),
        ("?platform=Android", False),
        ("?ownership=E", False),
        ("?lgid=99", False),
        ("?enrollmentstatus=unenrolled", False),
        ("?seensince=2999-01-01T00:00:00Z", False),
        ("?model=Pixel", False),
    ],
)
async def test_devices_are_searched(scene: Scene, query: str, found: bool) -> None:
    """In every version; nothing found is 204."""
    for path, version, key in (("/search", 1, "Id"), ("/search", 2, "id"), ("/search", 3, "id")):
        told = await scene.call("GET", path + query, version=version)
        if found:
            assert (told.document["Total"], key in told.document["Devices"][0]) == (1, True)
        else:
            assert (told.status, told.document) == (204, b"")
    assert (await scene.call("GET", "/extensivesearch" + query)).status == (200 if found else 204)


async def test_an_agent_asks_how_its_device_stands(scene: Scene) -> None:
    """By UDID."""
    told = await scene.call("GET", f"/udid/{scene.device.udid}/deviceenrollmentstatus")
    assert told.document == {
        "EnrollmentStatus": "Enrolled",
        "DeviceManagedBy": "MDM",
        "Username": "anna",
        "Domain": "",
    }


async def test_enrolled_devices_are_found_with_their_users(scene: Scene) -> None:
    """By user, number or platform; nothing found is 204."""
    search = "/api/system/users/enrolleddevices/search"
    found = (await scene.caller.call("GET", f"{search}?username=anna&platform=Apple")).document
    [row] = found["EnrolledDeviceInfoList"]
    assert (row["DeviceId"], row["UserName"], row["OrganizationGroup"]) == (scene.number, "anna", "mdmsim")
    for query in ("?serialnumber=nothing", "?platform=Android", "?userid=99"):
        assert (await scene.caller.call("GET", search + query)).status == 204
    assert (await scene.caller.call("GET", f"{search}?username=nobody")).status == 404


async def test_the_user_of_a_device_is_switched(scene: Scene) -> None:
    """PATCH without a body, in either version of asking; a device that nobody staged is 400."""
    told = await scene.call("PATCH", f"/{scene.number}/enrollmentuser/{scene.user}")
    assert (told.status, told.document["errorCode"]) == (400, 400)
    pat = await scene.office.user("pat", DeviceStagingType.STANDARD)
    staged = await scene.office.enrolled(2, pat, StagingMode.STANDARD)
    number = (await scene.office.record(staged)).id
    told = await scene.call("PATCH", f"/{number}/enrollmentuser/{scene.user}", version=2)
    assert (told.status, told.document) == (200, b"")
    assert (await scene.call("GET", f"/{number}")).document["UserName"] == "anna"
    assert (await scene.call("PATCH", f"/{number}/enrollmentuser/99")).status == 404
    assert (await scene.call("PATCH", f"/99/enrollmentuser/{scene.user}")).document["errorCode"] == 5061


async def test_commands_are_queued(scene: Scene) -> None:
    """By number or by an identifier, in any case, with no body; what is no command is 400."""
    assert (await scene.call("POST", f"/{scene.number}/commands?command=lock")).status == 202
    query = f"?command=DeviceQuery&searchBy=Serialnumber&id={scene.device.serial_number}"
    assert (await scene.call("POST", "/commands" + query)).status == 202
    assert (await scene.call("POST", f"/{scene.number}/commands?command=SyncDevice")).status == 202
    assert (await scene.call("POST", f"/{scene.number}/clearpasscode")).status == 202
    delivered = []
    while command := await scene.device.idle():
        delivered.append(command["Command"]["RequestType"])
        await scene.device.report("Acknowledged", command["CommandUUID"])
    assert delivered == ["DeviceLock", "DeviceInformation", "ClearPasscode"]
    for path in (f"/{scene.number}/commands?command=Explode", f"/{scene.number}/commands"):
        assert (await scene.call("POST", path)).status == 400


async def test_a_device_is_moved_and_deleted(scene: Scene) -> None:
    """A bulk call of the vendor's deletes, and says item by item what it could not."""
    east = (await scene.caller.call("POST", "/api/system/groups/1", json={"GroupId": "EAST"})).document["Value"]
    assert (await scene.call("PUT", f"/{scene.number}/commands/changeorganizationgroup/{east}")).status == 202
    assert (await scene.call("GET", f"/{scene.number}")).document["LocationGroupName"] == "EAST"
    bulk = {"BulkValues": {"Value": [scene.device.serial_number, "nobody"]}}
    told = await scene.call("POST", "/bulk?searchby=Serialnumber", json=bulk)
    assert (told.document["AcceptedItems"], told.document["FailedItems"]) == (1, 1)
    assert (await scene.call("GET", f"/{scene.number}")).document["EnrollmentStatus"] == "EnterpriseWipePending"
    assert (await scene.call("DELETE", f"/{scene.number}/")).status == 200
    assert (await scene.call("DELETE", "/99")).status == 404
    assert (await scene.call("POST", "/bulk?searchby=Serialnumber", json={})).status == 400


async def test_wipes_beyond_the_threshold_are_held_decided_and_released(scene: Scene) -> None:
    """The log says HELD; approved it is APPROVED, rejected ABORTED; resetting the lock lets all go (row 65)."""
    anna = await scene.office.staging.users.find(scene.user)
    others = [await scene.office.enrolled(number, anna) for number in (2, 3)]
    settings = {"wipe_threshold": {"count": 0, "minutes": 10}}
    await scene.caller.rig.call("POST", "/groups/1/settings", json=settings)
    wipes, lock = "/api/system/groups/1/device-wipes", "/api/system/groups/1/device-wipe-lock"
    assert (await scene.caller.call("GET", wipes)).status == 204
    assert (await scene.caller.call("GET", lock)).document["state"] == "UNLOCKED"
    for device in (scene.device, *others):
        query = f"?command=EnterpriseWipe&searchby=Udid&id={device.udid}"
        assert (await scene.call("POST", "/commands" + query)).status == 202
    assert (await scene.caller.call("GET", lock)).document["state"] == "LOCKED"
    log = (await scene.caller.call("GET", f"{wipes}?wipe_status=held")).document
    assert log["total_count"] == 3
    assert {row["wipe_type"] for row in log["device_wipes"]} == {"ENTERPRISE_WIPE"}
    assert {(row["user"], row["source"], row["ownership"]) for row in log["device_wipes"]} == {
        ("anna", "ADMIN_ACTION", "CORPORATE_DEDICATED")
    }
    third, second, first = [row["uuid"] for row in log["device_wipes"]]
    body = {"device_wipe_uuids": [first], "action": "APPROVE"}
    assert (await scene.caller.call("POST", wipes, json=body)).status == 200
    assert (await scene.caller.call("POST", wipes, json=body)).status == 409
    rejection = {"device_wipe_uuids": [second]}
    assert (await scene.caller.call("POST", f"{wipes}?action=reject", json=rejection)).status == 200
    assert (await scene.caller.call("PUT", lock)).status == 200
    states = {row["uuid"]: row["status"] for row in (await scene.caller.call("GET", wipes)).document["device_wipes"]}
    assert states == {first: "APPROVED", second: "ABORTED", third: "APPROVED"}
    assert (await scene.caller.call("GET", f"{wipes}?wipe_type=device_wipe")).status == 204
    for wrong, status in (
        ({"device_wipe_uuids": [first], "action": "PONDER"}, 400),
        ({"action": "APPROVE"}, 400),
        ({"device_wipe_uuids": ["nonsense"], "action": "APPROVE"}, 404),
        ({"device_wipe_uuids": ["00000000-0000-4000-8000-000000000000"], "action": "APPROVE"}, 404),
    ):
        assert (await scene.caller.call("POST", wipes, json=wrong)).status == status
