"""What is left of a play: its findings, its story, its journal, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from device_emulator.scenario.checking import Script
from device_emulator.scenario.findings import Deed, Finding, verdict
from device_emulator.scenario.own_side import OwnSide
from device_emulator.scenario.thresholds import Measured

SCHEMA = "mdmsim/scenario/1"


class _Entry(msgspec.Struct):
    code: str


_CODE = msgspec.json.Decoder(_Entry)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """A play that was played, as far as it went."""

    script: Script
    seed: int
    clock: str
    findings: list[Finding] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    journal: Sequence[str] = ()
    """A JSON object a line, as the server tells it."""
    faults: list[str] = field(default_factory=list)
    """What the network did, in order."""
    devices: dict[str, str] = field(default_factory=dict)
    """The name of every device, and its UDID."""
    in_the_end: list[OwnSide] = field(default_factory=list)
    """What every device is when the play is over, as it sees itself."""
    apple: Counter[str] = field(default_factory=Counter)
    """How often each thing happened at Apple, by service and event: `apns.lost`."""
    seconds: float = 0.0
    interrupted: bool = False
    left_out: int = 0
    """How many steps were not played, because an earlier one had failed."""

    @property
    def verdict(self) -> str:
        """Return `pass`, `fail` or `interrupted`."""
        return "interrupted" if self.interrupted else verdict(self.findings)

    @property
    def passed(self) -> bool:
        """Whether everything came as expected."""
        return self.verdict == "pass"

    @property
    def told_of(self) -> list[str]:
        """The names of the devices that the journal tells of."""
        return [name for name, udid in self.devices.items() if any(udid in line for line in self.journal)]

    @property
    def measured(self) -> Measured:
        """What thresholds are held against."""
        return Measured(self.deeds, Counter(_CODE.decode(line).code for line in self.journal), self.apple)

    @property
    def ending(self) -> list[str]:
        """What the devices are in the end, in sentences."""
        return [line for device in self.in_the_end for line in device.told()]

    def summary(self) -> dict[str, Any]:
        """Return the outcome as plain JSON types; `schema` changes when a field changes its meaning or goes away."""
        return {
            "schema": SCHEMA,
            "scenario": self.script.name,
            "description": self.script.document.description,
            "rows": list(self.script.rows),
            "source": self.script.source,
            "seed": self.seed,
            "clock": self.clock,
            "seconds": round(self.seconds, 3),
            "devices": dict(self.devices),
            "findings": [
                {
                    "step": finding.step,
                    "line": finding.line,
                    "sentence": finding.sentence,
                    "found": finding.found,
                    "passed": finding.passed,
                    "seconds": round(finding.seconds, 3),
                }
                for finding in self.findings
            ],
            "faults": list(self.faults),
            "in_the_end": [device.facts() for device in self.in_the_end],
            "apple": dict(sorted(self.apple.items())),
            "left_out": self.left_out,
            "verdict": self.verdict,
        }
