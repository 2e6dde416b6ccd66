"""Pushes that need no Apple: from our use cases to the courier of the same process."""

from __future__ import annotations

from collections.abc import Sequence

from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.service.push import PushSender, PushTarget


class CourierSender:
    """Hands pushes to a courier (mdm_server.service.push.PushSender)."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Push each target; whoever is away gets one push when they listen again."""
        for target in targets:
            self._courier.send(target.token, target.magic)


class SortingSender:
    """Pushes Apple's devices by way of Apple, and those that wait at our own courier there.

    Only an Apple device names a topic; an Android of the simulation listens at the courier, and Apple knows nothing of
    it (mdm_server.service.push.PushSender).
    """

    def __init__(self, apple: PushSender, courier: PushSender) -> None:
        self._apple = apple
        self._courier = courier

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Send each target its way."""
        apples = [target for target in targets if target.topic]
        others = [target for target in targets if not target.topic]
        if apples:
            await self._apple.send(apples)
        if others:
            await self._courier.send(others)
