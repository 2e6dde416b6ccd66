"""The journal written out, a JSON object a line: for a run to leave behind, to explain from, and to compare."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import msgspec

from mdm_server.store.contract import Store
from mdm_server.store.records import JournalEvent

PAGE = 500
MASKED_DETAILS = ("transaction",)
"""Details that are hashes of signed bytes."""


async def journal_lines(store: Store, *, masked: bool = False) -> AsyncIterator[str]:
    """Yield the entries of the journal in order.

    A key is never drawn from a seed, and a signature on a curve is another one every time, so fingerprints and SCEP
    transactions differ between runs in which the same happened. `masked` numbers them in order of their appearance.
    """
    mask, after = Mask(), 0
    while page := await store.journal.list(after=after, limit=PAGE):
        for entry in page:
            yield msgspec.json.encode(mask.over(entry) if masked else entry).decode()
        after = page[-1].sequence


class Mask:
    """Gives whatever signatures have made different a number of its own, in order of its appearance."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def over(self, entry: JournalEvent) -> JournalEvent:
        """Return an entry with its mask on."""
        detail: Mapping[str, str | int | float | bool | None] = entry.detail
        for name in MASKED_DETAILS:
            value = detail.get(name)
            if isinstance(value, str):
                detail = {**detail, name: self._name(name, value)}
        return replace(entry, certificate=self._name("certificate", entry.certificate), detail=detail)

    def _name(self, kind: str, value: str) -> str:
        if value and value not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[value] = f"{kind}-{self._counts[kind]}"
        return self._names.get(value, "")
