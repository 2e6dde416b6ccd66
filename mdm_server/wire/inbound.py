"""Everything a device may send to an MDM server, told apart by what it says and not by a header.

Content-Type is no guide: mdmb sends none with command reports, Fleet's client an empty one.
"""

from __future__ import annotations

from mdm_server.wire.checkin import CheckIn, parse_check_in
from mdm_server.wire.errors import PlistError
from mdm_server.wire.plist import CHECK_IN, RESULT, Codec, Limits, dumps, loads_dict
from mdm_server.wire.results import CommandResult, parse_result


def parse(body: bytes, *, limits: Limits = RESULT, codec: Codec = Codec.STDLIB) -> CheckIn | CommandResult:
    """Read a message of a device: one with a MessageType is a check-in, any other a command report.

    Raises PlistError or SchemaError. A check-in larger than `plist.CHECK_IN` allows is refused although a report of
    that size would pass.
    """
    payload = loads_dict(body, limits=limits, codec=codec)
    if "MessageType" not in payload:
        return parse_result(payload, body)
    if len(body) > CHECK_IN.max_bytes:
        raise PlistError("parse.size", f"expected a check-in of at most {CHECK_IN.max_bytes} bytes, found {len(body)}")
    return parse_check_in(payload, body)


def encode(message: CheckIn | CommandResult, *, binary: bool = False, codec: Codec = Codec.STDLIB) -> bytes:
    """Write a message as the body a device sends."""
    return dumps(message.to_plist(), binary=binary, codec=codec)
