"""`mdm-server apple serve`: Apple's services without a management server beside them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from mdm_server.cli.configuration import read_configuration
from mdm_server.cli.examples import examples
from mdm_server.cli.serve import LOG_LEVELS, setting


@click.command(
    epilog=examples(
        "mdm-server apple serve --state-dir apple",
        "mdm-server apple serve --http 127.0.0.1:8447 --depsim --depsim-file config_failures.json --error-body quoted",
        "mdm-server apple serve --listen 0.0.0.0:443 --apns-listen 0.0.0.0:2197 --hostname apple.example.test \\",
        "    --expose-to-network",
    )
)
@setting("--listen", default="127.0.0.1:8445", show_default=True, metavar="HOST:PORT", help="Device API, activation.")
@setting("--http", metavar="HOST:PORT", help="The same in plain HTTP, for clients of depsim.")
@setting("--apns-listen", default="127.0.0.1:2197", show_default=True, metavar="HOST:PORT", help="Push, over HTTP/2.")
@setting("--sim-listen", default="127.0.0.1:8444", show_default=True, metavar="HOST:PORT", help="The second port.")
@setting("--state-dir", type=click.Path(path_type=Path), metavar="DIR", help="Keep keys and books here.")
@setting("--hostname", multiple=True, metavar="NAME", help="A name others use; Apple's own are in the certificate.")
@setting("--expose-to-network", is_flag=True, help="Allow --listen, --http and --apns-listen beyond loopback.")
@setting("--seed", type=int, help="Repeat what is left to chance, such as which call a fault strikes.")
@setting(
    "--error-body",
    type=click.Choice(["bare", "quoted", "json"]),
    default="bare",
    show_default=True,
    help="How the device API spells an error: as Apple, as depsim, or as JSON.",
)
@setting("--strict-user-agent", is_flag=True, help="Refuse clients without a User-Agent that names them.")
@setting("--strict-protocol-version", is_flag=True, help="Refuse clients that name no protocol version.")
@setting("--rotate-every", type=click.IntRange(0), default=0, help="Give sessions a new token after so many answers.")
@setting("--page-limit", type=click.IntRange(1), default=1000, show_default=True, help="Devices on a page, at most.")
@setting("--cursor-days", type=click.IntRange(0), default=7, show_default=True, help="How long a cursor is good.")
@setting("--depsim", is_flag=True, help="Take depsim's fixed tokens too, and answer GET /token as it does.")
@setting(
    "--depsim-file",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="depsim's config.json or config_failures.json; goes with --depsim.",
)
@setting("--log-level", type=click.Choice(LOG_LEVELS), default="warning", show_default=True, help="What to log.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=read_configuration,
    metavar="FILE",
    help="A TOML file with any of these settings.",
)
def serve(**given: Any) -> None:
    """Run Apple's services until SIGTERM or SIGINT, for any MDM server and for virtual devices."""
    logging.basicConfig(level=given["log_level"].upper(), format="%(message)s")
    from mdm_server.cli.apple.foreground import run_in_foreground
    from mdm_server.clouds.apple.dep.settings import DepSettings
    from mdm_server.embed.apple_server import AppleServerSettings

    settings = AppleServerSettings(
        state_dir=given["state_dir"],
        apple=given["listen"],
        http=given["http"],
        apns=None if given["apns_listen"] == "off" else given["apns_listen"],
        sim=None if given["sim_listen"] == "off" else given["sim_listen"],
        hostnames=tuple(given["hostname"]),
        expose=given["expose_to_network"],
        seed=given["seed"],
        dep=DepSettings(
            error_body=given["error_body"],
            strict_user_agent=given["strict_user_agent"],
            strict_protocol_version=given["strict_protocol_version"],
            rotate_every=given["rotate_every"],
            page_limit=given["page_limit"],
            cursor_days=given["cursor_days"],
            depsim=given["depsim"] or bool(given["depsim_file"]),
        ),
        depsim_files=tuple(given["depsim_file"]),
    )
    run_in_foreground(settings)
