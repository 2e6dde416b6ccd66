"""The administrator of a server in the same process: what a script asks for, in the words of the server's use cases.

Scripts speak of things by the names they gave them; here the names become numbers, and the server's refusals become the
script's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from device_emulator.scenario.asking import ask, in_the_scripts_words
from device_emulator.scenario.cast import AnyDevice, Cast, identifier_of
from device_emulator.scenario.document import Identifier, ListEntry, Organization, Registration, User
from device_emulator.scenario.durations import seconds
from device_emulator.scenario.numbering import Names
from device_emulator.scenario.offices import CommandAnswer, Refused
from mdm_server.embed.orders import (
    CommandOrder,
    DeviceCommand,
    DeviceFacts,
    DeviceIdentifiers,
    DeviceStagingType,
    GroupOrder,
    ListAttribute,
    ListKind,
    ListOrder,
    Ownership,
    Platform,
    RegistrationOrder,
    RegistrationRecord,
    ServiceSuite,
    Store,
    UserChange,
    UserOrder,
    UserStatus,
    WipeKind,
    WipeOrder,
    WipeState,
    command_named,
)
from mdm_server.wire.plist import loads_dict

PLATFORMS = {"ios": Platform.IOS, "android": Platform.ANDROID}
ATTRIBUTES: Mapping[Identifier, ListAttribute] = {
    "serial_number": ListAttribute.SERIAL_NUMBER,
    "udid": ListAttribute.UDID,
    "imei": ListAttribute.IMEI,
}
WIPES = {"enterprise": WipeKind.ENTERPRISE, "device": WipeKind.DEVICE}
CONSOLE_COMMANDS = frozenset(command.value for command in DeviceCommand)
"""Commands in the words of the console; any other is one of Apple's."""
BYPASS_CODE = "ActivationLockBypassCode"
UNANSWERED = frozenset({"Queued", "Sent", "NotNow"})
LISTS = {"allow": ListKind.ALLOW, "deny": ListKind.DENY}
LIVELIEST = ("Bound", "Active", "Expired")
"""Of several registrations of one device the first of these is the one that counts."""


