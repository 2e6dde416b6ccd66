"""Debian's `scepserver` (micromdm/scep), run on a free port with a depot of its own."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from rigs import oracles

PATIENCE_SECONDS = 20.0
LISTENING = "0A"


@dataclass(frozen=True)
class ScepServer:
    """A running `scepserver`."""

    url: str
    certificate: x509.Certificate
    """Its CA, which is its RA as well."""
    depot: Path

    @property
    def issued(self) -> list[x509.Certificate]:
        """What it certified so far, as its depot has it."""
        files = [file for file in self.depot.glob("*.pem") if file.name != "ca.pem"]
        return [x509.load_pem_x509_certificate(file.read_bytes()) for file in files]


@contextmanager
def debians_scepserver(folder: Path, *, challenge: str) -> Iterator[ScepServer]:
    """Make a CA, serve it, and stop when the block ends."""
    program, depot = oracles.require("scepserver"), folder / "depot"
    oracles.run("scepserver", "ca", "-init", "-depot", depot, "-keySize", "2048")
    process = subprocess.Popen(
        [program, "-depot", str(depot), "-port", "0", "-challenge", challenge],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        certificate = x509.load_pem_x509_certificate((depot / "ca.pem").read_bytes())
        yield ScepServer(f"http://127.0.0.1:{_port_of(process)}/scep", certificate, depot)
    finally:
        process.kill()
        process.wait()


def _port_of(process: subprocess.Popen[bytes]) -> int:
    """Return the port that a process listens on; scepserver says it to nobody, but the kernel knows."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "scepserver has ended"
        port = _listening_port(Path(f"/proc/{process.pid}"))
        if port is not None:
            return port
        time.sleep(0.01)
    raise AssertionError("scepserver does not listen")


def _listening_port(process: Path) -> int | None:
    links = [str(link.readlink()) for link in (process / "fd").iterdir() if link.is_symlink()]
    inodes = {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    for table in ("tcp", "tcp6"):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENING and inode in inodes:
                return int(local.rsplit(":", 1)[1], 16)
    return None
