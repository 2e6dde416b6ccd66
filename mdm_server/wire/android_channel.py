"""The device channel of virtual Androids. It is this project's own, and says so in its address: `/sim/v1/android`.

What an Android device and Google say to each other is not public, so nothing here pretends to be it. The words, though,
are those of the Android Management API wherever it has one: command types, error codes, management modes.

    POST devices:enroll                                    EnrollRequest → EnrollReply
    POST devices/{device}:sync                             StatusReport  → SyncReply (policy and commands)
    POST devices/{device}/operations/{operation}:ack       CommandResult → Empty
    POST devices/{device}:unenroll                         Empty         → Empty

All but the first carry `Authorization: Device {device}:{secret}`. A device is woken by the courier under `wake_token`.
Whatever is refused is answered with an `ErrorReply`; 410 says that the server manages this device no longer.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias, TypeVar

import msgspec

from mdm_server.wire.errors import WireError

PREFIX = "/sim/v1/android"
CONTENT_TYPE = "application/json"
MAX_BYTES = 64 * 1024
WAKE_MAGIC = "android"
"""What a push to an Android carries in the place of a PushMagic: the courier's frames want one."""
GONE = 410
SCHEME = "Device"

Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Identifier: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Secret: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Version: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Names: TypeAlias = Annotated[tuple[Text, ...], msgspec.Meta(max_length=256)]
_PATH = re.compile(
    rf"{PREFIX}/devices(?::enroll|/(?P<device>[A-Za-z0-9_-]{{1,64}})"
    r"(?::(?P<verb>sync|unenroll)|/operations/(?P<operation>[A-Za-z0-9_-]{1,64}):ack))"
)
Message = TypeVar("Message", bound="ChannelMessage")


class ChannelError(WireError):
    """A message that cannot be understood: `android.size`, `android.message` or `android.authorization`."""


class ManagementMode(StrEnum):
    """Who owns the device: the organization all of it, or a profile of its own beside the person's things."""

    FULLY_MANAGED = "FULLY_MANAGED"
    WORK_PROFILE = "WORK_PROFILE"


class ProvisioningMethod(StrEnum):
    """How management came onto the device."""

    QR_CODE = "QR_CODE"
    HUB = "HUB"


class CommandType(StrEnum):
    """What a device can be told to do. All but four are commands of the Android Management API; those are ours."""

    LOCK = "LOCK"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - the name of a command
    WIPE = "WIPE"
    REBOOT = "REBOOT"
    CLEAR_APP_DATA = "CLEAR_APP_DATA"
    ENTERPRISE_WIPE = "ENTERPRISE_WIPE"
    START_KIOSK = "START_KIOSK"
    STOP_KIOSK = "STOP_KIOSK"


class Outcome(StrEnum):
    """What became of a command; both are final."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class CommandError(StrEnum):
    """Why a command failed: the values of `Command.errorCode` in the Android Management API."""

    UNKNOWN = "UNKNOWN"
    API_LEVEL = "API_LEVEL"
    MANAGEMENT_MODE = "MANAGEMENT_MODE"
    INVALID_VALUE = "INVALID_VALUE"
    UNSUPPORTED = "UNSUPPORTED"


class PasswordQuality(StrEnum):
    """How good a passcode has to be (`PasswordRequirements.passwordQuality`)."""

    UNSPECIFIED = "PASSWORD_QUALITY_UNSPECIFIED"
    SOMETHING = "SOMETHING"
    NUMERIC = "NUMERIC"
    NUMERIC_COMPLEX = "NUMERIC_COMPLEX"
    ALPHANUMERIC = "ALPHANUMERIC"


class ChannelMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What all messages have in common: camelCase on the wire, and no key that is not in the description."""


class Empty(ChannelMessage, frozen=True, kw_only=True):
    """Nothing to say."""


