"""Row 10 of the interoperation checklist: SCEP as Go's clients speak it, Debian's `scepclient` among them."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rigs import foreign_pkcs7 as pkcs7
from rigs import oracles
from rigs.foreign_clients import FleetClient, Mdmb, UnreadableError, certificate_request, parse_certificates
from rigs.go_http import Answer, http_request
from rigs.server_thread import ServerThread, server_thread

NewKey = Callable[[], rsa.RSAPrivateKey]


def _authority(server: ServerThread) -> x509.Certificate:
    (certificate,) = parse_certificates(http_request("GET", f"{server.plain}/scep?operation=GetCACert").body)
    return certificate


def _send(server: ServerThread, method: str, query: str, body: bytes | None = None) -> Answer:
    return http_request(method, f"{server.plain}/scep?{query}", body=body)


# --- discovery -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["operation=GetCACert", "message=mdmsim+TEST&operation=GetCACert"])
def test_row_10_get_ca_cert_is_one_certificate_of_the_exact_type(lenient: ServerThread, query: str) -> None:
    """With and without `message` (mdmb sends the profile's Name): one DER certificate with an RSA key, no charset."""
    answer = _send(lenient, "GET", query)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-x509-ca-cert")
    (certificate,) = parse_certificates(answer.body)
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)


def test_row_10_capabilities_promise_what_go_looks_for(lenient: ServerThread) -> None:
    """Both clients look for POSTPKIOperation; an empty answer would make Fleet ask again with every call."""
    answer = _send(lenient, "GET", "operation=GetCACaps")
    assert answer.headers["content-type"] == "text/plain"
    assert {"POSTPKIOperation", "SHA-256", "AES", "Renewal"} <= set(answer.body.decode().split())


# --- requests --------------------------------------------------------------------------------------------------------


def test_row_10_mdmb_posts_its_message_twice_in_seven_and_a_half_kilobytes(
    lenient: ServerThread, new_key: NewKey
) -> None:
    """RSA-4096: the URL alone has 7 KB; the body counts, and the query reaches no journal."""
    device = Mdmb(rsa.generate_private_key(65537, 4096), new_key())
    device.install(lenient.profile())
    device.enroll()
    assert 7_000 < device.longest_url < 16_384
    assert lenient.device(device.udid)["status"] == "Enrolled"


def test_row_10_the_body_counts_and_not_the_message_beside_it(lenient: ServerThread, mdmb: Mdmb) -> None:
    """A POST whose query says something else, in 15 KB of it, is answered for its body."""
    message = _request(lenient, mdmb)
    noise = quote_plus(b"\x30\x82 nonsense " * 600)
    reply = _send(lenient, "POST", f"message={noise}&operation=PKIOperation", message)
    assert pkcs7.verify(reply.body).text(pkcs7.PKI_STATUS) == pkcs7.SUCCESS


def _request(server: ServerThread, device: Mdmb, *, challenge: str | None = None) -> bytes:
    csr = certificate_request(device.device_key, [("CN", "x")], challenge or device.scep["Challenge"])
    signer = pkcs7.self_signed(device.signer_key, "SCEP SIGNER", days=1)
    return pkcs7.pki_message(csr, device.signer_key, signer, _authority(server))


SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "mdmb's": lambda message: quote_plus(base64.urlsafe_b64encode(message).decode()),
    "fleet's": lambda message: quote_plus(base64.b64encode(message).decode()),
    "without padding": lambda message: base64.urlsafe_b64encode(message).decode().rstrip("="),
    "with bare plus signs": lambda message: quote(base64.b64encode(message).decode(), safe="+/="),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_row_10_a_get_carries_the_message_in_either_alphabet(lenient: ServerThread, mdmb: Mdmb, spelling: str) -> None:
    """micromdm/scep reads standard base64 only, so mdmb's GET cannot enrol there; here all of them can."""
    text = SPELLINGS[spelling](_request(lenient, mdmb))
    reply = _send(lenient, "GET", f"operation=PKIOperation&message={text}")
    assert pkcs7.verify(reply.body).text(pkcs7.PKI_STATUS) == pkcs7.SUCCESS


def test_row_10_mdmb_without_post_enrols_by_get(mdmb: Mdmb) -> None:
    """A client that does not believe in POST: the whole enrolment works by GET."""
    mdmb.posts = False
    mdmb.enroll()


def test_row_10_mdmb_may_ask_for_rsa_1024(lenient: ServerThread, new_key: NewKey) -> None:
    """A profile without Keysize means 1024 to mdmb, and in compat such a key is certified and may enrol."""
    device = Mdmb(rsa.generate_private_key(65537, 1024), new_key())
    device.install(lenient.profile())
    device.enroll()
    assert device.certificate.public_key() == device.device_key.public_key()


