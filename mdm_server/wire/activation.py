"""How a device is activated, and how it tells of Find My: property lists, and a convention of this project's own.

Apple documents none of this, and no device but ours speaks it. What it carries is what a real device gets on
activation by whatever way Apple has: a certificate that says which device it is, the answer whether somebody has locked
it, and the cloud configuration, if its organization has assigned it to an MDM server.

    POST /activation        ActivationRequest  ->  ActivationReply
    POST /activation-lock   FindMyReport       ->  200 without a body

The cloud configuration is the DEP profile under Apple's names for its fields.
https://developer.apple.com/documentation/devicemanagement/profile
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from mdm_server.wire.dep import DepProfile
from mdm_server.wire.errors import SchemaError
from mdm_server.wire.keys import Key, Kind, read_keys, write_keys
from mdm_server.wire.plist import Limits, dumps, loads_dict

ACTIVATION = "/activation"
ACTIVATION_LOCK = "/activation-lock"
PLIST = "application/xml"
LONGEST = Limits(max_bytes=256 * 1024)
"""What a request or a reply may have; anchor certificates in a DEP profile are the largest of it."""
MOST_CERTIFICATES = 8


class ActivationState(StrEnum):
    """What became of an activation, in the words of a device's own ActivationState."""

    ACTIVATED = "Activated"
    LOCKED = "Locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfiguration:
    """What an organization has decided for a device before anybody switches it on.

    Attributes:
        profile: its DEP profile.
        profile_uuid: the name that Apple gave that profile.
        organization_name: whose the device is; Setup Assistant says so.
        server_uuid: the MDM server it is assigned to, as Apple counts them.

    """

    profile: DepProfile
    profile_uuid: str
    organization_name: str
    server_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRequest:
    """A device in Setup Assistant wants to be activated.

    Attributes:
        udid, serial_number, product, os_version, build: what the device is.
        certificate_request: PKCS#10 in DER; its key stays in the device.
        unlock: a bypass code, or the password of the Apple Account that locked it; None if nobody typed any.

    """

    udid: str
    serial_number: str
    product: str
    os_version: str
    build: str
    certificate_request: bytes = field(repr=False)
    unlock: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationReply:
    """What Apple says.

    Attributes:
        state: a locked device gets nothing but `lock_message`.
        certificate_chain: DER, the device's own first and the authority that issued it behind it.
        cloud_configuration: None for a device of nobody's, or of an organization that has not assigned it.
        lock_message: what its owner wants whoever holds it to read.

    """

    state: ActivationState
    certificate_chain: tuple[bytes, ...] = ()
    cloud_configuration: CloudConfiguration | None = None
    lock_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindMyReport:
    """A device tells that Find My was switched on or off, or that MDM allows a lock by bypass code.

    Attributes:
        udid, serial_number: which device.
        account: the Apple Account of its person; None while nobody is signed in, or Find My is off.
        password: that account's, once, when it is switched on: by it the lock can be opened later.
        escrow_key: what the device's bypass code is recognized by, in hex; None if it has none to give.

    """

    udid: str
    serial_number: str
    account: str | None = None
    password: str | None = field(default=None, repr=False)
    escrow_key: str | None = field(default=None, repr=False)


_REQUEST = (
    Key("udid", "UDID", required=True),
    Key("serial_number", "SerialNumber", required=True),
    Key("product", "ProductType", required=True),
    Key("os_version", "ProductVersion", required=True),
    Key("build", "BuildVersion", required=True),
    Key("certificate_request", "DeviceCertRequest", Kind.DATA, required=True),
    Key("unlock", "Unlock"),
)
_REPORT = (
    Key("udid", "UDID", required=True),
    Key("serial_number", "SerialNumber", required=True),
    Key("account", "Account"),
    Key("password", "Password"),
    Key("escrow_key", "EscrowKey"),
)
_CONFIGURATION = (
    Key("profile_uuid", "ProfileUUID", required=True),
    Key("organization_name", "OrganizationName", required=True),
    Key("server_uuid", "ServerUUID", required=True),
)
_PROFILE = Key("profile", "Profile", Kind.DICTIONARY, required=True)
_STATE = Key("state", "ActivationState", required=True)
_MESSAGE = Key("lock_message", "LockMessage")
_CLOUD = Key("cloud_configuration", "CloudConfiguration", Kind.DICTIONARY)
_CHAIN = "CertificateChain"
_STATES = {state.value: state for state in ActivationState}


def encode_request(request: ActivationRequest) -> bytes:
    """Write an activation request."""
    return dumps(write_keys(_REQUEST, request))


def parse_request(body: bytes) -> ActivationRequest:
    """Read an activation request (WireError)."""
    return ActivationRequest(**read_keys(_REQUEST, loads_dict(body, limits=LONGEST)))


def encode_report(report: FindMyReport) -> bytes:
    """Write what a device tells of Find My."""
    return dumps(write_keys(_REPORT, report))


def parse_report(body: bytes) -> FindMyReport:
    """Read what a device tells of Find My (WireError)."""
    return FindMyReport(**read_keys(_REPORT, loads_dict(body, limits=LONGEST)))


def encode_reply(reply: ActivationReply) -> bytes:
    """Write the answer to an activation request."""
    payload: dict[str, Any] = {_STATE.name: reply.state.value, **write_keys((_MESSAGE,), reply)}
    if reply.certificate_chain:
        payload[_CHAIN] = list(reply.certificate_chain)
    if reply.cloud_configuration is not None:
        payload[_CLOUD.name] = _configuration(reply.cloud_configuration)
    return dumps(payload)


def parse_reply(body: bytes) -> ActivationReply:
    """Read the answer to an activation request (WireError): who is activated has certificates, who is locked none."""
    payload = loads_dict(body, limits=LONGEST)
    state, chain, cloud = _state(payload), _chain(payload), _CLOUD.read(payload)
    if (state is ActivationState.ACTIVATED) != bool(chain):
        raise SchemaError(f"expected a {_CHAIN} with {ActivationState.ACTIVATED} and none otherwise, found {state}")
    return ActivationReply(
        state=state,
        certificate_chain=chain,
        cloud_configuration=None if cloud is None else _read_configuration(cloud),
        lock_message=_MESSAGE.read(payload),
    )


def _configuration(configuration: CloudConfiguration) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(configuration.profile)
    known = {name: value for name, value in fields.items() if value is not None}
    return {**write_keys(_CONFIGURATION, configuration), _PROFILE.name: known}


def _read_configuration(payload: Mapping[str, Any]) -> CloudConfiguration:
    texts = read_keys(_CONFIGURATION, payload)
    try:
        profile = msgspec.convert(_PROFILE.read(payload), DepProfile)
    except msgspec.ValidationError as error:
        raise SchemaError(f"expected a DEP profile as {_PROFILE.name}, found another dictionary: {error}") from error
    return CloudConfiguration(profile=profile, **texts)


def _state(payload: Mapping[str, Any]) -> ActivationState:
    state = _STATES.get(_STATE.read(payload))
    if state is None:
        raise SchemaError(f"expected one of {', '.join(_STATES)} as {_STATE.name}, found another word")
    return state


def _chain(payload: Mapping[str, Any]) -> tuple[bytes, ...]:
    chain = payload.get(_CHAIN, [])
    if not isinstance(chain, list) or not all(isinstance(each, bytes) and each for each in chain):
        raise SchemaError(f"expected an array of data as {_CHAIN}, found something else")
    if len(chain) > MOST_CERTIFICATES:
        raise SchemaError(f"expected at most {MOST_CERTIFICATES} certificates as {_CHAIN}, found {len(chain)}")
    return tuple(chain)
