"""What all orders of the administrator share: given, done or refused, and everything that follows waited for."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from device_emulator.scenario.findings import Deed
from device_emulator.scenario.offices import Refused
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.step import Played, Refusable


class Order(Refusable, frozen=True, kw_only=True):
    """Something the administrator wants done."""

    KIND: ClassVar[str] = "admin"

    async def perform(self, stage: Stage) -> Played:
        """Have it done, and wait until the devices have done what follows from it."""
        yield await self._done(stage)

    async def _done(self, stage: Stage) -> Deed:
        sentence = f"The administrator {self.sentence}"
        try:
            await self.order(stage)
        except Refused as refused:
            return self.deed(sentence, code=refused.code, text=refused.text)
        await stage.settle()
        return self.deed(sentence)

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What the administrator does, after their name."""

    @abstractmethod
    async def order(self, stage: Stage) -> None:
        """Do it; raises Refused."""
