from __future__ import annotations

import asyncio

import pytest

from device_emulator.core.events import DeviceErased, Enrolled, NetworkChanged, TokenUpdated
from device_emulator.core.gauges import Network
from device_emulator.core.messages import Errand, Prompted, PushArrived, Request, ResponseArrived
from device_emulator.fleet import waking as module
from device_emulator.fleet.loop import FleetLoop, wall_clock
from device_emulator.fleet.tally import Tally
from device_emulator.fleet.waking import Waking
from device_emulator.transport.contract import Outcome
from device_emulator.transport.memory import MemoryTransport
from rigs.small_device import SmallDevice

ENROLLED = Enrolled("https://mdm.example/mdm")


class PlayedCourier:
    """A courier without a socket: the test decides whether it is there, and what it delivers."""

    there = True

    def __init__(self, url: str, deliver, **_: object) -> None:
        self.url = url
        self.deliver = deliver
        self.available: bool | None = None
        self.tokens: set[bytes] = set()
        self.buried: set[bytes] = set()
        self.started = asyncio.Event()

    async def start(self) -> bool:
        """Say whether it is there."""
        self.available = self.there
        self.started.set()
        return self.there

    def listen(self, tokens) -> None:
        """Note for whom pushes are wanted."""
        self.tokens |= set(tokens)

    def forget(self, tokens) -> None:
        """Note for whom they are wanted no more."""
        self.tokens -= set(tokens)

    def gone(self, tokens) -> None:
        """Note which of them are gone for good."""
        self.forget(tokens)
        self.buried |= set(tokens)

    async def settled(self) -> None:
        """Return when `start` has run."""
        await self.started.wait()

    async def announced(self) -> None:
        """Know every token at once."""

    async def stop(self) -> None:
        """Have nothing to close."""


class PushableDevice(SmallDevice):
    """A small device with a push token."""

    push_token = b"\x01" * 32


@pytest.fixture
def couriers(monkeypatch: pytest.MonkeyPatch) -> list[PlayedCourier]:
    """Return the couriers that were made, instead of real ones."""
    made: list[PlayedCourier] = []
    monkeypatch.setattr(module, "Courier", lambda *a, **k: made.append(PlayedCourier(*a, **k)) or made[-1])
    return made


async def _ok(_device: int, request: Request) -> Outcome:
    return ResponseArrived(request.number, 200)


def _fleet() -> FleetLoop:
    return FleetLoop({1: PushableDevice(clock=wall_clock)}, MemoryTransport(_ok), tally=Tally())  # type: ignore[dict-item]


async def test_the_first_enrolment_tells_where_the_courier_is(couriers: list[PlayedCourier]) -> None:
    """And the device is woken by its pushes from then on."""
    async with _fleet() as fleet:
        waking = Waking(fleet, poll=60)
        waking.see(1, ENROLLED)
        await waking.ready()
        assert waking.by_push
        assert couriers[0].url == "wss://mdm.example/courier"
        couriers[0].deliver(b"\x01" * 32, "magic")
        couriers[0].deliver(b"\x09" * 32, "nobody's")
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
        await waking.stop()
    assert fleet.devices[1].heard[0] == PushArrived("magic")  # type: ignore[attr-defined]


async def test_where_there_is_no_courier_devices_ask_in_turn(
    couriers: list[PlayedCourier], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every poll interval, without a push."""
    monkeypatch.setattr(PlayedCourier, "there", False)
    async with _fleet() as fleet:
        waking = Waking(fleet, poll=0.01)
        waking.see(1, ENROLLED)
        await waking.ready()
        assert waking.by_push is False
        heard = fleet.devices[1].heard  # type: ignore[attr-defined]
        assert await fleet.until(lambda: heard.count(Prompted(Errand.SESSION)) >= 3, seconds=5)
        await waking.stop()


async def test_a_new_token_takes_the_place_of_the_old_one(couriers: list[PlayedCourier]) -> None:
    """After a TokenUpdate only the new token wakes the device."""
    async with _fleet() as fleet:
        waking = Waking(fleet, poll=60)
        waking.see(1, ENROLLED)
        await waking.ready()
        fleet.devices[1].push_token = b"\x02" * 32  # type: ignore[misc]
        waking.see(1, TokenUpdated())
        assert couriers[0].tokens == {b"\x02" * 32}
        assert couriers[0].buried == {b"\x01" * 32}
        await waking.stop()


async def test_an_erased_device_is_woken_no_more(couriers: list[PlayedCourier]) -> None:
    """Its token is forgotten."""
    async with _fleet() as fleet:
        waking = Waking(fleet, poll=60)
        waking.see(1, ENROLLED)
        await waking.ready()
        waking.see(1, DeviceErased())
        assert couriers[0].tokens == set()
        assert couriers[0].buried == {b"\x01" * 32}
        couriers[0].deliver(b"\x01" * 32, "magic")
        assert fleet.is_quiet
        await waking.stop()


async def test_a_courier_named_by_hand_is_taken_instead(couriers: list[PlayedCourier]) -> None:
    """For servers whose courier lives elsewhere."""
    async with _fleet() as fleet:
        waking = Waking(fleet, poll=60, url="ws://elsewhere/courier")
        waking.see(1, ENROLLED)
        await waking.ready()
        assert couriers[0].url == "ws://elsewhere/courier"
        await waking.stop()


async def test_nobody_waits_for_pushes_to_a_device_that_is_out_of_reach(couriers: list[PlayedCourier]) -> None:
    """Its token is as good as before, and is waited for again when there is a network."""
    async with _fleet() as fleet:
        waking = Waking(fleet, poll=60)
        waking.see(1, ENROLLED)
        await waking.ready()
        waking.see(1, NetworkChanged(Network.WIFI, Network.NONE))
        assert (couriers[0].tokens, couriers[0].buried) == (set(), set())
        waking.see(1, NetworkChanged(Network.NONE, Network.CELLULAR))
        assert couriers[0].tokens == {b"\x01" * 32}
        await waking.stop()
