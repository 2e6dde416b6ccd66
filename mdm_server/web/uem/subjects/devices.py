"""Devices: `/api/mdm/devices`, found, shown, given to somebody, moved, deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import Ownership, Platform
from mdm_server.service.staging.device_facts import DeviceFacts
from mdm_server.service.staging.finding import Key, key_of
from mdm_server.store.staging import Found
from mdm_server.web.errors import Explained
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.documents import member
from mdm_server.web.uem.spelling import Document, bulk_response, device_v1, device_v2

devices = Calls("Devices")

IDENTIFIERS = ("serialnumber", "udid", "imeinumber", "macaddress", "easid", "deviceid")


@devices.get("mdm/devices")
async def find_device(asked: Asked) -> Reply:
    """Find one device by what it is called: `?searchby=Serialnumber&id=…`."""
    return Reply(device_v1(await asked.suite.staging.devices.find(await searched(asked))))


@devices.get("mdm/devices/search", 1)
@devices.get("mdm/devices/extensivesearch", 1)
async def search_devices(asked: Asked) -> Reply:
    """Search devices, in the words of version 1."""
    return await _search(asked, device_v1)


@devices.get("mdm/devices/search", 2, 3)
async def search_devices_anew(asked: Asked) -> Reply:
    """Search devices, in the words of version 2."""
    return await _search(asked, device_v2)


@devices.get("mdm/devices/{device}", 1)
async def show_device(asked: Asked) -> Reply:
    """Show a device, in the words of version 1."""
    return Reply(device_v1(await asked.suite.staging.devices.find(_key(asked))))


@devices.get("mdm/devices/{device}", 2)
async def show_device_anew(asked: Asked) -> Reply:
    """Show a device, in the words of version 2."""
    return Reply(device_v2(await asked.suite.staging.devices.find(_key(asked))))


@devices.get("mdm/devices/udid/{udid}/deviceenrollmentstatus")
async def show_enrollment_status(asked: Asked) -> Reply:
    """Say how a device stands: an agent asks this of itself."""
    identifiers = DeviceIdentifiers(udid=asked.parameters["udid"])
    facts = await asked.suite.staging.devices.identified(identifiers)
    user = facts.person
    return Reply(
        {
            "EnrollmentStatus": facts.device.status,
            "DeviceManagedBy": facts.device.management,
            "Username": user.user_name if user else "",
            "Domain": "",
        }
    )


@devices.patch("mdm/devices/{device}/enrollmentuser/{user}", 2)
async def switch_user(asked: Asked) -> Reply:
    """Give a staged device to a user; with its staging user, take a shared one back (conflict C2)."""
    await asked.suite.staging.assignments.assign(_key(asked), key_of(asked.parameters["user"]), asked.facts)
    return Reply()


@devices.put("mdm/devices/{device}/commands/changeorganizationgroup/{group}")
async def move_device(asked: Asked) -> Reply:
    """Put a device into another organization group."""
    await asked.suite.staging.devices.move(_key(asked), key_of(asked.parameters["group"]), asked.facts)
    return Reply(status=202)


@devices.delete("mdm/devices/{device}")
async def delete_device(asked: Asked) -> Reply:
    """Delete a device: its management ends; what was registered or allowed stays (9.6)."""
    await asked.suite.staging.devices.delete(_key(asked), asked.facts)
    return Reply()


@devices.post("mdm/devices/bulk")
async def delete_devices(asked: Asked) -> Reply:
    """Delete many devices: what the vendor's call of this name does."""
    by = asked.required("searchby")
    values = asked.many()
    faults: list[Document] = []
    for value in values:
        try:
            await asked.suite.staging.devices.delete(await _called(asked, by, value), asked.facts)
        except Refusal as refusal:
            faults.append({"ErrorCode": refusal.status, "ItemValue": value, "Message": refusal.text})
    return Reply(bulk_response(len(values), faults))


async def searched(asked: Asked) -> Key:
    """Return the device that `searchby` and `id` name; raises Refusal `api.invalid`, `device.unknown`."""
    return await _called(asked, asked.required("searchby"), asked.required("id"))


async def _called(asked: Asked, by: str, value: str) -> Key:
    kind = by.lower()
    if kind == "deviceid":
        return key_of(value)
    if kind not in IDENTIFIERS:
        raise Explained("api.invalid", expected="searchby: Serialnumber, Udid, ImeiNumber or DeviceId", found=by[:100])
    identifiers = DeviceIdentifiers(
        udid=value if kind == "udid" else None,
        serial_number=value if kind == "serialnumber" else None,
        imei=value if kind == "imeinumber" else None,
    )
    return (await asked.suite.staging.devices.identified(identifiers)).device.id


def _key(asked: Asked) -> Key:
    return key_of(asked.parameters["device"])


async def _search(asked: Asked, spell: Callable[[DeviceFacts], Document]) -> Reply:
    page = asked.page()
    found: Found[DeviceFacts] = await asked.suite.staging.devices.search(
        **await _criteria(asked), offset=page.number * page.size, limit=page.size
    )
    if not found.rows:
        return NOTHING_FOUND
    rows = [spell(each) for each in found]
    return Reply({"Devices": rows, "Page": page.number, "PageSize": page.size, "Total": found.total})


async def _criteria(asked: Asked) -> dict[str, Any]:
    """Read what is searched for; a user that there is not has no devices."""
    criteria: dict[str, Any] = {"model": asked.text("model"), "text": asked.text("searchtext")}
    if (name := asked.text("user")) is not None:
        criteria["user"] = (await asked.suite.staging.users.named(name)).id
    if (platform := asked.text("platform")) is not None:
        criteria["platform"] = member(Platform, "platform", platform)
    if (ownership := asked.text("ownership")) is not None:
        criteria["ownership"] = member(Ownership, "ownership", ownership)
    if (status := asked.text("enrollmentstatus")) is not None:
        criteria["statuses"] = (member(EnrollmentStatus, "enrollmentstatus", status),)
    group = asked.amount("lgid") or asked.amount("organizationgroupid")
    if group is not None:
        tree = await asked.suite.staging.groups.tree()
        criteria["groups"] = tree.branch(group) if group in tree else ()
    since = asked.text("seensince") or asked.text("lastseen")
    if since is not None:
        criteria["seen_since"] = _moment(since)
    return criteria


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Explained("api.invalid", expected="a date and time as in ISO 8601", found=text[:100]) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
