"""The CAPTCHA that a login asks for after too many wrong ones: a picture of six digits, asked for once.

It is there so that what happens around a CAPTCHA can be rehearsed, and holds off nobody: the picture is SVG, so that a
virtual person can read it as a real one does.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable

DIGITS = 6
IMAGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="180" height="60" role="img">'
    '<rect width="180" height="60" fill="#eee"/>'
    '<text x="90" y="40" text-anchor="middle" font-family="monospace" font-size="30">{text}</text></svg>'
)


def new_captcha(random_bytes: Callable[[int], bytes]) -> str:
    """Return what the next person has to read and type."""
    return f"{int.from_bytes(random_bytes(8), 'big') % 10**DIGITS:0{DIGITS}}"


def picture_of(captcha: str) -> str:
    """Return the picture of a CAPTCHA as a data URL."""
    return "data:image/svg+xml;base64," + base64.b64encode(IMAGE.format(text=captcha).encode()).decode()


def is_solved(captcha: str | None, typed: str) -> bool:
    """Say whether what was typed is what the picture shows; nothing solves a CAPTCHA that was never shown."""
    return captcha is not None and hmac.compare_digest(captcha.encode(), typed.strip().encode("utf-8", "surrogatepass"))
