"""`mdm-server apple serve` in a process of its own, as docs/apple-services.md has it, and its customer's commands."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigs import oracles
from rigs.processes import PATIENCE_SECONDS, SERVER, run_program

LAST_LINE = "state"


@dataclass
class AppleProgram:
    """Apple at an address of its own, which is the same in every life; `said` is what it announced."""

    folder: Path
    address: str
    options: tuple[str, ...] = ()
    said: dict[str, str] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where the device API and activation are."""
        return f"https://{self.address}:8445"

    @property
    def ca_file(self) -> Path:
        """Whom to trust."""
        return self.folder / "apple" / "apple-ca.pem"

    @property
    def tls(self) -> ssl.SSLContext:
        """What its clients need to trust it."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    async def start(self) -> None:
        """Start it, and return when it has announced itself."""
        listeners = {"--listen": 8445, "--sim-listen": 8444, "--apns-listen": 2197}
        places = [word for name, port in listeners.items() for word in (name, f"{self.address}:{port}")]
        command = (*SERVER, "apple", "serve", "--state-dir", str(self.folder / "apple"), *places, *self.options)
        self.said.clear()
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while LAST_LINE not in self.said:
                line = (await self._process.stdout.readline()).decode()
                assert line, (await self._process.communicate())[1].decode()
                if found := re.match(r"  (\S.*?)  +(.*)", line):
                    self.said[found[1]] = found[2]

    async def stop(self) -> None:
        """Stop it as Ctrl-C does; harmless when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await process.communicate()
        assert (process.returncode, output, errors) == (0, b"stopped\n", b"")

    async def customer(self, *words: str | Path) -> str:
        """Run `mdm-server apple …`, which has to succeed, and return what it wrote."""
        sim = ("--sim-url", f"http://{self.address}:8444")
        done = await run_program(*SERVER, "apple", words[0], *sim, *words[1:])
        assert (done.exit_code, done.errors) == (0, "")
        return done.output.rstrip("\n")

    async def join(self) -> tuple[str, str]:
        """Found an organization with an MDM server, and return the identifiers of both."""
        organization = await self.customer("organization", "Example Inc.")
        return organization, await self.customer("server", organization, "Some MDM")

    async def server_token(self, server: str) -> Mapping[str, Any]:
        """Make a key, upload its certificate, download the token, and have openssl open it."""
        key, certificate, p7m = (self.folder / name for name in ("mdm.key", "mdm.pem", "server_token.p7m"))
        request = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=some-mdm")
        await asyncio.to_thread(oracles.run, "openssl", *request, "-keyout", key, "-out", certificate)
        await self.customer("token", server, certificate, "--output", p7m)
        opened = await asyncio.to_thread(
            oracles.run, "openssl", "smime", "-decrypt", "-in", p7m, "-inkey", key, "-recip", certificate
        )
        (line,) = (line for line in opened.stdout.decode().splitlines() if line.startswith("{"))
        secrets: Mapping[str, Any] = json.loads(line)
        return secrets

    async def push_certificate(self, topic: str) -> tuple[Path, Path]:
        """Make a key, have Apple sign it for a topic, and return the files of certificate and key."""
        key, request, certificate = (self.folder / name for name in ("push.key", "push.csr", "push.pem"))
        made = ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=push")
        await asyncio.to_thread(oracles.run, "openssl", *made, "-keyout", key, "-out", request)
        await self.customer("push-certificate", request, "--topic", topic, "--output", certificate)
        return certificate, key


@asynccontextmanager
async def apple_program(folder: Path, address: str, *options: str) -> AsyncIterator[AppleProgram]:
    """Run Apple until the block is left."""
    program = AppleProgram(folder, address, options)
    try:
        await program.start()
        yield program
    finally:
        await program.stop()
