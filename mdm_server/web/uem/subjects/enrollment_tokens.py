"""Enrolment tokens: `/api/mdm/groups/{uuid}/enrollment-tokens`, which register, allow and deny alike; in snake_case."""

from __future__ import annotations

from enum import StrEnum

from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import ListAttribute, ListKind, Ownership, Platform
from mdm_server.service.staging.finding import key_of
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.web.errors import Explained
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.documents import Folded, member
from mdm_server.web.uem.spelling import (
    ALLOWED,
    BLOCKED,
    Document,
    number_of_uuid,
    token_document,
    uuid_of_number,
)

enrollment_tokens = Calls("Enrolment tokens")
TOKENS = "mdm/groups/{group}/enrollment-tokens"


class RegistrationType(StrEnum):
    """What kind of token is made."""

    ALLOW = "WHITELIST"
    DENY = "BLACKLIST"
    REGISTER = "REGISTER_DEVICE"
    NONE = "NONE"


LISTS = {RegistrationType.ALLOW: ListKind.ALLOW, RegistrationType.DENY: ListKind.DENY}


class OwnershipWord(StrEnum):
    """Ownership, in the words of these calls."""

    CORPORATE_DEDICATED = "CORPORATE_DEDICATED"
    CORPORATE_SHARED = "CORPORATE_SHARED"
    EMPLOYEE_OWNED = "EMPLOYEE_OWNED"
    NONE = "NONE"

    @property
    def ownership(self) -> Ownership:
        """The letter for it."""
        return {
            OwnershipWord.CORPORATE_DEDICATED: Ownership.CORPORATE_DEDICATED,
            OwnershipWord.CORPORATE_SHARED: Ownership.CORPORATE_SHARED,
            OwnershipWord.EMPLOYEE_OWNED: Ownership.EMPLOYEE_OWNED,
            OwnershipWord.NONE: Ownership.UNDEFINED,
        }[self]


class FlatRecord(Folded, frozen=True):
    """One device for a list, as version 1 and the list records of version 2 say it."""

    device_attribute: str | None = None
    attribute_type: str = ListAttribute.SERIAL_NUMBER
    registration_type: str = RegistrationType.NONE
    ownership_type: str = OwnershipWord.NONE


class RegistrationRecord(Folded, frozen=True):
    """One device for a user, as version 2 says it."""

    user_uuid: str | int
    friendly_name: str = ""
    ownership_type: str = OwnershipWord.NONE
    platform_id: int | None = None
    serial_number: str | None = None
    imei: str | None = None
    device_udid: str | None = None


class TokenRequest(Folded, frozen=True):
    """What version 2 is asked for: a type, and the record that goes with it."""

    registration_type: str = RegistrationType.NONE
    device_whitelist_record: FlatRecord | None = None
    device_blacklist_record: FlatRecord | None = None
    device_registration_record: RegistrationRecord | None = None


@enrollment_tokens.post(TOKENS, 1)
async def create_token(asked: Asked) -> Reply:
    """Allow or deny a device. A body in version 2's shape is taken, too, as clients send it without saying so."""
    document = asked.document()
    if any(key.endswith("record") for key in document):
        return await create_token_anew(asked)
    record = asked.body_as(FlatRecord)
    kind = member(RegistrationType, "registration_type", record.registration_type)
    if kind not in LISTS:
        raise Explained("api.invalid", expected="registration_type: WHITELIST or BLACKLIST", found=kind)
    return await _list(asked, LISTS[kind], record)


@enrollment_tokens.post(TOKENS, 2)
async def create_token_anew(asked: Asked) -> Reply:
    """Register, allow or deny a device; a registration is answered with its token where the group asks for tokens."""
    body = asked.body_as(TokenRequest)
    kind = member(RegistrationType, "registration_type", body.registration_type)
    if kind is RegistrationType.REGISTER and body.device_registration_record is not None:
        return await _register(asked, body.device_registration_record)
    record = body.device_whitelist_record if kind is RegistrationType.ALLOW else body.device_blacklist_record
    if kind in LISTS and record is not None:
        return await _list(asked, LISTS[kind], record)
    raise Explained("api.invalid", expected="registration_type and the record of its kind", found=str(kind))


@enrollment_tokens.get(TOKENS, 1)
async def search_tokens(asked: Asked) -> Reply:
    """List registrations, and what is allowed and denied, of a group and below it."""
    page = asked.page()
    staging = asked.suite.staging
    group = await staging.groups.find(key_of(asked.parameters["group"]))
    tree = await staging.groups.tree()
    branch = tree.branch(group.id)
    wanted = asked.text("serialnumber") or asked.text("imei")
    found = await staging.registrations.search(text=wanted, groups=branch)
    rows = [token_document(registration, user, tree.get(registration.group)) for registration, user in found]
    rows += [
        _list_document(entry.kind, entry.attribute, entry.value, tree[entry.group].name, entry.id)
        for entry in await staging.lists.all()
        if entry.group in branch and (wanted is None or wanted.casefold() in entry.value.casefold())
    ]
    if not rows:
        return NOTHING_FOUND
    return Reply({"tokens": page.of(rows), "page": page.number, "page_size": page.size, "total": len(rows)})