@dataclass(slots=True)
class ServiceOffice:
    """Implements `Office` with the use cases of a suite, which is asked for anew each time: servers restart."""

    suite: Callable[[], ServiceSuite]
    store: Callable[[], Store]
    cast: Cast
    devices: Mapping[str, AnyDevice]
    clock: Callable[[], datetime]
    names: Names

    # Before the first step

    async def open(self, organization: Organization) -> None:
        """Make the groups and the users of a document; raises Refused."""
        staging = self.suite().staging
        with in_the_scripts_words():
            for group in organization.groups:
                parent = None if group.parent is None else self.names.groups[group.parent]
                order = GroupOrder(
                    group_id=group.id, name=group.name or group.id, type=group.type, parent=parent or ROOT
                )
                self.names.groups[group.id] = (await staging.groups.create(order)).id
            home = self.names.groups[organization.groups[0].id]
            for one in organization.user_groups:
                leads_to = None if one.enrollment_group is None else self.names.groups[one.enrollment_group]
                where = home if one.group is None else self.names.groups[one.group]
                made = await staging.groups.create_user_group(one.name, where, enrollment_group=leads_to, rank=one.rank)
                self.names.user_groups[one.name] = made.id
        for group in organization.groups:
            if group.settings:
                await self.change_settings(group.id, group.settings)
        for name, user in self.cast.users.items():
            await self.add_user(name, user, home)

    async def add_user(self, name: str, user: User, home: int) -> None:
        """Make a user, who belongs to the first group unless the document says otherwise."""
        order = UserOrder(
            user_name=name,
            password=self.cast.password(name),
            first_name=name.capitalize(),
            status=UserStatus(user.status),
            group=home if user.group is None else self.names.groups[user.group],
            user_groups=tuple(self.names.user_groups[group] for group in user.user_groups),
            staging_type=DeviceStagingType(user.staging),
        )
        with in_the_scripts_words():
            self.names.users[name] = (await self.suite().staging.users.create(order)).id
        if user.shared_passcode is not None:
            await self._give_passcode(name, user.shared_passcode, user.shared_passcode_expires)

    # Registrations and their tokens

    async def register(self, registration: Registration) -> None:
        """Register a user's device; a series of users gets a series of devices, one each."""
        users = self.cast.matching_users(registration.user)
        if registration.device is None:
            for user in users:
                await self._register(registration, user, None)
            return
        for user, device in zip(users, self.cast.matching_devices(registration.device), strict=False):
            await self._register(registration, user, device)

    async def _register(self, registration: Registration, user: str, device: str | None) -> None:
        said = self.cast.devices[device].platform if device is not None else registration.platform
        order = RegistrationOrder(
            user=self.names.users[user],
            group=None if registration.group is None else self.names.groups[registration.group],
            platform=None if said is None else PLATFORMS[said],
            identifiers=DeviceIdentifiers() if device is None else self.named(device, registration.identifiers),
            ownership=Ownership.UNDEFINED if registration.ownership is None else Ownership(registration.ownership),
            friendly_name=device or "",
        )
        made = await ask(self.suite().staging.registrations.register(order))
        if registration.name is not None:
            self.names.registrations[registration.name] = made.registration.id
            self._keep_token(registration.name, made.token)

    async def delete_registration(self, *, name: str | None, device: str | None) -> None:
        """Delete a registration, by its name or by its device."""
        registrations = self.suite().staging.registrations
        if name is not None:
            await ask(registrations.delete(self.names.registrations[name]))
        if device is not None and not await ask(registrations.delete_of_device(self.named(device))):
            raise Refused("registration.unknown", f"{device} is not registered")

    async def revoke_token(self, name: str) -> None:
        """Revoke the token of a registration."""
        await ask(self.suite().staging.registrations.revoke_token(self.names.registrations[name]))

    async def reset_token(self, name: str) -> None:
        """Give a registration a new token."""
        reset = await ask(self.suite().staging.registrations.reset_token(self.names.registrations[name]))
        self._keep_token(name, reset.token)

    def _keep_token(self, name: str, token: str | None) -> None:
        if token is not None:
            self.cast.tokens[name] = token

    # Lists

    async def put_on_list(self, entry: ListEntry) -> None:
        """Put devices, or a platform, on a list."""
        if entry.device is None:
            await self._put(entry, ListAttribute.PLATFORM, [PLATFORMS[entry.platform or "ios"]])
            return
        values = [
            identifier_of(self.devices[name], entry.identifier) for name in self.cast.matching_devices(entry.device)
        ]
        await self._put(entry, ATTRIBUTES[entry.identifier], [value for value in values if value])

    async def put_values_on_list(self, kind: str, identifier: Identifier, values: Sequence[str]) -> None:
        """Put many identifiers on a list at once."""
        order = ListOrder(kind=LISTS[kind], attribute=ATTRIBUTES[identifier], values=values)
        await ask(self.suite().staging.lists.add(order))

    async def _put(self, entry: ListEntry, attribute: ListAttribute, values: Sequence[str]) -> None:
        order = ListOrder(
            kind=LISTS[entry.kind],
            attribute=attribute,
            values=values,
            group=None if entry.group is None else self.names.groups[entry.group],
            ownership=None if entry.ownership is None else Ownership(entry.ownership),
            enrollment_group=None if entry.enrollment_group is None else self.names.groups[entry.enrollment_group],
        )
        await ask(self.suite().staging.lists.add(order))

    async def take_off_list(self, kind: str, device: str) -> None:
        """Take a device off a list, by whichever identifier it stands there."""
        lists, known = self.suite().staging.lists, self.named(device)
        entries = [
            entry
            for entry in await ask(lists.all(LISTS[kind]))
            if entry.value in {known.serial_number, known.udid, known.imei}
        ]
        if not entries:
            raise Refused("list.unknown", f"{device} is not on the {kind} list")
        for entry in entries:
            await ask(lists.remove(entry.id))

    # Devices

    async def unlock(self, device: str) -> None:
        """Clear the lock that a refusal has set."""
        await ask(self.suite().staging.devices.unlock(await self._number(device)))

    async def assign(self, device: str, user: str) -> None:
        """Change the enrolment user of a device; to a staging user: check it in."""
        await ask(self.suite().staging.assignments.assign(await self._number(device), self.names.users[user]))

    async def wipe(self, device: str, kind: str, *, prevent_reenrollment: bool) -> None:
        """Order a wipe; one that is put on hold is refused as such."""
        order = WipeOrder(kind=WIPES[kind], prevent_reenrollment=prevent_reenrollment)
        request = await ask(self.suite().staging.wipes.request(await self._number(device), order))
        if request.state is WipeState.ON_HOLD:
            raise Refused("WIPE_ON_HOLD", "too many devices were wiped; this one waits for a decision")

    async def decide_wipe(self, device: str, *, approve: bool) -> None:
        """Decide on a wipe that was put on hold."""
        wipes, number = self.suite().staging.wipes, await self._number(device)
        held = [one for one, _ in await ask(wipes.all()) if one.device == number and one.state is WipeState.ON_HOLD]
        if not held:
            raise Refused("wipe.unknown", f"no wipe of {device} is on hold")
        await ask(wipes.decide(held[0].id, approve=approve))

    async def command(self, device: str, command: str, fields: Mapping[str, Any], *, force: bool = False) -> str | None:
        """Send a device a command: by the console's name of it, or any of Apple's."""
        if command in CONSOLE_COMMANDS:
            return await ask(self.suite().staging.commands.send(await self._number(device), command_named(command)))
        order = CommandOrder(request_type=command, fields=fields, force=force)
        udid = self.named(device).udid or ""
        return (await ask(self.suite().commanding.enqueue(udid, order))).command_uuid

    async def answer(self, device: str, command_uuid: str) -> CommandAnswer:
        """Return how a device answered a command."""
        sent = await ask(self.suite().commanding.find(self.named(device).udid or "", command_uuid))
        values = sent.answer or {}
        chain = values.get("ErrorChain")
        code = chain[0].get("ErrorCode") if isinstance(chain, list) and chain else None
        return CommandAnswer(sent.state, code, values)

    async def bypass_code(self, device: str) -> str | None:
        """Return what a device last answered when it was asked for its bypass code."""
        # What is shown to administrators leaves such a code out.
        for row in reversed(await self.store().commands.list(self.named(device).udid or "")):
            if row.request_type == BYPASS_CODE and row.result is not None:
                code = loads_dict(row.result).get(BYPASS_CODE)
                return code if isinstance(code, str) else None
        return None

    async def waiting(self, device: str) -> int:
        """Return how many commands a device has not answered."""
        try:
            sent = await ask(self.suite().commanding.list(self.named(device).udid or ""))
        except Refused:
            return 0
        return sum(command.answered_at is None and command.state in UNANSWERED for command in sent)

    async def delete_device(self, device: str) -> None:
        """Delete the record of a device."""
        await ask(self.suite().staging.devices.delete(await self._number(device)))

    async def _number(self, device: str) -> int:
        return (await ask(self.suite().staging.devices.identified(self.named(device)))).device.id

    # Groups and users

    async def change_settings(self, group: str, settings: Mapping[str, Any]) -> None:
        """Change settings of an organization group; user groups are spoken of by their names."""
        await ask(self.suite().staging.groups.change_settings(self.names.groups[group], self._with_numbers(settings)))

    async def change_user(self, user: str, changes: Mapping[str, Any]) -> None:
        """Change an enrolment user."""
        groups = changes.get("user_groups")
        change = UserChange(
            status=None if "status" not in changes else UserStatus(changes["status"]),
            staging_type=None if "staging" not in changes else DeviceStagingType(changes["staging"]),
            group=None if "group" not in changes else self.names.groups[changes["group"]],
            user_groups=None if groups is None else tuple(self.names.user_groups[name] for name in groups),
        )
        if set(changes) & {"status", "staging", "group", "user_groups"}:
            await ask(self.suite().staging.users.change(self.names.users[user], change))
        if "shared_passcode" in changes:
            await self._give_passcode(user, changes["shared_passcode"], changes.get("shared_passcode_expires"))

    async def _give_passcode(self, user: str, passcode: str, expires: str | None) -> None:
        until = None if expires is None else self.clock() + timedelta(seconds=seconds(expires))
        await ask(self.suite().staging.users.set_shared_passcode(self.names.users[user], passcode, until))

    async def delete_user(self, user: str) -> None:
        """Delete an enrolment user."""
        await ask(self.suite().staging.users.remove(self.names.users[user]))

    async def reset_attempts(self, *, user: str | None, device: str | None) -> None:
        """Forget failed logins of a user, or those counted on a device."""
        if user is not None:
            await ask(self.suite().staging.users.reset_attempts(self.names.users[user]))
        if device is not None:
            await ask(self.suite().staging.devices.reset_attempts(self.named(device)))

    async def synchronize(self) -> None:
        """Look, as a directory sync does, who has left which group."""
        await ask(self.suite().staging.wipes.leave_groups())

    def _with_numbers(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        numbered = dict(settings)
        if isinstance(allowed := numbered.get("allowed_user_groups"), list):
            numbered["allowed_user_groups"] = [self.names.user_groups.get(name, name) for name in allowed]
        if isinstance(direct := numbered.get("direct"), dict) and "user_group" in direct:
            name = direct["user_group"]
            numbered["direct"] = direct | {"user_group": self.names.user_groups.get(name, name)}
        return numbered

    # Looking things up

    def named(
        self, device: str, identifiers: Sequence[Identifier] = ("serial_number", "udid", "imei")
    ) -> DeviceIdentifiers:
        """Return what a device is known by."""
        return DeviceIdentifiers(**{one: identifier_of(self.devices[device], one) for one in identifiers})

    async def record(self, device: str) -> DeviceFacts | None:
        """Return what the server has on record of a device."""
        try:
            return await ask(self.suite().staging.devices.identified(self.named(device)))
        except Refused:
            return None

    async def registration(self, device: str) -> tuple[RegistrationRecord, str | None] | None:
        """Return the registration that counts for a device, and the name of its user."""
        known = self.named(device)
        for value in (known.serial_number, known.udid, known.imei):
            found = await ask(self.suite().staging.registrations.search(text=value)) if value else None
            if found is not None and found.rows:
                record, user = min(found.rows, key=lambda one: LIVELIEST.index(one[0].state))
                return record, None if user is None else user.user_name
        return None


ROOT = 1
"""The group that every server has from the beginning, above all others."""
