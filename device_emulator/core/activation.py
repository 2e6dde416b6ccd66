"""What Apple tells a device when it is activated, and who then goes through Setup Assistant."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRecord:
    """What Apple tells a device when it is activated; the fields are those of its DEP profile."""

    url: str
    supervised: bool = True
    skip_setup_items: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SettingUp:
    """One passage through Setup Assistant: what Apple said, and what the person types when they are asked."""

    record: ActivationRecord
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