@enrollment_tokens.get(TOKENS + "/{token}", 1)
async def show_token(asked: Asked) -> Reply:
    """Show a registration and what became of its token."""
    staging = asked.suite.staging
    registration, user = await staging.registrations.find(key_of(asked.parameters["token"]))
    tree = await staging.groups.tree()
    return Reply(token_document(registration, user, tree.get(registration.group)))


@enrollment_tokens.delete(TOKENS + "/{token}", 1)
async def delete_token(asked: Asked) -> Reply:
    """Delete a registration, with its token and the lock it set; or an entry of a list."""
    await _delete(asked, asked.parameters["token"])
    return Reply(status=204)


class TokenAction(Folded, frozen=True):
    """What is to be done with which tokens."""

    token_uuids: tuple[str, ...] = ()
    action: str = "RESET"


@enrollment_tokens.put("mdm/enrollment-tokens", 1)
async def reset_tokens(asked: Asked) -> Reply:
    """Reset or revoke tokens; a reset one is in the answer, for nobody can look it up later."""
    body = asked.body_as(TokenAction)
    action = (asked.text("action") or body.action).upper()
    if action not in {"RESET", "REVOKE"} or not body.token_uuids:
        raise Explained("api.invalid", expected="token_uuids, and action: RESET or REVOKE", found=action[:100])
    tokens = []
    for uuid in body.token_uuids:
        if action == "RESET":
            registered = await asked.suite.staging.registrations.reset_token(key_of(uuid), asked.facts)
            tokens.append({"token_uuid": registered.registration.uuid, "token": registered.token})
        else:
            revoked = await asked.suite.staging.registrations.revoke_token(key_of(uuid), asked.facts)
            tokens.append({"token_uuid": revoked.uuid})
    return Reply({"tokens": tokens})


@enrollment_tokens.delete("mdm/enrollment-tokens", 1)
async def delete_tokens(asked: Asked) -> Reply:
    """Delete many registrations."""
    body = asked.body_as(TokenAction)
    if not body.token_uuids:
        raise Explained("api.invalid", expected="token_uuids", found="none")
    for uuid in body.token_uuids:
        await _delete(asked, uuid)
    return Reply(status=204)


async def _delete(asked: Asked, name: str) -> None:
    number = number_of_uuid(name)
    if number is not None:
        await asked.suite.staging.lists.remove(number, asked.facts)
    else:
        await asked.suite.staging.registrations.delete(key_of(name), asked.facts)


async def _register(asked: Asked, record: RegistrationRecord) -> Reply:
    platform = None if record.platform_id is None else Platform.numbered(record.platform_id)
    if record.platform_id is not None and platform is None:
        raise Explained("api.invalid", expected="platform_id: 2 (Apple) or 5 (Android)", found=str(record.platform_id))
    order = RegistrationOrder(
        user=key_of(str(record.user_uuid)),
        group=key_of(asked.parameters["group"]),
        platform=platform,
        identifiers=DeviceIdentifiers(record.device_udid, record.serial_number, record.imei),
        ownership=member(OwnershipWord, "ownership_type", record.ownership_type).ownership,
        friendly_name=record.friendly_name,
    )
    registered = await asked.suite.staging.registrations.register(order, asked.facts)
    return Reply({"token": registered.token} if registered.token is not None else {}, status=201)


async def _list(asked: Asked, kind: ListKind, record: FlatRecord) -> Reply:
    ownership = member(OwnershipWord, "ownership_type", record.ownership_type).ownership
    order = ListOrder(
        kind=kind,
        attribute=member(ListAttribute, "attribute_type", record.attribute_type),
        values=[value for value in (record.device_attribute or "").split(",") if value.strip()],
        group=key_of(asked.parameters["group"]),
        ownership=None if ownership is Ownership.UNDEFINED else ownership,
        enrollment_group=key_of(asked.parameters["group"]) if kind is ListKind.ALLOW else None,
    )
    await asked.suite.staging.lists.add(order, asked.facts)
    return Reply(status=201)


def _list_document(kind: ListKind, attribute: ListAttribute, value: str, group: str, number: int) -> Document:
    names = {ListAttribute.UDID: "udid", ListAttribute.SERIAL_NUMBER: "serial_number", ListAttribute.IMEI: "imei"}
    return {
        "token_uuid": uuid_of_number(number),
        "organization_group_name": group,
        names.get(attribute, "platform"): value,
        "enrollment_status": 1,
        "status": ALLOWED if kind is ListKind.ALLOW else BLOCKED,
    }
