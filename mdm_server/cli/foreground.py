"""A server in the foreground: announced, run until a signal, stopped in order."""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from importlib.metadata import version
from typing import Any, Protocol, TypeVar

import click

from mdm_server.cli.failure import Failure
from mdm_server.embed import Server, ServerSettings, ServerStartError

TEMPORARY = "temporary: gone when the server stops; --state-dir DIR keeps it"
COLLECT_AFTER = 20_000
"""New objects that may pile up before the garbage collector looks at them, instead of 700: a request makes hundreds,
and leaves hardly any cycles behind. What was there before the first request is never looked at again."""
SWITCH_AFTER = 0.0005
"""Seconds after which a thread lets another one have the interpreter, instead of 0.005: the writer lets go of it at
every SQL statement, and would wait so long to get it back from a busy loop, each time."""


class Running(Protocol):
    """Something that was started."""

    async def stop(self) -> None:
        """Stop it."""


Started = TypeVar("Started", bound=Running)


def run_in_foreground(settings: ServerSettings) -> None:
    """Run a management server until SIGTERM or SIGINT."""
    run_until_signal(lambda: Server.launch(settings), lambda server: announcement(server, settings))


def run_until_signal(launch: Callable[[], Awaitable[Started]], announce: Callable[[Started], str]) -> None:
    """Start something, say where it is, and stop it in order when somebody wants that."""
    try:
        fastest_runner()(_run(launch, announce))
    except ServerStartError as error:
        raise Failure(error.exit_code, error.text) from None


def fastest_runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return uvloop's runner where uvloop is installed (five times less memory a TLS connection), else asyncio's."""
    try:
        run: Callable[[Coroutine[Any, Any, None]], None] = importlib.import_module("uvloop").run
    except ImportError:
        return asyncio.run
    return run


def settle() -> None:
    """Adjust the interpreter to a server that is set up and has nothing but requests before it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    sys.setswitchinterval(SWITCH_AFTER)


async def _run(launch: Callable[[], Awaitable[Started]], announce: Callable[[Started], str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = await launch()
    settle()
    try:
        click.echo(announce(running))
        await stop.wait()
    finally:
        await running.stop()
    click.echo("stopped")


def announcement(server: Server, settings: ServerSettings) -> str:
    """Say where everything is. The only place where the administrators' secrets are ever shown."""
    lines = [
        ("devices, API", server.url),
        ("plain HTTP", server.http_url),
        ("enrol", f"{server.url}/enroll"),
        ("console", f"{server.url}/console"),
        ("API docs", f"{server.url}/api/docs"),
        ("second port", f"{server.sim_url}/_sim/ready" if server.sim_url else None),
        ("CA certificate", server.ca_file),
        ("Apple", server.apple_url),
        ("Apple push", server.push_url),
        ("Apple's CA", server.apple_ca_file),
        ("state", settings.state_dir or TEMPORARY),
        *_api_credentials(server),
        ("admin token", _admin_token(server)),
    ]
    return f"mdmsim management server {version('mdmsim')}, SQLite {sqlite3.sqlite_version}\n{facts(lines)}"


def facts(lines: Sequence[tuple[str, object]]) -> str:
    """Write names and values below each other; what is None is left out."""
    return "\n".join(f"  {name:<15} {value}" for name, value in lines if value is not None)


def _api_credentials(server: Server) -> list[tuple[str, str]]:
    """Name what a program written for Workspace ONE UEM asks for."""
    if server.api is None:
        return [("API user", f"as it was {_printed(server)}")]
    return [
        ("API user", f"{server.api.user}   (for clients of Workspace ONE UEM; an OAuth client at /connect/token)"),
        ("API password", server.api.password),
        ("tenant code", server.api.tenant_code),
    ]


def _admin_token(server: Server) -> str:
    if server.admin_token is not None:
        return f"{server.admin_token}   (shown this once: only its hash is kept)"
    return f"as it was {_printed(server)}"


def _printed(server: Server) -> str:
    return f"printed on {server.admin_since:%Y-%m-%d %H:%M} UTC; --new-admin-token makes a new one"
