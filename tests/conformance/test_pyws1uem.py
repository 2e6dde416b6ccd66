"""pyws1uem 0.0.10 from PyPI, unmodified, administers staging over TLS; each of its traps has a test.

The numbers of the rows are those of the acceptance table; the traps are those measured with this client.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from device_emulator.core.actions import HubEnroll, HubLogin
from device_emulator.core.events import HubRefused, HubSignedIn
from rigs.staged_fleet import PASSWORDS, StagedFleet, staged_fleet
from rigs.uem_clients import client_of, import_pyws1uem, trusting

ROOT = "MDMSIM"
PYWS1UEM_JSON = ("application/json", "application/json; charset=utf-8")
"""The only two spellings under which the client looks at a body."""


@dataclass
class Office:
    """An administrator at pyws1uem, and a fleet that is administered."""

    fleet: StagedFleet
    client: Any

    async def ask(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call the client, which blocks, in a thread of its own."""
        return await asyncio.to_thread(call, *arguments, **named)

    async def user(self, name: str, **given: Any) -> Any:
        """Make a user and return what a search says of it."""
        said = {"userName": name, "password": PASSWORDS[name], "securityType": "basic", "status": "true", **given}
        assert await self.ask(self.client.users.create_user, **said) == 201
        return (await self.ask(self.client.users.search, username=name))["Users"][0]

    async def stager(self, kind: str) -> Any:
        """Make a staging user."""
        return await self.user("stager", deviceStagingEnabled=True, deviceStagingType=kind)

    def serial_number(self, number: int) -> str:
        """Return what is printed on a device."""
        return self.fleet.devices[number].handheld.hardware.serial_number

    async def device(self, number: int) -> Any:
        """Return what the server knows of a device."""
        return await self.ask(self.client.devices.get_details_by_alt_id, serialnumber=self.serial_number(number))

    async def error(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Return the error that a call ends in, without the frames in which the client still holds its connection."""
        try:
            answer = await self.ask(call, *arguments, **named)
        except import_pyws1uem().WorkspaceOneAPIError as error:
            return error.with_traceback(None)
        pytest.fail(f"expected an error, found {answer!r}")


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """Run a server and three devices."""
    async with staged_fleet(3) as fleet:
        with trusting(fleet.server.ca_file):
            yield Office(fleet, client_of(fleet.server))


# --- a full scenario -------------------------------------------------------------------------------------------------


async def test_a_device_is_staged_handed_over_wiped_and_deleted(office: Office) -> None:
    """From the organization group to the end of the device, with no other administrator than this client."""
    client, fleet = office.client, office.fleet
    root = await office.ask(client.groups.get_id_from_groupid, ROOT)
    field = await office.ask(client.groups.create_child_og, ROOT, "FIELD", name="Field service")
    assert await office.ask(client.groups.get_groupid_from_id, field) == "FIELD"
    assert await office.ask(client.groups.get_id_from_groupid, "field") == field != root

    stager, ada = await office.stager("SingleUserStagingStandard"), await office.user("ada")
    assert (stager["DeviceStagingEnabled"], stager["DeviceStagingType"]) == (True, "SingleUserStagingStandard")
    assert stager["StagingMode"] == "SingleUnknownUserStaging"
    await fleet.act(0, HubEnroll(fleet.intent("stager", group="FIELD")))
    staged = await office.device(0)
    assert (staged["EnrollmentStatus"], staged["UserName"], staged["Ownership"]) == ("Enrolled", "stager", "C")
    assert staged["LocationGroupName"] == "Field service"
    assert staged["Platform"] == "Apple"

    number = staged["Id"]["Value"]
    assert await office.ask(client.devices.get_id_by_alt_id, udid=staged["Udid"]) == number
    switched = await office.ask(client.devices.switch_device_from_staging_to_user, number, ada["Id"]["Value"])
    assert switched == 200
    claimed = await office.ask(client.devices.get_details_by_device_id, number)
    assert (claimed["UserName"], claimed["EnrollmentUserUuid"]) == ("ada", ada["Uuid"])
    assert (await office.ask(client.users.search, username="ada"))["Users"][0]["EnrolledDevicesCount"] == "1"
    await fleet.settle()

    assert await office.ask(client.devices.send_commands_for_device_id, "DeviceQuery", number) == 202
    wiped = await office.ask(
        client.devices.send_commands_by_id, "EnterpriseWipe", "Serialnumber", staged["SerialNumber"]
    )
    assert wiped == 202
    pending = await office.ask(client.devices.extensive_search, enrollmentstatus="EnterpriseWipePending")
    assert pending == 204 or pending["Devices"][0]["Id"]["Value"] == number
    async with asyncio.timeout(20):
        while (await office.device(0))["EnrollmentStatus"] != "Unenrolled":
            await fleet.settle()
    gone = await office.ask(client.devices.extensive_search, enrollmentstatus="Unenrolled")
    assert [each["SerialNumber"] for each in gone["Devices"]] == [staged["SerialNumber"]]
    assert await office.ask(client.devices.delete_device_by_id, number) == 200
    assert await office.ask(client.users.delete_user_by_uuid, stager["Uuid"]) == 200
    assert await office.ask(client.users.delete_user_by_id, ada["Id"]["Value"]) == 200


async def test_a_shared_device_is_checked_out_and_in(office: Office) -> None:
    """With the user's number out, with the staging user's in (row 38); a device nobody staged is refused (row 37)."""
    client, fleet = office.client, office.fleet
    stager, ada, grace = (
        await office.stager("MultipleUserStaging"),
        await office.user("ada"),
        await office.user("grace"),
    )
    switch = client.devices.switch_device_from_staging_to_user
    await fleet.act(0, HubEnroll(fleet.intent("stager")))
    number = (await office.device(0))["Id"]["Value"]
    assert await office.ask(switch, number, ada["Id"]["Value"]) == 200
    assert (await office.device(0))["UserName"] == "ada"
    taken = await office.error(switch, number, grace["Id"]["Value"])
    assert "CHECKED_OUT" in str(taken)
    assert await office.ask(switch, number, stager["Id"]["Value"]) == 200
    back = await office.device(0)
    assert (back["UserName"], back["EnrollmentStatus"]) == ("stager", "Enrolled")

    await fleet.act(1, HubEnroll(fleet.intent("grace")))
    refused = await office.error(switch, (await office.device(1))["Id"]["Value"], ada["Id"]["Value"])
    assert refused.error_code == 400
    assert "DEVICE_NOT_STAGED" in str(refused)
    assert (await office.device(1))["UserName"] == "grace"


async def test_a_registered_device_locks_out_and_is_set_free(office: Office) -> None:
    """The wrong user locks it, the owner is refused too, and deleting the registration frees it (rows 3, 3a and 4)."""
    client, fleet = office.client, office.fleet
    ada, _ = await office.user("ada"), await office.user("grace")
    root = await office.ask(client.groups.get_uuid_from_groupid, 1)
    details = {"LocationGroupId": 1, "Ownership": "C", "PlatformId": 2, "SerialNumber": office.serial_number(0)}
    registered = await office.ask(client.users.create_device_registration_to_user, ada["Id"]["Value"], details)
    assert registered == 200, "no token, for the group asks for none"
    for user in ("grace", "ada"):
        await fleet.act(0, HubEnroll(fleet.intent(user)))
        assert fleet.latest(0, HubRefused).code == "REG_USER_MISMATCH"
    assert (await office.device(0))["EnrollmentStatus"] == "Registered"
    found = await office.ask(client.devices.search_enrollment_token, root, serial_number=office.serial_number(0))
    [token] = found["tokens"]
    assert (token["user_name"], token["enrollment_status"], token["status"]) == ("ada", 2, 9)
    path = f"/groups/{root}/enrollment-tokens/{token['token_uuid']}"
    assert await office.ask(client.delete, "mdm", path) == 204
    await fleet.act(0, HubEnroll(fleet.intent("grace")))
    assert fleet.latest(0, HubSignedIn) == HubSignedIn("grace", "Assigned")


async def test_a_denied_device_leaves_and_comes_back_when_it_may(office: Office) -> None:
    """Denying an enrolled device unenrols it; until the entry goes nobody enrols it (rows 19 and 20)."""
    client, fleet = office.client, office.fleet
    await office.user("ada")
    root = await office.ask(client.groups.get_uuid_from_groupid, 1)
    await fleet.act(0, HubEnroll(fleet.intent("ada")))
    record = {
        "registration_type": "BLACKLIST",
        "device_attribute": office.serial_number(0),
        "attribute_type": "SERIAL_NUMBER",
    }
    assert await office.ask(client.devices.create_enrollment_token, root, record) == 201
    async with asyncio.timeout(20):
        # The server knows it a moment before the device has taken everything off.
        while (await office.device(0))["EnrollmentStatus"] != "Unenrolled" or fleet.managed(0):
            await fleet.settle()
    await fleet.act(0, HubEnroll(fleet.intent("ada")))
    assert fleet.latest(0, HubRefused).code == "DEVICE_DENYLISTED"
    tokens = (await office.ask(client.devices.search_enrollment_token, root))["tokens"]
    [denial] = [token for token in tokens if token["status"] == 2]
    assert await office.ask(client.delete, "mdm", f"/groups/{root}/enrollment-tokens/{denial['token_uuid']}") == 204
    await fleet.act(0, HubEnroll(fleet.intent("ada")))
    assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")


async def test_a_token_opens_the_door_once(office: Office) -> None:
    """A group that asks for tokens answers a registration with one, which goes into the Group ID (rows 10 and 12)."""
    client, fleet = office.client, office.fleet
    ada = await office.user("ada")
    await fleet.server.suite.staging.groups.change_settings(1, {"mode": "RegisteredOnly", "token_required": True})
    root = await office.ask(client.groups.get_uuid_from_groupid, 1)
    record = {
        "registration_type": "REGISTER_DEVICE",
        "device_registration_record": {
            "user_uuid": ada["Uuid"],
            "friendly_name": "Ada's phone",
            "ownership_type": "CORPORATE_DEDICATED",
            "platform_id": 2,
            "serial_number": office.serial_number(0),
            "message_type": 0,
        },
    }
    token = (await office.ask(client.devices.create_enrollment_token, root, record))["token"]
    assert len(token) == 8
    await fleet.act(0, HubEnroll(fleet.intent("ada", group=token)))
    assert (await office.device(0))["UserName"] == "ada"
    await fleet.act(1, HubEnroll(fleet.intent("ada", group=token)))
    assert fleet.latest(1, HubRefused).code == "TOKEN_USED"


async def test_users_are_changed_and_searched(office: Office) -> None:
    """Version 2 by UUID, version 1 by search; what is not said stays."""
    client = office.client
    ada = await office.user("ada", emailAddress="ada@example.test")
    assert await office.ask(client.users.update_user_by_uuid, ada["Uuid"], firstName="Ada", lastName="Lovelace") == 200
    read = await office.ask(client.users.get_user_by_uuid, ada["Uuid"])
    assert (read["firstName"], read["displayName"], read["emailAddress"]) == ("Ada", "Ada Lovelace", "ada@example.test")
    assert (read["deviceStagingType"], read["status"]) == ("StagingDisabled", True)
    assert (await office.ask(client.users.search, lastname="lovel"))["Total"] == 1


# --- its traps -------------------------------------------------------------------------------------------------------


async def test_trap_1_it_always_speaks_tls_and_trusts_what_requests_trusts(office: Office) -> None:
    """It puts https before the address; without our CA in REQUESTS_CA_BUNDLE it talks to nobody."""
    assert "mdmsim" in (await office.ask(office.client.info.get_environment_info))["ProductName"]
    import certifi

    with trusting(certifi.where()), pytest.raises(requests.exceptions.SSLError):
        await office.ask(office.client.info.get_environment_info)


async def test_trap_2_it_sees_an_error_only_under_two_spellings_of_json(office: Office) -> None:
    """Every kind of error arrives as the client's exception: 1005, 1013, 5061, and those that are a status."""
    api = import_pyws1uem().WorkspaceOneAPI
    good = office.client
    wrong_password = api(good.env, good.apikey, good.username, "wrong")
    wrong_tenant = api(good.env, "wrong", good.username, good.password)
    calls = [
        (wrong_password.info.get_environment_info, (), 1005),
        (wrong_tenant.info.get_environment_info, (), 1013),
        (good.devices.get_details_by_device_id, (99,), 5061),
        (good.devices.get_details_by_alt_id, ("nobody",), 5061),
        (good.users.get_user_by_uuid, ("00000000-0000-4000-8000-000000000000",), 404),
        (good.devices.send_commands_for_device_id, ("Explode", 1), 400),
        (good.devices.get_managed_admin_account_by_uuid, (1,), 404),
        (good.devices.clear_device_passcode, (99,), 5061),
    ]
    for call, arguments, code in calls:
        error = await office.error(call, *arguments)
        assert error.error_code == code, call


async def test_trap_3_no_answer_is_a_list(office: Office) -> None:
    """Whatever is read is an object: a list ends in an AttributeError in the client."""
    await office.user("ada")
    await office.fleet.act(0, HubEnroll(office.fleet.intent("ada")))
    reads = [
        ("system", "/groups/search"),
        ("system", "/groups/1/children"),
        ("system", "/users/search"),
        ("system", "/users/enrolleddevices/search"),
        ("system", "/users/enrollmenttoken/search"),
        ("mdm", "/devices/search"),
        ("mdm", "/devices/extensivesearch"),
    ]
    for module, path in reads:
        assert isinstance(await office.ask(office.client.get, module, path), dict), path


async def test_trap_3_also_for_the_token_of_a_registration(office: Office) -> None:
    """A bare text would end in the same error: it comes under a spelling that the client does not look into."""
    await office.fleet.server.suite.staging.groups.change_settings(1, {"token_required": True})
    ada = await office.user("ada")
    register = office.client.users.create_device_registration_to_user
    assert await office.ask(register, ada["Id"]["Value"], {"PlatformId": 2, "SerialNumber": "C02"}) == 200


async def test_trap_4_the_next_version_takes_a_token_under_neither_spelling(office: Office) -> None:
    """The unreleased version stores a token only if its content type is none of the two; other clients do not care."""
    credentials = office.fleet.server.api
    assert credentials is not None
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.user,
        "client_secret": credentials.password,
    }
    url = f"{office.fleet.server.url}/connect/token"
    answer = await office.ask(requests.post, url, data=form, timeout=20)
    assert answer.headers["Content-Type"] not in PYWS1UEM_JSON
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    read = await office.ask(requests.get, f"{office.fleet.server.url}/api/system/info", headers=headers, timeout=20)
    assert (read.status_code, read.headers["Content-Type"] in PYWS1UEM_JSON) == (200, True)


