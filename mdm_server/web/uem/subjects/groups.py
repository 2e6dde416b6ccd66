"""Organization groups: `/api/system/groups`."""

from __future__ import annotations

from collections.abc import Callable

from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.service.staging.finding import Key, key_of
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.documents import Folded
from mdm_server.web.uem.spelling import Document, group_v1, group_v2

groups = Calls("Organization groups")

GLOBAL = 7
"""The number of the vendor's topmost group, "Global". Here nothing is above a customer, so a group made in it is the
root of a tree of its own: that is how pyws1uem makes customers."""


class NewGroup(Folded, frozen=True):
    """A group that is wanted."""

    group_id: str
    name: str = ""
    location_group_type: str = "Container"


@groups.get("system/groups/search", 1)
async def search_groups(asked: Asked) -> Reply:
    """Search groups by Group ID, name and type."""
    return await _search(asked, "LocationGroups", group_v1, total="Total")


@groups.get("system/groups/search", 2)
async def search_groups_anew(asked: Asked) -> Reply:
    """Search groups, identifiers unwrapped."""
    return await _search(asked, "OrganizationGroups", group_v2, total="TotalResults")


@groups.get("system/groups/{group}")
async def show_group(asked: Asked) -> Reply:
    """Show a group."""
    tree = await asked.suite.staging.groups.tree()
    return Reply(group_v1(await _group(asked), tree))


@groups.get("system/groups/{group}/children")
async def list_children(asked: Asked) -> Reply:
    """List a group and everything below it, as the vendor's call does."""
    tree = await asked.suite.staging.groups.tree()
    group = await _group(asked)
    return Reply({"LocationGroups": [group_v1(tree[number], tree) for number in tree.branch(group.id)]})


@groups.post("system/groups/{group}")
async def create_group(asked: Asked) -> Reply:
    """Make a group below another."""
    body = asked.body_as(NewGroup)
    parent: Key | None = key_of(asked.parameters["group"])
    if parent == GLOBAL and GLOBAL not in await asked.suite.staging.groups.tree():
        parent = None
    order = GroupOrder(group_id=body.group_id, name=body.name, type=body.location_group_type, parent=parent)
    created = await asked.suite.staging.groups.create(order, asked.facts)
    return Reply({"Value": created.id})


@groups.delete("system/groups/{group}")
async def delete_group(asked: Asked) -> Reply:
    """Delete a group in which nothing is."""
    await asked.suite.staging.groups.remove(key_of(asked.parameters["group"]), asked.facts)
    return Reply()


async def _group(asked: Asked) -> OrganizationGroup:
    return await asked.suite.staging.groups.find(key_of(asked.parameters["group"]))


async def _search(
    asked: Asked, name: str, spell: Callable[[OrganizationGroup, GroupTree], Document], *, total: str
) -> Reply:
    tree = await asked.suite.staging.groups.tree()
    found = [group for group in tree.values() if _matches(asked, group)]
    if not found:
        return NOTHING_FOUND
    page = asked.page()
    rows = [spell(group, tree) for group in page.of(found)]
    return Reply({name: rows, "Page": page.number, "PageSize": page.size, total: len(found)})


def _matches(asked: Asked, group: OrganizationGroup) -> bool:
    group_id, name, kind = asked.text("groupid"), asked.text("name"), asked.text("type")
    return (
        (group_id is None or group.group_id.casefold() == group_id.casefold())
        and (name is None or name.casefold() in group.name.casefold())
        and (kind is None or group.type.casefold() == kind.casefold())
    )
