"""Whether a certificate may be trusted: its chain, its validity, its purpose, its key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from cryptography import x509


class Purpose(StrEnum):
    """What a certificate is wanted for."""

    CLIENT = "client"
    SERVER = "server"
    SIGNING = "signing"


class ChainVerifier:
    """Verifies many certificates against the same roots; remembers the chains that it has verified."""

    def __init__(
        self, roots: Iterable[x509.Certificate], intermediates: Iterable[x509.Certificate] = (), *, remember: int = 4096
    ) -> None:
        self._roots = tuple(roots)

    def check(self, leaf: x509.Certificate, at: datetime, purpose: Purpose) -> None:
        """Refuse a certificate that is not trusted at this moment for this purpose."""
        raise NotImplementedError


def verify_chain(
    leaf: x509.Certificate,
    *,
    intermediates: Iterable[x509.Certificate],
    roots: Iterable[x509.Certificate],
    at: datetime,
    purpose: Purpose,
) -> None:
    """Refuse a certificate that is not trusted."""
    ChainVerifier(roots, intermediates, remember=0).check(leaf, at, purpose)
