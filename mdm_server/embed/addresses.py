"""Where to listen: addresses read, checked and bound before anything else is touched."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from mdm_server.embed.settings import ServerSettings
from mdm_server.embed.start_error import ExitCode, start_error
from mdm_server.web.admission import is_loopback
from mdm_server.web.listener import bind

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
PLAIN = frozenset({"http", "sim"})
ONLY_HERE = frozenset({"sim"})
"""The second port empties the store: never beyond this machine."""
_EVERYWHERE = {"", "0.0.0.0", "::", "*"}  # noqa: S104 - recognised here, in order to be refused


@dataclass(frozen=True, slots=True)
class Address:
    """HOST:PORT; the host of an IPv6 address stands in brackets."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "localhost" or is_loopback(self.host)

    @property
    def is_everywhere(self) -> bool:
        """Whether it means every address of this machine, and so names none."""
        return self.host in _EVERYWHERE

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_address(name: str, text: str) -> Address:
    """Read HOST:PORT; raises ServerStartError that names the setting."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    number = int(port) if port.isascii() and port.isdigit() else -1
    if not host or not 0 <= number <= 65535 or (":" in host and not bracketed):
        raise start_error(
            ExitCode.BAD_SETTING,
            name,
            expected="HOST:PORT, such as 127.0.0.1:8443 or [::1]:8443",
            found=repr(text),
            remedy="port 0 takes any free one",
        )
    return Address(host, number)


def refuse_exposure(name: str, address: Address, *, expose: bool) -> None:
    """Refuse to listen beyond loopback unless that was said in so many words."""
    if not address.is_loopback and not expose:
        raise start_error(
            ExitCode.BAD_SETTING,
            name,
            expected="a loopback address",
            found=str(address),
            remedy="--expose-to-network allows others, and with them everybody who can reach this machine",
        )


def bind_address(name: str, address: Address) -> socket.socket:
    """Bind an address; raises ServerStartError when it is busy or not ours."""
    try:
        return bind(address.host if address.host != "*" else "", address.port)
    except OSError as error:
        raise start_error(
            ExitCode.ADDRESS_UNAVAILABLE,
            name,
            expected=f"to listen on {address}",
            found=(error.strerror or str(error)).lower(),
            remedy="stop what listens there, or choose another port (0 takes any free one)",
        ) from error


def base_url(scheme: str, address: Address, bound: socket.socket, hostnames: tuple[str, ...]) -> str:
    """Return the URL under which a bound listener is reached."""
    own = socket.gethostname() if address.is_everywhere else address.host
    host = hostnames[0] if hostnames else own
    return f"{scheme}://{Address(host, bound.getsockname()[1])}"


@dataclass(frozen=True, slots=True)
class Place:
    """A socket that was bound, and the URL that leads there."""

    socket: socket.socket
    url: str


@dataclass(frozen=True, slots=True)
class Places:
    """Everything that was bound."""

    listen: Place
    http: Place | None
    sim: Place | None
    apple: Place | None
    apns: Place | None
    hostnames: tuple[str, ...]
    """What a server's certificate is for."""


def bind_all(settings: ServerSettings, closing: AsyncExitStack) -> Places:
    """Read, check and bind every address of the settings; raises ServerStartError, having touched nothing else."""
    wanted = {
        "listen": settings.listen,
        "http": settings.http,
        "sim": settings.sim,
        "apple": settings.apple,
        "apns": settings.apns,
    }
    places = bind_named(
        {name: text for name, text in wanted.items() if text is not None},
        settings.hostnames,
        # A seed makes challenges guessable.
        expose=settings.expose and settings.seed is None,
        closing=closing,
    )
    return Places(
        listen=places["listen"],
        http=places.get("http"),
        sim=places.get("sim"),
        apple=places.get("apple"),
        apns=places.get("apns"),
        hostnames=names_of(places.values(), settings.hostnames),
    )


def bind_named(
    wanted: Mapping[str, str], hostnames: tuple[str, ...], *, expose: bool, closing: AsyncExitStack
) -> dict[str, Place]:
    """Read, check and bind addresses by the names of their settings; raises ServerStartError."""
    addresses = {name: read_address(name, text) for name, text in wanted.items()}
    for name, address in addresses.items():
        refuse_exposure(name, address, expose=expose and name not in ONLY_HERE)
    bound: dict[str, socket.socket] = {}
    for name, address in addresses.items():
        _refuse_twice(name, address, addresses)
        bound[name] = bind_address(name, address)
        closing.callback(bound[name].close)
    return {
        name: Place(
            bound[name],
            base_url(
                "http" if name in PLAIN else "https", address, bound[name], () if name in ONLY_HERE else hostnames
            ),
        )
        for name, address in addresses.items()
    }


def _refuse_twice(name: str, address: Address, addresses: Mapping[str, Address]) -> None:
    """Refuse an address that an earlier setting has, too: the system would notice only when both listen."""
    other = next(each for each in addresses if addresses[each] == address)
    if other != name and address.port:
        raise start_error(
            ExitCode.ADDRESS_UNAVAILABLE,
            name,
            expected="an address of its own",
            found=f"{address}, which is that of {other}",
            remedy="choose another port (0 takes any free one)",
        )


def names_of(places: Iterable[Place], hostnames: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names under which places are reached, the preferred ones first."""
    reached_as = (urlsplit(place.url).hostname or "" for place in places)
    return tuple(dict.fromkeys([*hostnames, *reached_as, *LOOPBACK_NAMES]))
