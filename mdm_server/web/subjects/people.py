"""People and where they belong: organization groups with their settings, user groups, enrolment users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from mdm_server.domain.staging.vocabulary import DeviceStagingType, SecurityType, UserStatus
from mdm_server.service.staging.finding import key_of
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.users import UserChange, UserOrder
from mdm_server.service.staging.views import (
    GroupView,
    UserGroupView,
    UserView,
    group_view,
    user_group_view,
    user_view,
)
from mdm_server.web.operations import Desk, Operations
from mdm_server.web.subjects.parameters import Key, Limit, Offset

people = Operations("People", "Organization groups and their enrolment settings, user groups, enrolment users.")

Setting = Annotated[str, Meta(min_length=1, max_length=64, description="The name of a setting, such as `mode`.")]
Secret = Annotated[str, Meta(min_length=1, max_length=1024)]
Text = Annotated[str, Meta(max_length=256)]


class NewGroup(Struct, kw_only=True, forbid_unknown_fields=True):
    """A group that is wanted; without a parent it is the root of a tree of its own."""

    group_id: Annotated[str, Meta(max_length=64, description="What users type into the Hub.")]
    name: Text = ""
    type: Text = "Container"
    parent: Key | None = None
    settings: dict[str, Any] = field(default_factory=dict)


class NewUserGroup(Struct, kw_only=True, forbid_unknown_fields=True):
    """A user group that is wanted."""

    name: Text
    group: Key = "1"
    enrollment_group: Annotated[str, Meta(description="Where the devices of its members go.")] | None = None
    rank: Annotated[int, Meta(description="Of several groups of one user, the lowest rank leads.")] = 0


class NewUser(Struct, kw_only=True, forbid_unknown_fields=True):
    """A user who is wanted."""

    user_name: Text
    password: Secret | None = None
    first_name: Text = ""
    last_name: Text = ""
    email: Text = ""
    security_type: SecurityType = SecurityType.BASIC
    status: UserStatus = UserStatus.ACTIVE
    group: Key | None = None
    user_groups: list[Key] = field(default_factory=list)
    staging_type: DeviceStagingType = DeviceStagingType.DISABLED


class UserChanges(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a user; what is left out stays."""

    password: Secret | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    status: UserStatus | None = None
    group: Key | None = None
    user_groups: list[Key] | None = None
    staging_type: DeviceStagingType | None = None


class SharedPasscode(Struct, kw_only=True, forbid_unknown_fields=True):
    """The passcode with which a user checks shared devices out."""

    passcode: Secret
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class GroupList(Struct):
    """All organization groups, by number."""

    groups: list[GroupView]


class UserGroupList(Struct):
    """All user groups, by number."""

    user_groups: list[UserGroupView]


class UserPage(Struct):
    """Some users, and how many there are."""

    users: list[UserView]
    total: int


@people.get("/groups")
async def list_groups(desk: Desk) -> GroupList:
    """List the organization groups.

    Each with the settings it overrides, and with everything that holds in it.
    """
    tree = await desk.suite.staging.groups.tree()
    return GroupList([group_view(group, tree) for group in tree.values()])


@people.post("/groups", status=201, refusals=(404, 409))
async def create_group(desk: Desk, body: NewGroup) -> GroupView:
    """Make an organization group."""
    order = GroupOrder(
        group_id=body.group_id,
        name=body.name,
        type=body.type,
        parent=None if body.parent is None else key_of(body.parent),
        settings=body.settings,
    )
    created = await desk.suite.staging.groups.create(order, desk.facts)
    return group_view(created, await desk.suite.staging.groups.tree())


@people.get("/groups/{group}", refusals=(404,))
async def show_group(desk: Desk, group: Key) -> GroupView:
    """Show an organization group."""
    found = await desk.suite.staging.groups.find(key_of(group))
    return group_view(found, await desk.suite.staging.groups.tree())


@people.delete("/groups/{group}", status=204, refusals=(404, 409))
async def delete_group(desk: Desk, group: Key) -> None:
    """Delete an organization group.

    Nothing may be in it.
    """
    await desk.suite.staging.groups.remove(key_of(group), desk.facts)


@people.post("/groups/{group}/settings", refusals=(404,))
async def change_settings(desk: Desk, group: Key, body: dict[str, Any]) -> GroupView:
    """Override settings of a group.

    What is not named stays; groups below inherit. A setting nobody knows is refused with the nearest one there is.
    """
    changed = await desk.suite.staging.groups.change_settings(key_of(group), body, desk.facts)
    return group_view(changed, await desk.suite.staging.groups.tree())


