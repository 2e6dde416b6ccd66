"""Options that several commands share. A setting has one name: the flag, and MDMSIM_ in the environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from certs.keys import KeyKind
from device_emulator.core.settings import PlistFormat, ProofOfIdentity
from device_emulator.fleet.keys import KeyChoice

Decorated = TypeVar("Decorated", bound="Callable[..., Any] | click.Command")


def default_key_pool() -> Path:
    """Return where the key pool is unless told otherwise."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "mdmsim" / "keys"


def setting(flag: str, *names: str, **attributes: Any) -> Callable[[Decorated], Decorated]:
    """Return an option that the environment may set too, under the flag's own name: --key-pool is MDMSIM_KEY_POOL."""
    return click.option(flag, *names, envvar="MDMSIM_" + flag.lstrip("-").replace("-", "_").upper(), **attributes)


class _NewFile(click.Path):
    """A file to be written when the run is over; that it can be is seen beforehand, or the run would be in vain."""

    def convert(
        self, value: str | os.PathLike[str], parameter: click.Parameter | None, context: click.Context | None
    ) -> Any:
        folder = Path(value).resolve().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            self.fail(
                f"cannot write {os.fspath(value)!r}: there is no folder {folder} to write to.", parameter, context
            )
        return super().convert(value, parameter, context)


FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
NEW_FILE = _NewFile(dir_okay=False, writable=True, path_type=Path)
FOLDER = click.Path(file_okay=False, writable=True, path_type=Path)

seed = setting(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What every device is drawn from."
)
ca = setting("--ca", type=FILE, help="Trust these certificates (PEM) for TLS, instead of the system's.")
concurrency = setting(
    "--concurrency",
    type=click.IntRange(1, 10_000),
    default=64,
    show_default=True,
    help="How many devices may be in a conversation at once.",
)
poll = setting(
    "--poll",
    type=click.FloatRange(min=0.01),
    default=60.0,
    show_default=True,
    help="Seconds between a device's questions where there is no courier.",
)
courier = setting("--courier", metavar="URL", help="Where the push courier is, instead of /courier at the server.")
report = click.option("--report", type=FOLDER, help="Write report.html, the summary, and every device and event here.")
as_json = click.option("--json", "json_file", type=NEW_FILE, help="Write the summary as JSON to this file.")
fleet_file = click.option("--fleet", type=NEW_FILE, help="The fleet file.")
timeout = setting(
    "--timeout", type=click.FloatRange(min=0.1), default=300.0, show_default=True, help="Give up after so many seconds."
)
legacy_algorithms = click.option(
    "--legacy-algorithms", is_flag=True, help="Also read SHA-1 and DES, as old SCEP servers answer (Go's scepserver)."
)
key_kind = setting(
    "--key-kind",
    type=click.Choice([KeyKind.RSA_2048.value, KeyKind.P_256.value]),
    default=KeyKind.RSA_2048.value,
    show_default=True,
    help="The kind of the devices' identity keys.",
)
keys = setting(
    "--keys",
    type=click.Choice([choice.value for choice in KeyChoice]),
    default=KeyChoice.POOL.value,
    show_default=True,
    help="RSA keys from the pool, made on the spot, or from a prime pool (fast, not secret).",
)
key_pool = setting(
    "--key-pool",
    type=FOLDER,
    default=default_key_pool,
    show_default="~/.cache/mdmsim/keys",
    help="The key pool's folder.",
)
proof = click.option(
    "--proof",
    type=click.Choice([*(proof.value for proof in ProofOfIdentity), "both"]),
    default=ProofOfIdentity.AS_PROFILE_SAYS.value,
    show_default=True,
    help="Mdm-Signature, client certificate (tls), as the profile says, or half and half (both).",
)
plist_format = click.option(
    "--plist-format",
    type=click.Choice([form.value for form in PlistFormat]),
    default=PlistFormat.XML.value,
    show_default=True,
    help="How the devices write property lists.",
)


def together(*decorators: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Return one decorator that adds several options, in the order in which the help text shall list them."""

    def decorate(function: Decorated) -> Decorated:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
