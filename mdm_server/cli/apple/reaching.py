"""Where the strings that pull Apple are: below `/_sim/apple` on a second port."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

import aiohttp
import click

from mdm_server.cli.failure import BAD_INPUT, Failure
from mdm_server.cli.remote import TIMEOUT, Remote

Arguments = ParamSpec("Arguments")
DEFAULT_SIM_URL = "http://127.0.0.1:8444"
PREFIX = "/_sim/apple"


def portal_command(function: Callable[Concatenate[Remote, Arguments], Awaitable[None]]) -> Callable[..., None]:
    """Give a command the option that says where the second port is, and run it with a session to it."""

    @click.option(
        "--sim-url",
        envvar="MDMSIM_SIM_URL",
        default=DEFAULT_SIM_URL,
        show_default=True,
        show_envvar=True,
        help="The second port.",
    )
    @functools.wraps(function)
    def command(sim_url: str, *args: Any, **options: Any) -> None:
        asyncio.run(_with_session(function, sim_url, *args, **options))

    return command


async def _with_session(function: Callable[..., Awaitable[None]], sim_url: str, *args: Any, **options: Any) -> None:
    split = urlsplit(sim_url)
    if split.scheme != "http" or not split.netloc:
        raise Failure(BAD_INPUT, f"--sim-url: expected http://HOST:PORT, found {sim_url!r}")
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        await function(Remote(sim_url.rstrip("/"), session, True, PREFIX), *args, **options)
