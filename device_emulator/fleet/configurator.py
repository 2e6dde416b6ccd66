"""Apple Configurator and its cart: as many devices at once as the hub has ports, each on a way of its own.

The cart waits for nothing: `prepare` plugs in what finds a port, `see` hears of every event of a device, frees the port
of one that came to an end, good or bad, and plugs in the next. So it works for a fleet on sockets and on a virtual
clock alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from device_emulator.core.actions import Prepare
from device_emulator.core.events import Event
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.messages import Happening, PersonActs
from device_emulator.fleet.staging_results import StagingResult, result_of

Happen = Callable[[int, Happening], None]
"""Lets something happen to a device, as `FleetLoop.happen` does."""
Register = Callable[[int], None]
"""Adds a device to Apple Business Manager, as Configurator does when somebody is signed in there."""
UNPLUGGED = "configurator.unplugged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """What Configurator does with every device of a run.

    A device whose serial number or IMEI is on somebody's registration needs no more than the server and the group. For
    any other there are the credentials of a staging user; without them the server has to refuse it. One that is added
    to Apple Business Manager enrols as the organization has decided there.
    """

    url: str
    group: str = ""
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    staging: str | None = None
    on_behalf: str | None = None
    ownership: str | None = None
    supervise: bool = True
    add_to_abm: bool = False

    def orders(self, devices: Iterable[int]) -> dict[int, Prepare]:
        """Return what is done with each device."""
        intent = HubIntent(
            url=self.url,
            group=self.group,
            user_name=self.user_name,
            password=self.password,
            staging=self.staging,
            on_behalf=self.on_behalf,
            ownership=self.ownership,
            channel=Channel.CONFIGURATOR,
        )
        return dict.fromkeys(devices, Prepare(intent, supervise=self.supervise, add_to_abm=self.add_to_abm))


class Cart:
    """A Mac with Apple Configurator, and a USB hub of `ports` ports; without `register` nobody is signed in to ABM."""

    def __init__(self, ports: int, happen: Happen, register: Register | None = None) -> None:
        if ports < 1:
            raise ValueError(f"expected a hub with at least one port, found {ports}")
        self.ports = ports
        self.results: dict[int, StagingResult] = {}
        self.most_at_once = 0
        self._happen = happen
        self._register = register
        self._plugged: set[int] = set()
        self._waiting: deque[tuple[int, Prepare]] = deque()

    def prepare(self, orders: Mapping[int, Prepare]) -> None:
        """Put devices on the cart, in this order; the first find a port at once, the others wait for one."""
        if self._register is None and any(order.add_to_abm for order in orders.values()):
            raise ValueError("expected somebody who adds devices to Apple Business Manager, found nobody")
        self._waiting.extend(orders.items())
        self._plug_in()

    def see(self, device: int, event: Event) -> None:
        """Take note of an event; one that ends a device's turn frees its port."""
        if device in self._plugged:
            result = result_of(device, event)
            if result is not None:
                self._unplug(result)

    def unplug(self, device: int) -> None:
        """Pull the cable of a device that does not come to an end."""
        if device in self._plugged:
            self._unplug(StagingResult(device, UNPLUGGED, "The cable was pulled before the device was enrolled."))

    @property
    def is_done(self) -> bool:
        """Say whether every device has had its turn."""
        return not self._plugged and not self._waiting

    @property
    def enrolled(self) -> list[int]:
        """The devices that came out enrolled."""
        return [device for device, result in self.results.items() if result.is_enrolled]

    def _unplug(self, result: StagingResult) -> None:
        self._plugged.remove(result.device)
        self.results[result.device] = result
        self._plug_in()

    def _plug_in(self) -> None:
        while self._waiting and len(self._plugged) < self.ports:
            device, order = self._waiting.popleft()
            self._plugged.add(device)
            self.most_at_once = max(self.most_at_once, len(self._plugged))
            if order.add_to_abm and self._register is not None:
                self._register(device)
            self._happen(device, PersonActs(order))
