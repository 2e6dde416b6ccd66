"""docs/benchmarks.md: the figures of one run for people, with what they mean and what they do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.figures import Figure

COMMAND = 'make benchmark BENCHMARK="--page docs/benchmarks.md"'

_INTRODUCTION = f"""\
# Benchmarks

This page is written by `{COMMAND}`; nothing in it is typed by hand but the explanations.

The server (`mdm-server serve`, one process, a state directory of its own, on uvloop where it is there) and the emulator
are separate processes on one machine, over loopback. Everything is durable: SQLite with `synchronous=FULL`, answers
leave after the commit. CPU times are the operating system's (`/proc/PID/stat`, `getrusage`), so they hold on a shared
machine where rates do not; but they too grow when others crowd the caches: look at the load average first.

"Floor" is what the protocol's own cryptography costs in OpenSSL, measured in the same run (`benchmarks/floor.py` says
which operations count). Rates without a schedule are closed loops: they show capacity, and their percentiles flatter.
The percentiles of command round trips are counted from the intended start. A p99 of a few hundred samples is an
indication, not a measurement.

What is not real: keys made beforehand where it says so, no network between the two ends, one machine.
"""

_REASONS = """\
## Why aims are missed

Where time goes was seen by timing single steps inside an enrolment and in loops of their own, and with a sampling
profiler (py-spy); the shares below are rough.

- **CPU for an enrolment, and with it the rate.** The cryptography is a small part on either side; the rest is Python.
  Of the server's share, about 0.4 ms each go to identifying and verifying a message, opening the request, checking
  it, and issuing, 0.9 to the CertRep, 0.7 to the profile, 2 to the transactions, and a third of all to six HTTP
  requests and TLS. No piece stands out, and each is two to four times as expensive here as in a loop of its own (a
  signed Idle takes the service 0.18 ms there), presumably because nothing of it is left in the caches when its turn
  comes.
- **CPU for a signed Idle.** Identifying the sender is a third of it, reading the property list twice (the guard, then
  plistlib) a sixth, aiohttp and the socket most of the rest. Remembering verdicts of messages seen before would hide
  that, and would help with no real device: those sign anew each time.
- **TokenUpdates.** As for Idle, and a transaction with a journal line for each. The CPU they cost bounds the rate of
  one server process before the disk does.
- **Keys made on the spot.** An enrolment costs both ends together some 80 ms, most of it the key, so two cores have to
  be undisturbed to come to 20 a second. See the load average.
- **Automated enrolment beside the plain kind.** It has an activation (a second TLS connection, a certificate
  requested and issued), a description that is signed, verified and vouched for, and it is staged: a session, a
  device, a registration and their journal, which a plain profile fetched by a link does not have. In one process
  and without sockets the same devices cost about 1.4 times as much; the second connection and the threads behind
  the database are most of the rest.

The server's longest block is an upper bound: its watch logs stalls above 100 ms, and how much of each its own thread
used. A stall by the clock without use of the CPU is the machine's.
"""


def render_page(machine: Mapping[str, Any], costs: Mapping[str, float], drift: float, figures: Iterable[Figure]) -> str:
    """Write the page."""
    facts = "\n".join(f"| {name.replace('_', ' ')} | {_fact(value)} |" for name, value in machine.items())
    floors = "\n".join(f"| {name.replace('_', ' ')} | {cost:.3f} |" for name, cost in costs.items())
    rows = "\n".join(_row(figure) for figure in figures)
    return f"""{_INTRODUCTION}
## Figures

| figure | value | unit | aim | reached | floor | × floor | conditions |
|---|--:|---|---|---|--:|--:|---|
{rows}

{_REASONS}
## Machine

| | |
|---|---|
{facts}

## Floor

Milliseconds of CPU time. RSA signing took {drift:.2f} times as long after the run as before.

| operation | ms |
|---|--:|
{floors}
"""


def aim_of(figure: Figure) -> str:
    """Write an aim as a person reads it."""
    if figure.aim is None:
        return ""
    return f"{'≥' if figure.aim.bound == 'at least' else '≤'} {figure.aim.value:g}"


def number(value: float | None) -> str:
    """Write a number with as many digits as are worth reading."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _row(figure: Figure) -> str:
    reached = {True: "yes", False: "**no**", None: ""}[figure.reached]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.1f}"
    cells = [figure.name, number(figure.value), figure.unit, aim_of(figure), reached, number(figure.floor), ratio]
    return f"| {' | '.join([*cells, figure.note])} |"


def _fact(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
