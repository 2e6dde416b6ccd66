"""What a server can be told. The names are those of the flags, of the TOML keys, and of the environment variables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Everything a server can be told; every default is the safe one, and port 0 means any free port."""

    state_dir: Path | None = None
    """Where the database and the keys live; None is a temporary folder that goes away with the server."""
    listen: str = "127.0.0.1:0"
    """The TLS listener, HOST:PORT."""
    http: str | None = None
    """A plain HTTP listener for tools that speak no TLS; None is none."""
    sim: str | None = "127.0.0.1:0"
    """The second port (`/_sim`): loopback only, plain HTTP; None is none."""
    apple: str | None = None
    """Apple's device API and activation (TLS), for our devices and for any MDM server; None is none."""
    apns: str | None = None
    """Apple's push service over HTTP/2 (TLS); None is none."""
    abm_url: str | None = None
    """The device API that our MDM server synchronises with; None is the one of `apple`, if there is one."""
    apns_url: str | None = None
    """The push service that our MDM server pushes through; None is the one of `apns`, or the courier beside us."""
    apns_identity: Path | None = None
    """The push certificate and its key (PEM) to show at `apns_url`."""
    apple_ca: Path | None = None
    """Whose certificates (PEM) are believed at `abm_url` and `apns_url`; None is whom this machine believes."""
    hostnames: tuple[str, ...] = ()
    """Names and addresses devices use, for the certificate and the URLs; loopback names and `listen` are always in."""
    seed: int | None = None
    """Makes identifiers, and the challenges of enrolment, the same in every run: for tests, on loopback only."""
    issuing_key: str = "p-256"
    """Kind of the certificate authority's key when one is made: p-256, rsa-2048, rsa-4096."""
    compat: tuple[str, ...] = ()
    """Names of the leniencies that are switched on (mdm_server.service.compat)."""
    device_ca: Path | None = None
    """Certificates (PEM) whose word about a device is believed in enrolment, as Apple's is for real ones."""
    expose: bool = False
    """Allow listening beyond loopback: anybody who reaches the port may then try to enrol a device."""
    admin_token: str | None = None
    """An administrator's token to accept besides the stored one."""
    new_admin_token: bool = False
    """Replace the stored administrator's token, and the API user's password and tenant code, with new ones."""
    weak_passwords: bool = False
    """Hash the passwords of users at next to no cost: for tests, demonstrations and load runs only."""
