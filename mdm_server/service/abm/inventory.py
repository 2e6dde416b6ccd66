"""The devices that Apple Business Manager has for us, and the rules by which they get their DEP profiles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.domain.abm.devices import AbmDevice
from mdm_server.domain.abm.rules import AssignmentRule
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.service.abm.finding import the_token
from mdm_server.service.abm.tokens import check_profile_of
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.store.staging import LARGEST_PAGE, NEW, Found, Staging, StagingRoom, StagingView

Messenger = Callable[[Collection[int]], Awaitable[None]]
"""Tells Apple at once what was decided about devices of some tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOrder:
    """A rule that is wanted; the fields are those of `AssignmentRule`."""

    token: int
    profile: int
    device_family: str | None = None
    serial_prefix: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class InventoryDevice:
    """A device of Apple Business Manager, and the profile that it was given here."""

    device: AbmDevice
    profile: ProgramProfile | None


class AbmInventory:
    """Shows devices, and keeps rules."""

    def __init__(self, staging: Staging, clock: Callable[[], datetime]) -> None:
        self._staging = staging
        self._clock = clock

    async def devices(
        self,
        *,
        token: int | None = None,
        text: str | None = None,
        profile_status: str | None = None,
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[InventoryDevice]:
        """Find devices by serial number that match all that is given."""

        def look(view: StagingView) -> Found[InventoryDevice]:
            found = view.abm.devices(token=token, text=text, profile_status=profile_status, offset=offset, limit=limit)
            assigned = view.enrollment_program.assigned_to
            return Found(tuple(InventoryDevice(each, assigned(each.serial_number)) for each in found), found.total)

        return await self._staging.read(look)

    async def rules(self, token: int | None = None) -> list[AssignmentRule]:
        """Return the rules in the order in which they are asked."""
        return list(await self._staging.read(lambda view: view.abm.rules(token)))

    async def add_rule(self, order: RuleOrder, facts: RequestFacts = INTERNAL) -> AssignmentRule:
        """Add a rule behind the others; devices that have no profile yet are looked at again.

        Raises Refusal `api.not_found` for no such token or profile, `abm.other_server` for another server's profile.
        """
        now = self._clock()

        def work(room: StagingRoom) -> AssignmentRule:
            the_token(room, order.token)
            check_profile_of(room, order.profile, order.token)
            rule = room.abm.add_rule(
                AssignmentRule(
                    id=NEW,
                    token=order.token,
                    profile=order.profile,
                    device_family=order.device_family,
                    serial_prefix=order.serial_prefix,
                    model=order.model,
                )
            )
            room.abm.look_at_unassigned(order.token, now)
            return rule

        return await self._staging.transact(work, facts.occasion(now))

    async def remove_rule(self, rule_id: int, facts: RequestFacts = INTERNAL) -> None:
        """Remove a rule; what was assigned by it stays so. Raises Refusal `api.not_found`."""
        await self._staging.transact(lambda room: room.abm.remove_rule(rule_id), facts.occasion(self._clock()))


def look_at(room: StagingRoom, serial_numbers: Iterable[str], now: datetime, *, arrived: bool = False) -> set[int]:
    """Have devices looked at wherever Apple has them for us; return at which tokens.

    With `arrived`, those without a profile get the one of the rules, as if they had just come.
    """
    meant = set()
    for serial_number in serial_numbers:
        for token in room.abm.holding(serial_number):
            room.abm.look_at(token, serial_number, now, arrived=arrived)
            meant.add(token)
    return meant
