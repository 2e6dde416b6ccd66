"""What an organization does in the Apple Push Certificates Portal."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_server.cli.apple.files import read_file, write_file
from mdm_server.cli.apple.reaching import portal_command
from mdm_server.cli.examples import examples
from mdm_server.cli.remote import Remote


@click.command(
    "push-certificate",
    epilog=examples(
        "openssl req -new -newkey rsa:2048 -nodes -keyout push.key -subj '/CN=push' -out push.csr",
        "mdm-server apple push-certificate push.csr --topic com.apple.mgmt.External.6d646d73 --output push.pem",
    ),
)
@click.argument("request", type=click.Path(path_type=Path))
@click.option("--topic", required=True, help="com.apple.mgmt.External.… as in the MDM payload.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("push.pem"), show_default=True)
@portal_command
async def push_certificate(apple: Remote, request: Path, topic: str, output: Path) -> None:
    """Have a certificate REQUEST (PEM) signed, with which an MDM server may push to the devices of a topic."""
    content = read_file("REQUEST", request)
    signed = await apple.exchange("push-certificates", data=content, content_type="application/x-pem-file", topic=topic)
    write_file(output, signed)
    click.echo(f"{output}: the certificate, and the one that it stands on")
