"""What the portal cannot do.

    BusinessManagerError(ValueError)   code, detail

The codes are `abm.organization_unknown`, `abm.server_unknown`, `abm.serial_unknown`, `abm.serial_taken`,
`abm.serial_invalid`, `abm.not_provisional`, `abm.certificate`, `abm.ledger` and `abm.ledger_in_use`.
"""

from __future__ import annotations


class BusinessManagerError(ValueError):
    """Somebody asked the portal for something that it does not do; `detail` says what, and what would be right."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
