"""`mdm-server serve`: run a server until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import importlib
import logging
import signal
import sqlite3
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from mdm_server.cli.configuration import read_configuration
from mdm_server.cli.examples import examples
from mdm_server.cli.failure import Failure
from mdm_server.embed import Server, ServerSettings, ServerStartError

LOG_LEVELS = ("debug", "info", "warning", "error")


def _setting(flag: str, **options: Any) -> Callable[[Any], Any]:
    """Declare a setting: flag, TOML key and environment variable are the same word."""
    word = flag.lstrip("-").replace("-", "_")
    return click.option(flag, word, envvar=f"MDMSIM_{word.upper()}", show_envvar=True, **options)


@click.command(
    epilog=examples(
        "mdm-server serve",
        "mdm-server serve --state-dir state --listen 127.0.0.1:9443",
        "mdm-server serve --http 127.0.0.1:8080 --compat mdmb --state-dir state",
        "mdm-server serve --listen 0.0.0.0:8443 --hostname mdm.example.test --expose-to-network",
    )
)
@_setting("--listen", default="127.0.0.1:8443", show_default=True, metavar="HOST:PORT", help="The TLS listener.")
@_setting("--http", metavar="HOST:PORT", help="A plain HTTP listener too, for tools that speak no TLS.")
@_setting(
    "--sim-listen",
    default="127.0.0.1:8444",
    show_default=True,
    metavar="HOST:PORT",
    help="The second port, for tests: loopback only; 'off' for none.",
)
@_setting(
    "--state-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep keys and data here. Without it everything is temporary.",
)
@_setting("--hostname", multiple=True, metavar="NAME", help="A name devices use; the first goes into URLs.")
@_setting(
    "--compat",
    multiple=True,
    metavar="NAME[,NAME]",
    help="Leniencies for tools that cannot be changed: sha1, des, weak-keys… or a tool's name: mdmb, fleet.",
)
@_setting(
    "--issuing-key",
    default="p-256",
    show_default=True,
    metavar="KIND",
    help="Key of a new CA: p-256, rsa-2048, rsa-4096.",
)
@_setting(
    "--expose-to-network",
    is_flag=True,
    help="Allow --listen and --http beyond loopback: whoever reaches them may then try to enrol a device.",
)
@_setting("--new-admin-token", is_flag=True, help="Make a new administrator's token; the old one stops working.")
@_setting(
    "--seed",
    type=int,
    help="Repeat identifiers and challenges in every run: for tests, on loopback, in an empty state.",
)
@_setting(
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
    settings = ServerSettings(
        state_dir=given["state_dir"],
        listen=given["listen"],
        http=given["http"],
        sim=None if given["sim_listen"] == "off" else given["sim_listen"],
        hostnames=tuple(given["hostname"]),
        seed=given["seed"],
        issuing_key=given["issuing_key"],
        compat=tuple(given["compat"]),
        expose=given["expose_to_network"],
        new_admin_token=given["new_admin_token"],
    )
    try:
        fastest_runner()(_serve(settings))
    except ServerStartError as error:
        raise Failure(error.exit_code, error.text) from None


def fastest_runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return uvloop's runner where uvloop is installed (five times less memory a TLS connection), else asyncio's."""
    try:
        run: Callable[[Coroutine[Any, Any, None]], None] = importlib.import_module("uvloop").run
    except ImportError:
        return asyncio.run
    return run


async def _serve(settings: ServerSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await Server.launch(settings)
    try:
        click.echo(announcement(server, settings))
        await stop.wait()
    finally:
        await server.stop()
    click.echo("stopped")


def announcement(server: Server, settings: ServerSettings) -> str:
    """Say where everything is. The only place where the administrator's token is ever shown."""
    lines = [
        ("devices, API", server.url),
        ("plain HTTP", server.http_url),
        ("enrol", f"{server.url}/enroll"),
        ("API docs", f"{server.url}/api/docs"),
        ("second port", f"{server.sim_url}/_sim/ready" if server.sim_url else None),
        ("CA certificate", server.ca_file),
        ("state", settings.state_dir or "temporary: gone when the server stops; --state-dir DIR keeps it"),
        ("admin token", _admin_token(server)),
    ]
    facts = "\n".join(f"  {name:<15} {value}" for name, value in lines if value is not None)
    return f"mdmsim management server {version('mdmsim')}, SQLite {sqlite3.sqlite_version}\n{facts}"


def _admin_token(server: Server) -> str:
    if server.admin_token is not None:
        return f"{server.admin_token}   (shown this once: only its hash is kept)"
    since = f"{server.admin_since:%Y-%m-%d %H:%M} UTC" if server.admin_since else "the first start"
    return f"as it was printed on {since}; --new-admin-token makes a new one"