@pytest.mark.parametrize("written", [dict, json.dumps])
async def test_trap_5_a_registration_is_a_form_or_json_without_saying_so(
    office: Office, written: Callable[[dict[str, Any]], Any]
) -> None:
    """A dict is sent as a form, a string as JSON without a Content-Type: both register."""
    ada = await office.user("ada")
    details = {"LocationGroupId": "1", "Ownership": "E", "PlatformId": "2", "SerialNumber": "C02-1", "FriendlyName": ""}
    register = office.client.users.create_device_registration_to_user
    assert await office.ask(register, ada["Id"]["Value"], written(details)) == 200
    found = await office.ask(office.client.get, "system", "/users/registereddevices/search")
    assert [each["SerialNumber"] for each in found["RegisteredDeviceInfoList"]] == ["C02-1"]


async def test_trap_6_changes_come_without_a_body_and_searches_may_go_without_one(office: Office) -> None:
    """PATCH and POST have Content-Length 0, the module is in capitals; a search that finds nothing is a bare 204."""
    assert office.client.devices.__class__.__mro__[1].__name__ == "MDM"
    error = await office.error(office.client.patch, "MDM", "/devices/99/enrollmentuser/1")
    assert error.error_code == 5061
    error = await office.error(office.client.delete, "MDM", "/devices/99/")
    assert error.error_code == 5061
    assert await office.ask(office.client.users.search, username="nobody") == 204
    assert await office.ask(office.client.devices.searchv2, platform="Android") == 204


