"""`device-emulator connect|devices|tokenupdate|checkout`: a fleet that was enrolled earlier."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from device_emulator.cli import options
from device_emulator.cli.failure import exit_code
from device_emulator.cli.fleet_run import FleetRun, RunSettings
from device_emulator.cli.reaching import reach
from device_emulator.cli.running import run
from device_emulator.core.messages import Errand, Prompted
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeState
from device_emulator.fleet import fleet_file
from device_emulator.fleet.fleet_file import FleetFileError
from device_emulator.fleet.loop import wall_clock
from device_emulator.fleet.tally import Tally
from device_emulator.report.verdict import all_of

FLEET = click.option(
    "--fleet",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file that `load --fleet` wrote.",
)
VERB = options.together(
    FLEET,
    options.key_pool,
    options.ca,
    options.concurrency,
    options.report,
    options.as_json,
    options.timeout,
    options.legacy_algorithms,
)


@click.command(short_help="Let every kept device ask for its commands.")
@VERB
@click.option("--iterations", type=click.IntRange(1), default=1, show_default=True, help="How often each device asks.")
def connect(iterations: int, **given: Any) -> int:
    """Let every device ask for its commands and answer them.

    \b
    device-emulator connect --fleet fleet.jsonl --ca state/ca.pem --iterations 3
    """  # noqa: D301
    return run(_errand("connect", Errand.SESSION, lambda seen: seen.sessions["finished"], iterations, given))


@click.command(short_help="Let every kept device announce a new push token.")
@VERB
def tokenupdate(**given: Any) -> int:
    """Let every device announce a new push token and magic."""
    return run(_errand("tokenupdate", Errand.TOKEN_UPDATE, lambda seen: seen.happened["TokenUpdated"], 1, given))


@click.command(short_help="Let every kept device leave management.")
@VERB
def checkout(**given: Any) -> int:
    """Let every device leave management, as if its person had removed the profile."""
    return run(_errand("checkout", Errand.CHECK_OUT, lambda seen: seen.happened["CheckedOut"], 1, given))


@click.command(short_help="List the devices of a fleet file.")
@FLEET
@options.key_pool
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def devices(fleet: Path, key_pool: Path, *, as_json: bool) -> None:
    """List the devices of a fleet file."""
    stored = fleet_file.load(fleet, DeviceSettings(), clock=wall_clock, key_pool=key_pool)
    rows = [
        {
            "number": number,
            "udid": device.handheld.hardware.udid,
            "serial_number": device.handheld.hardware.serial_number,
            "product_name": device.handheld.hardware.model.product_name,
            "life": device.life.value,
            "lock": device.lock.value,
        }
        for number, device in stored.devices.items()
    ]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
        return
    table = Table(*rows[0], box=None, header_style="bold") if rows else Table("no devices", box=None)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console(highlight=False).print(table)


async def _errand(name: str, errand: Errand, count: Callable[[Tally], int], turns: int, given: dict[str, Any]) -> int:
    settings = DeviceSettings(legacy_algorithms=given["legacy_algorithms"])
    stored = fleet_file.load(given["fleet"], settings, clock=wall_clock, key_pool=given["key_pool"])
    enrolled = [number for number, device in stored.devices.items() if device.life is LifeState.ENROLLED]
    if not enrolled:
        raise FleetFileError(f"{given['fleet']} holds no enrolled device; enrol some with `load --fleet`")
    management = stored.devices[enrolled[0]].handheld.management
    target = "" if management is None else management.settings.server_url
    await reach(target, given["ca"])
    run_settings = RunSettings(
        command=name,
        target=target,
        enrolls=False,
        seed=stored.seed,
        ca_file=given["ca"],
        concurrency=given["concurrency"],
        report=given["report"],
        json_file=given["json_file"],
    )
    fleet = FleetRun(stored.devices, run_settings, stored.keys)
    async with fleet:
        try:
            for _ in range(turns):
                fleet.loop.happen_to_all(enrolled, Prompted(errand))
                await fleet.lead(
                    name.capitalize(),
                    turns * len(enrolled),
                    count=lambda: count(fleet.tally),
                    ended=lambda: fleet.loop.has_finished(enrolled),
                    seconds=given["timeout"],
                )
        except asyncio.CancelledError:
            fleet.interrupted = True
    fleet_file.save(given["fleet"], seed=stored.seed, keys=stored.keys, devices=fleet.devices)
    summary = fleet.finish([all_of(f"devices done with {name}", count(fleet.tally), turns * len(enrolled))])
    return exit_code(summary)
