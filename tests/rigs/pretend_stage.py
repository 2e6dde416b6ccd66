"""A stage of cardboard: it answers what a test told it to, and remembers what was asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from device_emulator.core.actions import PersonAction
from device_emulator.core.events import Enrolled, Event, HubRefused
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.person import Person
from device_emulator.scenario.forging import Forgery
from device_emulator.scenario.look import Look
from device_emulator.scenario.offices import CommandAnswer, Refused
from device_emulator.scenario.own_side import OwnSide
from device_emulator.scenario.stage import ProfileReply, Sighting


class PretendOffice:
    """Writes down every order, and refuses those it was told to."""

    def __init__(self) -> None:
        self.orders: list[tuple[Any, ...]] = []
        self.refuses: dict[str, str] = {}
        self.answers: dict[str, CommandAnswer] = {}

    async def command(self, device: str, command: str, fields: Mapping[str, Any], *, force: bool = False) -> str:
        """Write it down, and call it by its own name."""
        self.orders.append(("command", device, command, dict(fields)))
        if "command" in self.refuses:
            raise Refused(self.refuses["command"], "told to")
        return command

    async def answer(self, device: str, command_uuid: str) -> CommandAnswer:
        """Answer as arranged."""
        return self.answers.get(command_uuid, CommandAnswer("Acknowledged"))

    def __getattr__(self, verb: str) -> Any:
        if verb.startswith("_"):
            raise AttributeError(verb)

        async def order(*words: Any, **named: Any) -> None:
            self.orders.append((verb, *words, *named.values()))
            if verb in self.refuses:
                raise Refused(self.refuses[verb], "told to")

        return order


class PretendStage:
    """A world in which every act takes a second, and shows the events that were arranged for it."""

    def __init__(self, *devices: str) -> None:
        self.names = devices or ("phone",)
        self.office = PretendOffice()
        self.program = PretendOffice()
        self.portal = PretendOffice()
        self.url = "https://mdm.test"
        self.group_id = "ACME"
        self.now = datetime(2026, 1, 5, 8, tzinfo=UTC)
        self.acts: list[tuple[str, Any]] = []
        self.shows: list[Sequence[Event]] = []
        self.looks: dict[str, Look] = {}
        self.settled = self.restarts = 0
        self.faults: list[tuple[Any, ...]] = []
        self.lines: list[str] = []
        self.struck: list[str] = []
        self.at_apple: list[str] = []
        self.replies: list[ProfileReply] = []
        self.waiting: list[str] = []

    def devices(self, names: str) -> Sequence[str]:
        """Return the devices that a name, or a series, stands for."""
        return [name for name in self.names if name == names or (names.endswith("*") and name.startswith(names[:-1]))]

    def identifier(self, device: str) -> str:
        """Return what the server knows a device by."""
        return f"UDID of {device}"

    def person(self, name: str) -> Person:
        """Return somebody whose password is their name."""
        return Person(name=name, user_name=name, password=name)

    def token(self, registration: str) -> str:
        """Return the token of a registration."""
        return f"token of {registration}"

    async def act(self, device: str, action: PersonAction) -> Sighting:
        """Show the next events that were arranged, or none."""
        self.acts.append((device, action))
        self.now += timedelta(seconds=1)
        return Sighting(tuple(self.shows.pop(0)) if self.shows else (), 1.0)

    async def enrol(self, device: str, intent: HubIntent) -> Sighting:
        """Enrol, unless something else was arranged."""
        self.shows = self.shows or [[Enrolled("https://mdm.test/mdm")]]
        self.acts.append((device, intent))
        self.now += timedelta(seconds=1)
        return Sighting(tuple(self.shows.pop(0)), 1.0)

    async def prepare(self, devices: Sequence[str], intent: HubIntent, *, ports: int) -> Sequence[Sighting]:
        """Enrol all, but for those for which something else was arranged."""
        self.acts.append((",".join(devices), (intent, ports)))
        return [Sighting(tuple(self.shows.pop(0)) if self.shows else (Enrolled("x"),), 2.0) for _ in devices]

    async def ask_for_profile(self, device: str, forgery: Forgery, by: str) -> ProfileReply:
        """Answer as arranged."""
        self.acts.append((by, (device, forgery)))
        return self.replies.pop(0)

    async def settle(self) -> None:
        """Count."""
        self.settled += 1

    async def pass_time(self, seconds: float) -> None:
        """Put the clock forward."""
        self.now += timedelta(seconds=seconds)

    async def look(self, device: str) -> Look:
        """Show what was arranged."""
        return self.looks.get(device, Look())

    async def restart_server(self) -> None:
        """Count."""
        self.restarts += 1

    async def inject_fault(self, device: str, message: str, fault: str, nth: int) -> None:
        """Write it down."""
        self.faults.append((device, message, fault, nth))

    def faults_struck(self) -> Sequence[str]:
        """Return, once, what was arranged."""
        struck, self.struck = self.struck, []
        return struck

    def faults_waiting(self) -> Sequence[str]:
        """Return what was arranged."""
        return self.waiting

    async def journal(self) -> Sequence[str]:
        """Return what was arranged."""
        return self.lines

    async def own_side(self, device: str) -> OwnSide:
        """Show what was arranged, on a device that is no machine."""
        look = await self.look(device)
        seen = {one.name: getattr(look, one.name) for one in fields(OwnSide) if hasattr(look, one.name)}
        return OwnSide(name=device, machine="a cardboard box", panes_shown=(), panes_skipped=(), **seen)

    def apple_journal(self) -> Sequence[str]:
        """Return what was arranged."""
        return self.at_apple


REFUSED = (HubRefused("REG_USER_MISMATCH", "This device is registered to another user."),)
"""What can be seen when the server says no."""
