"""What the server calls the things that a script gave names to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Names:
    """The server's number of everything that has a name."""

    groups: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    user_groups: dict[str, int] = field(default_factory=dict)
    registrations: dict[str, int] = field(default_factory=dict)
