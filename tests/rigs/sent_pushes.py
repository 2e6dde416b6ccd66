"""A push service that delivers nothing and remembers everything."""

from __future__ import annotations

from collections.abc import Sequence

from mdm_server.service.push import PushTarget


class SentPushes:
    """Keeps what it is given to send (mdm_server.service.push.PushSender)."""

    def __init__(self) -> None:
        self.targets: list[PushTarget] = []

    @property
    def tokens(self) -> list[bytes]:
        """Return where pushes went, in their order."""
        return [target.token for target in self.targets]

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Keep pushes."""
        self.targets += targets
