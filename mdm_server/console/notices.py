"""What a page tells a person about what was just done, or refused: in the words of the one table of refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mdm_server.domain.refusal import REFUSALS, Refusal
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.web.errors import Explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to read at the top of a page.

    Attributes:
        went_well: it was done; else it was refused, and nothing has changed.
        figures: what was counted.
        place: what it is about, by the address of that within its page; empty for all of it.

    """

    title: str
    went_well: bool = True
    expected: str = ""
    found: str = ""
    remedy: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)
    place: str = ""


def refused(refusal: Refusal) -> Notice:
    """Say no, with all particulars."""
    explained = refusal if isinstance(refusal, Explained) else None
    found = refusal.detail if isinstance(refusal, DetailedRefusal) else refusal.reason.replace("_", " ")
    remedy = refusal.remedy
    if refusal.retry_after is not None:
        remedy = remedy.replace("after Retry-After seconds", f"in {refusal.retry_after} seconds")
    return Notice(
        title=refusal.text,
        went_well=False,
        expected=explained.expected or "" if explained else "",
        found=explained.found if explained else found,
        remedy=remedy,
    )


def remembered(event: str) -> Notice:
    """Say what was refused some time ago, of which only the code and the reason were kept."""
    code, _, reason = event.partition(":")
    kind = REFUSALS.get(code)
    # Apple's own words are shown as Apple spells them.
    found = reason.upper() if code == "abm.refused" else reason.replace("_", " ")
    if kind is None:
        return Notice(title=event, went_well=False)
    return Notice(title=kind.text, went_well=False, found=found, remedy=kind.remedy)
