"""The composition root: rooms wired to each other, sockets bound, and all of it taken apart again in order."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from certs.authority import Authority
from certs.errors import UNREADABLE_X509
from certs.identity import certificates_to_pem
from certs.keys import KeyKind
from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.clouds.apple.services import AppleServices
from mdm_server.console.application import Console, add_console
from mdm_server.embed.addresses import Place, Places, bind_all
from mdm_server.embed.administrators import ApiCredentials, find_administrators
from mdm_server.embed.apple import CA_FILE as APPLE_CA_FILE
from mdm_server.embed.apple import open_apple, open_apple_ports
from mdm_server.embed.believing import believing
from mdm_server.embed.chance import Chance
from mdm_server.embed.housekeeping import sweep, synchronize, trim_journal, wake_waiting
from mdm_server.embed.pushing import open_apns, sender_of
from mdm_server.embed.settings import ServerSettings
from mdm_server.embed.start_error import ExitCode, ServerStartError, start_error
from mdm_server.embed.state_folder import StateFolder, server_context
from mdm_server.outbound.caller import HttpCaller
from mdm_server.service.compat import CompatError, parse_compat
from mdm_server.service.running import Runner
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.passwords import CHEAP, STRONG
from mdm_server.service.suite import ServiceSuite, assemble
from mdm_server.store.contract import Store
from mdm_server.web.apple.control import Apple, add_apple_strings, add_no_apple
from mdm_server.web.application import Front, first_port
from mdm_server.web.limits import Limits
from mdm_server.web.port import Port
from mdm_server.web.sim_routes import Strings, second_port
from mdm_server.web.uem.access import AccessTokens, Gate
from mdm_server.web.watchdog import watch_the_loop

Result = TypeVar("Result")
Clock = Callable[[], datetime]

# SCEP's RSA and the signing of profiles release the GIL: two threads keep two cores busy, more would only queue.
HEAVY_THREADS = 2


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server. Made by `start` (leaving the block stops it) or `launch` (the caller stops it)."""

    url: str
    """Base URL of the TLS listener, such as `https://127.0.0.1:49152`."""
    http_url: str | None
    """Base URL of the plain listener, if there is one."""
    sim_url: str | None
    """Base URL of the second port, if there is one."""
    apple_url: str | None
    """Base URL of Apple's device API and activation, if Apple is played here."""
    push_url: str | None
    """Base URL of Apple's push service, if it is played here."""
    ca_pem: str
    """The root certificate to trust, as PEM text."""
    ca_file: Path
    """The same, as a file."""
    admin_token: str | None
    """The administrator's token if this start made it or was given it; else None, for only its hash is kept."""
    admin_since: datetime
    """When the stored token was made."""
    api: ApiCredentials | None
    """User, password and tenant code of the API in Workspace ONE UEM's shape, if this start made them."""
    store: Store
    """The open store."""
    suite: ServiceSuite
    """The use cases, for programs that administer without HTTP."""
    courier: Courier
    """Where devices wait for pushes."""
    apple: AppleServices | None
    """Apple's services, if they are played here."""
    apple_ca_file: Path | None
    """Apple's root certificate, as a file, if Apple is played here."""
    _closing: AsyncExitStack

    @classmethod
    @asynccontextmanager
    async def start(
        cls, settings: ServerSettings | None = None, *, limits: Limits | None = None, clock: Clock | None = None
    ) -> AsyncIterator[Server]:
        """Start a server and stop it on leaving; raises ServerStartError."""
        server = await cls.launch(settings or ServerSettings(), limits=limits, clock=clock)
        try:
            yield server
        finally:
            await server.stop()

    @classmethod
    async def launch(
        cls, settings: ServerSettings, *, limits: Limits | None = None, clock: Clock | None = None
    ) -> Server:
        """Start a server that the caller stops; raises ServerStartError.

        `clock` is what the server goes by instead of the time of day: for those who put clocks forward.
        """
        closing = AsyncExitStack()
        try:
            return await _assemble(settings, limits or Limits(), closing, clock or _now)
        except BaseException:
            await closing.aclose()
            raise

    async def stop(self) -> None:
        """Close the listeners, let requests in flight finish, close the store; harmless when repeated."""
        await self._closing.aclose()


