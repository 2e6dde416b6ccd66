"""Letting Apple's services fail, on purpose and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from mdm_server.cli.apple.reaching import portal_command
from mdm_server.cli.examples import examples
from mdm_server.cli.remote import Json, Remote
from mdm_server.cli.tables import JSON_OPTION, show_json, show_table

FAULT_COLUMNS = ("Name", "Service", "Point", "Response", "Left", "Until")


@click.command(
    epilog=examples(
        "mdm-server apple fault dep post_devices_sync bad_request_expired_cursor --count 2",
        "mdm-server apple fault dep get_session too_many_requests --lasts 30 --always",
        "mdm-server apple fault apns push delayed --delay 5 --probability 0.1 --always",
        "mdm-server apple fault activation activate unavailable",
    )
)
@click.argument("service", type=click.Choice(["dep", "activation", "apns"]))
@click.argument("point")
@click.argument("response")
@click.option("--name", default="", help="What it is called; another one of that name takes its place.")
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="How often it strikes.")
@click.option("--always", is_flag=True, help="Until it is taken away, instead of a count.")
@click.option("--probability", type=click.FloatRange(0, 1, min_open=True), default=1.0, show_default=True)
@click.option("--delay", type=click.FloatRange(0), default=0.0, help="Seconds, for responses that know delays.")
@click.option("--starts-in", type=click.FloatRange(0), default=0.0, help="Seconds until it may strike.")
@click.option("--lasts", type=click.FloatRange(0, min_open=True), help="Seconds during which it may strike.")
@portal_command
async def fault(
    apple: Remote,
    service: str,
    point: str,
    response: str,
    name: str,
    count: int,
    always: bool,
    probability: float,
    delay: float,
    starts_in: float,
    lasts: float | None,
) -> None:
    """Let a POINT of a SERVICE fail with a RESPONSE, in that service's own words."""
    body = {
        "service": service,
        "point": point,
        "response": response,
        "name": name,
        "count": None if always else count,
        "probability": probability,
        "delay": delay,
        "starts_in": starts_in,
        "lasts": lasts,
    }
    click.echo((await apple.post("faults", body=body))["name"])


@click.command(epilog=examples("mdm-server apple faults", "mdm-server apple faults --clear"))
@click.option("--clear", is_flag=True, help="Take them all away.")
@JSON_OPTION
@portal_command
async def faults(apple: Remote, clear: bool, as_json: bool) -> None:
    """List the failures that are still to come."""
    if clear:
        await apple.delete("faults")
        return
    found = (await apple.get("faults"))["faults"]
    if as_json:
        show_json(found)
        return
    show_table(FAULT_COLUMNS, fault_rows(found), nothing="Nothing is going to fail.")


def fault_rows(faults: Sequence[Json]) -> list[Sequence[Any]]:
    """Return what is said of each fault, in the order of `FAULT_COLUMNS`."""
    words = ("name", "service", "point", "response", "count", "ends")
    return [[each[word] for word in words] for each in faults]
