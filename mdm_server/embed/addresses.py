"""Where to listen: addresses read, checked and bound before anything else is touched."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from mdm_server.embed.settings import ServerSettings
from mdm_server.embed.start_error import ExitCode, start_error
from mdm_server.web.admission import is_loopback
from mdm_server.web.listener import bind

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
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
class Sockets:
    """Everything that was bound, and the URLs that lead there."""

    tls: socket.socket
    url: str
    http: socket.socket | None
    http_url: str | None
    sim: socket.socket | None
    sim_url: str | None
    hostnames: tuple[str, ...]
    """What the server's certificate is for."""


def bind_all(settings: ServerSettings, closing: AsyncExitStack) -> Sockets:
    """Read, check and bind every address of the settings; raises ServerStartError, having touched nothing else."""
    wanted = {
        "listen": settings.listen,
        "http": settings.http,
        "sim": settings.sim,
    }
    addresses = {name: read_address(name, text) for name, text in wanted.items() if text is not None}
    for name, address in addresses.items():
        # A seed makes challenges guessable, and the second port empties the store: never beyond this machine.
        refuse_exposure(name, address, expose=settings.expose and name != "sim" and settings.seed is None)
    bound: dict[str, socket.socket] = {}
    for name, address in addresses.items():
        bound[name] = bind_address(name, address)
        closing.callback(bound[name].close)
    urls = {
        name: base_url(
            "https" if name == "listen" else "http", address, bound[name], () if name == "sim" else settings.hostnames
        )
        for name, address in addresses.items()
    }
    reached_as = (urlsplit(url).hostname or "" for url in urls.values())
    return Sockets(
        tls=bound["listen"],
        url=urls["listen"],
        http=bound.get("http"),
        http_url=urls.get("http"),
        sim=bound.get("sim"),
        sim_url=urls.get("sim"),
        hostnames=tuple(dict.fromkeys([*settings.hostnames, *reached_as, *LOOPBACK_NAMES])),
    )
