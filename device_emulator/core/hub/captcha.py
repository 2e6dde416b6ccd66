"""What a person sees in a CAPTCHA: the characters of its picture, from left to right."""

from __future__ import annotations

import base64
import binascii
import re

PICTURE = "data:image/svg+xml;base64,"
_ELEMENT = re.compile(r"<text\b([^>]*)>([^<]*)</text>")
_ACROSS = re.compile(r'\bx="(-?\d+(?:\.\d+)?)"')


def read_captcha(picture: str) -> str:
    """Return the characters that an SVG in a data URL shows, or nothing where it shows none.

    This is no parser of SVG: a person does not parse what they look at either.
    """
    try:
        drawing = base64.b64decode(picture.removeprefix(PICTURE), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    seen = [(_position(attributes), text.strip()) for attributes, text in _ELEMENT.findall(drawing)]
    return "".join(text for _, text in sorted(seen, key=lambda found: found[0]))


def _position(attributes: str) -> float:
    found = _ACROSS.search(attributes)
    return 0.0 if found is None else float(found.group(1))
