"""`python -m benchmarks [NAME…] [--quick] [--json FILE]`: measure, and say what was reached and what was not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.automated import measure_automated
from benchmarks.conversing import measure_commands, measure_polling, measure_token_updates
from benchmarks.enrolling import measure_enrolling
from benchmarks.figures import SCHEMA, Figure, at_most
from benchmarks.floor import Floor, measure_floor
from benchmarks.machine import describe_machine, load_average
from benchmarks.measuring import FULL, QUICK, Run
from benchmarks.page import aim_of, number, render_page
from benchmarks.processes import BenchmarkError
from benchmarks.pushing import measure_pushing
from benchmarks.synchronizing import measure_synchronizing
from benchmarks.virtual_week import measure_virtual_week
from benchmarks.weighing import measure_weight
from certs.key_pool import KeyPool
from device_emulator.cli.options import default_key_pool

BENCHMARKS: Mapping[str, Callable[[Run], Iterable[Figure]]] = {
    "enrolling": measure_enrolling,
    "polling": measure_polling,
    "commands": measure_commands,
    "token-updates": measure_token_updates,
    "weight": measure_weight,
    "virtual-week": measure_virtual_week,
    "automated": measure_automated,
    "business-manager": measure_synchronizing,
    "pushing": measure_pushing,
}
FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
TOLERATED_STALL_MS = 100
FILE_WIDTH = 200


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*BENCHMARKS]), metavar=f"[{'|'.join(BENCHMARKS)}]...")
@click.option("--quick", is_flag=True, help="As little as possible: shows that everything works, and measures nothing.")
@click.option("--json", "json_file", type=FILE, help="Write the figures as JSON.")
@click.option("--page", type=FILE, help="Write the figures as a page of the documentation.")
@click.option(
    "--key-pool",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_key_pool,
    show_default="~/.cache/mdmsim/keys",
    help="Where the keys made beforehand are; missing ones are made first.",
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=gettempdir,
    show_default="the system's temporary folder",
    help="Where the server keeps its state: on the disk that is meant.",
)
def main(
    names: tuple[str, ...], *, quick: bool, json_file: Path | None, page: Path | None, key_pool: Path, folder: Path
) -> None:
    """Measure the server and the emulator, each in a process of its own, beside the floor of the cryptography.

    Names choose among the benchmarks; without any, all of them run.
    """
    # A file is as wide as it needs to be; a table that is cut there is of no use to anybody.
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=FILE_WIDTH)
    progress = Console(stderr=True, highlight=False)
    amounts = QUICK if quick else FULL
    machine = describe_machine(folder, quick=quick)
    KeyPool(key_pool).fill(amounts.enrollments + amounts.warm_up)
    floor = measure_floor(quick=quick)
    run = Run(amounts, floor, key_pool, folder)
    figures: list[Figure] = []
    try:
        for name in names or BENCHMARKS:
            progress.print(f"measuring {name} ...")
            figures.extend(BENCHMARKS[name](run))
    except BenchmarkError as error:
        progress.print(f"benchmarks: {error}")
        sys.exit(1)
    figures.append(_server_stalls(run))
    machine["load_average_after"] = load_average()
    drift = measure_floor(quick=quick).rsa_2048_sign / floor.rsa_2048_sign
    document = {
        "schema": SCHEMA,
        "quick": quick,
        "environment": machine,
        "floor_ms": floor.as_json(),
        "floor_after_before": round(drift, 2),
        "figures": [figure.as_json() for figure in figures],
    }
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    if page is not None:
        page.write_text(render_page(machine, floor.as_json(), drift, figures), encoding="utf-8")
    _show(console, machine, floor, drift, figures)


def _server_stalls(run: Run) -> Figure:
    """Say what the server's own watch found. It logs nothing below its threshold, so this is an upper bound."""
    busy = [stall["busy_milliseconds"] for stall in run.stalls]
    late = max((stall["milliseconds"] for stall in run.stalls), default=0)
    found = f"{len(run.stalls)} logged, the longest {late} ms by the clock" if run.stalls else "none logged"
    return Figure(
        name="longest loop block, server",
        value=max([TOLERATED_STALL_MS, *busy]),
        unit="ms",
        aim=at_most(TOLERATED_STALL_MS),
        note=f"at most; CPU the loop used at a stretch; stalls above {TOLERATED_STALL_MS} ms: {found}",
    )


def _show(console: Console, machine: Mapping[str, Any], floor: Floor, drift: float, figures: Iterable[Figure]) -> None:
    for name, value in machine.items():
        console.print(f"{name.replace('_', ' ')}: {value}", soft_wrap=True)
    costs = ", ".join(f"{name.replace('_', ' ')} {cost:.3f}" for name, cost in floor.as_json().items())
    console.print(f"floor, ms of CPU: {costs}; RSA signing after the run / before: {drift:.2f}", soft_wrap=True)
    table = Table("figure", "value", "unit", "aim", "reached", "floor", "× floor", "note", box=None, pad_edge=False)
    for column in (1, 5, 6):
        table.columns[column].justify = "right"
    for column in range(7):
        table.columns[column].no_wrap = True
    for figure in figures:
        table.add_row(
            figure.name,
            number(figure.value),
            figure.unit,
            aim_of(figure),
            {True: "yes", False: "NO", None: ""}[figure.reached],
            number(figure.floor),
            "" if figure.ratio is None else f"{figure.ratio:.1f}",
            figure.note,
        )
    console.print(table)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
