"""The allow list and the deny list: devices named by an identifier or a platform, for an organization group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers, normal_identifier
from mdm_server.domain.staging.vocabulary import ListAttribute, ListKind, Ownership, Platform

MOST_IDENTIFIERS = 30
"""How many identifiers one entry in the console may name (row 21)."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One line of a list. An allow entry's ownership and group are applied when its device enrols."""

    id: int
    kind: ListKind
    attribute: ListAttribute
    value: str
    group: int
    ownership: Ownership | None = None
    enrollment_group: int | None = None

    def names(self, identifiers: DeviceIdentifiers, platform: Platform) -> bool:
        """Say whether this line is about a device."""
        if self.attribute is ListAttribute.PLATFORM:
            return self.value.casefold() == platform.casefold()
        own = {
            ListAttribute.UDID: identifiers.udid,
            ListAttribute.SERIAL_NUMBER: identifiers.serial_number,
            ListAttribute.IMEI: identifiers.imei,
        }[self.attribute]
        return own is not None and normal_identifier(own) == normal_identifier(self.value)


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """What the lists say of a device. Both may name it; then it is denied (row 18)."""

    denied: ListEntry | None = None
    allowed: ListEntry | None = None


def list_verdict(entries: Iterable[ListEntry], identifiers: DeviceIdentifiers, platform: Platform) -> ListVerdict:
    """Return what the lists say of a device; a line for the device itself counts before one for its platform."""
    about = [entry for entry in entries if entry.names(identifiers, platform)]
    about.sort(key=lambda entry: (entry.attribute is ListAttribute.PLATFORM, entry.id))
    return ListVerdict(
        denied=next((entry for entry in about if entry.kind is ListKind.DENY), None),
        allowed=next((entry for entry in about if entry.kind is ListKind.ALLOW), None),
    )


def check_identifiers(values: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct identifiers of one console entry; none, or more than 30, raises `api.invalid`."""
    distinct: dict[str, str] = {}
    for value in filter(str.strip, values):
        distinct.setdefault(normal_identifier(value), value.strip())
    if not distinct:
        raise Refusal("api.invalid", reason="no_identifier")
    if len(values) > MOST_IDENTIFIERS:
        raise Refusal("api.invalid", reason=f"more_than_{MOST_IDENTIFIERS}_identifiers")
    return tuple(distinct.values())
