"""The eight check-in messages, what a device says about itself rather than about a command.

https://developer.apple.com/documentation/devicemanagement/check-in
Every message keeps the bytes it was read from in `raw`; keys we do not know stay there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from mdm_server.wire.enrollment_id import EnrollmentId, Sender
from mdm_server.wire.errors import SchemaError, excerpt
from mdm_server.wire.keys import Key, Kind, read_keys, write_keys
from mdm_server.wire.plist import PlistDict


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInMessage:
    """What all check-in messages share. `topic` is None only where Apple's schema does not ask for it."""

    message_type: ClassVar[str]
    needs_topic: ClassVar[bool] = False
    keys: ClassVar[tuple[Key, ...]] = ()

    sender: Sender
    topic: str | None = None
    raw: bytes = field(default=b"", repr=False, compare=False)

    @property
    def enrollment(self) -> EnrollmentId:
        """The enrolment this message speaks for."""
        return self.sender.enrollment

    def to_plist(self) -> PlistDict:
        """Write the message as a device would; keys whose attribute is None are left out."""
        topic = {} if self.topic is None else {"Topic": self.topic}
        return {"MessageType": self.message_type} | topic | self.sender.to_plist() | write_keys(self.keys, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate(CheckInMessage):
    """A device asks to be enrolled. A 200 does not enrol it; its first TokenUpdate does."""

    message_type: ClassVar[str] = "Authenticate"
    needs_topic: ClassVar[bool] = True
    keys: ClassVar[tuple[Key, ...]] = (
        Key("device_name", "DeviceName"),
        Key("model", "Model"),
        Key("model_name", "ModelName"),
        Key("product_name", "ProductName"),
        Key("os_version", "OSVersion"),
        Key("build_version", "BuildVersion"),
        Key("serial_number", "SerialNumber"),
        Key("imei", "IMEI"),
        Key("meid", "MEID"),
    )

    device_name: str | None = None
    model: str | None = None
    model_name: str | None = None
    product_name: str | None = None
    os_version: str | None = None
    build_version: str | None = None
    serial_number: str | None = None
    imei: str | None = None
    meid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUpdate(CheckInMessage):
    """A device (or a user of it) can now be pushed to; the first one completes the enrolment."""

    message_type: ClassVar[str] = "TokenUpdate"
    needs_topic: ClassVar[bool] = True
    keys: ClassVar[tuple[Key, ...]] = (
        Key("token", "Token", Kind.DATA, required=True),
        Key("push_magic", "PushMagic", Kind.TEXT, required=True),
        Key("unlock_token", "UnlockToken", Kind.DATA),
        Key("awaiting_configuration", "AwaitingConfiguration", Kind.FLAG),
        Key("not_on_console", "NotOnConsole", Kind.FLAG),
    )

    token: bytes
    push_magic: str
    unlock_token: bytes | None = None
    awaiting_configuration: bool | None = None
    not_on_console: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOut(CheckInMessage):
    """A device says good-bye: its MDM profile was removed."""

    message_type: ClassVar[str] = "CheckOut"
    needs_topic: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAuthenticate(CheckInMessage):
    """A network user of a Mac asks for a user channel, in two steps."""

    message_type: ClassVar[str] = "UserAuthenticate"
    keys: ClassVar[tuple[Key, ...]] = (Key("digest_response", "DigestResponse"),)

    digest_response: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBootstrapToken(CheckInMessage):
    """A Mac escrows its bootstrap token; none or an empty one removes the stored one."""

    message_type: ClassVar[str] = "SetBootstrapToken"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("bootstrap_token", "BootstrapToken", Kind.DATA),
        Key("awaiting_configuration", "AwaitingConfiguration", Kind.FLAG),
    )

    bootstrap_token: bytes | None = None
    awaiting_configuration: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetBootstrapToken(CheckInMessage):
    """A Mac asks for its escrowed bootstrap token."""

    message_type: ClassVar[str] = "GetBootstrapToken"
    keys: ClassVar[tuple[Key, ...]] = (Key("awaiting_configuration", "AwaitingConfiguration", Kind.FLAG),)

    awaiting_configuration: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetToken(CheckInMessage):
    """A device asks for a token of a service (com.apple.maid, com.apple.watch.pairing)."""

    message_type: ClassVar[str] = "GetToken"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("token_service_type", "TokenServiceType", Kind.TEXT, required=True),
        Key("token_parameters", "TokenParameters", Kind.DICTIONARY),
    )

    token_service_type: str
    token_parameters: PlistDict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarativeManagement(CheckInMessage):
    """A device synchronises its declarations: tokens, declaration-items, declaration/…, status."""

    message_type: ClassVar[str] = "DeclarativeManagement"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("endpoint", "Endpoint", Kind.TEXT, required=True),
        Key("data", "Data", Kind.DATA),
    )

    endpoint: str
    data: bytes | None = None


CheckIn: TypeAlias = (
    Authenticate
    | TokenUpdate
    | CheckOut
    | UserAuthenticate
    | SetBootstrapToken
    | GetBootstrapToken
    | GetToken
    | DeclarativeManagement
)


MESSAGES: Mapping[str, type[CheckIn]] = {
    message.message_type: message
    for message in (
        Authenticate,
        TokenUpdate,
        CheckOut,
        UserAuthenticate,
        SetBootstrapToken,
        GetBootstrapToken,
        GetToken,
        DeclarativeManagement,
    )
}
_TOPIC = Key("topic", "Topic")
_NEEDED_TOPIC = Key("topic", "Topic", required=True)


def parse_check_in(payload: Mapping[str, Any], raw: bytes = b"") -> CheckIn:
    """Read a check-in message from its dictionary; SchemaError for an unknown type, a missing key or a wrong type."""
    message_type = payload.get("MessageType")
    message = MESSAGES.get(message_type) if isinstance(message_type, str) else None
    if message is None:
        raise SchemaError(f"expected MessageType to be one of {', '.join(MESSAGES)}; found {excerpt(message_type)}")
    sender = Sender.from_plist(payload)
    if message is UserAuthenticate and sender.user_id is None:
        raise SchemaError("expected UserID in UserAuthenticate, found nothing")
    topic = (_NEEDED_TOPIC if message.needs_topic else _TOPIC).read(payload)
    return message(sender=sender, topic=topic, raw=raw, **read_keys(message.keys, payload))
