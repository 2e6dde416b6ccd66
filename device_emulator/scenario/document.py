"""What a scenario says before its first step: who and what there is.

Every record is data and nothing else. A name that refers to something says to what (`Refers`), so that the checker can
follow it; `SHORTHAND` is the key that a bare word stands for (`- ada` is `- name: ada`).

`count: 20` makes a record a series, `ipad` becoming `ipad-1` to `ipad-20`, and `ipad-*` means them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something a document says; unknown keys are refused."""

    SHORTHAND: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Refers:
    """Says that a word must be known, and among what; `series` allows `ipad-*`, `or_none` allows `none`."""

    to: str
    series: bool = False
    or_none: bool = False


def reference(to: str, description: str, *, series: bool = False, or_none: bool = False) -> Meta:
    """Return what makes a text a reference."""
    return Meta(min_length=1, description=description, extra={"refers": Refers(to, series, or_none)})


NAME = Meta(
    min_length=1,
    max_length=64,
    pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$",
    description="Letters, digits, and . _ @ - in between.",
)
Name = Annotated[str, NAME]
DeviceName = Annotated[str, reference("devices", "The name of a device.")]
DeviceNames = Annotated[str, reference("devices", "The name of a device, or of a whole series: `ipad-*`.", series=True)]
UserName = Annotated[str, reference("users", "The name of a user.")]
UserNames = Annotated[str, reference("users", "The name of a user, or of a whole series: `worker-*`.", series=True)]
GroupId = Annotated[str, reference("groups", "The Group ID of an organization group.")]
UserGroupName = Annotated[str, reference("user groups", "The name of a user group.")]
RegistrationName = Annotated[str, reference("registrations", "The name of a registration.")]
Code = Annotated[str, reference("codes", "The stable code of a refusal.")]
ModelName = Annotated[str, reference("models", "A product name, such as `iPhone 15` or `Pixel 8`.")]
SystemName = Annotated[str, reference("systems", "The version of iOS that an Apple device runs at first: `18.6.2`.")]
Settings = Annotated[
    dict[str, Any],
    Meta(description="Enrolment settings; what is not said is inherited.", extra={"refers": Refers("settings")}),
]
Likelihood = Annotated[
    float, Meta(ge=0, le=1, description="How likely, from 0 (never) to 1 (always): each time, or on any one day.")
]
Count = Annotated[int, Meta(ge=1, le=1000, description="How many of them: NAME-1, NAME-2 …")]
Message = Annotated[str, reference("messages", "A kind of message: `authenticate`, `token_update`, `hub_wizard` …")]
Seconds = Annotated[str, reference("durations", "A length of time: `90 s`, `61 minutes`, `2 days`.")]

Platform = Literal["ios", "android"]
Ownership = Literal["C", "S", "E"]
StagingType = Literal[
    "StagingDisabled",
    "SingleUserStagingStandard",
    "SingleUserStagingAdvanced",
    "MultipleUserStaging",
    "MultipleUserStagingSingleUserStandard",
    "MultipleUserStagingSingleUserAdvanced",
]
Identifier = Literal["serial_number", "udid", "imei"]
Management = Literal["fully-managed", "work-profile"]
Clock = Literal["real", "virtual"]
Need = Literal["dep"]


class Group(Record, frozen=True, kw_only=True):
    """An organization group. The first of a document is the one people type when nothing else is said."""

    SHORTHAND = "id"

    id: Name
    name: str | None = None
    parent: GroupId | None = None
    type: Literal["Customer", "Container"] = "Container"
    settings: Settings = {}


class UserGroup(Record, frozen=True, kw_only=True):
    """A group of users, and the organization group into which it enrols."""

    SHORTHAND = "name"

    name: Name
    group: GroupId | None = None
    enrollment_group: GroupId | None = None
    rank: Annotated[int, Meta(ge=1)] = 1


class User(Record, frozen=True, kw_only=True):
    """An enrolment user. Where no password is said, one is made up."""

    SHORTHAND = "name"

    name: Name
    count: Count | None = None
    group: GroupId | None = None
    user_groups: tuple[UserGroupName, ...] = ()
    staging: StagingType = "StagingDisabled"
    status: Literal["Active", "Inactive"] = "Active"
    password: str | None = None
    shared_passcode: str | None = None
    shared_passcode_expires: Seconds | None = None


class Organization(Record, frozen=True, kw_only=True):
    """The tree of groups, and the people in it."""

    groups: Annotated[tuple[Group, ...], Meta(min_length=1)]
    user_groups: tuple[UserGroup, ...] = ()
    users: tuple[User, ...] = ()


class Device(Record, frozen=True, kw_only=True):
    """A virtual device, fresh out of its box; with `abm` the organization has bought it for our server to manage."""

    SHORTHAND = "name"

    name: Name
    count: Count | None = None
    platform: Platform = "ios"
    model: ModelName | None = None
    management: Management | None = None
    system: SystemName | None = None
    abm: bool = False


class Registration(Record, frozen=True, kw_only=True):
    """Whom a device is for. Without `device` it is for any device of the platform.

    `user: worker-*` with `device: ipad-*` registers the first for the first, the second for the second, and so on.
    """

    SHORTHAND = "user"

    name: Name | None = None
    user: UserNames
    device: DeviceNames | None = None
    identifiers: tuple[Identifier, ...] = ("serial_number",)
    platform: Platform | None = None
    group: GroupId | None = None
    ownership: Ownership | None = None


class ListEntry(Record, frozen=True, kw_only=True):
    """A line of the allow list or of the deny list."""

    kind: Literal["allow", "deny"]
    device: DeviceNames | None = None
    identifier: Identifier = "serial_number"
    platform: Platform | None = None
    group: GroupId | None = None
    ownership: Ownership | None = None
    enrollment_group: GroupId | None = None


class Person(Record, frozen=True, kw_only=True):
    """Somebody who is not called like their account, or has habits: they show on the device in their hands."""

    name: Name
    user: UserName
    passcode: str | None = None
    mistypes: Likelihood = 0.0
    forgets_to_log_out: Likelihood = 0.0
    removes_management: Likelihood = 0.0
    goes_offline: Likelihood = 0.0


class Scenario(Record, frozen=True, kw_only=True):
    """A play: who is in it, what they do, and what is to come of it."""

    scenario: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*$", max_length=100)]
    description: Annotated[str, Meta(min_length=1)]
    rows: tuple[str | int, ...] = ()
    """The rows of the staging flows that are reached."""
    seed: Annotated[int, Meta(ge=0)] = 1
    clock: Clock = "real"
    needs: tuple[Need, ...] = ()
    organization: Organization
    registrations: tuple[Registration, ...] = ()
    lists: tuple[ListEntry, ...] = ()
    devices: Annotated[tuple[Device, ...], Meta(min_length=1)]
    people: tuple[Person, ...] = ()
    steps: tuple[Any, ...]
    expect: tuple[str, ...] = ()
