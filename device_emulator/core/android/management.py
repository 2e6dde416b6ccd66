"""What a managed Android remembers about its server, and what its work profile holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from device_emulator.core.android.passcode import AndroidPasscode
from mdm_server.wire.android_channel import (
    ManagementMode,
    PasswordRequirements,
    Policy,
    ProvisioningMethod,
    authorization,
    wake_token,
)


class AndroidManagement:
    """The management of one device by one server, from its enrolment to its end.

    `told` is the status report the server has last taken: one that would differ is owed. `results` are those of
    commands that were carried out and not yet acknowledged, or acknowledged in this conversation: a command that comes
    again is answered from there. `ending` says why management is about to end.
    """

    __slots__ = (
        "device",
        "ending",
        "enrolled_at",
        "identifiers_allowed",
        "method",
        "mode",
        "policy",
        "results",
        "secret",
        "server_url",
        "told",
        "work_passcode",
    )

    def __init__(
        self,
        server_url: str,
        device: str,
        secret: str,
        *,
        mode: ManagementMode,
        method: ProvisioningMethod,
        enrolled_at: datetime,
    ) -> None:
        self.server_url = server_url
        self.device = device
        self.secret = secret
        self.mode = mode
        self.method = method
        self.enrolled_at = enrolled_at
        self.identifiers_allowed = False
        self.policy: Policy | None = None
        self.work_passcode = AndroidPasscode()
        self.told: bytes | None = None
        self.results: dict[str, bytes] = {}
        self.ending: str | None = None

    @property
    def owns_device(self) -> bool:
        """Say whether the organization owns all of the device, not only a work profile on it."""
        return self.mode is ManagementMode.FULLY_MANAGED

    @property
    def authorization(self) -> str:
        """Return the header that proves who speaks."""
        return authorization(self.device, self.secret)

    @property
    def wake_token(self) -> bytes:
        """Return the token under which the courier wakes the device."""
        return wake_token(self.device, self.secret)

    @property
    def requirements(self) -> PasswordRequirements | None:
        """Return what the policy asks of a passcode."""
        return None if self.policy is None else self.policy.password

    def snapshot(self) -> dict[str, Any]:
        """Return the state in plain JSON types; contains the device's secret."""
        return {
            "server_url": self.server_url,
            "device": self.device,
            "secret": self.secret,
            "mode": self.mode.value,
            "method": self.method.value,
            "enrolled_at": self.enrolled_at.isoformat(),
            "identifiers_allowed": self.identifiers_allowed,
            "policy": None if self.policy is None else msgspec.to_builtins(self.policy),
            "work_passcode": self.work_passcode.snapshot(),
            "results": {operation: result.decode() for operation, result in self.results.items()},
            "ending": self.ending,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> AndroidManagement:
        """Return the management that `snapshot` describes; the server is told anew how the device is."""
        management = cls(
            snapshot["server_url"],
            snapshot["device"],
            snapshot["secret"],
            mode=ManagementMode(snapshot["mode"]),
            method=ProvisioningMethod(snapshot["method"]),
            enrolled_at=datetime.fromisoformat(snapshot["enrolled_at"]),
        )
        management.identifiers_allowed = snapshot["identifiers_allowed"]
        policy = snapshot["policy"]
        management.policy = None if policy is None else msgspec.convert(policy, Policy)
        management.work_passcode = AndroidPasscode.restore(snapshot["work_passcode"])
        management.results = {operation: result.encode() for operation, result in snapshot["results"].items()}
        management.ending = snapshot["ending"]
        return management
