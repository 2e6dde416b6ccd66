"""What this room adds to a refusal: the particulars, for the administrator who wrote the request.

mdm_server.domain.refusal.Refusal
└── Explained       the same, with what was expected and what was found

Device endpoints never send particulars: whoever guesses learns nothing from being told what was wrong.
"""

from __future__ import annotations

from mdm_server.domain.refusal import Refusal


class Explained(Refusal):
    """A refusal that says what was expected and what was found instead."""

    def __init__(self, code: str, *, found: str, expected: str | None = None, remedy: str | None = None) -> None:
        super().__init__(code)
        self.expected = expected
        self.found = found
        self._remedy = remedy

    @property
    def remedy(self) -> str:
        """What to do about it, in this very case."""
        return self._remedy or super().remedy

    def __str__(self) -> str:
        expected = f" Expected: {self.expected}." if self.expected else ""
        return f"{super().__str__()}{expected} Found: {self.found}"
