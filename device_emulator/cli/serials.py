"""`device-emulator serials`: what is printed on the boxes of a fleet, before any of it is switched on."""

from __future__ import annotations

import click

from device_emulator.cli import options
from device_emulator.core.randomness import Randomness
from device_emulator.fleet.population import hardware_of


@click.command(short_help="The serial numbers of a fleet, to buy it at Apple.")
@click.option("--devices", type=click.IntRange(1, 1_000_000), default=24, show_default=True, help="How many devices.")
@options.seed
def serials(devices: int, seed: int) -> None:
    """Write the serial numbers of a fleet, one a line: those that `load` will have with the same seed.

    \b
    device-emulator serials --devices 100 --seed 7
    mdm-server apple order ORGANIZATION --server SERVER $(device-emulator serials --devices 100 --seed 7)
    """  # noqa: D301
    for number in range(devices):
        click.echo(hardware_of(Randomness(seed, number), number).serial_number)
