"""Who sent this? From `Mdm-Signature` or the TLS client certificate to a certificate of ours that is still good.

The order of checks is that of RFC 5652 §5.4 and §5.6, and of Apple's page on identity certificates: signature over
exactly the received body, one signer, our CA, clientAuth, validity, and only then whose it is.
"""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from certs import signed_data_fast
from certs.authority import Authority
from certs.errors import CertsError, ChainError, CmsError
from certs.identity import fingerprint
from certs.signed_data import LEGACY_DIGESTS, SHA2
from certs.trust import Purpose, verify_chain
from mdm_server.domain.refusal import Refusal
from mdm_server.service.compat import Compat
from mdm_server.service.journal import Journal
from mdm_server.service.refusals import ServiceRefusal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings

REMEMBERED_CHAINS = 50_000


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """A certificate of ours, in date, whose key demonstrably made this request."""

    certificate: x509.Certificate
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A chain that was found good, and the time in which that stays so."""

    presented: PresentedCertificate
    not_before: datetime
    not_after: datetime


class DeviceIdentity:
    """Finds and checks the certificate behind a request. Good chains are remembered, bad ones are not."""

    def __init__(
        self, authority: Authority, settings: ServiceSettings, journal: Journal, clock: Callable[[], datetime]
    ) -> None:
        self._authority = authority
        self._digests = LEGACY_DIGESTS if settings.allows(Compat.SHA1) else SHA2
        self._journal = journal
        self._clock = clock
        self._verdicts: OrderedDict[str, _Verdict] = OrderedDict()
        self._earliest_end = min(ca.not_valid_after_utc for ca in authority.ca_certificates)

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
        if signer is not None and fingerprint(signer) != fingerprint(client):
            raise ServiceRefusal("auth.two_certificates")
        return self.trusted(client)

    def trusted(self, certificate: x509.Certificate) -> PresentedCertificate:
        """Return a certificate our CA issued to a client, in date; raises Refusal `auth.cert_invalid`."""
        now = self._clock()
        mark = fingerprint(certificate)
        verdict = self._verdicts.get(mark)
        if verdict is not None and verdict.not_before <= now <= verdict.not_after:
            self._verdicts.move_to_end(mark)
            return verdict.presented
        try:
            verify_chain(
                certificate,
                intermediates=[self._authority.issuing.certificate],
                roots=[self._authority.root.certificate],
                at=now,
                purpose=Purpose.CLIENT,
            )
        except ChainError as error:
            raise Refusal("auth.cert_invalid", reason=error.reason) from error
        presented = PresentedCertificate(certificate, mark)
        not_after = min(certificate.not_valid_after_utc, self._earliest_end)
        self._verdicts[mark] = _Verdict(presented, certificate.not_valid_before_utc, not_after)
        if len(self._verdicts) > REMEMBERED_CHAINS:
            self._verdicts.popitem(last=False)
        return presented

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
        except CertsError as error:
            raise Refusal("auth.cms", reason="asn1") from error


def _certificate(der: bytes) -> x509.Certificate:
    """Parse the certificate of a TLS connection, which OpenSSL has already taken apart once."""
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise Refusal("auth.cert_invalid", reason="unreadable") from error
