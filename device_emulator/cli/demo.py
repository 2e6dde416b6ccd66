"""`device-emulator demo`: a server and a fleet in one process, then two plays, and a verdict at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import click

from certs.keys import KeyKind
from device_emulator.cli import options
from device_emulator.cli.administrator import Administrator
from device_emulator.cli.failure import CommandFailed, ExitCode, exit_code
from device_emulator.cli.fleet_run import FleetRun, RunSettings
from device_emulator.cli.load import read_certificates
from device_emulator.cli.running import run
from device_emulator.core.actions import OpenEnrollmentLink, SetPasscode
from device_emulator.core.events import (
    CommandAnswered,
    Event,
    LockChanged,
    PasscodeChanged,
    ProfileInstalled,
    SetupAssistantReached,
    TokenUpdated,
)
from device_emulator.core.messages import PersonActs
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeState, LockState
from device_emulator.fleet.keys import KeyChoice, choose_keys
from device_emulator.fleet.loop import wall_clock
from device_emulator.fleet.population import Population
from device_emulator.report.verdict import Expectation, all_of
from device_emulator.scenario import load
from device_emulator.scenario import run as play_scenario
from mdm_server.embed import Server, ServerSettings, ServerStartError
from mdm_server.wire import plist

PROFILE_IDENTIFIER = "com.example.mdmsim.demo"
PLAYS = ("demo/staging", "demo/apple")
PATIENCE = 60.0
# Whom the demo picks for what: any three different devices would do.
LOCKED, CLEARED, ERASED = 0, 1, 2


class Memory:
    """What the demo saw happen to each device."""

    def __init__(self) -> None:
        self.profiles: set[int] = set()
        self.locked: set[int] = set()
        self.cleared: set[int] = set()
        self.erased: set[int] = set()
        self.announced: set[int] = set()
        self.answered: Counter[str] = Counter()

    def see(self, number: int, event: Event) -> None:
        """Remember an event the demo waits for."""
        match event:
            case ProfileInstalled(identifier) if identifier == PROFILE_IDENTIFIER:
                self.profiles.add(number)
            case LockChanged(_, LockState.LOCKED):
                self.locked.add(number)
            case PasscodeChanged(present=False):
                self.cleared.add(number)
            case SetupAssistantReached():
                self.erased.add(number)
            case TokenUpdated():
                self.announced.add(number)
            case CommandAnswered(_, request_type, "Acknowledged"):
                self.answered[request_type] += 1


@click.command(short_help="A server, a fleet and a verdict, in one command.")
@click.option("--devices", type=click.IntRange(4, 10_000), default=24, show_default=True, help="How many devices.")
@options.together(options.seed, options.concurrency, options.keys, options.key_pool, options.report, options.as_json)
def demo(**given: Any) -> int:
    """Start a server of its own, enrol a fleet over TLS, command it, and say how it went.

    iPhones and iPads alternate; half prove who they are by Mdm-Signature, half by client certificate. Every device
    gets a signed configuration profile and is asked for its DeviceInformation and SecurityInfo; one is locked, one
    has its passcode cleared, one is erased and comes back to Setup Assistant. Then two scenarios are played:
    demo/staging (Standard, Advanced and shared devices, a cart, Androids, a lockout) and demo/apple (devices bought
    from Apple: one managed for good, one that has to update first, one for everybody). Only the reports asked for are
    left.

    \b
    device-emulator demo
    device-emulator demo --devices 200 --seed 7 --json summary.json
    """  # noqa: D301
    return run(_demo(given))


async def _demo(given: dict[str, Any]) -> int:
    try:
        async with Server.start(ServerSettings(seed=given["seed"])) as server:
            return await _play(server, given)
    except ServerStartError as error:
        raise CommandFailed(ExitCode.BAD_INPUT, error.text) from error


async def _play(server: Server, given: dict[str, Any]) -> int:
    count = given["devices"]
    keys = choose_keys(KeyChoice(given["keys"]), directory=given["key_pool"], count=count)
    settings = DeviceSettings(profile_roots=read_certificates(server.ca_file), key_kind=KeyKind.RSA_2048)
    population = Population(count=count, seed=given["seed"], settings=settings, both_proofs=True)
    run_settings = RunSettings(
        command="demo",
        target=server.url,
        seed=given["seed"],
        ca_file=server.ca_file,
        concurrency=given["concurrency"],
        report=given["report"],
        json_file=given["json_file"],
    )
    fleet = FleetRun(population.devices(clock=wall_clock, keys=keys), run_settings, keys)
    memory = Memory()
    fleet.watchers.append(memory.see)
    expectations: list[Expectation] = []
    fleet.narrator.say(f"Server at {server.url}, SQLite in a temporary folder")
    async with fleet, Administrator(server.url, server.admin_token or "", server.ca_file) as administrator:
        try:
            expectations = await Play(fleet, memory, administrator, f"{server.url}/enroll").perform()
        except asyncio.CancelledError:
            fleet.interrupted = True
    for play in PLAYS:
        if not fleet.interrupted:
            expectations.append(await _act(fleet, play, given["seed"]))
    summary = fleet.finish(expectations)
    return exit_code(summary)


async def _act(fleet: FleetRun, play: str, seed: int) -> Expectation:
    """Play a scenario on a server of its own, and tell its story while it goes on."""
    fleet.narrator.say(f"Next act: {play}")
    outcome = await play_scenario(load(play), clock="real", seed=seed, tell=lambda said: _tell(fleet, said))
    fleet.interrupted = outcome.interrupted
    met = sum(finding.passed for finding in outcome.findings)
    return all_of(f"as the play {play} has it", met, len(outcome.findings) + outcome.left_out)


def _tell(fleet: FleetRun, said: str) -> None:
    """Tell what somebody did, and of what was looked at afterwards only what was not as it should be."""
    if "✓" not in said:
        fleet.narrator.say(said)


class Play:
    """The acts of the demo, in order; each ends in what the audience could see for itself."""

    def __init__(self, fleet: FleetRun, memory: Memory, administrator: Administrator, link: str) -> None:
        self._fleet = fleet
        self._memory = memory
        self._administrator = administrator
        self._link = link
        self._udids = {number: device.handheld.hardware.udid for number, device in fleet.devices.items()}
        self._orders: list[tuple[str, str]] = []

    async def perform(self) -> list[Expectation]:
        """Play all acts and return what was expected of them."""
        count = len(self._udids)
        await self._enroll(count)
        if len(self._fleet.enrollment.enrolled) < count:
            return [all_of("devices enrolled", len(self._fleet.enrollment.enrolled), count)]
        await self._deliver_profile(count)
        await self._ask(count)
        await self._lock_clear_and_erase()
        return [
            all_of("devices enrolled", len(self._fleet.enrollment.enrolled), count),
            all_of("devices installed the signed profile", len(self._memory.profiles), count),
            all_of("devices answered DeviceInformation", self._memory.answered["DeviceInformation"], count),
            all_of("devices answered SecurityInfo", self._memory.answered["SecurityInfo"], count),
            all_of("device locked by DeviceLock", len(self._memory.locked & {LOCKED}), 1),
            all_of("passcode removed by ClearPasscode", len(self._memory.cleared & {CLEARED}), 1),
            all_of("erased device back in Setup Assistant", self._back_in_setup_assistant(), 1),
            await self._server_agrees(),
        ]

    async def _enroll(self, count: int) -> None:
        enrollment = self._fleet.enrollment
        await enrollment.start(self._udids, OpenEnrollmentLink(self._link))
        await self._wait("Enrolling", count, lambda: enrollment.ended)
        await self._fleet.waking.ready()

    async def _deliver_profile(self, count: int) -> None:
        profile_id = await self._administrator.add_profile(_demo_profile())
        await self._order(list(self._udids), "InstallProfile", profile_id=profile_id)
        await self._wait("Installing a signed profile", count, lambda: len(self._memory.profiles))

    async def _ask(self, count: int) -> None:
        await self._order(list(self._udids), "DeviceInformation", Queries=["DeviceName", "OSVersion", "SerialNumber"])
        await self._order(list(self._udids), "SecurityInfo")
        answered = self._memory.answered
        await self._wait(
            "Asking who they are", 2 * count, lambda: answered["DeviceInformation"] + answered["SecurityInfo"]
        )

    async def _lock_clear_and_erase(self) -> None:
        self._fleet.loop.happen(CLEARED, PersonActs(SetPasscode()))
        await self._wait("One person sets a passcode", 1, lambda: len(self._memory.announced & {CLEARED}))
        await self._order([LOCKED], "DeviceLock", Message="Please bring me back", PhoneNumber="+1 555 0100")
        await self._order([CLEARED], "ClearPasscode")
        await self._order([ERASED], "EraseDevice")
        await self._wait(
            "Locking, clearing, erasing",
            3,
            lambda: sum(
                number in seen
                for number, seen in (
                    (LOCKED, self._memory.locked),
                    (CLEARED, self._memory.cleared),
                    (ERASED, self._memory.erased),
                )
            ),
        )
        await self._fleet.loop.until(lambda: self._fleet.loop.is_quiet, seconds=PATIENCE)

    async def _order(self, numbers: list[int], request_type: str, **order: Any) -> None:
        orders = await self._administrator.order([self._udids[number] for number in numbers], request_type, **order)
        self._orders.extend(orders.items())

    async def _wait(self, sentence: str, total: int, count: Any) -> None:
        await self._fleet.lead(sentence, total, count=count, ended=lambda: count() >= total, seconds=PATIENCE)

    def _back_in_setup_assistant(self) -> int:
        is_back = self._fleet.devices[ERASED].life is LifeState.SETUP_ASSISTANT
        return int(is_back and ERASED in self._memory.erased)

    async def _server_agrees(self) -> Expectation:
        states = {udid: await self._administrator.states(udid) for udid in self._udids.values()}
        agreed = sum(states[udid].get(command) == "Acknowledged" for udid, command in self._orders)
        return all_of("commands acknowledged, says the server", agreed, len(self._orders))


def _demo_profile() -> bytes:
    """Return a configuration profile with a restriction that anybody can see: no camera."""
    payload = {
        "PayloadType": "com.apple.applicationaccess",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{PROFILE_IDENTIFIER}.restrictions",
        "PayloadUUID": "7C1B5C0E-6C43-4B0C-9E0A-2C3F5A0B1D01",
        "PayloadDisplayName": "No camera",
        "allowCamera": False,
    }
    return plist.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": PROFILE_IDENTIFIER,
            "PayloadUUID": "7C1B5C0E-6C43-4B0C-9E0A-2C3F5A0B1D02",
            "PayloadDisplayName": "mdmsim demo",
            "PayloadContent": [payload],
        }
    )
