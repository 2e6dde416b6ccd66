"""What a step needs of the world: devices with people, an administrator, and time.

A stage is that world. There is one on real sockets and one on a virtual clock; steps cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from device_emulator.core.actions import PersonAction
from device_emulator.core.events import Event
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.person import Person
from device_emulator.scenario.forging import Forgery
from device_emulator.scenario.look import Look
from device_emulator.scenario.offices import Office, Portal, ProgramOffice
from device_emulator.scenario.own_side import OwnSide


@dataclass(frozen=True, slots=True)
class Sighting:
    """What could be seen of a device from an act of its person until nothing moved any more."""

    events: tuple[Event, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class ProfileReply:
    """What somebody was told who asked for an enrolment profile; `is_alike`: so was everybody who was refused."""

    status: int
    is_alike: bool


class Stage(Protocol):
    """A world to play in."""

    @property
    def office(self) -> Office:
        """The administrator."""

    @property
    def program(self) -> ProgramOffice:
        """The administrator, as Apple's customer."""

    @property
    def portal(self) -> Portal:
        """Apple Business Manager."""

    @property
    def url(self) -> str:
        """The server's address, as a person would type it."""

    @property
    def group_id(self) -> str:
        """The Group ID that people type when nothing else is said."""

    @property
    def now(self) -> datetime:
        """The time on the clock of the play."""

    def devices(self, names: str) -> Sequence[str]:
        """Return the devices that a name, or a series `ipad-*`, stands for, in order."""

    def identifier(self, device: str) -> str:
        """Return what the server knows a device by: its UDID, or what an Android has in its place."""

    def person(self, name: str) -> Person:
        """Return somebody with their credentials, by the name of the person or of the user."""

    def token(self, registration: str) -> str:
        """Return the token of a registration."""

    async def act(self, device: str, action: PersonAction) -> Sighting:
        """Let the person of a device act, and wait until nothing moves."""

    async def enrol(self, device: str, intent: HubIntent) -> Sighting:
        """Let the person of a device enrol it with the Hub, in the way of its platform."""

    async def prepare(self, devices: Sequence[str], intent: HubIntent, *, ports: int) -> Sequence[Sighting]:
        """Put devices on the cart of Apple Configurator, so many at a time."""

    async def ask_for_profile(self, device: str, forgery: Forgery, by: str) -> ProfileReply:
        """Ask the server for the enrolment profile of a device, as `by` can forge a MachineInfo of it."""

    async def settle(self) -> None:
        """Wait until nothing moves, on no device."""

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and whatever was to happen in it happen."""

    async def look(self, device: str) -> Look:
        """Look at a device from both sides."""

    async def restart_server(self) -> None:
        """Stop the server and start it again with the state it has kept."""

    async def inject_fault(self, device: str, message: str, fault: str, nth: int) -> None:
        """Let the network do something bad to the nth message of a kind that a device will send."""

    def faults_struck(self) -> Sequence[str]:
        """Return, once, a sentence for every fault that has happened since the last call."""

    def faults_waiting(self) -> Sequence[str]:
        """Return a sentence for every fault that was arranged for and has not happened."""

    async def journal(self) -> Sequence[str]:
        """Return the server's journal, a JSON object a line."""

    async def own_side(self, device: str) -> OwnSide:
        """Return what a device is, as whoever holds it can see."""

    def apple_journal(self) -> Sequence[str]:
        """Return what happened at Apple, in order: service and event, as in `apns.lost`."""
