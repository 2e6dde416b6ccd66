"""Who sent this? From `Mdm-Signature` or the TLS client certificate to a certificate of ours that is still good.

The order of checks is that of RFC 5652 §5.4 and §5.6, and of Apple's page on identity certificates: signature over
exactly the received body, one signer, our CA, clientAuth, validity, and only then whose it is.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from certs import signed_data_fast
from certs.authority import Authority
from certs.errors import ChainError, CmsError
from certs.identity import fingerprint
from certs.known_certificate import know
from certs.trust import ChainVerifier, Purpose
from mdm_server.domain.refusal import Refusal
from mdm_server.service.compat import accepted_digests, minimum_rsa_bits
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings

REMEMBERED_CHAINS = 50_000


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """A certificate of ours, in date, whose key demonstrably made this request."""

    certificate: x509.Certificate
    fingerprint: str


class DeviceIdentity:
    """Finds and checks the certificate behind a request. Good chains are remembered, bad ones are not."""

    def __init__(
        self, authority: Authority, settings: ServiceSettings, journal: Journal, clock: Callable[[], datetime]
    ) -> None:
        self._digests = accepted_digests(settings.compat)
        self._journal = journal
        self._clock = clock
        self._chains = ChainVerifier(
            [authority.root.certificate],
            [authority.issuing.certificate],
            remember=REMEMBERED_CHAINS,
            minimum_rsa_bits=minimum_rsa_bits(settings.compat),
        )

    def identify(self, facts: RequestFacts, body: bytes) -> PresentedCertificate:
        """Return the certificate that signed `body` or opened the connection.

        Raises Refusal (400, never 401, which would unenrol a device): `auth.missing` when there is neither,
        `auth.two_certificates` when both are there and differ, `auth.cms` for a bad signature and
        `auth.cert_invalid` for a certificate that is not ours, out of date, or not for clients.
        """
        for header in sorted(facts.proxy_certificate_headers):
            self._journal.note("auth.header_untrusted_peer", facts, header=header)
        signer = None if facts.mdm_signature is None else self._signer(facts.mdm_signature, body)
        if facts.tls_certificate is None:
            if signer is None:
                raise Refusal("auth.missing")
            return self.trusted(signer)
        client = _certificate(facts.tls_certificate)
        if signer is not None and signer != client:
            raise Refusal("auth.two_certificates")
        return self.trusted(client)

    def trusted(self, certificate: x509.Certificate) -> PresentedCertificate:
        """Return a certificate our CA issued to a client, in date; raises Refusal `auth.cert_invalid`."""
        try:
            self._chains.check(certificate, self._clock(), Purpose.CLIENT)
        except ChainError as error:
            raise Refusal("auth.cert_invalid", reason=error.reason) from error
        return PresentedCertificate(certificate, fingerprint(certificate))

    def _signer(self, signature: str, body: bytes) -> x509.Certificate:
        """Return the certificate that signed `body`; what is inside an attached signature must equal the body."""
        try:
            message = base64.b64decode("".join(signature.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refusal("auth.cms", reason="base64") from error
        try:
            return signed_data_fast.verify(message, body, digests=self._digests).signer
        except CmsError as error:
            raise Refusal("auth.cms", reason=error.reason) from error


def _certificate(der: bytes) -> x509.Certificate:
    """Parse the certificate of a TLS connection, which OpenSSL has already taken apart once."""
    try:
        return know(der).certificate
    except CmsError as error:
        raise Refusal("auth.cert_invalid", reason="unreadable") from error
