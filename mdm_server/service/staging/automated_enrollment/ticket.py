"""Which device a form belongs to, in a field of that form: sealed by us, so that nobody can write another in.

Nothing has to be kept for a page that is never sent back, however many are asked for (T-27).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from mdm_server.domain.refusal import Refusal
from mdm_server.wire.hub import DeviceType, HubDevice

GOOD_FOR = timedelta(minutes=30)
_KEY_BYTES = 32
_SEAL_BYTES = 32


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What a ticket says."""

    expires_at: datetime
    identifier: str
    serial_number: str
    imei: str
    os_version: str
    product: str


class Tickets:
    """Writes and reads tickets; those of a server that was stopped since are too old."""

    def __init__(self, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._key = random_bytes(_KEY_BYTES)

    def write(self, device: HubDevice) -> str:
        """Return a ticket for a device."""
        content = msgspec.json.encode(
            _Content(
                self._clock() + GOOD_FOR,
                device.identifier,
                device.serial_number,
                device.imei,
                device.os_version,
                device.product,
            )
        )
        return base64.urlsafe_b64encode(self._seal(content) + content).decode()

    def read(self, ticket: str) -> HubDevice:
        """Return the device of a ticket; raises Refusal `SESSION_EXPIRED` for one that is too old, or not ours."""
        try:
            sealed = base64.b64decode(ticket, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refusal("SESSION_EXPIRED", reason="ticket") from error
        seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(content)):
            raise Refusal("SESSION_EXPIRED", reason="ticket")
        said = msgspec.json.decode(content, type=_Content)
        if said.expires_at <= self._clock():
            raise Refusal("SESSION_EXPIRED", reason="too_old")
        return HubDevice(
            identifier=said.identifier,
            serial_number=said.serial_number,
            imei=said.imei,
            type=DeviceType.APPLE,
            os_version=said.os_version,
            product=said.product,
        )

    def _seal(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)
