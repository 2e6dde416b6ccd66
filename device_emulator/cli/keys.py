"""`device-emulator keys`: RSA keys made beforehand."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from certs.key_pool import KeyPool
from device_emulator.cli import options
from device_emulator.report.terminal import Narrator


@click.group(short_help="RSA keys made beforehand.")
def keys() -> None:
    """Keep a pool of RSA-2048 keys, because making one costs 60 ms and a device needs one."""


@keys.command()
@click.option("--count", type=click.IntRange(1, 1_000_000), required=True, help="How many keys the pool shall hold.")
@options.key_pool
def make(count: int, key_pool: Path) -> None:
    """Fill the pool until it holds COUNT keys. Interrupted, it keeps what it has made.

    \b
    device-emulator keys make --count 1000
    """  # noqa: D301
    pool = KeyPool(key_pool)
    had = pool.count()
    narrator = Narrator(Console(highlight=False))
    with narrator.step("Making RSA-2048 keys", count) as step:
        pool.fill(count, lambda done, _: step.reach(done))
        step.reach(max(count, had))
    narrator.say(f"{key_pool}: {pool.count()} keys, {max(0, count - had)} of them new")


@keys.command()
@options.key_pool
def show(key_pool: Path) -> None:
    """Say how many keys the pool holds."""
    click.echo(f"{key_pool}: {KeyPool(key_pool).count()} keys")
