"""`mdm-server events`: the journal."""

from __future__ import annotations

import asyncio
import json

import click

from mdm_server.cli.examples import examples
from mdm_server.cli.remote import Json, Remote, remote_command
from mdm_server.cli.tables import JSON_OPTION, moment, particulars, show_table

LOOK_AGAIN_SECONDS = 0.5


@click.command(
    epilog=examples(
        "mdm-server events --device UDID",
        "mdm-server events --event scep. --follow",
    )
)
@click.option("--device", metavar="UDID", help="Only those of one device.")
@click.option("--event", metavar="NAME", help="Only those of this name, or whose name begins so: `auth.`.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="The newest so many.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new ones until interrupted.")
@JSON_OPTION
@remote_command
async def events(
    remote: Remote, device: str | None, event: str | None, limit: int, follow: bool, as_json: bool
) -> None:
    """Show the journal: what happened, in order.

    With --json one event a line, so that it can be followed.
    """
    page = await remote.get("events", device=device, event=event, limit=limit, newest_first=True)
    newest = page["events"][::-1]
    _show(newest, as_json)
    after = newest[-1]["sequence"] if newest else 0
    while follow:
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        fresh = (await remote.get("events", device=device, event=event, limit=500, after=after))["events"]
        if fresh:
            _show(fresh, as_json)
            after = fresh[-1]["sequence"]


def _show(found: list[Json], as_json: bool) -> None:
    if as_json:
        for event in found:
            click.echo(json.dumps(event, ensure_ascii=False))
        return
    show_table(
        ("Nr", "When (UTC)", "Event", "Particulars"),
        [(event["sequence"], moment(event["at"]), event["event"], _particulars(event)) for event in found],
        nothing="Nothing has happened yet.",
    )


def _particulars(event: Json) -> str:
    named = {name: event[name] for name in ("reason", "device", "certificate", "peer", "request_id")}
    return particulars(named | event["detail"])
