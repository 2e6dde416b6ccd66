"""One TLS context for a whole fleet in which every device presents its own certificate.

A context with the system's roots weighs 818 KiB, one with a client certificate 24 KiB: a context a device is out of the
question. `SSL_new()` takes over the certificate that its context holds at that moment. So loading a device's own and
wrapping its connection back to back, with nothing awaited in between, pins it to that connection alone.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from contextvars import ContextVar
from pathlib import Path
from typing import Any

presented_identity: ContextVar[Path] = ContextVar("presented_identity")
"""The PEM file (key, certificate, chain) of the device that is connecting in this task."""


class FleetContext(ssl.SSLContext):
    """A client context that presents the identity named by `presented_identity` in each new connection."""

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """Load the device's certificate, then make its connection, with nothing in between."""
        self.load_cert_chain(presented_identity.get())
        return super().wrap_bio(*arguments, **options)


def anonymous_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return the context of devices that present no certificate.

    It trusts the certificates in `ca_file` and nothing else, or what the system trusts where there is no such file.
    """
    return _trusting(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


def fleet_context(ca_file: Path | None) -> FleetContext:
    """Return the context of devices that present their own certificate; trust as in `anonymous_context`."""
    context = FleetContext(ssl.PROTOCOL_TLS_CLIENT)
    _trusting(context, ca_file)
    return context


def spare_tls_memory() -> None:
    """Shrink the read buffer that asyncio keeps for every TLS connection from 256 KiB to one TLS record.

    `max_size` is a class attribute and the only handle there is, so this touches every TLS connection of the process,
    harmlessly.
    """
    sslproto.SSLProtocol.max_size = 16 * 1024


def _trusting(context: ssl.SSLContext, ca_file: Path | None) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.load_verify_locations(cafile=ca_file)
    return context