@people.delete("/groups/{group}/settings/{setting}", refusals=(404,))
async def inherit_setting(desk: Desk, group: Key, setting: Setting) -> GroupView:
    """Inherit a setting again."""
    changed = await desk.suite.staging.groups.inherit_setting(key_of(group), setting, desk.facts)
    return group_view(changed, await desk.suite.staging.groups.tree())


@people.get("/user-groups")
async def list_user_groups(desk: Desk) -> UserGroupList:
    """List the user groups."""
    return UserGroupList([user_group_view(each) for each in await desk.suite.staging.groups.user_groups()])


@people.post("/user-groups", status=201, refusals=(404, 409))
async def create_user_group(desk: Desk, body: NewUserGroup) -> UserGroupView:
    """Make a user group."""
    leads_to = None if body.enrollment_group is None else key_of(body.enrollment_group)
    return user_group_view(
        await desk.suite.staging.groups.create_user_group(
            body.name, key_of(body.group), enrollment_group=leads_to, rank=body.rank, facts=desk.facts
        )
    )


@people.delete("/user-groups/{user_group}", status=204, refusals=(404,))
async def delete_user_group(desk: Desk, user_group: Key) -> None:
    """Delete a user group.

    Everybody is taken out of it.
    """
    await desk.suite.staging.groups.remove_user_group(key_of(user_group), desk.facts)


@people.get("/users")
async def search_users(
    desk: Desk, name: Text | None = None, email: Text | None = None, limit: Limit = 100, offset: Offset = 0
) -> UserPage:
    """Search users.

    By parts of their names and addresses.
    """
    found = await desk.suite.staging.users.search(user_name=name, email=email, limit=limit, offset=offset)
    return UserPage([user_view(user, devices) for user, devices in found], found.total)


@people.post("/users", status=201, refusals=(404, 409))
async def create_user(desk: Desk, body: NewUser) -> UserView:
    """Make a user.

    The password is kept as a hash (argon2id).
    """
    order = UserOrder(
        user_name=body.user_name,
        password=body.password,
        first_name=body.first_name,
        last_name=body.last_name,
        email=body.email,
        security_type=body.security_type,
        status=body.status,
        group=None if body.group is None else key_of(body.group),
        user_groups=tuple(map(key_of, body.user_groups)),
        staging_type=body.staging_type,
    )
    return user_view(await desk.suite.staging.users.create(order, desk.facts), 0)


@people.get("/users/{user}", refusals=(404,))
async def show_user(desk: Desk, user: Key) -> UserView:
    """Show a user."""
    return await _user(desk, user)


@people.post("/users/{user}", refusals=(404,))
async def change_user(desk: Desk, user: Key, body: UserChanges) -> UserView:
    """Change a user."""
    change = UserChange(
        password=body.password,
        first_name=body.first_name,
        last_name=body.last_name,
        email=body.email,
        status=body.status,
        group=None if body.group is None else key_of(body.group),
        user_groups=None if body.user_groups is None else tuple(map(key_of, body.user_groups)),
        staging_type=body.staging_type,
    )
    await desk.suite.staging.users.change(key_of(user), change, desk.facts)
    return await _user(desk, user)


@people.delete("/users/{user}", status=204, refusals=(404, 409))
async def delete_user(desk: Desk, user: Key) -> None:
    """Delete a user.

    All the user's registrations go, too. What the user staged and nobody took is orphaned: it has to be wiped and
    enrolled again. To whom devices are assigned cannot be deleted before they are wiped, or another's.
    """
    await desk.suite.staging.users.remove(key_of(user), desk.facts)


@people.post("/users/{user}/reset-attempts", refusals=(404,))
async def reset_user_attempts(desk: Desk, user: Key) -> UserView:
    """Forget a user's failed logins.

    A user whom they locked is active again. Those of a device are another matter: see `/attempts/reset`.
    """
    await desk.suite.staging.users.reset_attempts(key_of(user), desk.facts)
    return await _user(desk, user)


@people.post("/users/{user}/shared-passcode", refusals=(404,))
async def set_shared_passcode(desk: Desk, user: Key, body: SharedPasscode) -> UserView:
    """Set a user's shared device passcode.

    It is good for thirty days unless told otherwise.
    """
    await desk.suite.staging.users.set_shared_passcode(key_of(user), body.passcode, body.expires_at, desk.facts)
    return await _user(desk, user)


async def _user(desk: Desk, user: str) -> UserView:
    return user_view(*await desk.suite.staging.users.described(key_of(user)))
