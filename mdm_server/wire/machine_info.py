"""What a device says about itself when it asks for an enrolment profile.

https://developer.apple.com/documentation/devicemanagement/machineinfo
It travels CMS-signed as a POST body, or base64 in the query or a header; taking it out of there is not this module's
business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mdm_server.wire.plist import PlistDict


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineInfo:
    """A device's description of itself; every key may be missing, since clients differ in what they send."""

    udid: str | None = None
    serial: str | None = None
    product: str | None = None
    version: str | None = None
    os_version: str | None = None
    supplemental_build_version: str | None = None
    supplemental_os_version_extra: str | None = None
    imei: str | None = None
    meid: str | None = None
    language: str | None = None
    can_request_software_update: bool | None = None
    pairing_token: bytes | None = None
    software_update_device_id: str | None = None

    def to_plist(self) -> PlistDict:
        """Write the keys that are known."""
        raise NotImplementedError


def parse_machine_info(payload: Mapping[str, Any]) -> MachineInfo:
    """Read a MachineInfo dictionary (SchemaError for a wrong type); unknown keys are ignored."""
    raise NotImplementedError