def test_row_10_the_reply_is_what_go_can_read(lenient: ServerThread, mdmb: Mdmb) -> None:
    """Leaf only; signed by the certificate of GetCACert, which is inside; the nonce returned; DES for whom sent DES."""
    message = _request(lenient, mdmb)
    answer = _send(lenient, "POST", "operation=PKIOperation", message)
    assert answer.headers["content-type"] == "application/x-pki-message"
    reply, asked, authority = pkcs7.verify(answer.body), pkcs7.verify(message), _authority(lenient)
    assert reply.signer == authority
    assert reply.attributes[pkcs7.RECIPIENT_NONCE] == asked.attributes[pkcs7.SENDER_NONCE]
    assert reply.text(pkcs7.TRANSACTION_ID) == asked.text(pkcs7.TRANSACTION_ID)
    (leaf,) = pkcs7.certificates_in(pkcs7.decrypt(reply.content, mdmb.signer_key))
    assert leaf.not_valid_before_utc <= datetime.now(UTC) - timedelta(minutes=9)
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH in usages


def test_row_10_a_wrong_challenge_is_a_cert_rep_that_go_understands(lenient: ServerThread, mdmb: Mdmb) -> None:
    """HTTP 200, FAILURE, badRequest: as micromdm/scep answers it, and no certificate."""
    reply = _send(lenient, "POST", "operation=PKIOperation", _request(lenient, mdmb, challenge="wrong"))
    refused = pkcs7.verify(reply.body, signer=_authority(lenient))
    assert (reply.status, refused.text(pkcs7.PKI_STATUS)) == (200, pkcs7.FAILURE)
    assert refused.text(pkcs7.FAIL_INFO) == pkcs7.BAD_REQUEST
    mdmb.scep["Challenge"] = "wrong as well"
    with pytest.raises(UnreadableError, match="failInfo 2"):
        mdmb.get_identity()


def test_row_10_the_same_name_may_be_certified_again(lenient: ServerThread, new_key: NewKey) -> None:
    """micromdm/scep refuses a subject it knows until 14 days before expiry; load tests stumble over that."""
    for _ in range(2):
        device = FleetClient(new_key(), udid="ABCDEFGH-0123456789ABCDEF", serial="ABCDEFGH0123")
        device.fetch_with_post(f"{lenient.url}/enroll")
        device.get_identity()
        assert device.certificate.public_key() == device.key.public_key()


def test_row_10_an_rsa_authority_is_ca_ra_and_signer_in_one(tmp_path: Path, new_key: NewKey) -> None:
    """With `--issuing-key rsa-2048` the one certificate that is served has signed the leaf, too."""
    with server_thread(tmp_path, issuing_key="rsa-2048", compat=("mdmb",)) as server:
        device = Mdmb(new_key(), new_key())
        device.install(server.profile())
        device.enroll()
        device.certificate.verify_directly_issued_by(_authority(server))


# --- Debian's scepclient ---------------------------------------------------------------------------------------------


def _scepclient(server: ServerThread, folder: Path, challenge: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(oracles.require("scepclient"), "-server-url", f"{server.plain}/scep", "-challenge", challenge),
            *("-private-key", str(folder / "client.key"), "-certificate", str(folder / "client.pem")),
            *("-cn", "debian", "-organization", "example"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def _save(key: rsa.RSAPrivateKey, path: Path) -> None:
    # scepclient makes a key where there is none; giving it one is quicker. It reads the PEM that Go reads.
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )


def test_debians_scepclient_enrols_and_renews(lenient: ServerThread, mdmb: Mdmb, tmp_path: Path) -> None:
    """PKCSReq with the challenge; then, its certificate in use by a device, RenewalReq with that as proof."""
    _save(mdmb.device_key, tmp_path / "client.key")
    first = _scepclient(lenient, tmp_path, mdmb.scep["Challenge"])
    assert first.returncode == 0, first.stderr
    mdmb.certificate = x509.load_pem_x509_certificate((tmp_path / "client.pem").read_bytes())
    assert mdmb.authenticate().status == 200
    assert mdmb.token_update().status == 200
    again = _scepclient(lenient, tmp_path, mdmb.scep["Challenge"])
    assert again.returncode == 0, again.stderr
    renewed = x509.load_pem_x509_certificate((tmp_path / "client.pem").read_bytes())
    assert renewed.serial_number != mdmb.certificate.serial_number
    assert renewed.subject == mdmb.certificate.subject
    mdmb.certificate = renewed
    assert mdmb.connect() == {}


def test_debians_scepclient_understands_that_its_challenge_is_wrong(
    lenient: ServerThread, new_key: NewKey, tmp_path: Path
) -> None:
    """It fails, says why, and writes no certificate."""
    _save(new_key(), tmp_path / "client.key")
    refused = _scepclient(lenient, tmp_path, "wrong")
    assert refused.returncode != 0
    assert "badRequest" in refused.stdout + refused.stderr or "bad request" in (refused.stdout + refused.stderr).lower()
    assert not (tmp_path / "client.pem").exists()
