"""A run as a person sees it: progress while it works, then a summary that fits on a screen.

On a terminal the progress is a line that moves, in colour; anywhere else every step is a plain line of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

PLAIN_LINE_EVERY = 2.0
LABELS = {
    "enrollment": "enrolment, whole",
    "profile": "enrolment profile",
    "profile_service": "profile service",
    "scep_capabilities": "SCEP GetCACaps",
    "scep_certificates": "SCEP GetCACert",
    "scep_enrollment": "SCEP PKIOperation",
    "scep_poll": "SCEP GetCertInitial",
    "scep_renewal": "SCEP renewal",
    "authenticate": "Authenticate",
    "token_update": "TokenUpdate",
    "check_out": "CheckOut",
    "idle": "Idle",
    "answer": "command answer",
}


class Step:
    """A part of the run with an end in sight."""

    def __init__(self, narrator: Narrator, sentence: str, total: int) -> None:
        self._narrator = narrator
        self.sentence = sentence
        self.total = total
        self.done = 0
        self._last_line = time.monotonic()

    def reach(self, done: int) -> None:
        """Say how many of `total` are done."""
        if done == self.done:
            return
        self.done = done
        now = time.monotonic()
        if self._narrator.moves:
            self._narrator.move(self)
        elif now - self._last_line >= PLAIN_LINE_EVERY and done < self.total:
            self._last_line = now
            self._narrator.say(f"{self.sentence}: {done} of {self.total}")


class Narrator:
    """Tells what happens while it happens, on the console it is given."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.moves = console.is_terminal
        self._progress: Progress | None = None
        self._task: Any = None

    def say(self, sentence: str) -> None:
        """Print one line; where there is no terminal, it is not broken."""
        self.console.print(Text(sentence), soft_wrap=not self.console.is_terminal)

    def move(self, step: Step) -> None:
        """Move the progress line."""
        if self._progress is not None:
            self._progress.update(self._task, completed=step.done)

    @contextmanager
    def step(self, sentence: str, total: int) -> Iterator[Step]:
        """Show a part of the run while it works, and how long it took when it is over."""
        began = time.monotonic()
        step = Step(self, sentence, total)
        if not self.moves:
            yield step
        else:
            columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=self.console, transient=True) as progress:
                self._progress, self._task = progress, progress.add_task(sentence, total=total)
                try:
                    yield step
                finally:
                    self._progress = None
        self.say(f"{sentence}: {step.done} of {total} in {time.monotonic() - began:.1f} s")


def show_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the summary of a run. Where there is no terminal, lines are not broken: something may search them."""
    console.print()
    for part in _parts(summary):
        console.print(part, soft_wrap=isinstance(part, Text) and not console.is_terminal)


def _parts(summary: Mapping[str, Any]) -> Iterator[Text | Table]:
    yield _heading(summary)
    if summary["funnel"]["started"]:
        yield _funnel(summary)
    yield _latencies(summary)
    if summary["answers"]:
        yield _answers(summary["answers"])
    for title, label in (("failures", "failed"), ("refusals", "refused"), ("retries", "retried")):
        for reason, count in summary[title].items():
            yield Text.assemble((f"  {label:<9}", "yellow"), f"{count} × {reason}")
    for expectation in summary["expectations"]:
        mark = ("  ok       ", "green") if expectation["passed"] else ("  FAILED   ", "bold red")
        yield Text.assemble(mark, f"{expectation['sentence']}: {expectation['found']}")
    for note in summary["notes"]:
        yield Text(f"  note     {note}", style="dim")
    yield _verdict(summary)


def _heading(summary: Mapping[str, Any]) -> Text:
    devices = ", ".join(f"{count} {name}" for name, count in summary["devices"].items())
    proofs = ", ".join(f"{count} {name}" for name, count in summary["proofs"].items())
    keys = summary["keys"]
    return Text.assemble(
        (summary["command"], "bold"),
        f" at {summary['target']} · {devices} · seed {summary['seed']}\n",
        f"  proof of identity: {proofs} · RSA keys: {keys['sentence']} · woken by {summary['woken_by']}",
    )


def _funnel(summary: Mapping[str, Any]) -> Text:
    steps = [(step, count) for step, count in summary["funnel"].items() if count or step in {"started", "enrolled"}]
    return Text("  " + " → ".join(f"{step.replace('_', ' ')} {count}" for step, count in steps))


def _latencies(summary: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("  latency in ms", min_width=22)
    for column in ("count", "p50", "p90", "p99", "max"):
        table.add_column(column, justify="right", min_width=8)
    for kind, figures in summary["latency_ms"].items():
        if figures["count"]:
            values = [f"{figures[column]:,.1f}" for column in ("p50", "p90", "p99", "max")]
            table.add_row(f"  {LABELS.get(kind, kind.replace('_', ' '))}", f"{figures['count']:,}", *values)
    return table


def _answers(answers: list[Mapping[str, Any]]) -> Text:
    return Text("  answers: " + ", ".join(f"{one['command']} {one['status']} {one['count']}" for one in answers))


def _verdict(summary: Mapping[str, Any]) -> Text:
    style = {"pass": "bold green", "fail": "bold red"}.get(summary["verdict"], "bold yellow")
    rate = f", {summary['enrollments_per_second']} enrolments a second" if summary["funnel"]["started"] else ""
    return Text.assemble(
        ("  verdict: ", "bold"), (summary["verdict"].upper(), style), f" in {summary['seconds']:.1f} s{rate}"
    )
