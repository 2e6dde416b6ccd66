"""What is kept of Apple Business Manager: tokens, devices, rules, and errands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mdm_server.domain.abm.devices import AbmDevice, Errand
from mdm_server.domain.abm.rules import AssignmentRule
from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.store.staging.records import LARGEST_PAGE, Found


class AbmView(Protocol):
    """Tokens, devices, rules and errands. A serial number is there once for each token, whatever its case."""

    def token(self, token_id: int) -> AbmToken | None:
        """Find a token by number."""

    def tokens(self) -> Sequence[AbmToken]:
        """List the tokens by number."""

    def device(self, token: int, serial_number: str) -> AbmDevice | None:
        """Find a device of a token."""

    def holding(self, serial_number: str) -> Sequence[int]:
        """List the tokens that have a device."""

    def devices(
        self,
        *,
        token: int | None = None,
        text: str | None = None,
        profile_status: str | None = None,
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[AbmDevice]:
        """Find devices by serial number that match all that is given; `text` is contained in number or model."""

    def rules(self, token: int | None = None) -> Sequence[AssignmentRule]:
        """List the rules of a token, or all, in the order in which they are asked."""

    def errands(self, token: int, due: datetime, limit: int) -> Sequence[Errand]:
        """List the errands of a token that are due, the oldest first."""


class Abm(AbmView, Protocol):
    """The same, to change."""

    def add_token(self, token: AbmToken) -> AbmToken:
        """Store a new token; its name is unique, whatever the case, and so is its server."""

    def replace_token(self, token: AbmToken) -> None:
        """Store a token anew."""

    def remove_token(self, token_id: int) -> None:
        """Forget a token, with its devices, rules and errands."""

    def put(self, device: AbmDevice) -> None:
        """Store a device in the place of what is known of it."""

    def remove(self, token: int, serial_number: str) -> bool:
        """Forget a device, and say whether it was there."""

    def remove_older(self, token: int, generation: int) -> Sequence[str]:
        """Forget the devices of a token that were last seen before a generation; return their serial numbers."""

    def add_rule(self, rule: AssignmentRule) -> AssignmentRule:
        """Store a new rule, to be asked after those that are there."""

    def remove_rule(self, rule_id: int) -> None:
        """Remove a rule."""

    def look_at(self, token: int, serial_number: str, now: datetime, *, arrived: bool = False) -> None:
        """Have a device looked at. If it waits for a later time already, it goes on waiting."""

    def look_at_unassigned(self, token: int, now: datetime) -> int:
        """Have every device of a token looked at that has no profile, as if it had just arrived; return how many."""

    def look_at_profile(self, profile: int, now: datetime) -> int:
        """Have every device looked at that has a profile; return how many."""

    def settled(self, errand: Errand) -> None:
        """Forget an errand, unless there is a newer one for its device."""

    def postpone(self, errand: Errand, due_at: datetime) -> None:
        """Put an errand off, and count that it was tried."""
