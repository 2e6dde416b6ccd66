"""Bodies: read by what they are and not by what their header says, with keys in whatever spelling.

pyws1uem sends a registration as a form when it is given a dict, and as JSON without a Content-Type when it is given a
string. The vendor's API spells the same key `SerialNumber`, `serialNumber` and `serial_number`, depending on the call.
So keys are compared folded; one that means nothing here is passed over, for the real API has many that a simulation
has no use for.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from mdm_server.web.errors import Explained

Shape = TypeVar("Shape", bound=msgspec.Struct)
Word = TypeVar("Word", bound=StrEnum)

MOST_FIELDS = 200
DEEPEST = 16


def folded(key: str) -> str:
    """Return a key as it is compared: without case and underscores."""
    return key.replace("_", "").lower()


class Folded(msgspec.Struct, rename=folded, kw_only=True, frozen=True):
    """What a body's shape is made from: its fields are found by their folded names."""


def read_document(body: bytes) -> dict[str, Any]:
    """Read a body, keys folded at every depth; an empty one is an empty document (Refusal `api.invalid`)."""
    text = body.strip()
    if not text:
        return {}
    document = _json(text) if text[:1] in {b"{", b"["} else _form(text)
    if not isinstance(document, dict):
        raise Explained("api.invalid", expected="a JSON object, or a form", found="a JSON array")
    keys_folded: dict[str, Any] = _folded_keys(document)
    return keys_folded


def shaped(document: dict[str, Any], shape: type[Shape]) -> Shape:
    """Give a document a shape: numbers may be written as text, as forms write them (Refusal `api.invalid`)."""
    given = {key: value for key, value in document.items() if value is not None and value != ""}
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise Explained("api.invalid", found=str(error)) from None


def member(words: type[Word], name: str, text: str) -> Word:
    """Return the member of a vocabulary that somebody wrote, in whatever case (Refusal `api.invalid`)."""
    found = next((word for word in words if folded(text) in {folded(word.value), folded(word.name)}), None)
    if found is None:
        raise Explained("api.invalid", expected=f"{name}: one of {', '.join(words)}", found=text[:100])
    return found


def _json(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Explained("api.invalid", expected="JSON in UTF-8", found=str(error)[:200]) from None


def _form(text: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(text.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Explained("api.invalid", expected="JSON, or a form", found=str(error)[:200]) from None


def _folded_keys(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise Explained("api.invalid", expected=f"at most {DEEPEST} levels", found="more")
    if isinstance(value, dict):
        return {folded(key): _folded_keys(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_folded_keys(inner, depth + 1) for inner in value]
    return value
