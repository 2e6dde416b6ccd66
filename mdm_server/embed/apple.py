"""Apple beside a management server, or alone: its authority and its books in the state directory, its ports."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.errors import AuthorityError
from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.clouds.apple.services import ORGANIZATION, AppleServices
from mdm_server.embed.addresses import Place
from mdm_server.embed.start_error import ExitCode, ServerStartError
from mdm_server.embed.state_folder import StateFolder, server_context
from mdm_server.web.apple.application import apple_port
from mdm_server.web.limits import Limits
from mdm_server.web.port import Port
from mdm_server.web.push_port import HOST_NAMES as PUSH_NAMES
from mdm_server.web.push_port import PushPort

APPLE = "apple"
AUTHORITY = "authority"
DATABASE = "apple.sqlite"
CA_FILE = "apple-ca.pem"
HOSTNAMES = ("mdmenrollment.apple.com", *PUSH_NAMES)
"""What programs with fixed addresses call; an entry in the hosts file leads them here, and the certificate fits."""

Clock = Callable[[], datetime]


async def open_apple(
    state: Path, clock: Clock, seed: int | None, *, courier: Courier | None = None, dep: DepSettings | None = None
) -> AppleServices:
    """Open Apple's part of a state directory, or begin it; raises ServerStartError."""
    folder = state / APPLE
    folder.mkdir(mode=0o700, exist_ok=True)
    authority = await asyncio.to_thread(_open_authority, folder / AUTHORITY, clock)
    (state / CA_FILE).write_bytes(authority.root.certificate.public_bytes(Encoding.PEM))
    stream = Random(seed)  # noqa: S311 - it draws which call is struck by a fault
    try:
        return AppleServices.open(
            folder / DATABASE,
            authority,
            clock=clock,
            random_bytes=secrets.token_bytes,
            stream=stream,
            courier=courier,
            dep=dep,
        )
    except BusinessManagerError as error:
        in_use = error.code == "abm.ledger_in_use"
        raise ServerStartError(ExitCode.STATE_IN_USE if in_use else ExitCode.STATE_DAMAGED, error.detail) from error


async def open_apple_ports(
    services: AppleServices,
    places: Mapping[str, Place],
    hostnames: tuple[str, ...],
    folder: StateFolder,
    limits: Limits,
    closing: AsyncExitStack,
) -> None:
    """Open what was bound for Apple: `apple` and `http` for calls, `apns` for pushes."""
    names = (*hostnames, *HOSTNAMES)
    port = Port(apple_port(services, limits), limits)
    await port.open()
    closing.push_async_callback(port.close)
    if "apple" in places:
        port.listen(places["apple"].socket, places["apple"].url, server_context(services.authority, folder, names))
    if "http" in places:
        port.listen(places["http"].socket, places["http"].url)
    push = PushPort(services.push, limits)
    await push.open()
    closing.push_async_callback(push.close)
    if "apns" in places:
        push.listen(places["apns"].socket, server_context(services.authority, folder, names, ("h2",)))


def _open_authority(directory: Path, clock: Clock) -> Authority:
    """Load Apple's authority, or make one; its keys are never drawn from a seed."""
    try:
        if directory.exists():
            return Authority.load(directory, clock=clock, random_bytes=secrets.token_bytes)
        authority = Authority.create(clock=clock, random_bytes=secrets.token_bytes, organization=ORGANIZATION)
        authority.save(directory)
    except AuthorityError as error:
        raise ServerStartError(error.exit_code, str(error)) from error
    return authority
