"""Which DEP profile a device gets that arrives from Apple Business Manager."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mdm_server.domain.staging.devices import normal_identifier
from mdm_server.wire.dep import DepDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRule:
    """Devices like this get that profile. What is None may be anything.

    Attributes:
        token: the server in Apple Business Manager that it is for, by our number of its token.
        model: a part of the model's name, whatever the case.

    """

    id: int
    token: int
    profile: int
    device_family: str | None = None
    serial_prefix: str | None = None
    model: str | None = None

    def is_about(self, device: DepDevice) -> bool:
        """Say whether a device is like this."""
        family, prefix, model = self.device_family, self.serial_prefix, self.model
        return (
            (family is None or family.casefold() == (device.device_family or "").casefold())
            and (prefix is None or normal_identifier(device.serial_number).startswith(normal_identifier(prefix)))
            and (model is None or model.casefold() in device.model.casefold())
        )


def profile_for(device: DepDevice, rules: Iterable[AssignmentRule], default: int | None) -> int | None:
    """Return the profile of the first rule that is about a device, or the default one."""
    return next((rule.profile for rule in rules if rule.is_about(device)), default)
