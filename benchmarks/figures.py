"""A figure: what was measured, what was aimed for, and what the cryptography alone would have cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

SCHEMA = "mdmsim/benchmark/1"


@dataclass(frozen=True, slots=True)
class Aim:
    """A number to reach: `at least` for rates, `at most` for costs."""

    bound: Literal["at least", "at most"]
    value: float

    def reached(self, value: float) -> bool:
        """Say whether a measured value reaches the aim."""
        return value >= self.value if self.bound == "at least" else value <= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure. `floor` has the same unit as `value`; `note` says under which conditions it holds."""

    name: str
    value: float
    unit: str
    aim: Aim | None = None
    floor: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None where there is none."""
        return None if self.aim is None else self.aim.reached(self.value)

    @property
    def ratio(self) -> float | None:
        """How many times the floor this is; None where there is none."""
        return self.value / self.floor if self.floor else None

    def as_json(self) -> dict[str, Any]:
        """Return the figure as it is written to the file."""
        return {**asdict(self), "reached": self.reached, "ratio_to_floor": self.ratio}


def at_least(value: float) -> Aim:
    """Aim for this much or more."""
    return Aim("at least", value)


def at_most(value: float) -> Aim:
    """Aim for this much or less."""
    return Aim("at most", value)
