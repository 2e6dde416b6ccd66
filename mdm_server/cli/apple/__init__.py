"""`mdm-server apple`: Apple's services alone, and what people do in Apple's portals."""

from __future__ import annotations

import click

from mdm_server.cli.apple.failing import fault, faults
from mdm_server.cli.apple.portal import assign, devices, order, organization, release, server, status, token
from mdm_server.cli.apple.push_certificate import push_certificate
from mdm_server.cli.apple.reading import journal
from mdm_server.cli.apple.serving import serve
from mdm_server.cli.examples import examples


@click.group(
    epilog=examples(
        "mdm-server apple serve --state-dir apple",
        "mdm-server apple organization 'Example Inc.'",
        "mdm-server apple server ORGANIZATION 'My MDM'",
        "mdm-server apple token SERVER mdm-public-key.pem --output server_token.p7m",
        "mdm-server apple order ORGANIZATION --count 100 --server SERVER",
        "mdm-server apple fault dep post_devices_sync bad_request_expired_cursor --count 2",
        heading="Play Apple for any MDM server, in one terminal, and be its customer in another:",
    )
)
def apple() -> None:
    """Apple's services: Business Manager's device API, activation, push.

    They run inside `mdm-server serve`, or alone with `apple serve`. The other commands do what people do in Apple's
    portals, through the second port (--sim-url) of whichever of the two runs.
    """


for command in (
    serve,
    status,
    organization,
    server,
    token,
    order,
    devices,
    assign,
    release,
    push_certificate,
    fault,
    faults,
    journal,
):
    apple.add_command(command)
