"""What passes between a device and its surroundings: requests go out, happenings come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from certs.identity import Identity
from device_emulator.core.actions import PersonAction


class RequestKind(StrEnum):
    """Why a device sends a request."""

    ACTIVATION = "activation"
    PROFILE = "profile"
    WEB_SIGN_IN = "web_sign_in"
    PROFILE_SERVICE = "profile_service"
    SCEP_CAPABILITIES = "scep_capabilities"
    SCEP_CERTIFICATES = "scep_certificates"
    SCEP_ENROLLMENT = "scep_enrollment"
    SCEP_POLL = "scep_poll"
    SCEP_RENEWAL = "scep_renewal"
    AUTHENTICATE = "authenticate"
    TOKEN_UPDATE = "token_update"  # noqa: S105 - the name of a message
    CHECK_OUT = "check_out"
    USER_AUTHENTICATE = "user_authenticate"
    GET_BOOTSTRAP_TOKEN = "get_bootstrap_token"  # noqa: S105 - the name of a message
    SET_BOOTSTRAP_TOKEN = "set_bootstrap_token"  # noqa: S105 - the name of a message
    FIND_MY = "find_my"
    IDLE = "idle"
    ANSWER = "answer"
    HUB_WIZARD = "hub_wizard"
    HUB_LOGIN = "hub_login"
    HUB_LOGOUT = "hub_logout"
    HUB_STATUS = "hub_status"
    DIRECT_ENROLLMENT = "direct_enrollment"
    ANDROID_ENROLL = "android_enroll"
    ANDROID_SYNC = "android_sync"
    ANDROID_ACKNOWLEDGE = "android_acknowledge"
    ANDROID_UNENROLL = "android_unenroll"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request that a device wants to be sent now.

    `identity` is the client certificate to present in the TLS handshake; without one the device proves itself by the
    `Mdm-Signature` header, or has nothing to prove yet. `number` comes back in the happening that answers it. A device
    has at most one request under way.
    """

    number: int
    kind: RequestKind
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A server answered request `number`. `headers` are looked up by lower-case name."""

    number: int
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """Request `number` got no HTTP response.

    `reason` is a stable token (`connect.refused`, `tls.untrusted`, `timeout`, …). `retryable` is false where trying
    again cannot help, such as a server certificate that the device does not trust.
    """

    number: int
    reason: str
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class PushArrived:
    """A push reached the device's token; a device heeds it only if the magic is the one it announced."""

    magic: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The clock reached the device's deadline, or simply moved on."""


@dataclass(frozen=True, slots=True)
class PersonActs:
    """The person holding the device did something."""

    action: PersonAction


class Errand(StrEnum):
    """What a device may have to do with a server, most urgent first."""

    SET_UP = "set_up"
    ENROLL = "enroll"
    CHECK_OUT = "check_out"
    HUB = "hub"
    TOKEN_UPDATE = "token_update"  # noqa: S105 - the name of an errand
    RENEWAL = "renewal"
    FIND_MY = "find_my"
    SESSION = "session"


URGENCY = tuple(Errand)
"""In this order errands are run when several wait: a session, which may fail for days, comes last."""
NO_ERRANDS: frozenset[Errand] = frozenset()
"""One object for all devices that have nothing to do; every other empty set would weigh 216 bytes."""


@dataclass(frozen=True, slots=True)
class Prompted:
    """Somebody outside the play asks an enrolled device to run an errand now.

    SESSION asks for commands without waiting for a push, TOKEN_UPDATE announces a new push token and magic, CHECK_OUT
    ends management as if the person had removed it, RENEWAL renews the identity whether it is due or not, HUB asks
    whose the device is.
    """

    errand: Errand


Happening = ResponseArrived | RequestFailed | PushArrived | TimePassed | PersonActs | Prompted
