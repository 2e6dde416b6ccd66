"""How enrolled devices come to ask for commands: woken by the server's courier, or by asking every so often."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from device_emulator.core.events import DeviceErased, Enrolled, Event, NetworkChanged, TokenUpdated, Unenrolled
from device_emulator.core.gauges import Network
from device_emulator.core.messages import Errand, Prompted
from device_emulator.fleet.loop import FleetLoop
from device_emulator.transport.courier import Courier, courier_url

ARRIVAL = (Enrolled, TokenUpdated)
DEPARTURE = (Unenrolled, DeviceErased)


class Waking:
    """Wakes the enrolled devices of a fleet.

    `see` is to be called with every event. The first enrolment tells where the server is, and with it where a courier
    would be; where there is none, every enrolled device asks every `poll` seconds, spread evenly over them.
    """

    def __init__(self, fleet: FleetLoop, *, poll: float, ca_file: Path | None = None, url: str | None = None) -> None:
        self._fleet = fleet
        self._poll = poll
        self._ca_file = ca_file
        self._url = url
        self._tokens: dict[int, bytes] = {}
        self._owners: dict[bytes, int] = {}
        self._courier: Courier | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def by_push(self) -> bool | None:
        """Whether a courier wakes the fleet; None while that is not known."""
        return None if self._courier is None else self._courier.available

    def see(self, number: int, event: Event) -> None:
        """Take note of a device that can be woken from now on, or no longer."""
        if isinstance(event, ARRIVAL):
            self.expect(number, event.server_url if isinstance(event, Enrolled) else None)
        elif isinstance(event, DEPARTURE):
            self._let_go(number)
        elif isinstance(event, NetworkChanged) and self._courier is not None and number in self._tokens:
            # Out of reach nobody hears a push: Apple keeps one until the device is there again.
            away = event.after is Network.NONE
            (self._courier.forget if away else self._courier.listen)([self._tokens[number]])

    def expect(self, number: int, server_url: str | None) -> None:
        """Wake this device, whose server is at `server_url`, from now on."""
        token = self._fleet.devices[number].push_token
        if token != self._tokens.get(number):
            self._let_go(number)
        if token is None:
            return
        self._tokens[number] = token
        self._owners[token] = number
        if self._courier is not None:
            self._courier.listen([token])
        elif server_url is not None:
            self._courier = Courier(self._url or courier_url(server_url), self._deliver, ca_file=self._ca_file)
            self._courier.listen(self._owners)
            self._task = asyncio.create_task(self._run(self._courier), name="waking")

    async def ready(self) -> None:
        """Return when every device can be woken: the courier knows all tokens, or polling has begun."""
        if self._courier is not None:
            await self._courier.settled()
            await self._courier.announced()

    async def stop(self) -> None:
        """Wake nobody any more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._courier is not None:
            await self._courier.stop()

    async def _run(self, courier: Courier) -> None:
        if not await courier.start():
            await self._ask_in_turn()

    async def _ask_in_turn(self) -> None:
        while True:
            numbers = list(self._tokens)
            for number in numbers:
                await asyncio.sleep(self._poll / len(numbers))
                if number in self._tokens:
                    self._fleet.happen(number, Prompted(Errand.SESSION))
            if not numbers:
                await asyncio.sleep(self._poll)

    def _deliver(self, token: bytes, magic: str) -> None:
        number = self._owners.get(token)
        if number is not None:
            self._fleet.push(number, magic)

    def _let_go(self, number: int) -> None:
        """Say that the token of a device is gone: it has another, was erased, or has left."""
        token = self._tokens.pop(number, None)
        if token is not None:
            self._owners.pop(token, None)
            if self._courier is not None:
                self._courier.gone([token])
