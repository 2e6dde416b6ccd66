"""Apple's push service as a provider sees it: one POST of a small JSON object to `/3/device/{token}`, over HTTP/2.

An MDM pushes `{"mdm": "<PushMagic>"}`. What is wrong with a push is said in `{"reason": …}`, in Apple's own words:
https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

PATH: Final = "/3/device/"
MOST_PAYLOAD_BYTES: Final = 4096
MOST_VOIP_PAYLOAD_BYTES: Final = 5120
MOST_COLLAPSE_ID_BYTES: Final = 64
LONGEST_STORED_DAYS: Final = 30

# The names of headers, as HTTP/2 spells them.
ID: Final = "apns-id"
EXPIRATION: Final = "apns-expiration"
PRIORITY: Final = "apns-priority"
TOPIC: Final = "apns-topic"
PUSH_TYPE: Final = "apns-push-type"
COLLAPSE_ID: Final = "apns-collapse-id"
AUTHORIZATION: Final = "authorization"

OK: Final = 200


class Reason(StrEnum):
    """Why a push was not taken, or why a connection ends."""

    BAD_COLLAPSE_ID = "BadCollapseId"
    BAD_DEVICE_TOKEN = "BadDeviceToken"  # noqa: S105  # the word for a bad one, not a token
    BAD_EXPIRATION_DATE = "BadExpirationDate"
    BAD_MESSAGE_ID = "BadMessageId"
    BAD_PRIORITY = "BadPriority"
    BAD_TOPIC = "BadTopic"
    DEVICE_TOKEN_NOT_FOR_TOPIC = "DeviceTokenNotForTopic"  # noqa: S105
    DUPLICATE_HEADERS = "DuplicateHeaders"
    IDLE_TIMEOUT = "IdleTimeout"
    INVALID_PUSH_TYPE = "InvalidPushType"
    MISSING_DEVICE_TOKEN = "MissingDeviceToken"  # noqa: S105
    MISSING_TOPIC = "MissingTopic"
    PAYLOAD_EMPTY = "PayloadEmpty"
    TOPIC_DISALLOWED = "TopicDisallowed"
    BAD_CERTIFICATE = "BadCertificate"
    BAD_CERTIFICATE_ENVIRONMENT = "BadCertificateEnvironment"
    EXPIRED_PROVIDER_TOKEN = "ExpiredProviderToken"  # noqa: S105
    FORBIDDEN = "Forbidden"
    INVALID_PROVIDER_TOKEN = "InvalidProviderToken"  # noqa: S105
    MISSING_PROVIDER_TOKEN = "MissingProviderToken"  # noqa: S105
    UNRELATED_KEY_ID_IN_TOKEN = "UnrelatedKeyIdInToken"  # noqa: S105
    BAD_ENVIRONMENT_KEY_ID_IN_TOKEN = "BadEnvironmentKeyIdInToken"  # noqa: S105
    BAD_PATH = "BadPath"
    METHOD_NOT_ALLOWED = "MethodNotAllowed"
    EXPIRED_TOKEN = "ExpiredToken"  # noqa: S105
    UNREGISTERED = "Unregistered"
    PAYLOAD_TOO_LARGE = "PayloadTooLarge"
    TOO_MANY_PROVIDER_TOKEN_UPDATES = "TooManyProviderTokenUpdates"  # noqa: S105
    TOO_MANY_REQUESTS = "TooManyRequests"
    INTERNAL_SERVER_ERROR = "InternalServerError"
    SERVICE_UNAVAILABLE = "ServiceUnavailable"
    SHUTDOWN = "Shutdown"

    @property
    def status(self) -> int:
        """The HTTP status it comes with."""
        return _STATUS.get(self, 400)


_STATUS: Mapping[Reason, int] = {
    Reason.BAD_CERTIFICATE: 403,
    Reason.BAD_CERTIFICATE_ENVIRONMENT: 403,
    Reason.EXPIRED_PROVIDER_TOKEN: 403,
    Reason.FORBIDDEN: 403,
    Reason.INVALID_PROVIDER_TOKEN: 403,
    Reason.MISSING_PROVIDER_TOKEN: 403,
    Reason.UNRELATED_KEY_ID_IN_TOKEN: 403,
    Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN: 403,
    Reason.BAD_PATH: 404,
    Reason.METHOD_NOT_ALLOWED: 405,
    Reason.EXPIRED_TOKEN: 410,
    Reason.UNREGISTERED: 410,
    Reason.PAYLOAD_TOO_LARGE: 413,
    Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES: 429,
    Reason.TOO_MANY_REQUESTS: 429,
    Reason.INTERNAL_SERVER_ERROR: 500,
    Reason.SERVICE_UNAVAILABLE: 503,
    Reason.SHUTDOWN: 503,
}

GONE_FOR_GOOD: Final = frozenset({Reason.UNREGISTERED, Reason.EXPIRED_TOKEN})
"""What a token never recovers from; only these come with a timestamp."""


class PushType(StrEnum):
    """What `apns-push-type` may say."""

    ALERT = "alert"
    BACKGROUND = "background"
    LOCATION = "location"
    VOIP = "voip"
    COMPLICATION = "complication"
    FILEPROVIDER = "fileprovider"
    MDM = "mdm"
    LIVEACTIVITY = "liveactivity"
    PUSHTOTALK = "pushtotalk"
    WIDGETS = "widgets"
    CONTROLS = "controls"


class Environment(StrEnum):
    """Apple has two push services, and certificates, keys and tokens of one are worth nothing at the other."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """One request of a provider: names of headers in lower case, in their order, each as often as it came."""

    method: str = "POST"
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReply:
    """What it is answered.

    Attributes:
        reason: why not; None when the push was taken.
        apns_id: which push is meant.
        timestamp: since when a token is no longer valid, in milliseconds.
        goaway: the connection ends behind this answer, for this reason.
        cut: there is no answer: the connection just breaks.

    """

    reason: Reason | None = None
    apns_id: str = ""
    timestamp: int | None = None
    goaway: Reason | None = None
    cut: bool = False

    @property
    def status(self) -> int:
        """The HTTP status."""
        return OK if self.reason is None else self.reason.status

    @property
    def body(self) -> bytes:
        """The document that says why not; empty when the push was taken."""
        return b"" if self.reason is None else encode_problem(self.reason, self.timestamp)


class _Problem(msgspec.Struct, omit_defaults=True):
    reason: str
    timestamp: int | None = None


_problem = msgspec.json.Decoder(_Problem)


def encode_problem(reason: Reason, timestamp: int | None = None) -> bytes:
    """Write the document that says why not, as it stands in an answer and in a GOAWAY."""
    return msgspec.json.encode(_Problem(reason, timestamp))


def read_problem(body: bytes) -> tuple[Reason | None, int | None]:
    """Read reason and timestamp; None for a reason that is not Apple's, or a document that is none."""
    try:
        problem = _problem.decode(body)
        return Reason(problem.reason), problem.timestamp
    except ValueError:  # msgspec's errors are ValueErrors, and so is an unknown reason
        return None, None


def mdm_payload(magic: str) -> bytes:
    """Write what wakes an enrolled device."""
    return msgspec.json.encode({"mdm": magic})


def mdm_push(token: bytes, magic: str, topic: str, *headers: tuple[str, str]) -> PushRequest:
    """Write the push that wakes an enrolled device."""
    return PushRequest(
        path=PATH + token.hex(), headers=((TOPIC, topic), (PUSH_TYPE, PushType.MDM), *headers), body=mdm_payload(magic)
    )
