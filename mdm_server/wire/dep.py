"""Apple's device enrolment program: what an MDM server and Apple Business Manager say to each other, in JSON.

https://developer.apple.com/documentation/devicemanagement/device-assignment
The attributes have Apple's own names, which are Python's spelling already. What is unknown is left out when it is
written, and what Apple adds one day is ignored when it is read. Times are RFC 3339; clients parse them strictly.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from mdm_server.wire.dep_errors import DepErrorCode as DepErrorCode
from mdm_server.wire.errors import WireError

CONTENT_TYPE = "application/json;charset=UTF8"
"""Spelled as depsim insists on it."""
SESSION_HEADER = "X-ADM-Auth-Session"
"""Carries the session; any response may bring a new one."""
PROTOCOL_VERSION_HEADER = "X-Server-Protocol-Version"
PROTOCOL_VERSION = "8"

MAX_BYTES = 4 * 1024 * 1024
"""More than a request about the largest number of devices, or an answer with a whole page, ever has."""


class OpType(StrEnum):
    """What happened to a device since the last time; only a sync says it."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


class ProfileStatus(StrEnum):
    """How far a device's profile got."""

    EMPTY = "empty"
    ASSIGNED = "assigned"
    PUSHED = "pushed"
    REMOVED = "removed"


class ResponseStatus(StrEnum):
    """What became of one device of a request."""

    SUCCESS = "SUCCESS"
    NOT_ACCESSIBLE = "NOT_ACCESSIBLE"
    NOT_FOUND = "NOT_FOUND"
    FAILED = "FAILED"
    THROTTLED = "THROTTLED"
    """Only when assigning: try again after `retry_after_seconds`."""


class DepDevice(msgspec.Struct, omit_defaults=True, frozen=True, kw_only=True, gc=False):
    """A device as its MDM server sees it in Apple Business Manager.

    A page has a thousand of them; having no containers, they can be in no cycle, and the garbage collector skips them.
    """

    serial_number: str
    model: str = ""
    description: str = ""
    color: str = ""
    asset_tag: str | None = None
    os: str | None = None
    """iOS, iPadOS, OSX, tvOS or visionOS."""
    device_family: str | None = None
    """iPhone, iPad, iPod, Mac, AppleTV or Vision."""
    profile_status: ProfileStatus | None = None
    profile_uuid: str | None = None
    profile_assign_time: datetime | None = None
    profile_push_time: datetime | None = None
    device_assigned_date: datetime | None = None
    device_assigned_by: str | None = None
    op_type: OpType | None = None
    op_date: datetime | None = None
    mdm_migration_deadline: datetime | None = None
    response_status: ResponseStatus | None = None
    """Only in answers to questions about particular devices."""


