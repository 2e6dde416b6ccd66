"""The Hub's messages: the wizard that leads a device to an install URL, and the login on a device that is enrolled.

The shapes are those of Workspace ONE's device services, as its vendor's own sample client writes them: every request
carries a Header and the answer to the last question, every reply a Header with the session, a Status, and the next
question in NextStep. Real clients disagree about spelling (`ProcotolRevision`, `Serial` or `SerialNumber`, numbers in
quotes), so names are read without regard to case, by any of their spellings. Step types below 100 are those that were
seen in the wild; from 100 on they are ours, because nobody has published the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

from mdm_server.wire.errors import WireError

MAX_BYTES = 64 * 1024
MAX_TEXT = 2048
"""Characters in any one answer; what is longer is no answer that anybody could have typed."""
ENROLLMENT_PATH = "/DeviceServices/AirwatchEnroll.aws/Enrollment"
HUB_PATH = "/DeviceServices/Hub"
DIRECT_ENROLLMENT_PATH = "/DeviceServices/WorkspaceOne/enroll"
PROTOCOL_REVISION = "5"


Typed: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class Step(StrEnum):
    """What a request answers; the last part of its address, read without regard to case."""

    GROUP = "validateGroupIdentifier"
    GROUP_SELECTOR = "validateGroupSelector"
    CREDENTIALS = "validateLoginCredentials"
    STAGING_CHOICE = "validateStagingChoice"
    ON_BEHALF_USER = "validateOnBehalfUser"
    OWNERSHIP = "validateOwnership"
    TERMS_OF_USE = "validateTermsOfUse"
    INSTALL_URL = "createMdmInstallUrl"


class NextStepType(IntEnum):
    """What the server asks for next."""

    NONE = 0
    LICENSE_EXPIRED = 1
    CREDENTIALS = 2
    TOKEN = 8
    GROUP_SELECT = 100
    CAPTCHA = 101
    STAGING_CHOICE = 102
    ON_BEHALF_USER = 103
    OWNERSHIP = 104
    TERMS_OF_USE = 105
    INSTALL = 106


class StatusCode(IntEnum):
    """Whether a request was taken; the HTTP status is 200 either way."""

    OK = 1
    ERROR = 2


class DeviceType(StrEnum):
    """Platforms, as the Hub numbers them."""

    APPLE = "2"
    ANDROID = "5"


class HubDevice(msgspec.Struct, rename="pascal", omit_defaults=True, frozen=True):
    """What an app says about the device it runs on."""

    identifier: Typed = ""
    """The UDID."""
    serial_number: Typed = ""
    imei: Typed = ""
    type: Typed = ""
    os_version: Typed = ""
    model: Typed = ""
    product: Typed = ""
    name: Typed = ""
    bundle_identifier: Typed = ""
    afw_provisioning_mode: Typed = ""
    """Of an Android: "WorkProfile" where only a work profile is to be managed; anything else means all of it."""


class HubHeader(msgspec.Struct, rename="pascal", omit_defaults=True, frozen=True):
    """Which conversation a message belongs to."""

    session_id: Typed = ""
    language: Typed = ""
    protocol_revision: Typed = ""
    mode: Typed = ""
    channel: Typed = ""
    """Through which door the device comes, ours: "Hub", or with nobody to be asked "Barcode", "AppleConfigurator"."""


class HubRequest(msgspec.Struct, rename="pascal", omit_defaults=True, frozen=True):
    """One request of the wizard: the header, the device, and whatever its step asks for."""

    header: HubHeader = HubHeader()
    device: HubDevice = HubDevice()
    group_id: Typed = ""
    """A Group ID, or a registration token in its place."""
    group_id_source: Typed = ""
    location_group_id: Typed = ""
    username: Typed = ""
    password: Typed = ""
    captcha_value: Typed = ""
    staging_mode: Typed = ""
    """"Single" or "Multi"."""
    ownership: Typed = ""
    accepted: bool | None = None

    def __repr__(self) -> str:
        """Show nothing that was typed: it may be a password."""
        return f"HubRequest(session={bool(self.header.session_id)})"


class DeviceLogin(msgspec.Struct, rename="pascal", omit_defaults=True, frozen=True):
    """A login in the Hub of an enrolled device, or in the Workspace ONE app of one that is not."""

    device: HubDevice = HubDevice()
    username: Typed = ""
    password: Typed = ""
    captcha_value: Typed = ""
    group_id: Typed = ""
    shared_passcode: Typed = ""
    terms_accepted: bool | None = None

    def __repr__(self) -> str:
        """Show nothing that was typed."""
        return "DeviceLogin()"


class HubStatus(msgspec.Struct, rename="pascal", frozen=True):
    """Whether a request was taken, and what to tell the person who made it."""

    code: int = StatusCode.OK
    notification: str = ""
    reason: str = ""
    """The stable code of a refusal; ours."""


class GroupChoice(msgspec.Struct, rename="pascal", frozen=True):
    """An organization group to choose from."""

    location_group_id: str
    name: str


class NextStep(msgspec.Struct, rename="pascal", omit_defaults=True, frozen=True):
    """What the server asks for next, with what is needed to ask it."""

    type: int
    install_url: str = ""
    is_captcha_required: bool = False
    captcha_image: str = ""
    """A picture (SVG) of what to type into CaptchaValue."""
    staging_required: bool = False
    groups: tuple[GroupChoice, ...] = ()
    ownership_types: tuple[str, ...] = ()
    terms_of_use: str = ""
    terms_of_use_version: str = ""


class HubReply(msgspec.Struct, rename="pascal", frozen=True):
    """The server's answer to a request of the wizard."""

    header: HubHeader = HubHeader()
    status: HubStatus = HubStatus()
    next_step: NextStep = NextStep(NextStepType.NONE)

    @property
    def refused(self) -> bool:
        """Whether the request was refused."""
        return self.status.code != StatusCode.OK


