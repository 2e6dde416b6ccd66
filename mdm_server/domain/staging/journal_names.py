"""What devices are called in a journal: under one name before they enrol, under another afterwards, and by serial."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from mdm_server.domain.staging.devices import normal_identifier
from mdm_server.domain.staging.story import JournalEntry

IDENTIFIERS = ("udid", "serial", "serial_number", "imei")
"""The details of an entry that name a device."""
CLOSE_ENOUGH = 0.4
MOST_NAMES = 2_000
"""Names that are compared with a wrong one: a hint is worth 20 ms, not more."""


@dataclass(frozen=True, slots=True)
class DeviceNames:
    """All names of one device, the one it has in the journal first."""

    names: tuple[str, ...]

    def concerns(self, entry: JournalEntry) -> bool:
        """Say whether an entry is about this device."""
        own = {normal_identifier(name) for name in self.names}
        return any(normal_identifier(name) in own for name in names_in(entry))

    def __str__(self) -> str:
        first, *others = self.names
        return f"{first} ({', '.join(others)})" if others else first


def names_in(entry: JournalEntry) -> tuple[str, ...]:
    """Return the names of a device that an entry gives."""
    details = [entry.detail.get(name) for name in IDENTIFIERS]
    named = [entry.device, *(value for value in details if isinstance(value, str))]
    return tuple(dict.fromkeys(name for name in named if name))


def devices_in(entries: Iterable[JournalEntry]) -> tuple[DeviceNames, ...]:
    """Return the devices of a journal in the order of their appearance; names that stand together are one device's."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        names = names_in(entry)
        groups = {id(found[key]): found[key] for key in map(normal_identifier, names) if key in found}
        together: list[str] = list(dict.fromkeys(name for group in (*groups.values(), names) for name in group))
        for name in together:
            found[normal_identifier(name)] = together
    distinct = {id(names): names for names in found.values()}
    return tuple(DeviceNames(tuple(names)) for names in distinct.values())


def find_device(devices: Sequence[DeviceNames], text: str) -> DeviceNames | None:
    """Return the device with this name, or None."""
    wanted = normal_identifier(text)
    return next((each for each in devices if wanted in map(normal_identifier, each.names)), None)


def nearest_name(names: Iterable[str], text: str) -> str | None:
    """Return the name that is most like what somebody wrote, or None where none is like it at all."""
    by_form = {normal_identifier(name): name for name in islice(names, MOST_NAMES)}
    nearest = get_close_matches(normal_identifier(text), by_form, n=1, cutoff=CLOSE_ENOUGH)
    return by_form[nearest[0]] if nearest else None
