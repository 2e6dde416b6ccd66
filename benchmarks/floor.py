"""The floor: what the protocol's own cryptography costs in OpenSSL, in this process and in this run.

The loops are those of `openssl speed`, but through `cryptography` and `ssl`, because that is the OpenSSL that does the
work here. All figures are milliseconds of CPU time.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certs.authority import Authority, Usage
from certs.identity import Identity, certificates_to_pem, identity_to_pem
from certs.issuance import BACK_DATING
from certs.keys import generate_rsa_key
from certs.names import name_of
from mdm_server.web.listener import tls_context

MESSAGE = bytes(1200)  # as long as a check-in message


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Milliseconds of CPU time for each operation that the protocol demands."""

    rsa_2048_key: float
    rsa_2048_first_signature: float
    """With a key that has not signed yet: OpenSSL then prepares what it keeps with the key."""
    rsa_2048_sign: float
    rsa_2048_verify: float
    rsa_2048_decrypt: float
    p_256_sign: float
    p_256_verify: float
    handshake_server: float
    handshake_client: float
    mutual_handshake_server: float
    mutual_handshake_client: float

    def as_json(self) -> dict[str, float]:
        """Return the costs by name."""
        return asdict(self)

    def enrollment_at_server(self, *, mutual: bool) -> float:
        """Return the least an enrolment costs the server.

        It opens the request's envelope and signs the CertRep (RSA), signs the certificate and the profile (P-256),
        verifies the PKIMessage, the CSR inside, and either two signed check-ins or a second handshake.
        """
        scep = self.rsa_2048_decrypt + self.rsa_2048_sign + 2 * self.rsa_2048_verify
        proof = self.mutual_handshake_server if mutual else 2 * self.rsa_2048_verify
        return scep + 2 * self.p_256_sign + self.handshake_server + proof

    def enrollment_at_device(self, *, mutual: bool, fresh_key: bool) -> float:
        """Return the least an enrolment costs the device.

        It signs the CSR, the certificate that stands for it in SCEP, and the PKIMessage; opens the CertRep and verifies
        it; verifies profile and certificate (P-256); and signs two check-ins or makes a second handshake.
        """
        scep = self.rsa_2048_first_signature + 2 * self.rsa_2048_sign + self.rsa_2048_decrypt + self.rsa_2048_verify
        proof = self.mutual_handshake_client if mutual else 2 * self.rsa_2048_sign
        return scep + 2 * self.p_256_verify + self.handshake_client + proof + (self.rsa_2048_key if fresh_key else 0.0)


def measure_floor(*, quick: bool) -> Floor:
    """Measure every operation for a moment."""
    seconds = 0.02 if quick else 0.4
    rsa_key = generate_rsa_key()
    ec_key = ec.generate_private_key(ec.SECP256R1())
    pkcs1, sha256, ecdsa = padding.PKCS1v15(), hashes.SHA256(), ec.ECDSA(hashes.SHA256())
    rsa_signature, ec_signature = rsa_key.sign(MESSAGE, pkcs1, sha256), ec_key.sign(MESSAGE, ecdsa)
    secret = rsa_key.public_key().encrypt(token_bytes(32), pkcs1)
    plain, mutual = _handshakes(rsa_key, rounds=3 if quick else 60)
    return Floor(
        rsa_2048_key=_cost(generate_rsa_key, seconds=seconds * 5),
        rsa_2048_first_signature=_first_signature_cost(rsa_key, rounds=5 if quick else 200),
        rsa_2048_sign=_cost(lambda: rsa_key.sign(MESSAGE, pkcs1, sha256), seconds=seconds),
        rsa_2048_verify=_cost(
            lambda: rsa_key.public_key().verify(rsa_signature, MESSAGE, pkcs1, sha256), seconds=seconds
        ),
        rsa_2048_decrypt=_cost(lambda: rsa_key.decrypt(secret, pkcs1), seconds=seconds),
        p_256_sign=_cost(lambda: ec_key.sign(MESSAGE, ecdsa), seconds=seconds),
        p_256_verify=_cost(lambda: ec_key.public_key().verify(ec_signature, MESSAGE, ecdsa), seconds=seconds),
        handshake_server=plain[0],
        handshake_client=plain[1],
        mutual_handshake_server=mutual[0],
        mutual_handshake_client=mutual[1],
    )


def _cost(work: Callable[[], object], *, seconds: float) -> float:
    """Return the milliseconds of CPU time that `work` takes, repeated for so many seconds."""
    work()
    rounds, began = 0, time.thread_time()
    while (spent := time.thread_time() - began) < seconds:
        work()
        rounds += 1
    return 1000 * spent / rounds


def _first_signature_cost(key: rsa.RSAPrivateKey, *, rounds: int) -> float:
    """Return the milliseconds of CPU time that the first signature with a key takes."""
    numbers = key.private_numbers()
    keys = [numbers.private_key(unsafe_skip_rsa_key_validation=True) for _ in range(rounds)]
    began = time.thread_time()
    for each in keys:
        each.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    return 1000 * (time.thread_time() - began) / rounds


def _handshakes(device_key: rsa.RSAPrivateKey, *, rounds: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Measure TLS 1.3 handshakes with our server's context: (server, client) without and with a client certificate."""
    authority = Authority.create(clock=lambda: datetime.now(UTC), random_bytes=token_bytes)
    now = datetime.now(UTC)
    certificate = authority.issue(
        device_key.public_key(),
        name_of("floor"),
        usage=Usage.DEVICE,
        not_before=now - BACK_DATING,
        not_after=authority.issuing.certificate.not_valid_after_utc,
        serial=authority.new_serial(),
    )
    server = authority.issue_server(["localhost"])
    with TemporaryDirectory() as folder:
        device_file, server_file = Path(folder, "device.pem"), Path(folder, "server.pem")
        device_file.write_bytes(identity_to_pem(Identity(device_key, certificate)))
        server_file.write_bytes(identity_to_pem(server))
        trusted = certificates_to_pem(authority.ca_certificates).decode()
        listening = tls_context(server_file, trusted)
        anonymous, identified = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2))
        for context in (anonymous, identified):
            context.load_verify_locations(cadata=certificates_to_pem([authority.root.certificate]).decode())
        identified.load_cert_chain(device_file)
        return _handshake_cost(listening, anonymous, rounds), _handshake_cost(listening, identified, rounds)


def _handshake_cost(listening: ssl.SSLContext, connecting: ssl.SSLContext, rounds: int) -> tuple[float, float]:
    """Return what both ends of a handshake cost: (server, client)."""
    spent = {"server": 0.0, "client": 0.0}
    for _ in range(rounds):
        upward, downward = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends = {
            "client": connecting.wrap_bio(downward, upward, server_hostname="localhost"),
            "server": listening.wrap_bio(upward, downward, server_side=True),
        }
        unfinished = set(ends)
        while unfinished:
            for name in sorted(unfinished):
                began = time.thread_time()
                try:
                    ends[name].do_handshake()
                    unfinished.discard(name)
                except ssl.SSLWantReadError:
                    pass
                spent[name] += time.thread_time() - began
    return 1000 * spent["server"] / rounds, 1000 * spent["client"] / rounds
