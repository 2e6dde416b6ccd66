"""Apple's Device Enrollment Program: `/api/mdm/dep`, all of version 1."""

from __future__ import annotations

from enum import StrEnum

from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm.inventory import InventoryDevice
from mdm_server.service.staging.finding import key_of
from mdm_server.store.staging import LARGEST_PAGE
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.dep_profiles import order_of, profile_v1
from mdm_server.web.uem.documents import folded, member
from mdm_server.web.uem.spelling import Document

enrollment_program = Calls("Device Enrollment Program")


class AssignAction(StrEnum):
    """What to do with a profile and a device."""

    ASSIGN = "Assign"
    UNASSIGN = "Unassign"


class DeviceAction(StrEnum):
    """What to read from Apple: what has changed, or everything."""

    SYNC = "Sync"
    FETCH = "Fetch"


@enrollment_program.get("mdm/dep/profiles/search")
async def search_profiles(asked: Asked) -> Reply:
    """Search DEP profiles by a part of their name."""
    text, group = asked.text("searchtext"), asked.text("organizationgroupuuid")
    within = None if group is None else (await asked.suite.staging.groups.find(key_of(group))).id
    found = [
        profile
        for profile in await asked.suite.staging.program.all()
        if (text is None or folded(text) in folded(profile.name)) and within in (None, profile.group)
    ]
    if not found:
        return NOTHING_FOUND
    page = asked.page()
    rows = [profile_v1(profile) for profile in page.of(found)]
    return Reply({"ProfileList": rows, "Page": page.number, "PageSize": page.size, "TotalResults": len(found)})


@enrollment_program.post("mdm/dep/profiles")
async def create_profile(asked: Asked) -> Reply:
    """Make a DEP profile."""
    saved = await asked.suite.staging.program.save(order_of(asked.document()), asked.facts)
    return Reply({"Value": saved.id, "uuid": saved.uuid})


@enrollment_program.get("mdm/dep/profiles/{profile}")
async def show_profile(asked: Asked) -> Reply:
    """Show a DEP profile."""
    return Reply(profile_v1(await asked.suite.staging.program.find(key_of(asked.parameters["profile"]))))


@enrollment_program.put("mdm/dep/profiles/{profile}")
async def change_profile(asked: Asked) -> Reply:
    """Save a DEP profile anew."""
    program = asked.suite.staging.program
    await program.change(key_of(asked.parameters["profile"]), order_of(asked.document()), asked.facts)
    return Reply()


@enrollment_program.delete("mdm/dep/profiles/{profile}")
async def delete_profile(asked: Asked) -> Reply:
    """Delete a DEP profile that no device has."""
    await asked.suite.staging.program.remove(key_of(asked.parameters["profile"]), asked.facts)
    return Reply()


@enrollment_program.put("mdm/dep/profiles/{profile}/devices/{serial}")
async def assign_profile(asked: Asked) -> Reply:
    """Give a device a DEP profile, or take it away: `action` is Assign or Unassign, in whatever case."""
    action = member(AssignAction, "action", asked.required("action"))
    program, serial_number = asked.suite.staging.program, asked.parameters["serial"]
    profile = await program.find(key_of(asked.parameters["profile"]))
    if action is AssignAction.ASSIGN:
        await program.assign(serial_number, profile.id, asked.facts)
        return Reply()
    if await program.assigned_to(serial_number) != profile:
        raise Refusal("api.not_found", reason="assignment")
    await program.assign(serial_number, None, asked.facts)
    return Reply()


@enrollment_program.get("mdm/dep/groups/{group}/devices")
async def list_devices(asked: Asked) -> Reply:
    """List the devices of Apple Business Manager whose DEP profile leads to a group, or that have none."""
    group = await asked.suite.staging.groups.find(key_of(asked.parameters["group"]))
    found: list[Document] = []
    offset = 0
    while page := (await asked.suite.abm.inventory.devices(offset=offset, limit=LARGEST_PAGE)).rows:
        found += [_device(each) for each in page if each.profile is None or each.profile.group == group.id]
        offset += len(page)
    return Reply(found) if found else NOTHING_FOUND


@enrollment_program.put("mdm/dep/groups/{group}/devices")
async def read_devices(asked: Asked) -> Reply:
    """Read the devices of Apple Business Manager: `action` is Sync for what has changed, Fetch for all."""
    anew = member(DeviceAction, "action", asked.required("action")) is DeviceAction.FETCH
    await asked.suite.staging.groups.find(key_of(asked.parameters["group"]))
    tokens = await asked.suite.abm.tokens.all()
    if not tokens:
        raise Refusal("api.not_found", reason="abm_token")
    for token in tokens:
        await asked.suite.abm.sync.run(token.id, asked.facts, anew=anew)
    return Reply()


def _device(found: InventoryDevice) -> Document:
    """Spell a device as this call does, which is like no other."""
    listed = found.device.listed
    return {
        "deviceSerialNumber": listed.serial_number,
        "deviceImei": "",
        "deviceModel": listed.model,
        "deviceDescription": listed.description,
        "deviceColor": listed.color,
        "deviceAssetTag": listed.asset_tag or "",
        "deviceFamily": listed.device_family or "",
        "profileName": found.profile.name if found.profile else "",
        "profileUuid": found.profile.uuid if found.profile else "",
        "profileStatus": listed.profile_status or "empty",
    }
