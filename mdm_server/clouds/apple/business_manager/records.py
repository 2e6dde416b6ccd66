"""What Apple Business Manager keeps, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mdm_server.wire.dep import ProfileStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A company, or a school.

    Attributes:
        id: what Apple calls it.
        admin_id: the Apple Account of whoever made the server tokens.
        type: `org`, `edu` or `tvprovider`.
        version: `v1` or `v2`, by the program.
        terms_agreed: whether somebody has agreed to Apple's newest terms; until then MDM servers are sent away.

    """

    id: str
    name: str
    admin_id: str = "admin@example.com"
    email: str = "info@example.com"
    phone: str = "+1 555 0100"
    address: str = "1 Example Way"
    type: str = "org"
    version: str = "v2"
    terms_agreed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MdmServer:
    """An MDM server that an organization has entered in the portal; `organization` is that one's id."""

    uuid: str
    name: str
    organization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """A device on its way into an organization."""

    serial_number: str
    model: str = "iPhone 16"
    device_family: str = "iPhone"
    os: str = "iOS"
    color: str = "BLACK"
    description: str = ""
    asset_tag: str = ""


class AddedBy(StrEnum):
    """How a device came."""

    ORDER = "order"
    CONFIGURATOR = "configurator"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbmDevice:
    """A device of an organization.

    Attributes:
        organization: whose, by id.
        server: the UUID of the MDM server it is assigned to.
        profile_uuid, profile_status: the DEP profile it has, and how far that got.
        added_by: how it came.
        provisional_until: until then its person may leave: it was added with Apple Configurator.

    """

    serial_number: str
    model: str
    device_family: str
    os: str
    color: str
    description: str
    asset_tag: str
    organization: str
    server: str | None
    profile_uuid: str | None
    profile_status: ProfileStatus
    added_by: AddedBy
    provisional_until: datetime | None


class LockKind(StrEnum):
    """Who locked a device."""

    ORGANIZATION = "organization"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationLock:
    """Keeps a device from being activated by whoever found it.

    Attributes:
        kind: who locked it.
        escrow_key: what a bypass code is compared with, in hex (Apple, "Creating and Using Bypass Codes").
        account: the Apple Account of its person; of an organization's lock without a key, its administrator's.
        password_digest: by which the account's password is recognized; whoever sets it decides how it is made.
        message: what is shown to whoever holds it.

    """

    kind: LockKind
    escrow_key: str | None = field(default=None, repr=False)
    account: str | None = None
    password_digest: str | None = field(default=None, repr=False)
    message: str | None = None
