"""Apple's Device Enrollment Program: what a device from Apple Business Manager is told, and the rules of that.

The fields are those of Apple's DEP profile and of Workspace ONE's form for it (staging-flows.md F8).
https://developer.apple.com/documentation/devicemanagement/profile
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import version_of
from mdm_server.domain.staging.lists import ListVerdict
from mdm_server.domain.staging.users import EnrollmentUser


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramTerms:
    """What a DEP profile says: the part that an administrator decides.

    Attributes:
        mandatory: Setup Assistant cannot be finished without enrolling.
        supervised: the device becomes supervised.
        removable: its person may remove the management.
        authentication_required: Setup Assistant asks for an enrolment user's credentials, or a registration token.
        default_user: whose a device is where nobody is asked; a staging user stages it.
        skip_setup_items: panes of Setup Assistant that are not shown, by Apple's names.
        minimum_os: a device with an older system is sent to update first.
        token: the server in Apple Business Manager that the profile is defined at, by our number of its token.
        department, support_phone_number, support_email_address: whom Setup Assistant names to turn to.
        language, region: what a device that goes on by itself is set to.
        multi_user: an iPad becomes a Shared iPad.
        allow_pairing: the device may be paired with a computer.
        await_configuration: Setup Assistant waits until the server says that the device is configured.
        auto_advance: Setup Assistant goes on by itself.
        web_sign_in: who the person is is asked by a page of ours, not by Setup Assistant.
        do_not_use_profile_from_backup: a device that is restored does not take its management from the backup.
        return_to_service: the device may be erased and set up again without a person.
        anchor_certificates: whom the device trusts while it enrols, as DER.

    """

    name: str
    mandatory: bool = True
    supervised: bool = True
    removable: bool = False
    authentication_required: bool = True
    default_user: int | None = None
    skip_setup_items: tuple[str, ...] = ()
    minimum_os: str | None = None
    token: int | None = None
    department: str = ""
    support_phone_number: str = ""
    support_email_address: str = ""
    language: str | None = None
    region: str | None = None
    multi_user: bool = False
    allow_pairing: bool = True
    await_configuration: bool = False
    auto_advance: bool = False
    web_sign_in: bool = False
    do_not_use_profile_from_backup: bool = False
    return_to_service: bool = False
    anchor_certificates: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramProfile(ProgramTerms):
    """A DEP profile: its terms, and where it is kept.

    Attributes:
        group: the organization group that a device goes to.
        abm_uuid: what Apple Business Manager calls it, once it is defined there.

    """

    id: int
    uuid: str
    group: int
    abm_uuid: str | None = None


def terms_of(terms: ProgramTerms) -> dict[str, Any]:
    """Return the terms by name, of a profile or of an order for one."""
    return {field.name: getattr(terms, field.name) for field in fields(ProgramTerms)}


def check_profile(profile: ProgramProfile, default_user: EnrollmentUser | None) -> None:
    """Raise Refusal `dep.profile` for a profile that contradicts itself.

    Management that cannot be removed is for supervised devices only (Apple, `is_mdm_removable`; row 45), and somebody
    must have the device where nobody is asked. Who signs in on a page has been asked.
    """
    if not profile.name.strip():
        raise Refusal("dep.profile", reason="name")
    if not profile.removable and not profile.supervised:
        raise Refusal("dep.profile", reason="locked_needs_supervised")
    if not profile.authentication_required and default_user is None:
        raise Refusal("dep.profile", reason="default_user")
    if profile.web_sign_in and not profile.authentication_required:
        raise Refusal("dep.profile", reason="web_sign_in")


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