async def _assemble(settings: ServerSettings, limits: Limits, closing: AsyncExitStack, clock: Clock) -> Server:
    service_settings = _service_settings(settings)
    kind = _key_kind(settings.issuing_key)
    places = bind_all(settings, closing)
    folder, store, authority = await _open_state(settings, kind, clock, closing)
    pool = ThreadPoolExecutor(HEAVY_THREADS, thread_name_prefix="mdmsim-rsa")
    closing.callback(pool.shutdown)
    chance = Chance(settings.seed)
    courier = Courier(clock)
    apple = await _open_apple(settings, places, folder, courier, clock, closing)
    abm_url = settings.abm_url or _url(places.apple)
    trusted = None if settings.apple_ca is None else _pem(_certificates("apple-ca", settings.apple_ca))
    apns = open_apns(settings, apple, _url(places.apns), service_settings.topic, trusted, closing)
    suite = assemble(
        store,
        authority,
        believing(replace(service_settings, base_url=places.listen.url), apple, abm_url),
        clock=clock,
        random_bytes=chance,
        sender=sender_of(apns, courier),
        run=_in_threads(pool),
        caller=None if abm_url is None else _caller(settings, apple, trusted, closing),
    )
    if apns is not None:
        apns.on_refused = suite.pusher.refused
    administrators = await find_administrators(settings, store, clock())
    ca_pem = _pem([authority.root.certificate])
    gate = Gate(administrators.account, AccessTokens(clock, secrets.token_bytes))
    front = first_port(Front(suite, courier, ca_pem, administrators.tokens, gate, limits))
    add_console(front, Console(suite, administrators.tokens, clock, secrets.token_bytes, limits))
    first = Port(front, limits)
    strings = second_port(Strings(suite, store, clock, lambda: chance.seed, chance.reseed))
    if apple is not None:
        add_apple_strings(strings, Apple(apple, clock, _url(places.apple), _url(places.apns)))
    else:
        add_no_apple(strings)
    second = Port(strings, limits)
    await _open(first, second, places, server_context(authority, folder, places.hostnames), closing)
    _keep_house(suite, store, closing)
    return Server(
        url=places.listen.url,
        http_url=_url(places.http),
        sim_url=_url(places.sim),
        apple_url=_url(places.apple),
        push_url=_url(places.apns),
        ca_pem=ca_pem,
        ca_file=folder.ca_file,
        admin_token=administrators.token,
        admin_since=administrators.since,
        api=administrators.api,
        store=store,
        suite=suite,
        courier=courier,
        apple=apple,
        apple_ca_file=None if apple is None else folder.path / APPLE_CA_FILE,
        _closing=closing,
    )


async def _open_state(
    settings: ServerSettings, kind: KeyKind, clock: Clock, closing: AsyncExitStack
) -> tuple[StateFolder, Store, Authority]:
    """Open the state directory and what is in it."""
    folder = StateFolder(settings.state_dir)
    closing.callback(folder.close)
    store = folder.open_store()
    closing.push_async_callback(store.close)
    await _refuse_stale_seed(settings, store)
    await _refuse_lost_authority(folder, store)
    # The keys that vouch for everything are never drawn from a seed.
    return folder, store, await asyncio.to_thread(folder.open_authority, kind, clock, secrets.token_bytes)


def _keep_house(suite: ServiceSuite, store: Store, closing: AsyncExitStack) -> None:
    """Do what a server does of its own accord, as long as it runs."""
    chores = (watch_the_loop(), wake_waiting(suite), trim_journal(store), sweep(suite), synchronize(suite))
    for chore in chores:
        closing.push_async_callback(_cancel, asyncio.create_task(chore))


