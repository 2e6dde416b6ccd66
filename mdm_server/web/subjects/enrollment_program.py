"""Apple's Device Enrollment Program: DEP profiles, and the devices they are assigned to."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, structs

from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.service.staging.finding import key_of
from mdm_server.web.operations import Desk, Operations
from mdm_server.web.subjects.parameters import Key, Number

enrollment_program = Operations(
    "Device Enrollment Program", "What devices of Apple Business Manager are told, and which device is told what."
)

DEFAULT_USER = Meta(description="Whose a device is where nobody is asked; a staging user stages it.")
SerialNumber = Annotated[str, Meta(min_length=1, max_length=128)]
Version = Annotated[str, Meta(pattern=r"^\d+(\.\d+){0,2}$", description="A system version, such as 18.1.")]
Pane = Annotated[str, Meta(min_length=1, max_length=64, description="A pane of Setup Assistant, by Apple's name.")]
Panes = Annotated[list[Pane], Meta(max_length=128)]
Line = Annotated[str, Meta(max_length=256)]
Anchor = Annotated[bytes, Meta(max_length=8192)]


class NewProgramProfile(Struct, kw_only=True, forbid_unknown_fields=True):
    """A DEP profile to save."""

    name: Annotated[str, Meta(min_length=1, max_length=128)]
    group: Key = "1"
    mandatory: bool = True
    supervised: bool = True
    removable: Annotated[bool, Meta(description="Its person may remove the management.")] = False
    authentication_required: bool = True
    default_user: Annotated[Key, DEFAULT_USER] | None = None
    skip_setup_items: Panes = []
    minimum_os: Version | None = None
    token: Annotated[int, Meta(ge=1, description="The ABM token of the server that the profile is for.")] | None = None
    department: Line = ""
    support_phone_number: Line = ""
    support_email_address: Line = ""
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-\w+)*$", description="Such as de.")] | None = None
    region: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="Such as DE.")] | None = None
    multi_user: Annotated[bool, Meta(description="An iPad becomes a Shared iPad.")] = False
    allow_pairing: bool = True
    await_configuration: Annotated[bool, Meta(description="Setup Assistant waits for DeviceConfigured.")] = False
    auto_advance: Annotated[bool, Meta(description="Setup Assistant goes on by itself.")] = False
    web_sign_in: Annotated[bool, Meta(description="Its person signs in on a page of this server.")] = False
    do_not_use_profile_from_backup: bool = False
    return_to_service: bool = False
    anchor_certificates: Annotated[list[Anchor], Meta(max_length=8, description="DER in Base64.")] = []


class ProgramProfiles(Struct):
    """All DEP profiles."""

    profiles: list[ProgramProfile]


class NewAssignment(Struct, forbid_unknown_fields=True):
    """The DEP profile that a device shall have."""

    profile: Number


@enrollment_program.get("/dep-profiles")
async def list_dep_profiles(desk: Desk) -> ProgramProfiles:
    """List the DEP profiles."""
    return ProgramProfiles(await desk.suite.staging.program.all())


@enrollment_program.post("/dep-profiles", status=201, refusals=(404, 409))
async def save_dep_profile(desk: Desk, body: NewProgramProfile) -> ProgramProfile:
    """Save a DEP profile.

    Management that cannot be removed is for supervised devices, and where nobody is asked who they are there has to be
    a default user.
    """
    return await desk.suite.staging.program.save(await _order(desk, body), desk.facts)


@enrollment_program.get("/dep-profiles/{profile}", refusals=(404,))
async def show_dep_profile(desk: Desk, profile: Key) -> ProgramProfile:
    """Show a DEP profile."""
    return await desk.suite.staging.program.find(key_of(profile))


@enrollment_program.put("/dep-profiles/{profile}", refusals=(404, 409))
async def change_dep_profile(desk: Desk, profile: Key, body: NewProgramProfile) -> ProgramProfile:
    """Save a DEP profile anew.

    Apple Business Manager is told, and devices that have the profile get it as it is now when they are set up.
    """
    return await desk.suite.staging.program.change(key_of(profile), await _order(desk, body), desk.facts)


@enrollment_program.delete("/dep-profiles/{profile}", status=204, refusals=(404, 409))
async def remove_dep_profile(desk: Desk, profile: Key) -> None:
    """Remove a DEP profile.

    One that a device, a rule or a token has stays.
    """
    await desk.suite.staging.program.remove(key_of(profile), desk.facts)


@enrollment_program.post("/dep-devices/{serial_number}", status=204, refusals=(400, 404, 409))
async def assign_dep_profile(desk: Desk, serial_number: SerialNumber, body: NewAssignment) -> None:
    """Assign a DEP profile to a device.

    In the place of the one it has; a denied device gets none. Apple Business Manager is told, if it has the device.
    """
    await desk.suite.staging.program.assign(serial_number, body.profile, desk.facts)


@enrollment_program.delete("/dep-devices/{serial_number}", status=204)
async def take_dep_profile_away(desk: Desk, serial_number: SerialNumber) -> None:
    """Take the DEP profile of a device away."""
    await desk.suite.staging.program.assign(serial_number, None, desk.facts)


async def _order(desk: Desk, body: NewProgramProfile) -> ProfileOrder:
    user = None if body.default_user is None else await desk.suite.staging.users.find(key_of(body.default_user))
    terms = structs.asdict(body) | {
        "group": key_of(body.group),
        "default_user": None if user is None else user.id,
        "skip_setup_items": tuple(body.skip_setup_items),
        "anchor_certificates": tuple(body.anchor_certificates),
    }
    return ProfileOrder(**terms)
