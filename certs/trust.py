"""Whether a certificate may be trusted: its chain, its validity, its purpose and its key.

`cryptography` builds and verifies the path (RFC 5280 §6). Its policies are made for the public web and are opened up
here: a device's certificate has no alternative name. What they then no longer ask is asked below, each with a reason of
its own. The reasons, in the order in which they are found: `untrusted`, `authority_leaf`, `weak_key`, `purpose`,
`not_yet_valid`, `expired`. Whether a certificate has been revoked, and whose it is, only its caller's records know.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from threading import Lock
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.errors import UNREADABLE_X509, ChainError
from certs.identity import fingerprint
from certs.key_strength import MINIMUM_RSA_BITS, size_weakness

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

_REMEMBERED_VERIFIERS = 32
_REMEMBERED_CHAINS = 64
"""How much `verify_chain` remembers: for so many sets of roots and intermediates, so many chains."""


class Purpose(StrEnum):
    """What a certificate is wanted for."""

    CLIENT = "client"
    """To be a device: it must say clientAuth."""
    SERVER = "server"
    """To be a TLS server: serverAuth, where it limits its purposes at all."""
    SIGNING = "signing"
    """To sign documents: any but a device's, as long as its key usage lets it sign."""


@dataclass(frozen=True)
class _Chain:
    """What is true of a certificate whenever it is looked at."""

    not_before: datetime
    not_after: datetime
    purposes: frozenset[Purpose]


class ChainVerifier:
    """Verifies many certificates against the same roots, and remembers the chains that held.

    What is remembered is keyed by the SHA-256 of the whole certificate, so that nothing which merely resembles a
    trusted certificate is taken for it. Validity is compared with the moment given, every time. Safe in many threads.

    Args:
        roots: the certificates that are trusted as they are.
        intermediates: the authorities that may stand between.
        remember: how many chains are kept at most; those not seen for longest go first.
        minimum_rsa_bits: how long an RSA key must be; 1024 where compatibility with old clients is asked for.

    """

    def __init__(
        self,
        roots: Iterable[x509.Certificate],
        intermediates: Iterable[x509.Certificate] = (),
        *,
        remember: int = 4096,
        minimum_rsa_bits: int = MINIMUM_RSA_BITS,
    ) -> None:
        self._minimum_rsa_bits = minimum_rsa_bits
        self._intermediates = list(intermediates)
        self._store = verification.Store(list(roots))
        self._remember = remember
        self._chains: OrderedDict[str, _Chain] = OrderedDict()
        self._lock = Lock()

    def check(self, leaf: x509.Certificate, at: datetime, purpose: Purpose) -> None:
        """Refuse a certificate that is not to be trusted at this moment for this purpose.

        Raises:
            ChainError: with the reason.

        """
        key = fingerprint(leaf)
        with self._lock:
            chain = self._chains.get(key)
            if chain is not None:
                self._chains.move_to_end(key)
        if chain is None:
            chain = self._verified(leaf, at)
            self._keep(key, chain)
        if purpose not in chain.purposes:
            raise ChainError("purpose", f"expected a certificate for the purpose {purpose}, found one that excludes it")
        if at < chain.not_before:
            raise ChainError(
                "not_yet_valid", f"expected a certificate valid at {at}, found one from {chain.not_before}"
            )
        if at > chain.not_after:
            raise ChainError("expired", f"expected a certificate valid at {at}, found one until {chain.not_after}")

    def _keep(self, key: str, chain: _Chain) -> None:
        with self._lock:
            self._chains[key] = chain
            while len(self._chains) > self._remember:
                self._chains.popitem(last=False)

    def _verified(self, leaf: x509.Certificate, at: datetime) -> _Chain:
        try:
            path = self._path(leaf, at)
            _check_authorities(path)
            _check_keys(path, self._minimum_rsa_bits)
            purposes = frozenset(_purposes(leaf))
        except UNREADABLE_X509 as error:
            if isinstance(error, ChainError):
                raise
            raise ChainError("untrusted", f"expected a well-formed certificate, found: {error}") from error
        return _Chain(
            max(certificate.not_valid_before_utc for certificate in path),
            min(certificate.not_valid_after_utc for certificate in path),
            purposes,
        )

    def _path(self, leaf: x509.Certificate, at: datetime) -> list[x509.Certificate]:
        """Find the path to a root, at whatever moment there is one: validity is judged apart, with its own reasons."""
        first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        refusal: verification.VerificationError | None = None
        for moment in dict.fromkeys([min(max(at, first), last), first, last]):
            policy = verification.PolicyBuilder().store(self._store).time(moment)
            policy = policy.extension_policies(ca_policy=_AUTHORITY_POLICY, ee_policy=_LEAF_POLICY)
            try:
                return policy.build_client_verifier().verify(leaf, self._intermediates).chain
            except verification.VerificationError as error:
                refusal = error
        raise ChainError(
            "untrusted", f"expected a certificate that leads to a trusted root, found one that does not: {refusal}"
        ) from refusal


