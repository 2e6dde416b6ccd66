"""The SCEP endpoint (RFC 8894): GetCACaps, GetCACert and PKIOperation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cryptography import x509

from certs.authority import Authority
from certs.errors import CertsError
from certs.scep import PkiMessage, certificate_reply, failure_reply, parse_request, pending_reply
from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import PKI_MESSAGE, Answer
from mdm_server.service.compat import accepted_digests
from mdm_server.service.device_description import decode_either_alphabet
from mdm_server.service.journal import Exchange, Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.running import Runner
from mdm_server.service.scep_certificates import capabilities_answer, certificates_answer
from mdm_server.service.scep_issuance import ScepIssuance, fail_info_of
from mdm_server.service.settings import ServiceSettings

NONCE_BYTES = 16


class ScepService:
    """Decodes SCEP requests and encodes the answers; what is issued to whom is decided by ScepIssuance."""

    def __init__(
        self,
        authority: Authority,
        settings: ServiceSettings,
        issuance: ScepIssuance,
        journal: Journal,
        limiter: GuessLimiter,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        run: Runner,
    ) -> None:
        self._authority = authority
        self._issuance = issuance
        self._journal = journal
        self._limiter = limiter
        self._clock = clock
        self._random_bytes = random_bytes
        self._run = run
        self._digests = accepted_digests(settings.compat)
        self._capabilities = capabilities_answer(settings)
        self._certificates = certificates_answer(authority, settings)

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer `?operation=…`.

        A refused request is HTTP 200 with a signed CertRep FAILURE (RFC 8894 §3.2.1.4). Refusal is raised only for an
        unknown operation (400 `scep.operation`), a message that is no SCEP at all (400 `scep.message`), and too many
        wrong challenges (429 `scep.rate`, with Retry-After).
        """
        with self._journal.guard(facts) as exchange:
            match facts.query.get("operation"):
                case "GetCACaps":
                    return self._capabilities
                case "GetCACert":
                    return self._certificates
                case "PKIOperation":
                    return await self._pki_operation(facts, body, exchange)
                case _:
                    raise Refusal("scep.operation")

    async def _pki_operation(self, facts: RequestFacts, body: bytes, exchange: Exchange) -> Answer:
        """Answer a PKIMessage with a CertRep, whatever becomes of it."""
        wait = self._limiter.retry_after(facts.peer)
        if wait is not None:
            raise Refusal("scep.rate", retry_after=wait)
        raw = body if facts.method == "POST" else decode_message(facts.query.get("message", ""))
        try:
            message = await self._run(lambda: parse_request(raw, digests=self._digests))
        except CertsError as error:
            raise Refusal("scep.message", reason=getattr(error, "reason", "asn1")) from error
        try:
            certificate = await self._issuance.certificate(message, facts)
        except Refusal as refusal:
            return await self._decline(refusal, message, facts, exchange)
        return Answer(await self._run(lambda: self._reply(message, certificate)), PKI_MESSAGE)

    async def _decline(self, refusal: Refusal, message: PkiMessage, facts: RequestFacts, exchange: Exchange) -> Answer:
        """Say no inside the protocol, where the refusal is of the kind that has a place there."""
        fail_info = fail_info_of(refusal)
        if fail_info is None:
            raise refusal
        if refusal.code == "scep.challenge":
            self._limiter.failed(facts.peer)
        self._journal.refused(refusal, facts, exchange)
        nonce, now = self._random_bytes(NONCE_BYTES), self._clock()
        responder = self._authority.registration
        reply = await self._run(
            lambda: failure_reply(message, fail_info, responder=responder, when=now, sender_nonce=nonce)
        )
        return Answer(reply, PKI_MESSAGE)

    def _reply(self, message: PkiMessage, certificate: x509.Certificate | None) -> bytes:
        """Write the CertRep: SUCCESS with the leaf alone, which is all that every client can read, or PENDING."""
        nonce, now = self._random_bytes(NONCE_BYTES), self._clock()
        responder = self._authority.registration
        if certificate is None:
            return pending_reply(message, responder=responder, when=now, sender_nonce=nonce)
        return certificate_reply(message, certificate, responder=responder, when=now, sender_nonce=nonce)


def decode_message(text: str) -> bytes:
    """Decode the `message` of a GET."""
    try:
        return decode_either_alphabet(text)
    except ValueError as error:
        raise Refusal("scep.message", reason="base64") from error
