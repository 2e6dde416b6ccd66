"""Organization groups: a tree whose settings are inherited from the root and overridden on the way to the leaf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mdm_server.domain.staging.settings import EnrollmentSettings, parse_settings

CUSTOMER = "Customer"
"""The type of the group that is a tenant's boundary (KB 115001665368)."""


@dataclass(frozen=True, slots=True)
class OrganizationGroup:
    """One node of the tree. `group_id` is what users type; `overrides` are the settings it changes."""

    id: int
    uuid: str
    group_id: str
    name: str
    type: str = "Container"
    parent: int | None = None
    overrides: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class GroupTree(Mapping[int, OrganizationGroup]):
    """All organization groups, by their number. It never changes; settings are worked out once."""

    def __init__(self, groups: Iterable[OrganizationGroup]) -> None:
        self._groups = {group.id: group for group in groups}
        self._by_group_id = {group.group_id.casefold(): group for group in self._groups.values()}
        self._settings: dict[int, EnrollmentSettings] = {}

    def __getitem__(self, key: int) -> OrganizationGroup:
        return self._groups[key]

    def __iter__(self) -> Iterator[int]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def by_group_id(self, text: str) -> OrganizationGroup | None:
        """Return the group that somebody typed, whatever the case of the letters."""
        return self._by_group_id.get(text.strip().casefold())

    def ancestors(self, key: int) -> tuple[OrganizationGroup, ...]:
        """Return a group and everything above it, the group first and the root last."""
        line: list[OrganizationGroup] = []
        at: int | None = key
        while at is not None and all(group.id != at for group in line):
            group = self._groups[at]
            line.append(group)
            at = group.parent
        return tuple(line)

    def children(self, key: int) -> tuple[OrganizationGroup, ...]:
        """Return the groups directly below one, in the order of their numbers."""
        return tuple(self._groups[child] for child in sorted(self._groups) if self._groups[child].parent == key)

    def is_within(self, key: int, ancestor: int) -> bool:
        """Say whether a group is another one, or below it."""
        return any(group.id == ancestor for group in self.ancestors(key))

    def branch(self, key: int) -> tuple[int, ...]:
        """Return the numbers of a group and of everything below it."""
        return tuple(group for group in sorted(self._groups) if self.is_within(group, key))

    def customer(self, key: int) -> OrganizationGroup:
        """Return the tenant a group belongs to: the nearest group of type Customer, or else the root."""
        line = self.ancestors(key)
        return next((group for group in line if group.type == CUSTOMER), line[-1])

    def settings(self, key: int) -> EnrollmentSettings:
        """Return what a group asks of those who enrol: the root's settings, overridden on the way down."""
        if key not in self._settings:
            merged: dict[str, Any] = {}
            for group in reversed(self.ancestors(key)):
                merged = _overridden(merged, group.overrides)
            self._settings[key] = parse_settings(merged)
        return self._settings[key]

    def limited_branch(self, key: int) -> tuple[int, ...]:
        """Return the groups whose devices count together: the branch of the nearest group that sets the limit."""
        line = self.ancestors(key)
        limiting = next((group for group in line if "max_devices_group" in group.overrides), line[-1])
        return self.branch(limiting.id)


def _overridden(inherited: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with what a group overrides, key by key also inside `shared` and `direct`."""
    merged = dict(inherited)
    for key, value in overrides.items():
        before = merged.get(key)
        inner = isinstance(value, Mapping) and isinstance(before, Mapping)
        merged[key] = _overridden(before, value) if inner else value  # type: ignore[arg-type]
    return merged
