"""Enrolment users: `/api/system/users`, in the words of version 1 and of version 2."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from mdm_server.domain.staging.vocabulary import DeviceStagingType, SecurityType, UserStatus
from mdm_server.service.staging.finding import key_of
from mdm_server.service.staging.users import UserChange, UserOrder
from mdm_server.web.errors import Explained
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.documents import Folded, member
from mdm_server.web.uem.spelling import STAGING_MODES, user_v1, user_v2

users = Calls("Enrolment users")


class User(Folded, frozen=True):
    """What either version says of a user; what is not said stays as it is, or has its default."""

    user_name: str | None = None
    password: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    email_address: str | None = None
    status: bool | UnsetType = UNSET
    security_type: str | int | None = None
    device_staging_enabled: bool | None = None
    device_staging_type: str | None = None
    staging_mode: str | int | None = None
    organization_group_uuid: str | None = None
    enrollment_organization_group_uuid: str | None = None
    location_group_id: str | int | None = None
    group: str | None = None

    @property
    def account_status(self) -> UserStatus | None:
        """Whether the account may log in, if that is said."""
        if isinstance(self.status, UnsetType):
            return None
        return UserStatus.ACTIVE if self.status else UserStatus.INACTIVE

    @property
    def kind(self) -> SecurityType:
        """Where the password is kept: 1 is a directory, 2 is here."""
        named = {1: SecurityType.DIRECTORY, 2: SecurityType.BASIC}
        if isinstance(self.security_type, int):
            return named.get(self.security_type, SecurityType.BASIC)
        return (
            SecurityType.BASIC
            if self.security_type is None
            else member(SecurityType, "securityType", self.security_type)
        )

    @property
    def staging(self) -> DeviceStagingType | None:
        """What the user may stage, if that is said; enabling alone is the plainest kind."""
        if self.device_staging_enabled is False:
            return DeviceStagingType.DISABLED
        if self.device_staging_type is not None:
            return member(DeviceStagingType, "deviceStagingType", self.device_staging_type)
        if self.staging_mode is not None:
            return _staging_mode(self.staging_mode)
        return DeviceStagingType.STANDARD if self.device_staging_enabled else None

    @property
    def organization_group(self) -> str | int | None:
        """The group the user belongs to, however it is named."""
        text = self.enrollment_organization_group_uuid or self.organization_group_uuid or self.location_group_id
        return None if text is None else key_of(str(text))


@users.get("system/users/search", 1, 2)
async def search_users(asked: Asked) -> Reply:
    """Search users by name, first name, last name, e-mail, group and status."""
    page = asked.page()
    staging = asked.suite.staging
    tree = await staging.groups.tree()
    group, status = asked.amount("organizationgroupid") or asked.amount("locationgroupid"), asked.text("status")
    found = await staging.users.search(
        user_name=asked.text("username"),
        first_name=asked.text("firstname"),
        last_name=asked.text("lastname"),
        email=asked.text("email"),
        groups=None if group is None else tree.branch(group) if group in tree else (),
        status=None if status is None else member(UserStatus, "status", status),
        offset=page.number * page.size,
        limit=page.size,
    )
    if not found.rows:
        return NOTHING_FOUND
    rows = [user_v1(user, devices, tree.get(user.group)) for user, devices in found]
    return Reply({"Users": rows, "Page": page.number, "PageSize": page.size, "Total": found.total})


@users.get("system/users/{user}", 1)
async def show_user(asked: Asked) -> Reply:
    """Show a user in the words of version 1."""
    user, devices = await asked.suite.staging.users.described(key_of(asked.parameters["user"]))
    tree = await asked.suite.staging.groups.tree()
    return Reply(user_v1(user, devices, tree.get(user.group)))


@users.get("system/users/{user}", 2)
async def show_user_anew(asked: Asked) -> Reply:
    """Show a user in the words of version 2."""
    user, devices = await asked.suite.staging.users.described(key_of(asked.parameters["user"]))
    tree = await asked.suite.staging.groups.tree()
    return Reply(user_v2(user, devices, tree.get(user.group)))


@users.post("system/users/adduser", 1)
async def add_user(asked: Asked) -> Reply:
    """Make a user, and say the number it has got."""
    created = await asked.suite.staging.users.create(_order(asked.body_as(User)), asked.facts)
    return Reply({"Value": created.id})


@users.post("system/users", 2)
async def create_user(asked: Asked) -> Reply:
    """Make a user; the answer has no body, so a client that wants the UUID follows Location, or searches."""
    created = await asked.suite.staging.users.create(_order(asked.body_as(User)), asked.facts)
    return Reply(status=201, headers={"Location": f"{asked.facts.base_url}/api/system/users/{created.uuid}"})


@users.put("system/users/{user}", 2)
@users.post("system/users/{user}/update", 1)
async def update_user(asked: Asked) -> Reply:
    """Change a user; what is not said stays."""
    body = asked.body_as(User)
    change = UserChange(
        password=body.password,
        first_name=body.first_name,
        last_name=body.last_name,
        email=body.email_address or body.email,
        status=body.account_status,
        group=body.organization_group,
        staging_type=body.staging,
    )
    await asked.suite.staging.users.change(key_of(asked.parameters["user"]), change, asked.facts)
    return Reply()


@users.delete("system/users/{user}", 2)
@users.delete("system/users/{user}/delete", 1)
async def delete_user(asked: Asked) -> Reply:
    """Delete a user; what the user staged and nobody took is orphaned."""
    await asked.suite.staging.users.remove(key_of(asked.parameters["user"]), asked.facts)
    return Reply()


@users.post("system/users/{user}/activate", 1)
async def activate_user(asked: Asked) -> Reply:
    """Let a user log in."""
    return await _set_status(asked, UserStatus.ACTIVE)


@users.post("system/users/{user}/deactivate", 1)
async def deactivate_user(asked: Asked) -> Reply:
    """Let a user log in no more."""
    return await _set_status(asked, UserStatus.INACTIVE)


@users.post("system/users/{user}/changelocationgroup", 1)
async def move_user(asked: Asked) -> Reply:
    """Put a user into another organization group."""
    group = asked.amount("targetlg") or asked.amount("targetLocationGroupId")
    if group is None:
        raise Explained("api.invalid", expected="the parameter targetlg", found="none")
    await asked.suite.staging.users.change(key_of(asked.parameters["user"]), UserChange(group=group), asked.facts)
    return Reply()


async def _set_status(asked: Asked, status: UserStatus) -> Reply:
    await asked.suite.staging.users.set_status(key_of(asked.parameters["user"]), status, asked.facts)
    return Reply()


def _order(body: User) -> UserOrder:
    if not body.user_name:
        raise Explained("api.invalid", expected="a userName", found="none")
    return UserOrder(
        user_name=body.user_name,
        password=body.password,
        first_name=body.first_name or "",
        last_name=body.last_name or "",
        email=body.email_address or body.email or "",
        security_type=body.kind,
        status=body.account_status or UserStatus.ACTIVE,
        group=body.organization_group,
        staging_type=body.staging or DeviceStagingType.DISABLED,
    )


def _staging_mode(mode: str | int) -> DeviceStagingType:
    """Return what V1's StagingMode stands for, written as a word or as its number."""
    words = [*STAGING_MODES.values()]
    numbered = ["StagingDisabled", "SingleKnownUserStaging", "SingleUnknownUserStaging", "EndUser", *words[3:]]
    text = str(mode)
    word = numbered[int(text)] if text.isdigit() and int(text) < len(numbered) else text
    found = {spelled.lower(): kind for kind, spelled in STAGING_MODES.items()} | {"enduser": DeviceStagingType.DISABLED}
    if word.lower() not in found:
        raise Explained("api.invalid", expected=f"StagingMode: one of {', '.join(words)}", found=text[:100])
    return found[word.lower()]
