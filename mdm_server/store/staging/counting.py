"""How many devices there are already, where somebody set a limit."""

from __future__ import annotations

from mdm_server.domain.staging.attempt import Attempt, DeviceCounts
from mdm_server.store.staging.devices import DevicesView


def count_devices(devices: DevicesView, attempt: Attempt, own: int | None) -> DeviceCounts:
    """Count the devices that an attempt is compared with, but for its `own`; what has no limit is not counted.

    A fleet that one user stages, or one group holds, would cost more with every device.
    """
    settings, user = attempt.settings, attempt.counted_user
    of_group = of_user = with_ownership = 0
    if settings.max_devices_group is not None and attempt.group is not None:
        of_group = devices.count_in(attempt.tree.limited_branch(attempt.group.id), other_than=own)
    if user is not None and settings.max_devices is not None:
        of_user = devices.count_for_user(user.id, other_than=own)
    if user is not None and settings.max_devices_by_ownership:
        with_ownership = devices.count_by_ownership(user.id, other_than=own)[attempt.effective_ownership]
    return DeviceCounts(of_user, with_ownership, of_group)
