"""What Apple's services did."""

from __future__ import annotations

import json

import click

from mdm_server.cli.apple.reaching import portal_command
from mdm_server.cli.examples import examples
from mdm_server.cli.remote import Remote


@click.command(epilog=examples("mdm-server apple journal | jq -c 'select(.service == \"apns\")'"))
@click.option("--after", type=click.IntRange(0), default=0, help="Only what came behind this entry.")
@portal_command
async def journal(apple: Remote, after: int) -> None:
    """Write out what Apple's services did, one JSON object a line."""
    while entries := (await apple.get("journal", after=after))["entries"]:
        for entry in entries:
            click.echo(json.dumps(entry, ensure_ascii=False))
        after = entries[-1]["sequence"]
