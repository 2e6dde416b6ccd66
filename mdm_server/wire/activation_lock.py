"""Bypass codes: what opens Activation Lock without the Apple Account that closed it.

A code is sixteen random bytes. People see it as 26 symbols in groups of 5-5-4-4-4-4; each symbol is five bits, the
first bits first, and the last symbol is the three bits that are left over. Apple is never told the code, only what is
derived from it, the escrow key: whoever types the code later is recognized by that.
https://developer.apple.com/documentation/devicemanagement/creating-and-using-bypass-codes
"""

from __future__ import annotations

import hashlib
import hmac

from mdm_server.wire.errors import WireError

ALPHABET = "0123456789ACDEFGHJKLMNPQRTUVWXYZ"
"""Without the letters that are taken for 8, 1, 0 and 5."""
GROUPS = (5, 5, 4, 4, 4, 4)
SEPARATOR = "-"
LENGTH = 16
"""How many bytes a code has."""
ROUNDS = 50_000
SALT = bytes(4)
KEY_LENGTH = 32

_SYMBOLS = sum(GROUPS)
_BITS, _SYMBOL_BITS = LENGTH * 8, 5
_LEFT_OVER = _BITS % _SYMBOL_BITS


def format_bypass_code(code: bytes) -> str:
    """Write a code as people read it to each other.

    Raises:
        ValueError: these are not sixteen bytes.

    """
    if len(code) != LENGTH:
        raise ValueError(f"expected {LENGTH} bytes, found {len(code)}")
    number = int.from_bytes(code)
    last = number & ((1 << _LEFT_OVER) - 1)
    shifts = range(_BITS - _SYMBOL_BITS, 0, -_SYMBOL_BITS)
    symbols = "".join(ALPHABET[number >> shift & 31] for shift in shifts) + ALPHABET[last]
    starts = (sum(GROUPS[:index]) for index in range(len(GROUPS)))
    return SEPARATOR.join(symbols[start : start + length] for start, length in zip(starts, GROUPS, strict=True))


def parse_bypass_code(text: str) -> bytes:
    """Read a code as a person types it: with or without hyphens and blanks, in capitals or not.

    Raises:
        WireError: it is no bypass code (bypass_code.malformed).

    """
    symbols = text.replace(SEPARATOR, "").replace(" ", "").upper()
    if len(symbols) != _SYMBOLS:
        raise _malformed(f"expected {_SYMBOLS} symbols, found {len(symbols)}")
    values = [ALPHABET.find(symbol) for symbol in symbols]
    if min(values) < 0:
        raise _malformed("expected digits and capitals without B, I, O and S, found something else")
    if values[-1] >= 1 << _LEFT_OVER:
        raise _malformed(f"expected one of the first {1 << _LEFT_OVER} symbols as the last, found another")
    number = 0
    for value in values[:-1]:
        number = number << _SYMBOL_BITS | value
    return (number << _LEFT_OVER | values[-1]).to_bytes(LENGTH)


def escrow_key(code: bytes) -> str:
    """Return what Apple recognizes a code by, in hex: PBKDF2 with HMAC-SHA256, as Apple's page has it.

    It takes some ten milliseconds, on purpose.
    """
    return hashlib.pbkdf2_hmac("sha256", code, SALT, ROUNDS, KEY_LENGTH).hex()


def opens(typed: str, key: str) -> bool:
    """Say whether what somebody typed is the code with this escrow key."""
    try:
        code = parse_bypass_code(typed)
    except WireError:
        return False
    return hmac.compare_digest(escrow_key(code).encode(), key.lower().encode())


def _malformed(detail: str) -> WireError:
    return WireError("bypass_code.malformed", detail)
