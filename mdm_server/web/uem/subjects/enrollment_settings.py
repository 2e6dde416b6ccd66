"""Enrolment settings that have a call of their own: direct enrolment, and who the restrictions of a group are for.

What a restriction restricts is not in the vendor's API; here it is among the settings of a group (`/api/v1/groups`).
"""

from __future__ import annotations

from typing import Any

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.service.staging.finding import key_of
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.documents import Folded

enrollment_settings = Calls("Enrolment settings")
DIRECT = "mdm/groups/{group}/settings/directenrollment"
POLICIES = "system/enrollment/restriction-policies"


class DirectEnrollment(Folded, frozen=True):
    """Whom the Workspace ONE app enrols; what is not said stays."""

    assigned_user_group: str | int | None = None
    enable_work_space_one_direct_enrollment: bool | None = None
    enable_work_space_one_direct_enrollment_for_ios: bool | None = None
    enable_work_space_one_direct_enrollment_for_android_legacy: bool | None = None
    enable_work_space_one_direct_enrollment_for_android_enterprise: bool | None = None


@enrollment_settings.get(DIRECT)
async def show_direct_enrollment(asked: Asked) -> Reply:
    """Show whom the Workspace ONE app enrols."""
    group = await _group(asked)
    direct = (await asked.suite.staging.groups.tree()).settings(group.id).direct
    user_groups = {each.id: each.uuid for each in await asked.suite.staging.groups.user_groups()}
    return Reply(
        {
            "assignedUserGroup": user_groups.get(direct.user_group or 0),
            "enableWorkSpaceOneDirectEnrollment": direct.enabled,
            "enableWorkSpaceOneDirectEnrollmentForIos": direct.ios,
            "enableWorkSpaceOneDirectEnrollmentForAndroidLegacy": direct.android_legacy,
            "enableWorkSpaceOneDirectEnrollmentForAndroidEnterprise": direct.android_enterprise,
        }
    )


@enrollment_settings.put(DIRECT)
async def set_direct_enrollment(asked: Asked) -> Reply:
    """Set whom the Workspace ONE app enrols."""
    group, body = await _group(asked), asked.body_as(DirectEnrollment)
    given: dict[str, Any] = {
        "enabled": body.enable_work_space_one_direct_enrollment,
        "ios": body.enable_work_space_one_direct_enrollment_for_ios,
        "android_legacy": body.enable_work_space_one_direct_enrollment_for_android_legacy,
        "android_enterprise": body.enable_work_space_one_direct_enrollment_for_android_enterprise,
        "user_group": await _user_group(asked, body),
    }
    changes = {"direct": {name: value for name, value in given.items() if value is not None}}
    await asked.suite.staging.groups.change_settings(group.id, changes, asked.facts)
    return Reply()


@enrollment_settings.get(POLICIES, 2)
async def list_restriction_policies(asked: Asked) -> Reply:
    """List the groups that say who may enrol: each is a policy."""
    policies = [await _policy(asked, group) for group in (await asked.suite.staging.groups.tree()).values()]
    found = [policy for policy in policies if policy is not None]
    return Reply({"policies": found, "total": len(found)}) if found else NOTHING_FOUND


@enrollment_settings.get(POLICIES + "/{policy}", 2)
async def show_restriction_policy(asked: Asked) -> Reply:
    """Show the policy of a group: its name, its group, and the user groups it is for."""
    group = await asked.suite.staging.groups.find(key_of(asked.parameters["policy"]))
    policy = await _policy(asked, group)
    if policy is None:
        raise Refusal("api.not_found")
    return Reply(policy)


class PolicyChange(Folded, frozen=True):
    """The user groups that a policy is for."""

    user_groups: tuple[str | int, ...] = ()


@enrollment_settings.patch(POLICIES + "/{policy}/organization-group/{group}", 2)
async def assign_restriction_policy(asked: Asked) -> Reply:
    """Say which user groups may enrol in a group."""
    group = await _group(asked)
    known = {
        str(name): each.id for each in await asked.suite.staging.groups.user_groups() for name in (each.id, each.uuid)
    }
    wanted = [str(name).lower() for name in asked.body_as(PolicyChange).user_groups]
    if any(name not in known for name in wanted):
        raise Refusal("user.group_unknown")
    changes = {"allowed_user_groups": [known[name] for name in wanted] or None}
    await asked.suite.staging.groups.change_settings(group.id, changes, asked.facts)
    return Reply()


async def _group(asked: Asked) -> OrganizationGroup:
    return await asked.suite.staging.groups.find(key_of(asked.parameters["group"]))


async def _policy(asked: Asked, group: OrganizationGroup) -> dict[str, Any] | None:
    allowed = group.overrides.get("allowed_user_groups")
    if allowed is None:
        return None
    user_groups = {each.id: each for each in await asked.suite.staging.groups.user_groups()}
    return {
        "uuid": group.uuid,
        "name": f"Who may enrol in {group.name}",
        "organizationGroupUuid": group.uuid,
        "userGroups": [
            {"uuid": user_groups[number].uuid, "name": user_groups[number].name}
            for number in allowed
            if number in user_groups
        ],
    }


async def _user_group(asked: Asked, body: DirectEnrollment) -> int | None:
    if body.assigned_user_group is None:
        return None
    key = key_of(str(body.assigned_user_group))
    for group in await asked.suite.staging.groups.user_groups():
        if key in (group.id, group.uuid):
            return group.id
    raise Refusal("user.group_unknown")
