"""Pushes that need no Apple: from our use cases to the courier of the same process."""

from __future__ import annotations

from collections.abc import Sequence

from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.service.push import PushTarget


class CourierSender:
    """Hands pushes to a courier (mdm_server.service.push.PushSender)."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Push each target; whoever is away gets one push when they listen again."""
        for target in targets:
            self._courier.send(target.token, target.magic)
