"""A linear look over foreign DER before any parser sees it.

asn1crypto needs time quadratic in the length of a tag number or an object identifier: 64 KiB of either cost a second,
256 KiB cost seventeen. So every byte from outside passes `scan` first. It walks the elements once, never recurses,
keeps nothing, and refuses what no honest certificate, request or message contains. It does not look inside OCTET and
BIT STRINGs: what is wrapped in one is scanned when it is unwrapped.
"""

from __future__ import annotations

from certs.errors import DerError

MAX_ELEMENTS = 8192
"""A certificate has about a hundred elements, a CMS message with its chain some five hundred."""
MAX_OBJECT_IDENTIFIER = 64
MAX_INTEGER = 2064
"""A 16,384-bit modulus with its sign byte fits; Python's own digit limit is not reached."""

_CONSTRUCTED = 0x20
_HIGH_TAG = 0x1F
_INDEFINITE = 0x80
_INTEGER, _OBJECT_IDENTIFIER, _ENUMERATED = 0x02, 0x06, 0x0A
_ALWAYS_PRIMITIVE = frozenset({0x01, _INTEGER, 0x05, _OBJECT_IDENTIFIER, _ENUMERATED})
_ALWAYS_CONSTRUCTED = frozenset({0x10, 0x11})
_MAX_LENGTH_BYTES = 4


def scan(
    data: bytes,
    *,
    max_bytes: int = 65_536,
    max_depth: int = 32,
    max_elements: int = MAX_ELEMENTS,
    allow_indefinite: bool = False,
) -> None:
    """Check that the bytes are exactly one well-formed element, nowhere deep, long or strange.

    Args:
        data: the bytes as they came.
        max_bytes: how many of them are looked at at all.
        max_depth: how deeply elements may nest.
        max_elements: how many elements there may be.
        allow_indefinite: let BER's freedom of length pass too (X.690 §8.1.3): indefinite lengths, long forms where
            the short form would do. OpenSSL's `-stream` and some devices write CMS so.

    Raises:
        DerError: with the position of the first byte that offends.

    """
    if len(data) > max_bytes:
        raise DerError(f"expected at most {max_bytes} bytes, found {len(data)}", max_bytes)
    position = 0
    elements = 0
    # Where each open element ends, and whether an end-of-contents marker must close it before that.
    open_ends: list[tuple[int, bool]] = []
    end, marker_closes = len(data), False
    while True:
        if marker_closes and data[position : position + 2] == b"\x00\x00":
            position += 2
            end, marker_closes = open_ends.pop()
        else:
            elements += 1
            if elements > max_elements:
                raise DerError(f"expected at most {max_elements} elements, found more", position)
            identifier, length, contents = _header(data, position, end, allow_indefinite=allow_indefinite)
            if identifier & _CONSTRUCTED:
                if len(open_ends) >= max_depth:
                    raise DerError(f"expected elements nested at most {max_depth} deep, found more", position)
                open_ends.append((end, marker_closes))
                end, marker_closes = (end, True) if length is None else (contents + length, False)
                position = contents
            else:
                position = contents + (length or 0)
        while open_ends and position == end and not marker_closes:
            end, marker_closes = open_ends.pop()
        if not open_ends:
            break
    if position != len(data):
        raise DerError(f"expected one element, found {len(data) - position} bytes after it", position)


def is_one_element(data: bytes, identifier: int) -> bool:
    """Say whether the bytes are exactly one element with this identifier and a length in DER, whatever is inside."""
    try:
        found, length, contents = _header(data, 0, len(data), allow_indefinite=False)
    except DerError:
        return False
    return found == identifier and contents + (length or 0) == len(data)


def _header(data: bytes, start: int, end: int, *, allow_indefinite: bool) -> tuple[int, int | None, int]:
    """Read an element's header: the identifier, the length (None if indefinite), and where the contents start."""
    if start + 2 > end:
        raise DerError("expected another element, found the end of the one around it", start)
    identifier, length, contents = data[start], data[start + 1], start + 2
    if identifier & _HIGH_TAG == _HIGH_TAG:
        raise DerError("expected a tag number below 31, found a longer one", start)
    if length == _INDEFINITE:
        if not allow_indefinite:
            raise DerError("expected a definite length as DER has it, found an indefinite one", start + 1)
        if not identifier & _CONSTRUCTED:
            raise DerError("expected an indefinite length on constructed elements only", start + 1)
        return _checked(identifier, None, contents, start)
    if length > _INDEFINITE:
        length, contents = _long_length(data, start + 1, end, minimal=not allow_indefinite)
    if contents + length > end:
        raise DerError(f"expected {length} bytes of contents, found {max(end - contents, 0)}", start)
    return _checked(identifier, length, contents, start)


def _long_length(data: bytes, start: int, end: int, *, minimal: bool) -> tuple[int, int]:
    """Read a length in its long form (X.690 §8.1.3.5): the length, and where it is over."""
    count = data[start] & 0x7F
    if count > _MAX_LENGTH_BYTES:
        raise DerError(f"expected a length of at most {_MAX_LENGTH_BYTES} bytes, found one of {count}", start)
    stop = start + 1 + count
    if stop > end:
        raise DerError("expected the rest of a length, found the end", start)
    length = int.from_bytes(data[start + 1 : stop], "big")
    # X.690 §10.1: DER writes a length in as few bytes as possible.
    if minimal and (length < _INDEFINITE or data[start + 1] == 0):
        raise DerError(f"expected the shortest form of the length {length} as DER has it, found a longer one", start)
    return length, stop


def _checked(identifier: int, length: int | None, contents: int, start: int) -> tuple[int, int | None, int]:
    """Refuse the universal types that have the wrong form or an absurd size; pass everything else on."""
    if identifier & 0xC0:
        return identifier, length, contents
    tag = identifier & _HIGH_TAG
    if identifier & _CONSTRUCTED:
        if tag in _ALWAYS_PRIMITIVE:
            raise DerError(f"expected the universal type {tag} to be primitive, found it constructed", start)
        return identifier, length, contents
    if tag in _ALWAYS_CONSTRUCTED:
        raise DerError(f"expected the universal type {tag} to be constructed, found it primitive", start)
    if tag == 0:
        raise DerError("expected an element, found an end-of-contents marker", start)
    size = length or 0
    if tag == _OBJECT_IDENTIFIER and size > MAX_OBJECT_IDENTIFIER:
        raise DerError(f"expected an object identifier of at most {MAX_OBJECT_IDENTIFIER} bytes, found {size}", start)
    if tag in {_INTEGER, _ENUMERATED} and size > MAX_INTEGER:
        raise DerError(f"expected an integer of at most {MAX_INTEGER} bytes, found {size}", start)
    return identifier, length, contents
