"""What a use case answers: a status, a body, and the headers the protocol asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mdm_server.domain.refusal import Refusal

PLIST = "application/xml"
PROFILE = "application/x-apple-aspen-config"
TEXT = "text/plain"
PKI_MESSAGE = "application/x-pki-message"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response for the web room to send as it stands.

    `content_type` is sent exactly as written: SCEP clients compare it byte by byte, and a charset breaks them. An empty
    body goes out with `Content-Length: 0`, which is how devices recognise that there is no command.
    """

    body: bytes = b""
    content_type: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING = Answer()
"""200 without a body: "I heard you, there is nothing to do"."""


def say_no(refusal: Refusal) -> Answer:
    """Say no to a device: the code and the rule, in plain text, without a word about what the server knows."""
    text = f"{refusal.code}: {refusal.text} {refusal.remedy}\n"
    return Answer(text.encode(), "text/plain; charset=utf-8", status=refusal.status)
