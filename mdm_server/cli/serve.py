"""`mdm-server serve`: run a server until SIGTERM or SIGINT."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mdm_server.cli.configuration import read_configuration
from mdm_server.cli.examples import examples

LOG_LEVELS = ("debug", "info", "warning", "error")


def setting(flag: str, **options: Any) -> Callable[[Any], Any]:
    """Declare a setting: flag, TOML key and environment variable are the same word."""
    word = flag.lstrip("-").replace("-", "_")
    return click.option(flag, word, envvar=f"MDMSIM_{word.upper()}", show_envvar=True, **options)


@click.command(
    epilog=examples(
        "mdm-server serve",
        "mdm-server serve --state-dir state --listen 127.0.0.1:9443",
        "mdm-server serve --apple-listen 127.0.0.1:8445 --apns-listen 127.0.0.1:2197 --state-dir state",
        "mdm-server serve --http 127.0.0.1:8080 --compat mdmb --state-dir state",
        "mdm-server serve --listen 0.0.0.0:8443 --hostname mdm.example.test --expose-to-network",
    )
)
@setting("--listen", default="127.0.0.1:8443", show_default=True, metavar="HOST:PORT", help="The TLS listener.")
@setting("--http", metavar="HOST:PORT", help="A plain HTTP listener too, for tools that speak no TLS.")
@setting(
    "--sim-listen",
    default="127.0.0.1:8444",
    show_default=True,
    metavar="HOST:PORT",
    help="The second port, for tests: loopback only; 'off' for none.",
)
@setting("--apple-listen", metavar="HOST:PORT", help="Play Apple too: the device API of ABM, and activation.")
@setting("--apns-listen", metavar="HOST:PORT", help="Play Apple's push service too, over HTTP/2.")
@setting("--abm-url", metavar="URL", help="Another Apple Business Manager to synchronise with.")
@setting("--apns-url", metavar="URL", help="Another push service to push through.")
@setting(
    "--apns-identity",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The push certificate and its key (PEM) to show there.",
)
@setting("--apple-ca", type=click.Path(path_type=Path), metavar="FILE", help="Whom (PEM) to believe at both.")
@setting(
    "--state-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep keys and data here. Without it everything is temporary.",
)
@setting("--hostname", multiple=True, metavar="NAME", help="A name devices use; the first goes into URLs.")
@setting(
    "--compat",
    multiple=True,
    metavar="NAME[,NAME]",
    help="Leniencies for tools that cannot be changed: sha1, des, weak-keys… or a tool's name: mdmb, fleet.",
)
@setting(
    "--issuing-key",
    default="p-256",
    show_default=True,
    metavar="KIND",
    help="Key of a new CA: p-256, rsa-2048, rsa-4096.",
)
@setting(
    "--device-ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Believe what devices with certificates of this CA (PEM) say about themselves when they enrol.",
)
@setting(
    "--expose-to-network",
    is_flag=True,
    help="Allow --listen and --http beyond loopback: whoever reaches them may then try to enrol a device.",
)
@setting(
    "--new-admin-token",
    is_flag=True,
    help="Make a new administrator's token and API password; the old ones stop working.",
)
@setting(
    "--seed",
    type=int,
    help="Repeat identifiers and challenges in every run: for tests, on loopback, in an empty state.",
)
@setting(
    "--log-level",
    type=click.Choice(LOG_LEVELS),
    default="warning",
    show_default=True,
    help="What to log, as JSON on standard error.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=read_configuration,
    metavar="FILE",
    help='A TOML file with any of these settings: state-dir = "state"',
)
def serve(**given: Any) -> None:
    """Run the server until SIGTERM or SIGINT.

    A flag wins over its environment variable, and that one over the same word in the file of --config.
    """
    logging.basicConfig(level=given["log_level"].upper(), format="%(message)s")
    # Only this command needs a server, and importing one takes longer than the other commands run.
    from mdm_server.cli.foreground import run_in_foreground
    from mdm_server.embed import ServerSettings

    settings = ServerSettings(
        state_dir=given["state_dir"],
        listen=given["listen"],
        http=given["http"],
        sim=None if given["sim_listen"] == "off" else given["sim_listen"],
        apple=given["apple_listen"],
        apns=given["apns_listen"],
        abm_url=given["abm_url"],
        apns_url=given["apns_url"],
        apns_identity=given["apns_identity"],
        apple_ca=given["apple_ca"],
        hostnames=tuple(given["hostname"]),
        seed=given["seed"],
        issuing_key=given["issuing_key"],
        device_ca=given["device_ca"],
        compat=tuple(given["compat"]),
        expose=given["expose_to_network"],
        new_admin_token=given["new_admin_token"],
    )
    run_in_foreground(settings)
