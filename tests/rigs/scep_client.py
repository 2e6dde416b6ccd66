"""A SCEP client in the middle of asking for a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certs import scep
from certs.identity import Identity
from certs.scep.client import RequestFacts

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
CLIENT_NONCE = b"client's nonce.."
SERVER_NONCE = b"server's nonce.."


@dataclass(frozen=True)
class Client:
    """Everything that a client knows while its request is under way."""

    key: rsa.RSAPrivateKey
    signer: Identity
    csr: bytes
    transaction_id: str
    recipient: x509.Certificate
    subject: x509.Name

    @property
    def facts(self) -> RequestFacts:
        """What every request needs."""
        return {
            "signer": self.signer,
            "recipient": self.recipient,
            "transaction_id": self.transaction_id,
            "sender_nonce": CLIENT_NONCE,
            "when": NOW,
        }

    def request(self) -> bytes:
        """Return the PKCSReq."""
        return scep.pkcs_request(self.csr, **self.facts)
