"""Registering devices to users: `/api/system/users/{id}/registerdevice` and its searches, all of version 1."""

from __future__ import annotations

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import Ownership, Platform, RegistrationState
from mdm_server.service.staging.finding import key_of
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.web.errors import Explained
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.documents import Folded, member
from mdm_server.web.uem.spelling import Document, bulk_response, moment, registered_device

registrations = Calls("Registrations")


class Wrapped(Folded, frozen=True):
    """An identifier as V1 wraps it."""

    value: int


class RegisterDevice(Folded, frozen=True):
    """A device to register. A form has text where JSON has numbers, and an identifier may be wrapped."""

    location_group_id: int | str | Wrapped | None = None
    friendly_name: str = ""
    ownership: str = ""
    platform_id: int | None = None
    model: str = ""
    operating_system: str = ""
    udid: str | None = None
    serial_number: str | None = None
    imei: str | None = None


@registrations.post("system/users/{user}/registerdevice")
async def register_device(asked: Asked) -> Reply:
    """Register a device to a user.

    The answer is the token where the group asks for tokens, and nothing where it does not: one of the vendor's clients
    reads the first, another takes anything but the second for a failure (staging-flows.md §6, C7).
    """
    body = asked.body_as(RegisterDevice)
    order = RegistrationOrder(
        user=key_of(asked.parameters["user"]),
        group=_group(body),
        platform=_platform(body.platform_id),
        identifiers=DeviceIdentifiers(body.udid, body.serial_number, body.imei),
        ownership=member(Ownership, "Ownership", body.ownership) if body.ownership else Ownership.UNDEFINED,
        friendly_name=body.friendly_name,
        model=body.model,
        os_version=body.operating_system,
    )
    registered = await asked.suite.staging.registrations.register(order, asked.facts)
    return Reply(registered.token)


@registrations.get("system/users/registereddevices/search")
async def search_registered_devices(asked: Asked) -> Reply:
    """Search registrations whose device has not come yet."""
    return await _search(asked, "RegisteredDeviceInfoList", (RegistrationState.ACTIVE, RegistrationState.EXPIRED))


@registrations.get("system/users/enrollmenttoken/search")
async def search_tokens(asked: Asked) -> Reply:
    """Search registrations and what became of their tokens; the tokens themselves are not kept."""
    return await _search(asked, "EnrollmentTokens", ())


@registrations.get("system/users/enrolleddevices/search")
async def search_enrolled_devices(asked: Asked) -> Reply:
    """Search devices that have enrolled."""
    page = asked.page()
    user = await _user(asked)
    found = await asked.suite.staging.devices.search(
        user=user,
        serial_number=asked.text("serialnumber"),
        platform=_platform_named(asked),
        statuses=MANAGED,
        offset=page.number * page.size,
        limit=page.size,
    )
    if not found.rows:
        return NOTHING_FOUND
    rows = [
        {
            "DeviceId": each.device.id,
            "SerialNumber": each.device.identifiers.serial_number or "",
            "FriendlyName": each.device.friendly_name,
            "UserName": person.user_name if (person := each.person) else "",
            "EnrolledDate": moment(each.device.assignment.since),
            "LastSeen": moment(each.device.last_seen),
            "Platform": each.device.platform,
            "OrganizationGroup": each.group.name if each.group else "",
        }
        for each in found
    ]
    return Reply({"EnrolledDeviceInfoList": rows, "Page": page.number, "PageSize": page.size, "Total": found.total})


@registrations.post("system/users/registereddevices/delete")
async def delete_registered_devices(asked: Asked) -> Reply:
    """Delete the registrations of devices, and release the locks they set."""
    by = asked.required("searchby").lower()
    if by not in {"serialnumber", "udid"}:
        raise Explained("api.invalid", expected="searchby=Serialnumber or Udid", found=by[:100])
    values = asked.many()
    faults: list[Document] = []
    for value in values:
        named = DeviceIdentifiers(serial_number=value) if by == "serialnumber" else DeviceIdentifiers(udid=value)
        if not await asked.suite.staging.registrations.delete_of_device(named, asked.facts):
            faults.append({"ErrorCode": 404, "ItemValue": value, "Message": "Not registered."})
    return Reply(bulk_response(len(values), faults))


async def _search(asked: Asked, name: str, states: tuple[RegistrationState, ...]) -> Reply:
    page = asked.page()
    staging = asked.suite.staging
    tree = await staging.groups.tree()
    group = asked.amount("organizationgroupid")
    found = await staging.registrations.search(
        text=asked.text("serialnumber") or asked.text("udid"),
        user=await _user(asked),
        groups=None if group is None else tree.branch(group) if group in tree else (),
        states=states,
        offset=page.number * page.size,
        limit=page.size,
    )
    if not found.rows:
        return NOTHING_FOUND
    rows = [registered_device(registration, user, tree.get(registration.group)) for registration, user in found]
    return Reply({name: rows, "Page": page.number, "PageSize": page.size, "Total": found.total})


async def _user(asked: Asked) -> int | None:
    """Return the user that a search is about: by number, or by name."""
    name = asked.text("username")
    if name is not None:
        return (await asked.suite.staging.users.named(name)).id
    return asked.amount("userid")


def _group(body: RegisterDevice) -> int | str | None:
    group = body.location_group_id
    return group.value if isinstance(group, Wrapped) else None if group is None else key_of(str(group))


def _platform(number: int | None) -> Platform | None:
    if number is None:
        return None
    platform = Platform.numbered(number)
    if platform is None:
        raise Explained("api.invalid", expected="PlatformId: 2 (Apple) or 5 (Android)", found=str(number))
    return platform


def _platform_named(asked: Asked) -> Platform | None:
    name = asked.text("platform")
    return None if name is None else member(Platform, "platform", name)
