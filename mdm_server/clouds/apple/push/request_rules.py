"""What a push must look like: Apple's rules for path, headers and payload.

They are asked in the order in which they stand here, and the first that is broken is the reason. Who may push what is
asked in between, by whoever knows the provider.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from mdm_server.clouds.apple.push.certificates import MDM_TOPIC, is_topic
from mdm_server.wire import apns
from mdm_server.wire.apns import PushRequest, PushType, Reason
from mdm_server.wire.courier import MAX_TOKEN_BYTES

STORED_AT_MOST = timedelta(days=apns.LONGEST_STORED_DAYS)
_TOKEN = re.compile(rf"(?:[0-9a-fA-F]{{2}}){{1,{MAX_TOKEN_BYTES}}}")
_SECONDS = re.compile(r"[0-9]{1,11}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PRIORITIES = {"1", "5", "10"}


class PushRefused(Exception):  # noqa: N818  # a verdict, not a mistake
    """A push is not taken, for this reason."""

    def __init__(self, reason: Reason, timestamp: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.timestamp = timestamp


@dataclass(frozen=True, slots=True)
class Wish:
    """What a push asks for, besides whom it goes to."""

    expires: datetime | None
    """When it is worth nothing any more; None: it is delivered now or never."""
    push_type: PushType | None


class _Payload(msgspec.Struct):
    mdm: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


_payload = msgspec.json.Decoder(dict[str, msgspec.Raw])
_mdm = msgspec.json.Decoder(_Payload)


def token_of(request: PushRequest) -> bytes:
    """Return the token in the path of a request.

    Raises:
        PushRefused: MethodNotAllowed, BadPath, MissingDeviceToken, BadDeviceToken.

    """
    if request.method != "POST":
        raise PushRefused(Reason.METHOD_NOT_ALLOWED)
    if request.path in {apns.PATH, apns.PATH.rstrip("/")}:
        raise PushRefused(Reason.MISSING_DEVICE_TOKEN)
    if not request.path.startswith(apns.PATH) or "/" in (token := request.path.removeprefix(apns.PATH)):
        raise PushRefused(Reason.BAD_PATH)
    if not _TOKEN.fullmatch(token):
        raise PushRefused(Reason.BAD_DEVICE_TOKEN)
    return bytes.fromhex(token)


def headers_of(request: PushRequest) -> Mapping[str, str]:
    """Return the headers by their names.

    Raises:
        PushRefused: DuplicateHeaders.

    """
    counted = Counter(name for name, _ in request.headers)
    if any(count > 1 and (name.startswith("apns-") or name == apns.AUTHORIZATION) for name, count in counted.items()):
        raise PushRefused(Reason.DUPLICATE_HEADERS)
    return dict(request.headers)


def topic_of(headers: Mapping[str, str], allowed: frozenset[str]) -> str:
    """Return what a push is about; a certificate for one topic says it for a push that does not.

    Raises:
        PushRefused: MissingTopic, BadTopic, TopicDisallowed.

    """
    topic = headers.get(apns.TOPIC)
    if topic is None:
        if len(allowed) != 1:
            raise PushRefused(Reason.MISSING_TOPIC)
        return next(iter(allowed))
    if not is_topic(topic):
        raise PushRefused(Reason.BAD_TOPIC)
    if topic not in allowed:
        raise PushRefused(Reason.TOPIC_DISALLOWED)
    return topic


def wish_of(headers: Mapping[str, str], topic: str, now: datetime) -> Wish:
    """Return what the other headers ask for.

    Raises:
        PushRefused: BadMessageId, BadExpirationDate, BadPriority, InvalidPushType, BadCollapseId.

    """
    if not _UUID.fullmatch(headers.get(apns.ID, str(UUID(int=0)))):
        raise PushRefused(Reason.BAD_MESSAGE_ID)
    expires = _expiration(headers.get(apns.EXPIRATION), now)
    priority = headers.get(apns.PRIORITY, "10")
    if priority not in _PRIORITIES:
        raise PushRefused(Reason.BAD_PRIORITY)
    push_type = _push_type(headers.get(apns.PUSH_TYPE), topic)
    if push_type is PushType.BACKGROUND and priority == "10" and apns.PRIORITY in headers:
        raise PushRefused(Reason.BAD_PRIORITY)
    if not 0 < len(headers.get(apns.COLLAPSE_ID, "-").encode()) <= apns.MOST_COLLAPSE_ID_BYTES:
        raise PushRefused(Reason.BAD_COLLAPSE_ID)
    return Wish(expires, push_type)


def magic_of(body: bytes, push_type: PushType | None) -> str | None:
    """Return the PushMagic in a payload; None when there is none that a device could understand.

    Raises:
        PushRefused: PayloadEmpty for whatever is not an object with something in it, PayloadTooLarge.

    """
    most = apns.MOST_VOIP_PAYLOAD_BYTES if push_type is PushType.VOIP else apns.MOST_PAYLOAD_BYTES
    if len(body) > most:
        raise PushRefused(Reason.PAYLOAD_TOO_LARGE)
    try:
        if not _payload.decode(body):
            raise PushRefused(Reason.PAYLOAD_EMPTY)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise PushRefused(Reason.PAYLOAD_EMPTY) from None
    try:
        return _mdm.decode(body).mdm
    except msgspec.DecodeError:
        return None


def _expiration(said: str | None, now: datetime) -> datetime | None:
    """Read until when a push is to be kept; 0 is "now or never", and no push is kept for longer than thirty days."""
    latest = now + STORED_AT_MOST
    if said is None:
        return latest
    if not _SECONDS.fullmatch(said):
        raise PushRefused(Reason.BAD_EXPIRATION_DATE)
    seconds = int(said)
    if seconds <= now.timestamp():
        return None
    return latest if seconds >= latest.timestamp() else datetime.fromtimestamp(seconds, UTC)


def _push_type(said: str | None, topic: str) -> PushType | None:
    """Read the type of a push; one to a management topic can be of one type only, or leave it out, as many do."""
    if said is None:
        return None
    try:
        push_type = PushType(said)
    except ValueError:
        raise PushRefused(Reason.INVALID_PUSH_TYPE) from None
    if topic.startswith(MDM_TOPIC) and push_type is not PushType.MDM:
        raise PushRefused(Reason.INVALID_PUSH_TYPE)
    return push_type
