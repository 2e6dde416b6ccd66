"""What goes wrong at Apple."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from device_emulator.scenario.document import Likelihood
from device_emulator.scenario.durations import spoken
from device_emulator.scenario.findings import Deed
from device_emulator.scenario.offices import Failure
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.step import Played, Step


class Fail(Step, frozen=True, kw_only=True):
    """One of Apple's services fails, the next `count` times it is asked.

    `point` and `response` are words of that service: `post_devices_sync` and `expired_cursor` of `dep`, `push` and
    `lost` of `apns`, `activate` and `unavailable` of `activation`.
    """

    KIND: ClassVar[str] = "fail"

    service: Literal["dep", "apns", "activation"]
    point: str
    response: str
    count: Annotated[int, Meta(ge=1, le=1000, description="How often.")] = 1
    probability: Likelihood = 1.0
    delay: Annotated[float, Meta(ge=0, le=86_400, description="Seconds that the answer is late.")] = 0.0

    async def perform(self, stage: Stage) -> Played:
        """Arrange for it."""
        await stage.portal.fail(
            Failure(
                service=self.service,
                point=self.point,
                response=self.response,
                count=self.count,
                probability=self.probability,
                delay=self.delay,
            )
        )
        times = "once" if self.count == 1 else f"{self.count} times"
        late = f", {spoken(self.delay)} late" if self.delay else ""
        sentence = f"Apple's {self.service} will answer {self.point} with {self.response}{late}, {times}"
        yield Deed(kind=self.KIND, sentence=sentence)