class DepProfile(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment profile: which MDM server, and what Setup Assistant is to do. The defaults are Apple's."""

    profile_name: str = ""
    url: str = ""
    """Where the device posts its MachineInfo."""
    org_magic: str = ""
    allow_pairing: bool = True
    is_supervised: bool = False
    is_multi_user: bool = False
    is_mandatory: bool = False
    is_mdm_removable: bool = True
    await_device_configured: bool = False
    auto_advance_setup: bool = False
    is_return_to_service: bool = False
    do_not_use_profile_from_backup: bool = False
    configuration_web_url: str | None = None
    """Where a person signs in first, in a web view."""
    anchor_certs: tuple[str, ...] = ()
    """DER in base64: what the device trusts on the way to `url`."""
    supervising_host_certs: tuple[str, ...] = ()
    skip_setup_items: tuple[str, ...] = ()
    """Panes of Setup Assistant that are not shown."""
    department: str | None = None
    support_phone_number: str | None = None
    support_email_address: str | None = None
    language: str | None = None
    region: str | None = None
    profile_uuid: str | None = None
    devices: tuple[str, ...] = ()
    """Serial numbers that are given the profile at once."""


class Limit(msgspec.Struct, frozen=True):
    """How many devices one request of a kind may be about."""

    default: int
    maximum: int


class ServiceUrl(msgspec.Struct, omit_defaults=True, frozen=True):
    """One address of the service."""

    uri: str
    http_method: tuple[str, ...]
    limit: Limit | None = None


class AccountDetail(msgspec.Struct, omit_defaults=True, frozen=True, kw_only=True):
    """Whose MDM server it is."""

    server_name: str = ""
    server_uuid: str = ""
    admin_id: str | None = None
    facilitator_id: str | None = None
    org_name: str | None = None
    org_email: str | None = None
    org_phone: str | None = None
    org_address: str | None = None
    org_id: str | None = None
    org_id_hash: str | None = None
    org_type: str | None = None
    """edu, org or tvprovider."""
    org_version: str | None = None
    """v1 or v2."""
    urls: tuple[ServiceUrl, ...] = ()


class SessionReply(msgspec.Struct, frozen=True):
    """Opens a session."""

    auth_session_token: str


class FetchRequest(msgspec.Struct, omit_defaults=True, frozen=True):
    """Asks for all devices, a page at a time."""

    cursor: str | None = None
    limit: int | None = None


class SyncRequest(msgspec.Struct, omit_defaults=True, frozen=True):
    """Asks for what has changed since a cursor, a page at a time."""

    cursor: str | None = None
    limit: int | None = None


class FetchReply(msgspec.Struct, frozen=True, kw_only=True):
    """A page of devices. `fetched_until` is always there: Go's clients cannot read a page without it."""

    cursor: str
    devices: tuple[DepDevice, ...] = ()
    fetched_until: datetime
    more_to_follow: bool


SyncReply = FetchReply
"""A page of changes; its devices carry `op_type` and `op_date`."""


class DevicesRequest(msgspec.Struct, frozen=True):
    """Names devices: to ask for them, or to disown them."""

    devices: tuple[str, ...] = ()


class DevicesReply(msgspec.Struct, frozen=True):
    """Tells about devices by serial number."""

    devices: dict[str, DepDevice]


class DisownReply(msgspec.Struct, frozen=True):
    """Tells which devices the organization has no more."""

    devices: dict[str, ResponseStatus]


class AssignRequest(msgspec.Struct, omit_defaults=True, frozen=True):
    """Gives devices a profile, or (with DELETE) takes it from them, whichever it is where none is named."""

    profile_uuid: str | None = None
    devices: tuple[str, ...] = ()


class AssignReply(msgspec.Struct, omit_defaults=True, frozen=True):
    """What became of each device of a profile that was defined, assigned or removed."""

    devices: dict[str, ResponseStatus]
    profile_uuid: str | None = None
    retry_after_seconds: int | None = None


class ActivationLockRequest(msgspec.Struct, omit_defaults=True, frozen=True):
    """Locks a device to the organization: by an escrow key, or to whoever made the MDM server in the portal."""

    device: str = ""
    escrow_key: str | None = None
    lost_message: str | None = None

    def __repr__(self) -> str:
        """Show no key."""
        return f"ActivationLockRequest({self.device!r})"


class ActivationLockReply(msgspec.Struct, frozen=True):
    """Tells whether a device was locked."""

    serial_number: str
    response_status: str


class BetaToken(msgspec.Struct, frozen=True):
    """Lets devices of an organization have beta versions of a system."""

    os: str
    title: str
    token: str


class BetaTokens(msgspec.Struct, frozen=True):
    """The beta programs of an organization; the list has an old name and a new one."""

    betaEnrollmentTokens: tuple[BetaToken, ...] = ()  # noqa: N815 - Apple's spelling
    seedBuildTokens: tuple[BetaToken, ...] = ()  # noqa: N815 - Apple's spelling


class AccountDrivenProfile(msgspec.Struct, omit_defaults=True, frozen=True):
    """Where people are sent who sign in to enrol a device of their own."""

    mdm_service_discovery_url: str | None = None


Message = TypeVar("Message", bound=msgspec.Struct)


def encode(message: msgspec.Struct) -> bytes:
    """Write a message; a profile says its defaults too, for clients disagree about them."""
    if isinstance(message, DepProfile):
        return _ENCODER.encode(
            {key: value for key, value in msgspec.structs.asdict(message).items() if value is not None}
        )
    return _ENCODER.encode(message)


def decode(body: bytes, kind: type[Message]) -> Message:
    """Read a message; unknown keys are ignored, and `null` is what was left out.

    Raises:
        WireError: `dep.malformed`, where it is no such message.

    """
    if len(body) > MAX_BYTES:
        raise WireError("dep.malformed", f"expected at most {MAX_BYTES} bytes, found {len(body)}")
    try:
        read: Any = msgspec.json.decode(body)
        if not isinstance(read, Mapping):
            raise WireError("dep.malformed", f"expected a JSON object, found {type(read).__name__}")
        return msgspec.convert({key: value for key, value in read.items() if value is not None}, kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError("dep.malformed", f"expected a {kind.__name__} in JSON: {error}") from error


def same_uuid(one: str | None, other: str | None) -> bool:
    """Say whether two spellings name one profile: some clients write 32 capital digits without dashes."""
    return plain_uuid(one) == plain_uuid(other)


def plain_uuid(uuid: str | None) -> str:
    """Return the spelling by which UUIDs are compared: 32 lower-case digits."""
    return (uuid or "").replace("-", "").lower()


@lru_cache(maxsize=256)
def dashed_uuid(uuid: str | None) -> str | None:
    """Return the spelling in which Apple writes a UUID, of the one by which it is compared."""
    if uuid is None:
        return None
    digits = uuid.upper()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_ENCODER = msgspec.json.Encoder()
