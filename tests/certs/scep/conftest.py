"""A client that asks, and the certificate that it is to get."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certs import scep
from certs.authority import Authority
from certs.names import name_of
from certs.request import build_request
from rigs.scep_client import NOW, Client


@pytest.fixture(scope="session")
def client(authority: Authority, rsa_keys: list[rsa.RSAPrivateKey]) -> Client:
    """Return a client with an RSA key, which certifies and signs."""
    subject = name_of("asking", "mdmsim TEST")
    return Client(
        key=rsa_keys[1],
        signer=scep.self_signed(rsa_keys[1], subject, when=NOW),
        csr=build_request(rsa_keys[1], subject, challenge="once"),
        transaction_id=scep.transaction_id_of(rsa_keys[1]),
        recipient=authority.registration.certificate,
        subject=subject,
    )


@pytest.fixture(scope="session")
def answer(authority: Authority, client: Client) -> x509.Certificate:
    """Return the certificate that the client is to get."""
    return authority.issue_identity(client.subject, key=client.key).certificate
