"""`mdm-server devices` and `mdm-server device`: who has enrolled, and how they are."""

from __future__ import annotations

from typing import Any

import click

from mdm_server.cli.examples import examples
from mdm_server.cli.remote import Json, Remote, remote_command
from mdm_server.cli.tables import JSON_OPTION, moment, particulars, show_facts, show_json, show_table


async def every_device(remote: Remote, status: str | None = None) -> list[Json]:
    """Return all devices, page by page."""
    found: list[Json] = []
    after: str | None = None
    while True:
        page = await remote.get("devices", status=status, limit=500, after=after)
        found += page["devices"]
        after = page.get("next")
        if after is None:
            return found


@click.command(
    epilog=examples(
        "mdm-server devices",
        "mdm-server devices --status Enrolled --json | jq -r '.[].udid'",
    )
)
@click.option("--status", help="Only these: Enrolled, Unenrolled, EnrollmentInProgress, Registered…")
@JSON_OPTION
@remote_command
async def devices(remote: Remote, status: str | None, as_json: bool) -> None:
    """List the devices."""
    found = await every_device(remote, status)
    if as_json:
        show_json(found)
        return
    show_table(
        ("UDID", "Name", "Model", "OS", "Status", "Supervised", "Last seen"),
        [
            (
                device["udid"],
                device["name"],
                device["product_name"] or device["model"],
                device["os_version"],
                device["status"],
                device["supervised"],
                moment(device["last_seen"]),
            )
            for device in found
        ],
        nothing="No device has enrolled yet.",
    )


@click.command(
    epilog=examples(
        "mdm-server device 00008110-001A2B3C4D5E6F70",
    )
)
@click.argument("udid")
@JSON_OPTION
@remote_command
async def device(remote: Remote, udid: str, as_json: bool) -> None:
    """Show one device and its newest commands."""
    found = await remote.get("devices", udid)
    commands = (await remote.get("devices", udid, "commands", limit=500))["commands"]
    if as_json:
        show_json({**found, "commands": commands})
        return
    show_facts({name.replace("_", " "): _shown(name, value) for name, value in found.items() if value is not None})
    click.echo()
    show_table(
        ("Command", "State", "Queued", "Answered", "UUID"),
        [
            (
                command["request_type"],
                command["state"],
                moment(command["queued_at"]),
                moment(command["answered_at"]),
                command["command_uuid"],
            )
            for command in commands[-20:]
        ],
        nothing="No command was ever queued for it.",
    )


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return particulars(value)
    return f"{moment(value)} UTC" if name.endswith("_at") or name == "last_seen" else value
