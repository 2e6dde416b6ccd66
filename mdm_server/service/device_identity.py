"""Who sent this? From `Mdm-Signature` or the TLS client certificate to a certificate of ours that is still good.

The order of checks is that of RFC 5652 §5.4/§5.6 and Apple's "Implementing device management" (identity certificates):
signature over exactly the received body, one signer, our CA, clientAuth, validity, and only then whose it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from certs.authority import Authority
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """A certificate of ours, in date, whose key demonstrably made this request."""

    certificate: x509.Certificate
    fingerprint: str


class DeviceIdentity:
    """Finds and checks the certificate behind a request. Chain verdicts are cached by fingerprint; validity is not."""

    def __init__(
        self, authority: Authority, settings: ServiceSettings, journal: Journal, clock: Callable[[], datetime]
    ) -> None: ...

    async def identify(self, facts: RequestFacts, body: bytes) -> PresentedCertificate:
        """Return the certificate that signed `body` or opened the connection.

        Raises Refusal (400, never 401, which would unenrol a device): `auth.missing` when there is neither,
        `auth.two_certificates` when both are there and differ, `auth.cms` for a bad signature and
        `auth.cert_invalid` for a certificate that is not ours, out of date, or not for clients.
        """
        raise NotImplementedError