async def test_trap_7_a_token_survives_a_client_that_strips_its_letters_b(office: Office) -> None:
    """VMware's migrator.py reads a token as `str(bytes).replace('b', '')`."""
    await office.fleet.server.suite.staging.groups.change_settings(1, {"token_required": True, "token_length": 20})
    ada = await office.user("ada")
    for number in range(5):
        details = {"PlatformId": 2, "SerialNumber": f"C02{number}"}
        url = f"{office.fleet.server.url}/api/system/users/{ada['Id']['Value']}/registerdevice"
        headers = office.client._build_header(office.client.username, office.client.password, office.client.apikey)
        answer = await office.ask(requests.post, url, json=details, headers=headers, timeout=20)
        mangled = str(answer.content).replace("b", "").strip("'\"")
        assert mangled == answer.json(), "and it is the whole body"
        assert len(mangled) == 20


def test_trap_8_its_import_turns_the_root_logger_to_debug() -> None:
    """Known, and put back by our rig: nobody else's tests are to drown in it."""
    import_pyws1uem()
    assert logging.getLogger().level != logging.DEBUG


async def test_who_logs_in_to_a_claimed_device_is_not_what_the_client_said(office: Office) -> None:
    """What is switched by this client holds for the Hub, too: the new owner logs in, others do not (row 24)."""
    client, fleet = office.client, office.fleet
    await office.stager("SingleUserStagingStandard")
    ada, _ = await office.user("ada"), await office.user("grace")
    await fleet.act(0, HubEnroll(fleet.intent("stager")))
    number = (await office.device(0))["Id"]["Value"]
    await office.ask(client.devices.switch_device_from_staging_to_user, number, ada["Id"]["Value"])
    await fleet.settle()
    await fleet.act(0, HubLogin("grace", PASSWORDS["grace"]))
    assert fleet.latest(0, HubRefused).code == "ALREADY_CLAIMED"
    await fleet.act(0, HubLogin("ada", PASSWORDS["ada"]))
    assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")
