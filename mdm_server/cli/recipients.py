"""Whom a command is for: named devices, or all that are enrolled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mdm_server.cli.devices import every_device
from mdm_server.cli.failure import BAD_INPUT, Failure
from mdm_server.cli.remote import Json, Remote
from mdm_server.cli.tables import show_json, show_table


def recipients(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--device UDID…` and `--all`."""
    command = click.option("--all", "everybody", is_flag=True, help="Every enrolled device.")(command)
    return click.option("--device", "udids", multiple=True, metavar="UDID", help="A device; may be repeated.")(command)


async def chosen(remote: Remote, udids: tuple[str, ...], everybody: bool) -> list[str]:
    """Return the UDIDs that were meant."""
    if bool(udids) == everybody:
        raise Failure(
            BAD_INPUT, "expected --device UDID (once or more) or --all, found " + ("both" if udids else "neither")
        )
    if not everybody:
        return list(udids)
    found = [device["udid"] for device in await every_device(remote, "Enrolled")]
    if not found:
        raise Failure(BAD_INPUT, "--all: expected enrolled devices, found none")
    return found


def show_enqueued(results: list[Json], as_json: bool) -> None:
    """Show what became of an order; exit 2 when no device could have it."""
    if as_json:
        show_json(results)
    else:
        show_table(
            ("UDID", "Command UUID", "Pushed", "Note"),
            [
                (
                    result["udid"],
                    result["command_uuid"],
                    result["pushed"],
                    " ".join([result["detail"] or result["code"] or "", *result["warnings"]]).strip(),
                )
                for result in results
            ],
            nothing="Nothing was queued.",
        )
    if not any(result["command_uuid"] for result in results):
        raise Failure(BAD_INPUT, f"no device could have the command: {results[0]['detail'] or results[0]['code']}")
