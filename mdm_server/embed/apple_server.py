"""Apple alone: its services and their ports, for an MDM server that somebody else wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.clouds.apple.services import AppleServices
from mdm_server.embed.addresses import Place, bind_named, names_of
from mdm_server.embed.apple import CA_FILE, open_apple, open_apple_ports
from mdm_server.embed.depsim import play_depsim
from mdm_server.embed.state_folder import StateFolder
from mdm_server.web.apple.control import Apple, add_apple_strings, add_ready_string
from mdm_server.web.limits import Limits
from mdm_server.web.port import Port
from mdm_server.web.sim_routes import bare_second_port

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleServerSettings:
    """Everything that Apple alone can be told; port 0 means any free port, and None no listener."""

    state_dir: Path | None = None
    """Where the keys and the books live; None is a temporary folder that goes away with the server."""
    apple: str = "127.0.0.1:0"
    """The TLS listener of the device API and of activation, HOST:PORT."""
    http: str | None = None
    """The same in plain HTTP, for clients of depsim."""
    apns: str | None = "127.0.0.1:0"
    """The push service: HTTP/2 over TLS."""
    sim: str | None = "127.0.0.1:0"
    """The second port (`/_sim/apple`): loopback only."""
    hostnames: tuple[str, ...] = ()
    """Names that others use; the first goes into URLs."""
    expose: bool = False
    """Allow listening beyond loopback."""
    seed: int | None = None
    """What is left to chance is drawn from it, such as which call a fault strikes."""
    dep: DepSettings = field(default_factory=DepSettings)
    """How strict the device API is, and in what shape it says no; `depsim` has it take depsim's fixed tokens too."""
    depsim_files: tuple[Path, ...] = ()
    """depsim's config.json and config_failures.json: which devices come when, and what fails in which order."""


@dataclass(frozen=True, kw_only=True)
class AppleServer:
    """Apple, running. Made by `start` (leaving the block stops it) or `launch` (the caller stops it)."""

    services: AppleServices
    url: str
    """Base URL of the device API and of activation."""
    http_url: str | None
    """The same in plain HTTP."""
    push_url: str | None
    """Base URL of the push service."""
    sim_url: str | None
    """Base URL of the second port."""
    ca_file: Path
    """Apple's root certificate, for everybody to trust."""
    _closing: AsyncExitStack

    @classmethod
    @asynccontextmanager
    async def start(
        cls, settings: AppleServerSettings | None = None, *, clock: Clock | None = None
    ) -> AsyncIterator[AppleServer]:
        """Start Apple and stop it on leaving; raises ServerStartError."""
        server = await cls.launch(settings or AppleServerSettings(), clock=clock)
        try:
            yield server
        finally:
            await server.stop()

    @classmethod
    async def launch(cls, settings: AppleServerSettings, *, clock: Clock | None = None) -> AppleServer:
        """Start Apple for a caller that stops it; raises ServerStartError."""
        closing = AsyncExitStack()
        try:
            return await _assemble(settings, closing, clock or _now)
        except BaseException:
            await closing.aclose()
            raise

    async def stop(self) -> None:
        """Close listeners and books; harmless when repeated."""
        await self._closing.aclose()


async def _assemble(settings: AppleServerSettings, closing: AsyncExitStack, clock: Clock) -> AppleServer:
    wanted = {"apple": settings.apple, "http": settings.http, "apns": settings.apns, "sim": settings.sim}
    places = bind_named(
        {name: text for name, text in wanted.items() if text is not None},
        settings.hostnames,
        expose=settings.expose,
        closing=closing,
    )
    folder = StateFolder(settings.state_dir)
    closing.callback(folder.close)
    services = await open_apple(folder.path, clock, settings.seed, dep=settings.dep)
    closing.callback(services.close)
    if settings.dep.depsim:
        play_depsim(services, settings.depsim_files, clock)
    limits = Limits()
    urls = {name: place.url for name, place in places.items()}
    strings = bare_second_port()
    add_ready_string(strings, urls["apple"])
    add_apple_strings(strings, Apple(services, clock, urls["apple"], urls.get("apns")))
    await open_apple_ports(services, places, names_of(places.values(), settings.hostnames), folder, limits, closing)
    await _open_second_port(strings, places.get("sim"), limits, closing)
    return AppleServer(
        services=services,
        url=urls["apple"],
        http_url=urls.get("http"),
        push_url=urls.get("apns"),
        sim_url=urls.get("sim"),
        ca_file=folder.path / CA_FILE,
        _closing=closing,
    )


async def _open_second_port(
    strings: web.Application, place: Place | None, limits: Limits, closing: AsyncExitStack
) -> None:
    port = Port(strings, limits)
    await port.open()
    closing.push_async_callback(port.close)
    if place is not None:
        port.listen(place.socket, place.url)


def _now() -> datetime:
    return datetime.now(UTC)
