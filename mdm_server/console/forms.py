"""What a form says, read from the body that a browser made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from urllib.parse import parse_qsl

from mdm_server.web.errors import Explained

MOST_FIELDS = 32
URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_BOUNDARY = re.compile(
    r"""multipart/form-data;\s*boundary=("?)([\w'()+,./:=?-]{1,70})\1\s*""", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each once, and the files that were chosen."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """Return a field without the spaces around it; one that is not there is empty."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """Return a number, or None for none.

        Raises:
            Explained: `api.invalid`, it is something else.

        """
        text = self.text(name)
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,15}", text):
            raise Explained("api.invalid", expected=f"a number as {name}", found=repr(text[:100]))
        return int(text)


def read_form(content_type: str, body: bytes) -> Form:
    """Read a form in either of the two shapes that browsers send (RFC 7578 for the one with files).

    Raises:
        Explained: `api.invalid`, it is no form, or names something twice.

    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == URL_ENCODED:
            return _once(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
        if kind == MULTIPART and (named := _BOUNDARY.fullmatch(content_type.strip())):
            return _read_parts(named[2], body)
    except ValueError as error:
        raise Explained("api.invalid", expected="a form in UTF-8", found=str(error)[:200]) from None
    raise Explained("api.invalid", expected=f"{URL_ENCODED} or {MULTIPART}", found=content_type[:100] or "nothing")


def _read_parts(boundary: str, body: bytes) -> Form:
    head = f'Content-Type: {MULTIPART}; boundary="{boundary}"\r\n\r\n'.encode()
    message = BytesParser(policy=compat32).parsebytes(head + body)
    if message.defects or not message.is_multipart():
        raise ValueError("parts that do not end as they should")
    fields: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    parts: list[Message] = message.get_payload()  # type: ignore[assignment]  # it is_multipart: a list of messages
    if len(parts) > MOST_FIELDS:
        raise ValueError(f"more than {MOST_FIELDS} fields")
    for part in parts:
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise ValueError("a part without a name, or within another")
        if part.get_param("filename", header="content-disposition") is None:
            fields.append((name, content.decode()))
        elif name in files:
            raise ValueError(f"{name[:100]!r} twice")
        else:
            files[name] = content
    return Form(_once(fields).fields, files)


def _once(pairs: list[tuple[str, str]]) -> Form:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field twice")
    return Form(fields)