_AUTHORITY_POLICY = verification.ExtensionPolicy.permit_all().require_present(
    x509.BasicConstraints, verification.Criticality.AGNOSTIC, None
)
_LEAF_POLICY = verification.ExtensionPolicy.permit_all()


def verify_chain(
    leaf: x509.Certificate,
    *,
    intermediates: Iterable[x509.Certificate],
    roots: Iterable[x509.Certificate],
    at: datetime,
    purpose: Purpose,
) -> None:
    """Refuse a certificate that is not to be trusted at this moment for this purpose.

    A fleet's profiles come from one signer: what was found out for it with the same roots and intermediates is
    remembered, as a `ChainVerifier` would. Validity is compared with the moment given, every time.

    Raises:
        ChainError: with the reason.

    """
    _verifier(tuple(roots), tuple(intermediates)).check(leaf, at, purpose)


@lru_cache(maxsize=_REMEMBERED_VERIFIERS)
def _verifier(roots: tuple[x509.Certificate, ...], intermediates: tuple[x509.Certificate, ...]) -> ChainVerifier:
    return ChainVerifier(roots, intermediates, remember=_REMEMBERED_CHAINS)


def _check_authorities(path: list[x509.Certificate]) -> None:
    """Check who may certify in a path: every issuer, and never the leaf (RFC 5280 §4.2.1.3, §4.2.1.9).

    That issuers are authorities, and how many may stand below each, the path's builder has seen to.
    """
    leaf, *issuers = path
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise ChainError("authority_leaf", "expected an end entity's certificate, found an authority's")
    for issuer in issuers:
        usage = _extension(issuer, x509.KeyUsage)
        if usage is not None and not usage.key_cert_sign:
            raise ChainError("untrusted", f"expected issuers that may certify, found {issuer.subject.rfc4514_string()}")


def _check_keys(path: list[x509.Certificate], minimum_rsa_bits: int) -> None:
    for certificate in path:
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or size_weakness(key, minimum_rsa_bits):
            raise ChainError(
                "weak_key",
                f"expected RSA of {minimum_rsa_bits} bits or more, or P-256, P-384, P-521; found {_describe(key)}",
            )


def _purposes(leaf: x509.Certificate) -> Iterator[Purpose]:
    """Say what a leaf may be used for (RFC 5280 §4.2.1.3, §4.2.1.12)."""
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        return
    extended = _extension(leaf, x509.ExtendedKeyUsage)
    if extended is None:
        yield from (Purpose.SERVER, Purpose.SIGNING)
    elif ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in extended:
        yield from Purpose
    else:
        if ExtendedKeyUsageOID.CLIENT_AUTH in extended:
            yield Purpose.CLIENT
        if ExtendedKeyUsageOID.SERVER_AUTH in extended:
            yield Purpose.SERVER
        # A device must not be able to sign a profile for another; that others sign theirs with whatever
        # certificate they have, the web server's for instance, is usual.
        if set(extended) - {ExtendedKeyUsageOID.CLIENT_AUTH}:
            yield Purpose.SIGNING


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _describe(key: object) -> str:
    return f"{type(key).__name__} of {getattr(key, 'key_size', '?')} bits"
