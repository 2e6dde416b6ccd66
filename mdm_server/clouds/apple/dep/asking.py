"""A call to the API, once it is known whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.clouds.call import Call
from mdm_server.wire.dep import DepErrorCode, decode
from mdm_server.wire.errors import WireError

Message = TypeVar("Message", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks what: the number of the MDM server, the protocol version that it speaks, and its call."""

    server: int
    version: int
    call: Call

    def read(self, kind: type[Message]) -> Message:
        """Read the body (DepApiError MALFORMED_REQUEST_BODY); one that is not there is as an empty one."""
        try:
            return decode(self.call.body or b"{}", kind)
        except WireError as error:
            raise DepApiError(DepErrorCode.MALFORMED_REQUEST_BODY, error.detail) from error


def named(devices: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return the devices of a request: some, and no more than the account says.

    Raises:
        DepApiError: DEVICE_ID_REQUIRED, MALFORMED_REQUEST_BODY.

    """
    if not devices:
        raise DepApiError(DepErrorCode.DEVICE_ID_REQUIRED, "no devices")
    if len(devices) > most:
        raise DepApiError(DepErrorCode.MALFORMED_REQUEST_BODY, f"expected at most {most} devices, found {len(devices)}")
    return devices
