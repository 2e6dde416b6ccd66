"""The states of an application that the server wants on a device, and the table that says how one leads to another.

The states are the words of ManagedApplicationList. Of Apple's, devices here never say PromptingForUpdateLogin,
ValidatingPurchase, ValidatingUpdate and Unknown.
https://developer.apple.com/documentation/devicemanagement/managedapplicationlistresponse
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ApplicationState(StrEnum):
    """How far an application has come under management."""

    UNMANAGED = "Unmanaged"
    """The server has nothing to do with it; this is no word of the list."""
    NEEDS_REDEMPTION = "NeedsRedemption"
    REDEEMING = "Redeeming"
    PROMPTING_FOR_LOGIN = "PromptingForLogin"
    PROMPTING = "Prompting"
    QUEUED = "Queued"
    INSTALLING = "Installing"
    MANAGED = "Managed"
    PROMPTING_FOR_UPDATE = "PromptingForUpdate"
    UPDATING = "Updating"
    PROMPTING_FOR_MANAGEMENT = "PromptingForManagement"
    MANAGED_BUT_UNINSTALLED = "ManagedButUninstalled"
    USER_INSTALLED_APP = "UserInstalledApp"
    USER_REJECTED = "UserRejected"
    UPDATE_REJECTED = "UpdateRejected"
    MANAGEMENT_REJECTED = "ManagementRejected"
    FAILED = "Failed"


class ApplicationTrigger(StrEnum):
    """What moves an application on."""

    ORDERED = "ordered"
    ORDERED_WITH_QUESTION = "ordered_with_question"
    ORDERED_WITHOUT_CODE = "ordered_without_code"
    ORDERED_WITHOUT_ACCOUNT = "ordered_without_account"
    CLAIMED = "claimed"
    CLAIMED_WITH_QUESTION = "claimed_with_question"
    CODE_APPLIED = "code_applied"
    CAME_FURTHER = "came_further"
    FAILED = "failed"
    PERSON_AGREED = "person_agreed"
    PERSON_REFUSED = "person_refused"
    PERSON_INSTALLED = "person_installed"
    PERSON_REMOVED = "person_removed"
    SERVER_REMOVED = "server_removed"
    REPORTED = "reported"
    REPORTED_MANAGED = "reported_managed"
    """The news was told, and the application is managed as it was before."""


ASKING = frozenset(
    {
        ApplicationState.PROMPTING_FOR_LOGIN,
        ApplicationState.PROMPTING,
        ApplicationState.PROMPTING_FOR_UPDATE,
        ApplicationState.PROMPTING_FOR_MANAGEMENT,
    }
)
"""The device waits for its person's answer."""
TOLD_ONCE = frozenset(
    {
        ApplicationState.USER_INSTALLED_APP,
        ApplicationState.USER_REJECTED,
        ApplicationState.UPDATE_REJECTED,
        ApplicationState.MANAGEMENT_REJECTED,
        ApplicationState.FAILED,
    }
)
"""The server hears of it once, and then no more."""
ON_THE_WAY = frozenset(
    {
        ApplicationState.NEEDS_REDEMPTION,
        ApplicationState.REDEEMING,
        ApplicationState.QUEUED,
        ApplicationState.INSTALLING,
        ApplicationState.UPDATING,
        *ASKING,
    }
)
"""There is an order that has not come to its end."""


def _table() -> Mapping[tuple[ApplicationState, ApplicationTrigger], ApplicationState]:
    here, what = ApplicationState, ApplicationTrigger
    table = {
        (here.UNMANAGED, what.CLAIMED): here.MANAGED,
        (here.UNMANAGED, what.CLAIMED_WITH_QUESTION): here.PROMPTING_FOR_MANAGEMENT,
        (here.NEEDS_REDEMPTION, what.CODE_APPLIED): here.REDEEMING,
        (here.REDEEMING, what.CAME_FURTHER): here.QUEUED,
        (here.PROMPTING_FOR_LOGIN, what.PERSON_AGREED): here.QUEUED,
        (here.PROMPTING_FOR_LOGIN, what.PERSON_REFUSED): here.USER_REJECTED,
        (here.PROMPTING, what.PERSON_AGREED): here.QUEUED,
        (here.PROMPTING, what.PERSON_REFUSED): here.USER_REJECTED,
        (here.QUEUED, what.CAME_FURTHER): here.INSTALLING,
        (here.INSTALLING, what.CAME_FURTHER): here.MANAGED,
        (here.INSTALLING, what.FAILED): here.FAILED,
        (here.MANAGED, what.ORDERED): here.UPDATING,
        (here.MANAGED, what.ORDERED_WITH_QUESTION): here.PROMPTING_FOR_UPDATE,
        (here.PROMPTING_FOR_UPDATE, what.PERSON_AGREED): here.UPDATING,
        (here.PROMPTING_FOR_UPDATE, what.PERSON_REFUSED): here.UPDATE_REJECTED,
        (here.UPDATING, what.CAME_FURTHER): here.MANAGED,
        (here.UPDATING, what.FAILED): here.FAILED,
        (here.PROMPTING_FOR_MANAGEMENT, what.PERSON_AGREED): here.MANAGED,
        (here.PROMPTING_FOR_MANAGEMENT, what.PERSON_REFUSED): here.MANAGEMENT_REJECTED,
        (here.MANAGED, what.PERSON_REMOVED): here.MANAGED_BUT_UNINSTALLED,
        (here.PROMPTING_FOR_UPDATE, what.PERSON_REMOVED): here.MANAGED_BUT_UNINSTALLED,
        (here.UPDATING, what.PERSON_REMOVED): here.MANAGED_BUT_UNINSTALLED,
        (here.PROMPTING_FOR_MANAGEMENT, what.PERSON_REMOVED): here.MANAGEMENT_REJECTED,
        (here.MANAGED_BUT_UNINSTALLED, what.PERSON_INSTALLED): here.MANAGED,
    }
    for state in (here.NEEDS_REDEMPTION, here.REDEEMING, here.PROMPTING, here.QUEUED, here.INSTALLING):
        table[state, what.PERSON_INSTALLED] = here.USER_INSTALLED_APP
    for state in (here.UNMANAGED, here.MANAGED_BUT_UNINSTALLED):
        table[state, what.ORDERED] = here.QUEUED
        table[state, what.ORDERED_WITH_QUESTION] = here.PROMPTING
        table[state, what.ORDERED_WITHOUT_CODE] = here.NEEDS_REDEMPTION
        table[state, what.ORDERED_WITHOUT_ACCOUNT] = here.PROMPTING_FOR_LOGIN
    for state in here:
        if state in {here.MANAGED, here.MANAGED_BUT_UNINSTALLED, *ON_THE_WAY}:
            table[state, what.SERVER_REMOVED] = here.UNMANAGED
        elif state in TOLD_ONCE:
            table[state, what.REPORTED] = here.UNMANAGED
    for state in (here.UPDATE_REJECTED, here.FAILED):
        table[state, what.REPORTED_MANAGED] = here.MANAGED
    return MappingProxyType(table)


APPLICATION = _table()
