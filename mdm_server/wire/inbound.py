"""Everything a device may send to an MDM server, told apart by what it says and not by a header.

Content-Type is no guide: mdmb sends none with command reports, Fleet's client an empty one.
"""

from __future__ import annotations

from mdm_server.wire.checkin import CheckIn
from mdm_server.wire.plist import RESULT, Codec, Limits
from mdm_server.wire.results import CommandResult


def parse(body: bytes, *, limits: Limits = RESULT, codec: Codec = Codec.STDLIB) -> CheckIn | CommandResult:
    """Read a message of a device: one with a MessageType is a check-in, any other a command report.

    Raises PlistError or SchemaError. A check-in larger than `plist.CHECK_IN` allows is refused although a report of
    that size would pass.
    """
    raise NotImplementedError


def encode(message: CheckIn | CommandResult, *, binary: bool = False, codec: Codec = Codec.STDLIB) -> bytes:
    """Write a message as the body a device sends."""
    raise NotImplementedError
