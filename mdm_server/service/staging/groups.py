"""Organization groups and user groups: the tree, and what each group asks of those who enrol in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.settings import SettingsError
from mdm_server.domain.staging.users import UserGroup
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.finding import Key, the_group, the_user_group
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.service.staging.readable import check_readable, checked_name
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, Staging, StagingRoom

LONGEST_GROUP_ID = 20
"""What the console lets one type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOrder:
    """A group that is wanted. Without a parent it is the root of a tree of its own."""

    group_id: str
    name: str = ""
    type: str = "Container"
    parent: Key | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


class Groups:
    """Keeps organization groups and user groups."""

    def __init__(self, staging: Staging, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        self._staging = staging
        self._clock = clock
        self._random_bytes = random_bytes

    async def tree(self) -> GroupTree:
        """Return all organization groups."""
        return await self._staging.read(lambda view: view.groups.tree())

    async def find(self, key: Key) -> OrganizationGroup:
        """Return a group; raises Refusal `group.unknown`."""
        return await self._staging.read(lambda view: the_group(view, key))

    async def create(self, order: GroupOrder, facts: RequestFacts = INTERNAL) -> OrganizationGroup:
        """Make a group; raises Refusal `group.unknown` (the parent), `api.invalid`, `api.conflict` (the Group ID)."""
        group_id = order.group_id.strip()
        if not group_id or len(group_id) > LONGEST_GROUP_ID or not group_id.isprintable():
            detail = f"group_id: expected 1 to {LONGEST_GROUP_ID} characters, found {len(group_id)}"
            raise DetailedRefusal("api.invalid", reason="group_id", detail=detail)
        check_readable(name=order.name, type=order.type)
        uuid = new_uuid(self._random_bytes)

        def work(room: StagingRoom) -> OrganizationGroup:
            parent = None if order.parent is None else the_group(room, order.parent).id
            group = room.groups.add(
                OrganizationGroup(
                    NEW,
                    uuid,
                    group_id,
                    order.name or group_id,
                    order.type,
                    parent,
                    MappingProxyType(dict(order.settings)),
                )
            )
            _check_settings(room, group)
            room.journal.tell(JournalCode.GROUP_CREATED, group=group.group_id)
            return group

        return await self._staging.transact(work, facts.occasion(self._clock()))

    async def change_settings(
        self, key: Key, changes: Mapping[str, Any], facts: RequestFacts = INTERNAL
    ) -> OrganizationGroup:
        """Override some settings of a group; raises Refusal `group.unknown`, `api.invalid` (it names the setting)."""

        def changed(overrides: dict[str, Any]) -> None:
            for name, value in changes.items():
                before = overrides.get(name)
                inner = isinstance(value, Mapping) and isinstance(before, Mapping)
                overrides[name] = {**before, **value} if inner else value  # type: ignore[dict-item]

        return await self._override(key, changed, facts)

    async def inherit_setting(self, key: Key, name: str, facts: RequestFacts = INTERNAL) -> OrganizationGroup:
        """Let a setting of a group be what its parent says again; raises Refusal `group.unknown`."""
        return await self._override(key, lambda overrides: overrides.pop(name, None), facts)

    async def remove(self, key: Key, facts: RequestFacts = INTERNAL) -> None:
        """Remove a group; raises Refusal `group.unknown`, `api.conflict` while anything is in it."""
        await self._staging.transact(
            lambda room: room.groups.remove(the_group(room, key).id), facts.occasion(self._clock())
        )

    async def user_groups(self) -> list[UserGroup]:
        """Return all user groups."""
        return list(await self._staging.read(lambda view: view.user_groups.all()))

    async def create_user_group(
        self,
        name: str,
        group: Key,
        *,
        enrollment_group: Key | None = None,
        rank: int = 0,
        facts: RequestFacts = INTERNAL,
    ) -> UserGroup:
        """Make a user group; raises Refusal `group.unknown`, `api.conflict` (the name)."""
        name = checked_name(name=name)
        uuid = new_uuid(self._random_bytes)

        def work(room: StagingRoom) -> UserGroup:
            leads_to = None if enrollment_group is None else the_group(room, enrollment_group).id
            if room.user_groups.by_name(name) is not None:
                raise Refusal("api.conflict", reason="user_group")
            return room.user_groups.add(UserGroup(NEW, uuid, name, the_group(room, group).id, leads_to, rank))

        return await self._staging.transact(work, facts.occasion(self._clock()))

    async def remove_user_group(self, key: Key, facts: RequestFacts = INTERNAL) -> None:
        """Remove a user group, and everybody from it; raises Refusal `user.group_unknown`."""
        await self._staging.transact(
            lambda room: room.user_groups.remove(the_user_group(room, key).id), facts.occasion(self._clock())
        )

    async def _override(
        self, key: Key, change: Callable[[dict[str, Any]], Any], facts: RequestFacts
    ) -> OrganizationGroup:
        def work(room: StagingRoom) -> OrganizationGroup:
            group = the_group(room, key)
            overrides = dict(group.overrides)
            change(overrides)
            changed = replace(group, overrides=MappingProxyType(overrides))
            room.groups.replace(changed)
            _check_settings(room, changed)
            room.journal.tell(JournalCode.GROUP_CHANGED, group=group.group_id)
            return changed

        return await self._staging.transact(work, facts.occasion(self._clock()))


def _check_settings(room: StagingRoom, changed: OrganizationGroup) -> None:
    """Refuse settings that are not possible for a group, or for one below it that inherits them."""
    tree = room.groups.tree()
    for group in tree.branch(changed.id):
        try:
            tree.settings(group)
        except SettingsError as error:
            raise DetailedRefusal("api.invalid", reason="settings", detail=str(error)) from None
