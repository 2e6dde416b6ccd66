"""Who speaks on the channel of virtual Androids: a name and a secret, handed out once at enrolment."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.service.request_facts import RequestFacts
from mdm_server.store.staging import AndroidChannel, StagingRoom, StagingView
from mdm_server.wire.android_channel import parse_authorization


@dataclass(frozen=True, slots=True)
class Speaker:
    """A device that proved itself: its channel and its record."""

    channel: AndroidChannel
    device: DeviceRecord


def hash_of_secret(secret: str) -> str:
    """Return what is kept of a device's secret; with 256 random bits in it, it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def speaker(view: StagingView | StagingRoom, facts: RequestFacts) -> Speaker:
    """Return the device that a request proves to come from, whether it is still managed or not.

    Raises:
        ChannelError: the Authorization header is no such proof.
        Refusal: `auth.missing`, or `device.unknown`, for a name nobody has and for a wrong secret alike.

    """
    if facts.authorization is None:
        raise Refusal("auth.missing", reason="android")
    name, secret = parse_authorization(facts.authorization)
    channel = view.android.channel(name)
    expected = "" if channel is None else channel.secret_hash
    if not hmac.compare_digest(expected.encode(), hash_of_secret(secret).encode()) or channel is None:
        raise Refusal("device.unknown", reason="android")
    device = view.devices.get(channel.device)
    if device is None:
        raise Refusal("device.unknown", reason="android")
    return Speaker(channel, device)
