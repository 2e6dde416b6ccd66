"""The SCEP endpoint (RFC 8894): GetCACaps, GetCACert and PKIOperation."""

from __future__ import annotations

from certs.authority import Authority
from mdm_server.service.answer import Answer
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.scep_issuance import ScepIssuance
from mdm_server.service.settings import ServiceSettings


class ScepService:
    """Decodes SCEP requests and encodes the answers; what is issued to whom is decided by ScepIssuance."""

    def __init__(
        self, authority: Authority, settings: ServiceSettings, issuance: ScepIssuance, journal: Journal
    ) -> None: ...

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer `?operation=…`.

        A refused request is HTTP 200 with a signed CertRep FAILURE (RFC 8894 §3.2.1.4). Refusal is raised only for an
        unknown operation (400 `scep.operation`), a message that is no SCEP at all (400 `scep.unparsable`), and too many
        wrong challenges (429 `scep.rate`, with Retry-After).
        """
        raise NotImplementedError
