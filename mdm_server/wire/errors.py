"""What can be wrong with bytes from a device, a server or an administrator.

    WireError(ValueError)      code, detail, position
    ├── PlistError             the bytes are no acceptable property list: parse.size, parse.depth, parse.expansion,
    │                          parse.entity, parse.value, parse.duplicate_key, parse.syntax, parse.not_plist; and
    │                          encode.value, encode.depth for a value of ours that a plist cannot hold
    ├── SchemaError            a property list, but not the message it should be: parse.schema
    ├── ProfileError           a configuration profile we cannot take: profile.malformed, profile.signature,
    │                          profile.untrusted, profile.unsupported
    └── FrameError             a courier frame we cannot take: courier.frame, courier.size

`code` is stable and meant for machines; `detail` says what was expected and what was found, and never quotes more than
a few characters of the input, because the input may hold secrets.
"""

from __future__ import annotations


class WireError(ValueError):
    """Bytes that do not mean what they should."""

    def __init__(self, code: str, detail: str, position: int | None = None) -> None:
        super().__init__(code, detail, position)
        self.code = code
        self.detail = detail
        self.position = position

    def __str__(self) -> str:
        where = "" if self.position is None else f" (at byte {self.position})"
        return f"{self.code}: {self.detail}{where}"


class PlistError(WireError):
    """The bytes are not an acceptable property list, or a value cannot become one."""


class SchemaError(WireError):
    """A property list that lacks a key, or has a value of the wrong type."""

    def __init__(self, detail: str) -> None:
        super().__init__("parse.schema", detail)


class ProfileError(WireError):
    """A configuration profile that cannot be built, opened or understood."""


class FrameError(WireError):
    """A frame between push courier and device that cannot be understood."""


def excerpt(value: object) -> str:
    """Describe a foreign value in an error: its beginning, printable, never long enough to be a secret worth having."""
    text = ascii(value) if isinstance(value, str | int | float) else type(value).__name__
    return text if len(text) <= 24 else f"{text[:20]}…"
