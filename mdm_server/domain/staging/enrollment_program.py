"""Apple's Device Enrollment Program: what a device from Apple Business Manager is told, and the rules of that.

The fields are those of Apple's DEP profile and of Workspace ONE's form for it (staging-flows.md F8).
https://developer.apple.com/documentation/devicemanagement/profile
"""

from __future__ import annotations

from dataclasses import dataclass

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import version_of
from mdm_server.domain.staging.lists import ListVerdict
from mdm_server.domain.staging.users import EnrollmentUser


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramProfile:
    """A DEP profile.

    Attributes:
        group: the organization group that a device goes to.
        mandatory: Setup Assistant cannot be finished without enrolling.
        supervised: the device becomes supervised.
        removable: its person may remove the management.
        authentication_required: Setup Assistant asks for an enrolment user's credentials, or a registration token.
        default_user: whose a device is where nobody is asked; a staging user stages it.
        skip_setup_items: panes of Setup Assistant that are not shown, by Apple's names.
        minimum_os: a device with an older system is sent to update first.

    """

    id: int
    uuid: str
    name: str
    group: int
    mandatory: bool = True
    supervised: bool = True
    removable: bool = False
    authentication_required: bool = True
    default_user: int | None = None
    skip_setup_items: tuple[str, ...] = ()
    minimum_os: str | None = None


def check_profile(profile: ProgramProfile, default_user: EnrollmentUser | None) -> None:
    """Raise Refusal `dep.profile` for a profile that contradicts itself.

    Management that cannot be removed is for supervised devices only (Apple, `is_mdm_removable`; row 45), and somebody
    must have the device where nobody is asked.
    """
    if not profile.name.strip():
        raise Refusal("dep.profile", reason="name")
    if not profile.removable and not profile.supervised:
        raise Refusal("dep.profile", reason="locked_needs_supervised")
    if not profile.authentication_required and default_user is None:
        raise Refusal("dep.profile", reason="default_user")


def check_assignment(listed: ListVerdict) -> None:
    """Raise Refusal `DEP_ASSIGN_BLOCKED` for a device that is denied (§2.1 rule 7, row 49)."""
    if listed.denied is not None:
        raise Refusal("DEP_ASSIGN_BLOCKED")


def required_update(profile: ProgramProfile, os_version: str, *, can_update: bool) -> str | None:
    """Return the system version that a device has to update to before it enrols, or None (row 51).

    Only a device that says it can be asked to is sent to update (iOS 17 and later).
    """
    minimum = profile.minimum_os
    if minimum is None or not can_update or version_of(os_version) >= version_of(minimum):
        return None
    return minimum
