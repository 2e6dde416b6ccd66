"""Whether a SCEP request gets a certificate, and which: challenges, renewals, retries, approvals.

Everything in a certificate comes from our own record; a request that wishes for something else is refused, not
corrected (T-12). The order is record, sign, complete, release: no certificate exists that is not on record (I-11), and
whatever is interrupted in between is taken up by the client's retry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority, Usage
from certs.enveloped_data import LEGACY, MODERN
from certs.errors import FailInfo, RequestRefused, ScepError
from certs.identity import fingerprint
from certs.issuance import BACK_DATING
from certs.names import format_name, parse_name
from certs.request import CertificateRequest, RequestPolicy, check_request, key_fingerprint
from certs.scep import MessageType, PkiMessage, open_request
from mdm_server.domain.invitation import challenge_hash
from mdm_server.domain.refusal import Refusal
from mdm_server.service.compat import Compat, accepted_digests, minimum_rsa_bits
from mdm_server.service.device_identity import DeviceIdentity
from mdm_server.service.invitations import subject_name
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.running import Runner, runner_for
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.contract import Store
from mdm_server.store.records import IssuanceRow, IssuanceState, NewIssuance

_CODES = {"subject": "scep.subject", "alternative_names": "scep.subject", "authority_requested": "scep.subject",
          "extended_key_usage": "scep.subject", "malformed": "scep.message"}  # fmt: skip
"""Which refusal a reason of `check_request` is; those that are not here are about the key."""


class CertificateRefused(Refusal):
    """A refusal that goes back to the client as a CertRep with this failInfo (RFC 8894 §3.2.1.4)."""

    def __init__(self, code: str, fail_info: FailInfo, *, reason: str = "") -> None:
        super().__init__(code, reason=reason)
        self.fail_info = fail_info


class ScepIssuance:
    """Issues what the record says, never what the request wishes; records before it signs."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        settings: ServiceSettings,
        identity: DeviceIdentity,
        clock: Callable[[], datetime],
        run: Runner,
    ) -> None:
        self._store = store
        self._authority = authority
        self._settings = settings
        self._identity = identity
        self._clock = clock
        self._run = run
        self._issue = runner_for(authority.issuing.key, run)
        self._ciphers = LEGACY if settings.allows(Compat.DES) else MODERN
        own_keys = (authority.root, authority.issuing, authority.registration, authority.profile_signer)
        self._policy = RequestPolicy(
            minimum_rsa_bits=minimum_rsa_bits(settings.compat),
            digests=accepted_digests(settings.compat),
            forbidden_keys=frozenset(key_fingerprint(identity.key) for identity in own_keys),
        )

    async def certificate(self, message: PkiMessage, facts: RequestFacts) -> x509.Certificate | None:
        """Return the certificate a request is entitled to, or None while an administrator has yet to decide.

        Raises Refusal: CertificateRefused, or those of `Issuance.reserve`.
        """
        match message.message_type:
            case MessageType.PKCS_REQ:
                request = await self._run(lambda: self._read(message))
                wanted = await self._by_challenge(message, request)
            case MessageType.RENEWAL_REQ:
                request = await self._run(lambda: self._read(message))
                wanted = self._by_renewal(message, request)
            case MessageType.GET_CERT_INITIAL:
                return await self._poll(message, facts)
            case _:
                # An explicit end: a type that is parsed but not served must not fall through to an issuance (T-10).
                raise CertificateRefused("scep.type", FailInfo.BAD_REQUEST)
        row = await self._store.issuance.reserve(wanted, facts.occasion(self._clock()))
        return await self._finish(row, facts)

    def _read(self, message: PkiMessage) -> CertificateRequest:
        """Open the envelope and check the request inside; every failure to open looks the same from outside."""
        try:
            der = open_request(message, self._authority.registration, ciphers=self._ciphers)
        except ScepError as error:
            code = "scep.key" if error.reason == "signer_key" else "scep.message"
            raise CertificateRefused(code, error.fail_info, reason=error.reason) from error
        try:
            return check_request(der, self._policy)
        except RequestRefused as error:
            code = _CODES.get(error.reason, "scep.key")
            raise CertificateRefused(code, error.fail_info, reason=error.reason) from error

    async def _by_challenge(self, message: PkiMessage, request: CertificateRequest) -> NewIssuance:
        """Say what a challenge entitles to. Whether it still does is decided by `reserve`, where it is consumed."""
        if not request.challenge:
            raise CertificateRefused("scep.challenge", FailInfo.BAD_REQUEST, reason="missing")
        hashed = challenge_hash(request.challenge)
        invitation = await self._store.invitations.find(hashed)
        if invitation is None:
            raise CertificateRefused("scep.challenge", FailInfo.BAD_REQUEST, reason="unknown")
        organization = self._settings.organization
        serial_number = f"{self._authority.new_serial():x}"
        asked = subject_name(organization, invitation.invitation_id)
        reusable = invitation.max_uses > 1
        if not reusable:
            self._check_wishes(request, asked)
        # Devices that share an invitation still get a name each.
        own = subject_name(organization, f"{invitation.invitation_id}-{serial_number[:16]}") if reusable else asked
        return self._issuance(message, request, own, serial_number, challenge=hashed)

    def _by_renewal(self, message: PkiMessage, request: CertificateRequest) -> NewIssuance:
        """Say what a current certificate entitles to: another one for the same device, and no other (T-15)."""
        try:
            current = self._identity.trusted(message.signer)
        except Refusal as error:
            raise CertificateRefused("scep.renewal", FailInfo.BAD_MESSAGE_CHECK, reason=error.reason) from error
        self._check_wishes(request, message.signer.subject)
        serial_number = f"{self._authority.new_serial():x}"
        return self._issuance(message, request, message.signer.subject, serial_number, renews=current.fingerprint)

    def _check_wishes(self, request: CertificateRequest, subject: x509.Name) -> None:
        """Refuse a request for another name than the one on record, unless any is tolerated."""
        if self._settings.allows(Compat.ANY_SUBJECT):
            return
        if request.subject != subject:
            raise CertificateRefused("scep.subject", FailInfo.BAD_REQUEST, reason="subject")
        if request.alternative_names:
            raise CertificateRefused("scep.subject", FailInfo.BAD_REQUEST, reason="alternative_names")

    def _issuance(
        self,
        message: PkiMessage,
        request: CertificateRequest,
        subject: x509.Name,
        serial_number: str,
        *,
        challenge: str | None = None,
        renews: str | None = None,
    ) -> NewIssuance:
        """Put on paper what will be signed."""
        now = self._clock()
        latest = self._authority.issuing.certificate.not_valid_after_utc
        return NewIssuance(
            transaction_id=message.transaction_id,
            request_hash=hashlib.sha256(request.der).hexdigest(),
            request=request.der,
            serial_number=serial_number,
            subject=format_name(subject),
            not_before=now - BACK_DATING,
            not_after=min(now + self._settings.certificate_lifetime, latest),
            public_key=key_fingerprint(request.public_key),
            challenge_hash=challenge,
            renews=renews,
        )

    async def _poll(self, message: PkiMessage, facts: RequestFacts) -> x509.Certificate | None:
        """Answer GetCertInitial (RFC 8894 §3.3.3): only whoever holds the key of the request may ask."""
        row = await self._store.issuance.find(message.transaction_id)
        if row is None:
            raise CertificateRefused("scep.unknown_transaction", FailInfo.BAD_CERT_ID)
        requested = x509.load_der_x509_csr(row.request).public_key()
        if message.signer.public_key() != requested:
            raise CertificateRefused("scep.message", FailInfo.BAD_MESSAGE_CHECK, reason="other_key")
        return await self._finish(row, facts)

    async def _finish(self, row: IssuanceRow, facts: RequestFacts) -> x509.Certificate | None:
        """Bring a recorded transaction to its end: sign it if nobody has, and release what is on record."""
        if row.state is IssuanceState.PENDING:
            return None
        if row.state is IssuanceState.DENIED:
            raise CertificateRefused("scep.denied", FailInfo.BAD_REQUEST)
        if row.state is IssuanceState.RECORDED:
            certificate = await self._issue(lambda: self._sign(row))
            row = await self._store.issuance.complete(
                row.transaction_id,
                fingerprint(certificate),
                certificate.public_bytes(Encoding.DER),
                facts.occasion(self._clock()),
            )
        assert row.certificate is not None  # an Issued transaction holds its certificate
        return x509.load_der_x509_certificate(row.certificate)

    def _sign(self, row: IssuanceRow) -> x509.Certificate:
        """Sign what is on record."""
        key = x509.load_der_x509_csr(row.request).public_key()
        assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)  # check_request let nothing else pass
        return self._authority.issue(
            key,
            parse_name(row.subject),
            usage=Usage.DEVICE,
            not_before=row.not_before,
            not_after=row.not_after,
            serial=int(row.serial_number, 16),
        )


def fail_info_of(refusal: Refusal) -> FailInfo | None:
    """Return the failInfo by which a refusal is answered, or None for one that is an HTTP status of its own."""
    if isinstance(refusal, CertificateRefused):
        return refusal.fail_info
    if refusal.code == "scep.renewal":
        return FailInfo.BAD_CERT_ID
    return FailInfo.BAD_REQUEST if refusal.status == 400 else None
