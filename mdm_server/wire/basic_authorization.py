"""HTTP's Basic scheme (RFC 7617): a name and a password in base64."""

from __future__ import annotations

import base64
import binascii


def basic_pair(encoded: str) -> tuple[str, str] | None:
    """Return name and password of Basic authentication, or None if it is none."""
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None
