"""What every command that runs a fleet wires together and takes down again: loop, courier, counts, log, report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from device_emulator.core.device import Device
from device_emulator.core.events import Event, SessionEnded
from device_emulator.core.settings import ProofOfIdentity
from device_emulator.core.states import LifeState
from device_emulator.fleet.enrollment_run import EnrollmentRun
from device_emulator.fleet.keys import KeySupply
from device_emulator.fleet.loop import FleetLoop, wall_clock
from device_emulator.fleet.tally import Tally
from device_emulator.fleet.waking import Waking
from device_emulator.report.folder import EventLog, write_devices, write_summary
from device_emulator.report.page import render_page
from device_emulator.report.summary import RunFacts, summarize
from device_emulator.report.terminal import Narrator, show_summary
from device_emulator.report.verdict import Expectation
from device_emulator.transport.network import NetworkTransport

PROOFS = {
    ProofOfIdentity.AS_PROFILE_SAYS: "as the profile says",
    ProofOfIdentity.SIGNATURE: "Mdm-Signature",
    ProofOfIdentity.TLS: "client certificate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How a fleet is run."""

    command: str
    target: str
    seed: int
    ca_file: Path | None = None
    concurrency: int = 64
    poll: float = 60.0
    courier: str | None = None
    enrolls: bool = True
    arrival_rate: float | None = None
    report: Path | None = None
    json_file: Path | None = None
    console: Console = field(default_factory=lambda: Console(highlight=False))


class FleetRun:
    """A fleet at work. Enter it, lead the fleet, leave it; then `finish` writes and shows what came of it."""

    def __init__(self, devices: Mapping[int, Device], settings: RunSettings, keys: KeySupply) -> None:
        self.devices = devices
        self.settings = settings
        self.keys = keys
        self.tally = Tally()
        self.narrator = Narrator(settings.console)
        self.interrupted = False
        self.watchers: list[Callable[[int, Event], None]] = []
        self.last_sessions: dict[int, str] = {}
        """How the last session of each device ended."""
        self.loop = FleetLoop(
            devices,
            NetworkTransport(ca_file=settings.ca_file),
            tally=self.tally,
            watch=self._see,
            concurrency=settings.concurrency,
        )
        self.waking = Waking(self.loop, poll=settings.poll, ca_file=settings.ca_file, url=settings.courier)
        stream = Random(f"{settings.seed}/arrival")  # noqa: S311 - reproducible by design
        self.enrollment = EnrollmentRun(self.loop, arrival_rate=settings.arrival_rate, stream=stream)
        self._log: EventLog | None = None
        self._began = time.monotonic()
        self._started = wall_clock()
        self._seconds: float | None = None

    async def __aenter__(self) -> FleetRun:
        """Begin: from here on the clock of the report runs."""
        if self.settings.report is not None:
            self.settings.report.mkdir(parents=True, exist_ok=True)
            self._log = EventLog(self.settings.report)
        self._began = time.monotonic()
        self._started = wall_clock()
        await self.loop.__aenter__()
        return self

    async def __aexit__(self, *failure: object) -> None:
        """End: break off what is under way, close every connection and the event log."""
        self._seconds = time.monotonic() - self._began
        await self.waking.stop()
        await self.loop.__aexit__(*failure)
        if self._log is not None:
            self._log.close()

    async def lead(
        self, sentence: str, total: int, *, count: Callable[[], int], ended: Callable[[], bool], seconds: float
    ) -> bool:
        """Show a step of the run until it has ended; return whether it did so in time."""
        with self.narrator.step(sentence, total) as step:

            def ended_yet() -> bool:
                step.reach(min(total, count()))
                return ended()

            return await self.loop.until(ended_yet, seconds=seconds)

    def finish(self, expectations: Sequence[Expectation], *, notes: Sequence[str] = ()) -> dict[str, Any]:
        """Show the summary, write what was asked for, and return it."""
        facts = RunFacts(
            command=self.settings.command,
            target=self.settings.target,
            seed=self.settings.seed,
            devices=self._models(),
            proofs=self._proofs(),
            started=self._started,
            seconds=self._seconds or 0.0,
            keys=self.keys.facts(len(self.devices) if self.settings.enrolls else 0),
            woken_by={True: "push", False: f"polling every {self.settings.poll:g} s", None: "the command line"}[
                self.waking.by_push
            ],
            interrupted=self.interrupted,
            notes=notes,
        )
        summary = summarize(facts, self.tally, expectations)
        show_summary(self.settings.console, summary)
        if self.settings.json_file is not None:
            write_summary(self.settings.json_file, summary)
        if self.settings.report is not None:
            write_summary(self.settings.report / "summary.json", summary)
            (self.settings.report / "report.html").write_text(render_page(summary), encoding="utf-8")
            enrolled = [number for number, device in self.devices.items() if device.life is LifeState.ENROLLED]
            failures = {number: f"{one.stage.value}: {one.reason}" for number, one in self.enrollment.failed.items()}
            write_devices(self.settings.report, self.devices, enrolled=enrolled, failures=failures)
            self.settings.console.print(f"  report:  {self.settings.report / 'report.html'}")
        return summary

    def _models(self) -> dict[str, int]:
        names = [device.handheld.hardware.model.model_name for device in self.devices.values()]
        return {name: names.count(name) for name in sorted(set(names), reverse=True)}

    def _proofs(self) -> dict[str, int]:
        proofs = Counter(PROOFS[device.handheld.settings.proof] for device in self.devices.values())
        return dict(sorted(proofs.items()))

    def _see(self, number: int, event: Event) -> None:
        self.waking.see(number, event)
        self.enrollment.see(number, event)
        if isinstance(event, SessionEnded):
            self.last_sessions[number] = event.reason
        if self._log is not None:
            self._log.write(wall_clock(), number, event)
        for watcher in self.watchers:
            watcher(number, event)
