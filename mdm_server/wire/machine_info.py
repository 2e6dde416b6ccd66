"""What a device says about itself when it asks for an enrolment profile.

https://developer.apple.com/documentation/devicemanagement/machineinfo
It travels CMS-signed as a POST body, or base64 in the query or a header; taking it out of there is not this module's
business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mdm_server.wire.keys import Key, Kind, read_keys, write_keys
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
        return write_keys(_KEYS, self)


_KEYS = (
    Key("udid", "UDID"),
    Key("serial", "SERIAL"),
    Key("product", "PRODUCT"),
    Key("version", "VERSION"),
    Key("os_version", "OS_VERSION"),
    Key("supplemental_build_version", "SUPPLEMENTAL_BUILD_VERSION"),
    Key("supplemental_os_version_extra", "SUPPLEMENTAL_OS_VERSION_EXTRA"),
    Key("imei", "IMEI"),
    Key("meid", "MEID"),
    Key("language", "LANGUAGE"),
    Key("can_request_software_update", "MDM_CAN_REQUEST_SOFTWARE_UPDATE", Kind.FLAG),
    Key("pairing_token", "PAIRING_TOKEN", Kind.DATA),
    Key("software_update_device_id", "SOFTWARE_UPDATE_DEVICE_ID"),
)


def parse_machine_info(payload: Mapping[str, Any]) -> MachineInfo:
    """Read a MachineInfo dictionary (SchemaError for a wrong type); unknown keys are ignored."""
    return MachineInfo(**read_keys(_KEYS, payload))