async def _open_apple(
    settings: ServerSettings,
    places: Places,
    folder: StateFolder,
    courier: Courier,
    clock: Clock,
    closing: AsyncExitStack,
) -> AppleServices | None:
    """Open Apple beside the server, if it is to be played here."""
    bound = {name: place for name, place in (("apple", places.apple), ("apns", places.apns)) if place is not None}
    if not bound:
        return None
    services = await open_apple(folder.path, clock, settings.seed, courier=courier)
    closing.callback(services.close)
    await open_apple_ports(services, bound, places.hostnames, folder, Limits(), closing)
    return services


def _caller(
    settings: ServerSettings, apple: AppleServices | None, trusted: str | None, closing: AsyncExitStack
) -> HttpCaller:
    """Return what calls Apple Business Manager, and whom it believes."""
    if apple is not None and settings.abm_url is None:
        trusted = _pem([apple.authority.root.certificate])
    caller = HttpCaller(trusted)
    closing.push_async_callback(caller.close)
    return caller


def _pem(certificates: tuple[x509.Certificate, ...] | list[x509.Certificate]) -> str:
    return certificates_to_pem(certificates).decode()


async def _open(first: Port, second: Port, places: Places, tls: ssl.SSLContext, closing: AsyncExitStack) -> None:
    """Open the ports last: whoever gets in finds everything in its place."""
    for port in (first, second):
        await port.open()
        closing.push_async_callback(port.close)
    if places.sim is not None:
        second.listen(places.sim.socket, places.sim.url)
    if places.http is not None:
        first.listen(places.http.socket, places.http.url)
    first.listen(places.listen.socket, places.listen.url, tls)


def _url(place: Place | None) -> str | None:
    return None if place is None else place.url


def _service_settings(settings: ServerSettings) -> ServiceSettings:
    try:
        compat = parse_compat(settings.compat)
    except CompatError as error:
        raise ServerStartError(ExitCode.BAD_SETTING, str(error)) from error
    return ServiceSettings(
        compat=compat,
        device_authorities=() if settings.device_ca is None else _certificates("device-ca", settings.device_ca),
        password_cost=CHEAP if settings.weak_passwords else STRONG,
    )


def _certificates(setting: str, path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, *UNREADABLE_X509) as error:
        found = error.strerror if isinstance(error, OSError) else "something else"
        raise start_error(
            ExitCode.BAD_SETTING,
            setting,
            expected="a readable file of certificates in PEM",
            found=f"{found} ({path})",
            remedy="`python -m certs export DIR --what root` writes such a file",
        ) from None


def _key_kind(name: str) -> KeyKind:
    try:
        return KeyKind(name)
    except ValueError:
        raise start_error(
            ExitCode.BAD_SETTING,
            "issuing-key",
            expected=f"one of {', '.join(KeyKind)}",
            found=repr(name),
            remedy="p-256 is the default, rsa-2048 serves SCEP clients that know one certificate only",
        ) from None


async def _refuse_stale_seed(settings: ServerSettings, store: Store) -> None:
    """Refuse to repeat identifiers that are in the database already."""
    counts = await store.counts()
    if settings.seed is not None and (counts.invitations or counts.certificates):
        raise start_error(
            ExitCode.BAD_SETTING,
            "seed",
            expected="an empty state directory, for a seed repeats the identifiers of its first run",
            found=f"{counts.invitations} invitations and {counts.certificates} certificates",
            remedy="leave the seed out, or name another state directory",
        )


async def _refuse_lost_authority(folder: StateFolder, store: Store) -> None:
    """Refuse to make a new authority beside certificates of another: every enrolled device would be a stranger."""
    certificates = (await store.counts()).certificates
    if certificates and not folder.has_authority:
        raise start_error(
            ExitCode.STATE_DAMAGED,
            str(folder.path),
            expected=f"the authority that issued the {certificates} certificates in the database",
            found="none",
            remedy="put its directory back from a backup, or begin in a new state directory",
        )


def _in_threads(pool: ThreadPoolExecutor) -> Runner:
    async def run(work: Callable[[], Result], /) -> Result:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    return run


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _now() -> datetime:
    return datetime.now(UTC)
