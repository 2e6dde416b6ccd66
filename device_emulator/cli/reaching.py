"""A word with the target before a fleet is sent to it: it should be there, and be who it says it is."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from device_emulator.cli.failure import CommandFailed, ExitCode
from device_emulator.transport.tls import anonymous_context

PATIENCE = 10.0


async def reach(url: str, ca_file: Path | None) -> None:
    """Connect once to the host of `url` and hang up.

    Raises:
        CommandFailed: the URL is none or `ca_file` holds no certificates (2); nobody answers there or the certificate
            is not trusted (3).

    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.hostname is None:
        raise CommandFailed(ExitCode.BAD_INPUT, f"expected an http:// or https:// URL, found {url!r}")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise CommandFailed(ExitCode.BAD_INPUT, f"expected a port from 1 to 65535 in {url!r}: {error}") from error
    trusting = _context(ca_file)
    context = trusting if parts.scheme == "https" else None
    where = f"{parts.hostname}:{port}"
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
            writer.close()
    except ssl.SSLCertVerificationError as error:
        hint = "give its CA with --ca FILE" if ca_file is None else f"is {ca_file} the right CA?"
        raise CommandFailed(
            ExitCode.UNREACHABLE, f"{where} has a certificate that is not trusted ({error.verify_message}): {hint}"
        ) from error
    except ssl.SSLError as error:
        raise CommandFailed(ExitCode.UNREACHABLE, f"{where} does not speak TLS as expected: {error.reason}") from error
    except TimeoutError as error:
        raise CommandFailed(ExitCode.UNREACHABLE, f"{where} did not answer within {PATIENCE:g} s") from error
    except OSError as error:
        raise CommandFailed(
            ExitCode.UNREACHABLE, f"cannot reach {where}: {_why(error)}; is the server running?"
        ) from error


def _why(error: OSError) -> str:
    """Say why in the system's words: asyncio puts words of its own in their place, but keeps the number."""
    if error.errno is not None and error.errno > 0:  # a resolver's numbers are negative, and its words its own
        return os.strerror(error.errno)
    return error.strerror or str(error)


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return anonymous_context(ca_file)
    except ssl.SSLError as error:
        raise CommandFailed(
            ExitCode.BAD_INPUT, f"{ca_file}: expected certificates in PEM, found none that can be read"
        ) from error