class Hardware(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """What a device says of itself.

    `identifier` is the one its agent made when it came onto the device; it outlives no factory reset. Serial number and
    IMEI do, but from Android 10 on a work profile gets to know them late or never.
    """

    identifier: Text
    brand: Text
    model: Text
    os_version: Text
    api_level: Count
    serial_number: Text | None = None
    imei: Text | None = None


class StagingCredentials(ChannelMessage, frozen=True, kw_only=True):
    """The credentials in a provisioning code: whoever enrols with them has nobody in front of a screen."""

    group_id: Text
    user_name: Text
    password: Secret

    def __repr__(self) -> str:
        """Show no secret."""
        return f"StagingCredentials({self.group_id!r}, {self.user_name!r})"


class EnrollRequest(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """Ask to be enrolled: with the one-time token of a Hub session, or with the credentials of a provisioning code."""

    hardware: Hardware
    management_mode: ManagementMode
    provisioning_method: ProvisioningMethod
    token: Secret | None = None
    credentials: StagingCredentials | None = None

    def __post_init__(self) -> None:
        """Take one proof of the right to enrol, not two and not none."""
        if (self.token is None) is (self.credentials is None):
            raise ValueError("expected either token or credentials")

    def __repr__(self) -> str:
        """Show no secret."""
        return f"EnrollRequest({self.management_mode}, {self.provisioning_method})"


class EnrollReply(ChannelMessage, frozen=True, kw_only=True):
    """The device's name on the channel, and the secret that proves it from now on."""

    device: Identifier
    secret: Secret

    def __repr__(self) -> str:
        """Show no secret."""
        return f"EnrollReply({self.device!r})"


class PasswordRequirements(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """What a passcode must be like, and after how many wrong ones the device (or its work profile) is wiped."""

    quality: PasswordQuality = PasswordQuality.UNSPECIFIED
    minimum_length: Count = 0
    maximum_failed_passwords: Count = 0


class Policy(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """What holds on a device as long as it is managed. `version` changes whenever anything else does."""

    version: Version
    password: PasswordRequirements | None = None
    applications: Names = ()
    factory_reset_disabled: bool = False
    removal_disabled: bool = False
    reset_protection_accounts: Names = ()


class Command(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """Something to do, until it is acknowledged. A device that has done it says the same again and does nothing."""

    operation: Identifier
    type: CommandType
    new_password: str | None = None
    application: Text | None = None
    applications: Names = ()
    preserve_reset_protection: bool = False

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Command({self.operation!r}, {self.type})"


class Assignment(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """Whose device it is, as the server sees it; the state is a word of its assignment table."""

    state: Text
    user: Text | None = None


class StatusReport(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """How a device is."""

    hardware: Hardware
    applied_policy: Version | None = None
    compliant: bool = True
    problems: Names = ()
    passcode_set: bool = False
    screen: Text | None = None
    kiosk_application: Text | None = None


class SyncReply(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """What holds now, and what is to be done, in this order."""

    assignment: Assignment
    policy: Policy | None = None
    commands: Annotated[tuple[Command, ...], msgspec.Meta(max_length=256)] = ()
    pending_verification: bool = False


class CommandResult(ChannelMessage, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a command."""

    outcome: Outcome
    error: CommandError | None = None
    detail: Text | None = None


class ErrorReply(ChannelMessage, frozen=True, kw_only=True):
    """No: a stable code, what a person reads, and the way out."""

    code: Text
    text: Text
    remedy: str = ""


class Verb(StrEnum):
    """What a device does at an address of the channel."""

    ENROLL = "enroll"
    SYNC = "sync"
    ACKNOWLEDGE = "ack"
    UNENROLL = "unenroll"


@dataclass(frozen=True, slots=True)
class Call:
    """An address of the channel: what is done there, and by whom to what."""

    verb: Verb
    device: str = ""
    operation: str = ""


def parse_path(path: str) -> Call | None:
    """Read the path of an address, or return None for one that is none of the channel's."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    if found["operation"]:
        return Call(Verb.ACKNOWLEDGE, found["device"], found["operation"])
    return Call(Verb(found["verb"]), found["device"]) if found["verb"] else Call(Verb.ENROLL)


def parse(body: bytes, kind: type[Message]) -> Message:
    """Read a message (ChannelError); an empty body is the message that says nothing."""
    if len(body) > MAX_BYTES:
        raise ChannelError("android.size", f"expected at most {MAX_BYTES} bytes, found {len(body)}")
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ChannelError("android.message", f"expected {kind.__name__} as JSON ({error})") from error


def encode(message: ChannelMessage) -> bytes:
    """Write a message."""
    return msgspec.json.encode(message)


def authorization(device: str, secret: str) -> str:
    """Return the header that proves who speaks."""
    return f"{SCHEME} {device}:{secret}"


def parse_authorization(header: str) -> tuple[str, str]:
    """Return device and secret from the header (ChannelError)."""
    scheme, _, proof = header.partition(" ")
    device, colon, secret = proof.partition(":")
    if scheme.lower() != SCHEME.lower() or not (device and colon and secret):
        raise ChannelError("android.authorization", f"expected '{SCHEME} NAME:SECRET'")
    return device, secret


def wake_token(device: str, secret: str) -> bytes:
    """Return the token under which the courier knows a device: both ends can work it out, nobody else can."""
    return hashlib.sha256(f"{device}{secret}".encode()).digest()


def enroll_url(base_url: str, token: str) -> str:
    """Return the address that ends a Hub session: where to enrol, and the token to do it with."""
    return f"{base_url}{PREFIX}/devices:enroll?token={token}"


def device_url(base_url: str, device: str, verb: str) -> str:
    """Return the address of something a device does; `verb` is sync or unenroll."""
    return f"{base_url}{PREFIX}/devices/{device}:{verb}"


def acknowledgement_url(base_url: str, device: str, operation: str) -> str:
    """Return where the result of a command goes."""
    return f"{base_url}{PREFIX}/devices/{device}/operations/{operation}:ack"
