"""The administrator as Apple's customer: DEP profiles, who gets which, and what the server knows of Apple's list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from device_emulator.core.activation import ActivationRecord
from device_emulator.scenario.asking import ask
from device_emulator.scenario.names import Names
from device_emulator.scenario.offices import Refused
from mdm_server.embed.orders import ProfileOrder, ServiceSuite

PATH = "/enroll/dep"
WORDS: Mapping[str, str] = {"authentication": "authentication_required", "skip": "skip_setup_items"}
"""What a script says shorter than the server."""


@dataclass(slots=True)
class ServiceProgram:
    """Implements `ProgramOffice` with the use cases of a suite."""

    suite: Callable[[], ServiceSuite]
    names: Names
    serial_number: Callable[[str], str]
    url: Callable[[], str]
    _profiles: dict[str, int] = field(default_factory=dict)

    async def save(self, said: Mapping[str, Any]) -> None:
        """Save a DEP profile."""
        wanted = {WORDS.get(word, word): value for word, value in said.items()}
        group, user = wanted.pop("group", None), wanted.pop("default_user", None)
        order = ProfileOrder(
            **wanted,
            group=next(iter(self.names.groups.values())) if group is None else self.names.groups[group],
            default_user=None if user is None else self.names.users[user],
        )
        self._profiles[order.name] = (await ask(self.suite().staging.program.save(order))).id

    async def assign(self, device: str, profile: str) -> None:
        """Assign a DEP profile to a device."""
        if profile not in self._profiles:
            raise Refused("api.not_found", f"no DEP profile {profile} was saved")
        await ask(self.suite().staging.program.assign(self.serial_number(device), self._profiles[profile]))

    async def rule(self, profile: str, said: Mapping[str, Any]) -> None:
        """Let every device that comes have a DEP profile."""
        raise NotImplementedError

    async def synchronize(self) -> None:
        """Ask Apple what is new."""
        raise NotImplementedError

    async def activation_record(self, device: str) -> ActivationRecord | None:
        """Return what Apple would tell the device: what its DEP profile says."""
        profile = await ask(self.suite().staging.program.assigned_to(self.serial_number(device)))
        if profile is None:
            return None
        skipped = frozenset(profile.skip_setup_items)
        return ActivationRecord(url=f"{self.url()}{PATH}", supervised=profile.supervised, skip_setup_items=skipped)
