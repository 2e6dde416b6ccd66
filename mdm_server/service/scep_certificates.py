"""Which certificates GetCACert answers, and why just one.

RFC 8894 §4.2.1.2 asks for the registration authority's certificate and its chain in one degenerate CMS. The clients
that exist do not live by it: Fleet's reads concatenated DER only; mdmb encrypts to every certificate it is given, and
fails on our issuing authority's P-256 key; both want the exact content type of a single certificate. All of them,
Debian's scepclient and Apple's devices too, are content with one RSA certificate that receives requests and signs
replies, for SCEP never asks whether that certificate also signs the one it issues. So the registration authority's
certificate alone is the default, and `--compat ca-chain` gives the RFC's form to clients that insist on it. An
authority made with `single=True` is its own registration authority, and serves its one certificate in either case.
"""

from __future__ import annotations

from cryptography import x509

from certs.authority import Authority
from certs.scep import write_ca_certificates, write_capabilities
from mdm_server.service.answer import TEXT, Answer
from mdm_server.service.compat import Compat
from mdm_server.service.settings import ServiceSettings


def served_certificates(authority: Authority, settings: ServiceSettings) -> tuple[x509.Certificate, ...]:
    """Return what GetCACert answers; the first one receives requests and signs replies."""
    if settings.allows(Compat.CA_CHAIN):
        return authority.scep_certificates
    return authority.scep_certificates[:1]


def certificates_answer(authority: Authority, settings: ServiceSettings) -> Answer:
    """Answer GetCACert (RFC 8894 §4.2.1): one certificate in DER, or several in a degenerate CMS."""
    return Answer(*write_ca_certificates(served_certificates(authority, settings)))


def capabilities_answer(settings: ServiceSettings) -> Answer:
    """Answer GetCACaps (RFC 8894 §3.5.2); what only a leniency allows is offered only with it."""
    text = write_capabilities(sha1=settings.allows(Compat.SHA1), triple_des=settings.allows(Compat.DES))
    return Answer(text.encode(), TEXT)
