"""Refusals that tell an administrator more: the codes are those of the one table, `mdm_server.domain.refusal`.

`detail` names what was wrong with a request, and goes into its answer, never into the journal.
"""

from __future__ import annotations

from collections.abc import Mapping

from mdm_server.domain.refusal import REFUSALS, Refusal
from mdm_server.wire.errors import WireError


class DetailedRefusal(Refusal):
    """A refusal with a detail for an administrator."""

    def __init__(self, code: str, *, reason: str = "", detail: str) -> None:
        super().__init__(code, reason=reason)
        self.detail = detail

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.detail})"


def named(refusal: Refusal, names: Mapping[str, str]) -> Refusal:
    """Say which thing was not found, or is in the way, where the store only says that something was or is."""
    return Refusal(names[refusal.code]) if refusal.code in names else refusal


def refusal_of(error: WireError) -> DetailedRefusal:
    """Turn what the wire room could not read into a refusal; the detail quotes nothing that a device sent."""
    code = error.code if error.code in REFUSALS else "parse.plist"
    reason = "" if code == error.code else error.code.rpartition(".")[2]
    return DetailedRefusal(code, reason=reason, detail=error.detail)
