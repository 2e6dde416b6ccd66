"""The administrator as Apple's customer: DEP profiles, who gets which, and what the server knows of Apple's list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from device_emulator.scenario.asking import ask
from device_emulator.scenario.numbering import Names
from device_emulator.scenario.offices import Refused
from device_emulator.scenario.portal import SERVER, ApplePortal
from mdm_server.embed.orders import ProfileOrder, RuleOrder, ServiceSuite
from mdm_server.wire.activation_lock import LENGTH, escrow_key, format_bypass_code

WORDS: Mapping[str, str] = {"authentication": "authentication_required", "skip": "skip_setup_items"}
"""What a script says shorter than the server."""


@dataclass(slots=True)
class ServiceProgram:
    """Implements `ProgramOffice` with the use cases of a suite."""

    suite: Callable[[], ServiceSuite]
    names: Names
    serial_number: Callable[[str], str]
    _token: int = 0
    _profiles: dict[str, int] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)

    async def open(self, portal: ApplePortal) -> None:
        """Become Apple's customer: bring it a certificate, and take the server token that only we can read."""
        tokens = self.suite().abm.tokens
        self._token = (await ask(tokens.new(SERVER))).id
        certificate = await ask(tokens.certificate(self._token))
        await ask(tokens.upload(self._token, portal.server_token(certificate)))

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
        await ask(self.suite().staging.program.assign(self.serial_number(device), self._number(profile)))

    async def rule(self, profile: str, said: Mapping[str, Any]) -> None:
        """Let every device that comes have a DEP profile."""
        order = RuleOrder(token=self._token, profile=self._number(profile), **said)
        await ask(self.suite().abm.inventory.add_rule(order))

    async def synchronize(self) -> None:
        """Ask Apple what is new, and tell it what was decided."""
        await ask(self.suite().abm.sync.run(self._token))

    async def lock(self, device: str, message: str | None) -> None:
        """Lock the activation of a device, with a code that is made up of its name."""
        code = sha256(device.encode()).digest()[:LENGTH]
        token = await ask(self.suite().abm.tokens.find(self._token))
        client = self.suite().abm.clients.of(token)
        await ask(client.activation_lock(self.serial_number(device), escrow_key(code), message))
        self._codes[device] = format_bypass_code(code)

    async def lock_code(self, device: str) -> str | None:
        """Return the code with which the organization locked a device."""
        return self._codes.get(device)

    def _number(self, profile: str) -> int:
        if profile not in self._profiles:
            raise Refused("api.not_found", f"no DEP profile {profile} was saved")
        return self._profiles[profile]
