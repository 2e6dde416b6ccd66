"""Configuration profiles as a script writes them: one payload, and the envelope around it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from mdm_server.wire import plist


def configuration_profile(identifier: str, payload: str, said: Mapping[str, Any]) -> str:
    """Return a profile with one payload in base64, the same for the same words.

    https://developer.apple.com/documentation/devicemanagement/toplevel
    """
    inner = {
        "PayloadType": payload,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.payload",
        "PayloadUUID": _uuid(f"{identifier}.payload"),
        **said,
    }
    outer = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid(identifier),
        "PayloadDisplayName": identifier,
        "PayloadContent": [inner],
    }
    return base64.b64encode(plist.dumps(outer)).decode()


def _uuid(identifier: str) -> str:
    return str(uuid5(NAMESPACE_URL, identifier)).upper()
