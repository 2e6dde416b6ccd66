"""What the stages have in common: the company of devices and people, and how one waits until nothing moves.

Nobody sits anything out. When everything that happens now has happened, and some device has still to try again or to
start up, the clock is put forward to that moment; left to the stages is how messages travel and what a clock is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from secrets import token_bytes

from device_emulator.core.actions import HubEnroll, PersonAction, Prepare
from device_emulator.core.android.actions import FactoryReset, ScanCode
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.states import Life
from device_emulator.core.device import Device
from device_emulator.core.events import DeviceErased, Event, SetupAssistantFinished
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.messages import Happening, PersonActs, Request, RequestKind, ResponseArrived
from device_emulator.core.person import Person
from device_emulator.core.setting_up.events import ConfigurationFinished, RemoteManagementLeft
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import PowerState
from device_emulator.fleet.configurator import Cart
from device_emulator.fleet.keys import KeySupply
from device_emulator.scenario.cast import AnyDevice, Cast, draw_device, identifier_of
from device_emulator.scenario.checking import Script
from device_emulator.scenario.errors import SetUpError
from device_emulator.scenario.forging import Forgery, forge
from device_emulator.scenario.look import Look
from device_emulator.scenario.numbering import Names
from device_emulator.scenario.office import ServiceOffice
from device_emulator.scenario.offices import Refused
from device_emulator.scenario.own_side import OwnSide, own_look, own_side
from device_emulator.scenario.portal import ApplePortal
from device_emulator.scenario.program_office import ServiceProgram
from device_emulator.scenario.stage import ProfileReply, Sighting
from device_emulator.transport.faulty import Fault, FaultyTransport
from mdm_server.embed.apple_orders import AppleServices
from mdm_server.embed.orders import ServiceSuite, Store
from mdm_server.wire.android_provisioning import StagingExtras, staging_code

SIGNED = "application/pkcs7-signature"
LONGEST_REST = timedelta(minutes=30)
"""What is not over after so long is not going to be over."""
LONGEST_PREPARATION = timedelta(hours=2)


class Company(ABC):
    """Implements what is the same on every stage."""

    def __init__(self, script: Script, seed: int) -> None:
        self.script = script
        self.seed = seed
        self.cast = Cast.of(script.document)
        self.fleet: dict[int, AnyDevice] = {}
        self.by_name: dict[str, AnyDevice] = {}
        self._seen: defaultdict[int, list[Event]] = defaultdict(list)
        self._carts: list[Cart] = []
        self._told_faults = 0
        self._denials: set[bytes] = set()
        names = Names()
        self._office = ServiceOffice(
            lambda: self.suite, lambda: self.store, self.cast, self.by_name, lambda: self.now, names
        )
        self._program = ServiceProgram(lambda: self.suite, names, self.serial_number)
        self._portal = ApplePortal(lambda: self.apple, self.by_name, lambda: self.now)

    # What a stage is made of

    @property
    @abstractmethod
    def now(self) -> datetime:
        """The time on the clock of the play."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The server's address."""

    @property
    @abstractmethod
    def suite(self) -> ServiceSuite:
        """The server's use cases."""

    @property
    @abstractmethod
    def store(self) -> Store:
        """What the server keeps."""

    @property
    @abstractmethod
    def apple(self) -> AppleServices | None:
        """Apple's services; None where nobody plays them."""

    @property
    @abstractmethod
    def faults(self) -> FaultyTransport:
        """What carries every message."""

    @abstractmethod
    def happen(self, number: int, happening: Happening) -> None:
        """Let something happen to a device."""

    @abstractmethod
    async def finish_now(self) -> None:
        """Let everything happen that happens without time passing."""

    @abstractmethod
    async def move_clock(self, moment: datetime) -> None:
        """Put the clock forward to a moment, and let happen what happens on the way."""

    @abstractmethod
    async def restart_server(self) -> None:
        """Stop the server and start it again with the state it has kept."""

    @abstractmethod
    async def journal(self) -> Sequence[str]:
        """Return the server's journal, a JSON object a line."""

    # Setting the stage

    def engage(self, settings: DeviceSettings, keys: KeySupply) -> None:
        """Bring the devices on the stage."""
        for number, (name, said) in enumerate(self.cast.devices.items()):
            device = draw_device(said, number, self.seed, settings, clock=lambda: self.now, keys=keys)
            self.fleet[number] = self.by_name[name] = device

    async def prepare_server(self) -> None:
        """Make groups, users, registrations and lists as the document says; raises SetUpError."""
        document = self.script.document
        try:
            await self._office.open(document.organization)
            for registration in document.registrations:
                await self._office.register(registration)
            for entry in document.lists:
                await self._office.put_on_list(entry)
            if self.apple is not None:
                await self._open_apple()
        except Refused as refused:
            said = f"{self.script.source}: the server does not take what the document says: {refused}"
            raise SetUpError(said) from None
        await self.settle()

    async def _open_apple(self) -> None:
        """Make the company a customer of Apple's, and our server one that Apple knows."""
        self._portal.open()
        await self._program.open(self._portal)
        bought = [name for name, said in self.cast.devices.items() if said.abm]
        if bought:
            await self._portal.order(bought, arrives_in=0)
            await self._program.synchronize()

    def see(self, number: int, event: Event) -> None:
        """Take note of what can be seen of a device."""
        self._seen[number].append(event)
        if isinstance(event, RemoteManagementLeft):
            self._portal.leave(event.serial_number)
        for cart in self._carts:
            cart.see(number, event)

    # The stage as steps know it

    @property
    def office(self) -> ServiceOffice:
        """The administrator."""
        return self._office

    @property
    def program(self) -> ServiceProgram:
        """The administrator, as Apple's customer."""
        return self._program

    @property
    def portal(self) -> ApplePortal:
        """Apple Business Manager."""
        return self._portal

    @property
    def group_id(self) -> str:
        """The first group's ID."""
        return self.script.document.organization.groups[0].id

    def devices(self, names: str) -> Sequence[str]:
        """Return the devices that a name, or a series, stands for."""
        return self.cast.matching_devices(names)

    def identifier(self, device: str) -> str:
        """Return what the server knows a device by."""
        return identifier_of(self.by_name[device], "udid") or ""

    def serial_number(self, device: str) -> str:
        """Return what is printed on a device."""
        return identifier_of(self.by_name[device], "serial_number") or ""

    def person(self, name: str) -> Person:
        """Return somebody with their credentials."""
        return self.cast.person(name)

    def token(self, registration: str) -> str:
        """Return the token of a registration; a made-up one where it has none."""
        return self.cast.tokens.get(registration, "NOTOKEN1")

    async def act(self, device: str, action: PersonAction) -> Sighting:
        """Let the person of a device act, and wait until nothing moves."""
        number = self.cast.number(device)
        before, began = len(self._seen[number]), self.now
        self.happen(number, PersonActs(action))
        await self.settle()
        return Sighting(tuple(self._seen[number][before:]), (self.now - began).total_seconds())

    async def enrol(self, device: str, intent: HubIntent) -> Sighting:
        """Let the person of a device enrol it, in the way of its platform."""
        phone = self.by_name[device]
        if not isinstance(phone, AndroidDevice):
            return await self.act(device, HubEnroll(intent))
        owned = self.cast.devices[device].management == "fully-managed"
        if intent.channel.has_screen and not owned:
            return await self.act(device, HubEnroll(intent))
        return await self._scan(device, phone, intent)

    async def _scan(self, device: str, phone: AndroidDevice, intent: HubIntent) -> Sighting:
        """Hold a code before the camera: with credentials in it nobody is asked, without them the Hub asks."""
        number = self.cast.number(device)
        before, began = len(self._seen[number]), self.now
        asks = intent.channel.has_screen
        if phone.life is not Life.PROVISIONING or not asks:
            if phone.life is not Life.SETUP_WIZARD:
                await self.act(device, FactoryReset(recovery=True))
            before = len(self._seen[number])
            extras = StagingExtras(
                server_url=self.url,
                group_id=intent.group or intent.token,
                user_name=None if asks else intent.user_name,
                password=None if asks else intent.password,
            )
            await self.act(device, ScanCode(staging_code(extras)))
        if asks:
            before = len(self._seen[number])
            await self.act(device, HubEnroll(intent))
        return Sighting(tuple(self._seen[number][before:]), (self.now - began).total_seconds())

    async def prepare(self, devices: Sequence[str], intent: HubIntent, *, ports: int) -> Sequence[Sighting]:
        """Put devices on the cart of Apple Configurator, so many at a time."""
        numbers = [self.cast.number(device) for device in devices]
        before, began = {number: len(self._seen[number]) for number in numbers}, self.now
        cart = Cart(ports, self.happen)
        self._carts.append(cart)
        cart.prepare(dict.fromkeys(numbers, Prepare(intent)))
        while True:
            await self.settle()
            if cart.is_done or self.now - began > LONGEST_PREPARATION:
                break
            await self._go_on_to_next(self.fleet[number] for number in numbers)
        self._carts.remove(cart)
        took = (self.now - began).total_seconds()
        return [Sighting(tuple(self._seen[number][before[number] :]), took) for number in numbers]

    async def ask_for_profile(self, device: str, forgery: Forgery, by: str) -> ProfileReply:
        """Ask the server for the enrolment profile of a device, as `by` can forge a MachineInfo of it."""
        victim, forger = self.by_name[device], self.by_name[by]
        assert isinstance(victim, Device), "only Apple's devices are enrolled so"
        assert isinstance(forger, Device), "only Apple's devices can sign like that"
        body = forge(forgery, victim.handheld, forger.handheld, token_bytes)
        headers = {"Content-Type": SIGNED}
        request = Request(0, RequestKind.PROFILE, "POST", f"{self.url}/enroll/dep", headers, body)
        reply = await self.faults.send(self.cast.number(by), request)
        if not isinstance(reply, ResponseArrived):
            return ProfileReply(0, is_alike=False)
        if reply.status != HTTPStatus.OK:
            self._denials.add(reply.body)
        return ProfileReply(reply.status, is_alike=len(self._denials) <= 1)

    async def settle(self) -> None:
        """Wait until nothing moves: everything that can be finished is finished, trying again and starting up too."""
        latest = self.now + LONGEST_REST
        await self.finish_now()
        while busy := [device for device in self.fleet.values() if is_underway(device)]:
            moments = [device.deadline for device in busy if device.deadline is not None]
            if not moments or min(moments) > latest:
                return
            await self.move_clock(max(min(moments), self.now))

    async def _go_on_to_next(self, devices: Iterable[AnyDevice]) -> None:
        moments = [device.deadline for device in devices if device.deadline is not None]
        await self.move_clock(max(min(moments, default=self.now), self.now + timedelta(seconds=1)))

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and whatever was to happen in it happen."""
        await self.move_clock(self.now + timedelta(seconds=seconds))
        await self.settle()

    async def look(self, device: str) -> Look:
        """Look at a device from both sides."""
        phone = self.by_name[device]
        record = await self._office.record(device)
        registration = await self._office.registration(device)
        serial_number = self.serial_number(device)
        look = replace(
            own_look(phone),
            panes=self._panes(device),
            awaited_configuration=self._awaited_configuration(device),
            commands_waiting=await self._office.waiting(device),
            at_apple=self._portal.profile_status(serial_number),
            activation_lock=self._portal.activation_lock(serial_number),
        )
        if registration is not None:
            look = replace(look, registration=str(registration[0].state), registered_to=registration[1])
        if record is None:
            return look
        known = record.device
        return replace(
            look,
            known=True,
            status=str(known.status),
            assignment=str(known.assignment.state),
            user=None if record.user is None else record.user.user_name,
            stager=None if record.stager is None else record.stager.user_name,
            group=None if record.group is None else record.group.group_id,
            ownership=str(known.ownership),
            locked=None if known.lock is None else str(known.lock.reason),
            pending_verification=known.pending_verification,
        )

    async def own_side(self, device: str) -> OwnSide:
        """Return what a device is, as whoever holds it can see."""
        return own_side(device, self.by_name[device], await self.look(device))

    def apple_journal(self) -> Sequence[str]:
        """Return what happened at Apple, in order: service and event."""
        return self._portal.journal()

    def _panes(self, device: str) -> Sequence[str]:
        """Return what Setup Assistant showed, the last time."""
        seen = self._seen[self.cast.number(device)]
        return next((event.panes for event in reversed(seen) if isinstance(event, SetupAssistantFinished)), ())

    def _awaited_configuration(self, device: str) -> bool:
        """Say whether the device, since it was last erased, waited for its server until that let it go on."""
        for event in reversed(self._seen[self.cast.number(device)]):
            if isinstance(event, ConfigurationFinished | DeviceErased):
                return isinstance(event, ConfigurationFinished)
        return False

    async def inject_fault(self, device: str, message: str, fault: str, nth: int) -> None:
        """Let the network do something bad to the nth message of a kind that a device will send."""
        self.faults.add(Fault(self.cast.number(device), message, fault, nth))

    @property
    def next_delivery(self) -> datetime | None:
        """When Apple delivers the next of the pushes that it was made to hold back."""
        return None if self.apple is None else self.apple.push.next_delivery

    def deliver_late_pushes(self) -> None:
        """Let Apple deliver the pushes that are due by now."""
        if self.apple is not None:
            self.apple.push.deliver_due()

    def faults_struck(self) -> Sequence[str]:
        """Return, once, a sentence for every fault that has happened since the last call."""
        new = self.faults.struck[self._told_faults :]
        self._told_faults = len(self.faults.struck)
        return [*(self._sentence(fault) for fault in new), *self._portal.faults_struck()]

    def faults_waiting(self) -> Sequence[str]:
        """Return a sentence for every fault that was arranged for and has not happened."""
        return [*(self._sentence(fault) for fault in self.faults.waiting), *self._portal.faults_waiting()]

    def _sentence(self, fault: Fault) -> str:
        return f"{list(self.cast.devices)[fault.device]}: {fault}"


def is_underway(device: AnyDevice) -> bool:
    """Say whether a device has still to finish something that it can finish by itself."""
    return device.power is PowerState.STARTING or (device.is_busy and device.is_reachable)