class DeviceReply(msgspec.Struct, rename="pascal", omit_defaults=True, frozen=True):
    """The server's answer to a login, a logout or a question about them."""

    status: HubStatus = HubStatus()
    state: str = ""
    """The assignment of the device, as the server records it."""
    user: str = ""
    """The name of the user it is assigned to."""
    result: str = ""
    """Of Direct Enrollment: "Enrolled", "Unmanaged" or "Refused"."""
    install_url: str = ""
    terms_of_use: str = ""
    is_captcha_required: bool = False
    captcha_image: str = ""

    @property
    def refused(self) -> bool:
        """Whether the request was refused."""
        return self.status.code != StatusCode.OK


_Message = TypeVar("_Message", bound=msgspec.Struct)

_SPELLINGS = {
    "serial": "serialnumber",
    "procotolrevision": "protocolrevision",
    "activationcode": "groupid",
}
"""Other spellings that clients use, in lower case."""
_decoder = msgspec.json.Decoder(dict[str, Any])
_encoder = msgspec.json.Encoder()


class HubError(WireError):
    """A message of the Hub that cannot be understood."""


def parse_step(name: str) -> Step | None:
    """Return the step that the last part of an address names, or None."""
    return _STEPS.get(name.lower())


def parse_request(body: bytes) -> HubRequest:
    """Read a request of the wizard (HubError)."""
    return _read(body, HubRequest)


def parse_login(body: bytes) -> DeviceLogin:
    """Read a login (HubError)."""
    return _read(body, DeviceLogin)


def parse_reply(body: bytes) -> HubReply:
    """Read an answer of the wizard (HubError)."""
    return _read(body, HubReply)


def parse_device_reply(body: bytes) -> DeviceReply:
    """Read an answer to a login (HubError)."""
    return _read(body, DeviceReply)


def encode(message: HubRequest | DeviceLogin | HubReply | DeviceReply) -> bytes:
    """Write a message as JSON."""
    return _encoder.encode(message)


_STEPS: Mapping[str, Step] = {step.lower(): step for step in Step}


def _read(body: bytes, kind: type[_Message]) -> _Message:
    if len(body) > MAX_BYTES:
        raise HubError("parse.size", f"expected at most {MAX_BYTES} bytes, found {len(body)}")
    try:
        message = _decoder.decode(body)
        return msgspec.convert(_folded(message, kind), kind, strict=False)
    except msgspec.ValidationError as error:
        # Its text names types and the path to them, never a value.
        raise HubError("parse.json", f"not a message of the Hub: {error}") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise HubError("parse.json", "expected a JSON object") from error


def _folded(given: Mapping[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return what is known of an object under the names we know it by; what we do not know is nobody's business."""
    known = {field.encode_name.lower(): field for field in msgspec.structs.fields(kind)}
    folded: dict[str, Any] = {}
    for name, value in given.items():
        lower = name.lower()
        field = known.get(_SPELLINGS.get(lower, lower))
        if field is None or value is None:
            continue
        if field.encode_name in folded:
            raise HubError("parse.duplicate_key", f"{field.encode_name} is there twice")
        folded[field.encode_name] = _value(value, field.type)
    return folded


def _value(value: Any, wanted: Any) -> Any:
    if isinstance(value, dict) and isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _folded(value, wanted)
    if wanted in (str, Typed) and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
