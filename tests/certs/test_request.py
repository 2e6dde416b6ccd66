from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import csr as pkcs10
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.authority import Authority
from certs.errors import FailInfo, RequestRefused
from certs.identity import Identity
from certs.issuance import key_usage
from certs.keys import private_key_pem
from certs.names import name_of, parse_name
from certs.request import RequestPolicy, build_request, check_request, key_fingerprint
from rigs import forged_requests as forged
from rigs import oracles
from rigs.elements import CONTEXT_0, SEQUENCE, SET, element, object_identifier, read
from rigs.pace import at_most

ANY = RequestPolicy()
P_256 = ec.generate_private_key(ec.SECP256R1())


def refusal(der: bytes, policy: RequestPolicy = ANY) -> tuple[str, FailInfo]:
    """Return the reason and the failInfo with which a request is refused, in less than 20 ms."""
    with at_most(0.020, "refusing"), pytest.raises(RequestRefused) as caught:
        check_request(der, policy)
    return caught.value.reason, caught.value.fail_info


def asking_for(*extensions: x509.ExtensionType) -> bytes:
    """Sign a request for extensions."""
    builder = x509.CertificateSigningRequestBuilder(name_of("device"))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(P_256, hashes.SHA256()).public_bytes(Encoding.DER)


def test_an_honest_request_passes(device_rsa: Identity, device_p256: Identity) -> None:
    """And what it says is returned: subject, key, challenge, alternative names."""
    names = (x509.DNSName("device.example"),)
    for identity in (device_rsa, device_p256):
        der = build_request(identity.key, name_of("device", "Example"), challenge="s3crét", alternative_names=names)
        request = check_request(der, ANY)
        assert request.der == der
        assert request.subject == name_of("device", "Example")
        assert request.public_key == identity.key.public_key()
        assert request.challenge == "s3crét"
        assert request.alternative_names == names


def test_a_request_need_not_have_a_challenge() -> None:
    """A renewal has none."""
    request = check_request(build_request(P_256, name_of("device")), ANY)
    assert request.challenge is None
    assert request.alternative_names == ()


def test_openssl_verifies_our_requests_and_we_verify_openssls(device_rsa: Identity, tmp_path: Path) -> None:
    """PKCS#10 in both directions, with the challenge where SCEP expects it."""
    ours = build_request(device_rsa.key, name_of("device"), challenge="secret")
    seen = oracles.run("openssl", "req", "-inform", "DER", "-verify", "-noout", "-text", stdin=ours)
    assert b"verify OK" in seen.stderr + seen.stdout
    assert b"secret" in seen.stdout
    (tmp_path / "key.pem").write_bytes(private_key_pem(device_rsa.key))
    theirs = oracles.run(
        "openssl", "req", "-new", "-key", tmp_path / "key.pem", "-subj", "/O=Example/CN=device", "-outform", "DER"
    )
    assert check_request(theirs.stdout, ANY).subject == parse_name("CN=device,O=Example")


# T-16: what an authority must not sign, whatever else is in order.
BAD_KEYS: dict[str, tuple[Callable[[], bytes], str]] = {
    "RSA of 1024 bits": (lambda: build_request(rsa.generate_private_key(65537, 1024), name_of("d")), "key_size"),
    "RSA of 2047 bits": (lambda: forged.with_rsa_numbers(forged.modulus_with_factor(769, 2047)), "key_size"),
    "RSA of 16,384 bits": (lambda: forged.with_rsa_numbers((1 << 16_383) + 1), "key_size"),
    "RSA of one bit": (lambda: forged.with_rsa_numbers(1), "key_size"),
    "a negative modulus": (lambda: forged.with_rsa_numbers(-forged.modulus_with_factor(769)), "key_size"),
    "exponent 1": (lambda: forged.with_rsa_numbers(forged.modulus_with_factor(769), 1), "key_exponent"),
    "exponent 3": (lambda: build_request(rsa.generate_private_key(3, 2048), name_of("d")), "key_exponent"),
    "an even exponent": (lambda: forged.with_rsa_numbers(forged.modulus_with_factor(769), 65536), "key_exponent"),
    "an even modulus": (lambda: forged.with_rsa_numbers(forged.modulus_with_factor(2)), "key_modulus"),
    "a modulus divisible by 751": (lambda: forged.with_rsa_numbers(forged.modulus_with_factor(751)), "key_modulus"),
    "primes close together": (lambda: forged.with_rsa_numbers(forged.modulus_with_close_factors()), "key_fermat"),
    "the faulty library's primes": (lambda: forged.with_rsa_numbers(forged.roca_modulus()), "key_roca"),
    "P-224": (lambda: build_request(ec.generate_private_key(ec.SECP224R1()), name_of("d")), "key_curve"),
    "secp256k1": (lambda: build_request(ec.generate_private_key(ec.SECP256K1()), name_of("d")), "key_curve"),
    "a point off the curve": (lambda: forged.with_point(5, 7), "key_malformed"),
    "the point zero": (lambda: forged.with_point(0, 0), "key_malformed"),
    "Ed25519": (
        lambda: (
            x509.CertificateSigningRequestBuilder(name_of("d"))
            .sign(ed25519.Ed25519PrivateKey.generate(), None)
            .public_bytes(Encoding.DER)
        ),
        "key_type",
    ),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_bad_key_is_refused(name: str) -> None:
    """T-16: badAlg, with the weakness by its name."""
    make, reason = BAD_KEYS[name]
    assert refusal(make()) == (reason, FailInfo.BAD_ALG)


def test_a_short_key_passes_where_it_was_asked_for() -> None:
    """Mdmb makes RSA-1024 keys unless told otherwise."""
    der = build_request(rsa.generate_private_key(65537, 1024), name_of("device"))
    assert check_request(der, RequestPolicy(minimum_rsa_bits=1024)).challenge is None


def test_an_authoritys_own_key_is_refused(authority: Authority) -> None:
    """T-16: whoever asks with the authority's key has stolen it, or wants to confuse."""
    own = (authority.root, authority.issuing, authority.registration)
    policy = RequestPolicy(forbidden_keys=frozenset(key_fingerprint(identity.key) for identity in own))
    for identity in own:
        der = build_request(identity.key, name_of("device"))
        assert refusal(der, policy) == ("key_forbidden", FailInfo.BAD_REQUEST)
        assert check_request(der, ANY), "it is the policy that refuses it"


def test_a_request_has_to_be_signed_with_its_own_key(device_rsa: Identity, device_p256: Identity) -> None:
    """T-16: proof of possession; a key that one merely knows of is not one's own."""
    for identity in (device_rsa, device_p256):
        flipped = bytearray(build_request(identity.key, name_of("device")))
        flipped[-1] ^= 1
        assert refusal(bytes(flipped)) == ("proof_of_possession", FailInfo.BAD_REQUEST)
    request = pkcs10.CertificationRequest.load(build_request(P_256, name_of("device")))
    other = pkcs10.CertificationRequest.load(build_request(device_p256.key, name_of("device")))
    request["signature"] = other["signature"]
    assert refusal(request.dump(force=True)) == ("proof_of_possession", FailInfo.BAD_REQUEST)


def test_sha1_passes_only_where_it_was_asked_for(device_rsa: Identity, tmp_path: Path) -> None:
    """Old clients sign with it."""
    (tmp_path / "key.pem").write_bytes(private_key_pem(device_rsa.key))
    der = oracles.run(
        "openssl", "req", "-new", "-sha1", "-key", tmp_path / "key.pem", "-subj", "/CN=device", "-outform", "DER"
    ).stdout
    assert refusal(der) == ("signature_digest", FailInfo.BAD_ALG)
    assert check_request(der, RequestPolicy(digests=ANY.digests | {"sha1"})).subject == name_of("device")


@pytest.mark.parametrize(
    ("extension", "reason"),
    [
        (x509.BasicConstraints(ca=True, path_length=None), "authority_requested"),
        (key_usage(certifies=True), "authority_requested"),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), "extended_key_usage"),
        (
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.CODE_SIGNING]),
            "extended_key_usage",
        ),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), "extended_key_usage"),
    ],
)
def test_a_request_for_more_than_a_device_needs_is_refused(extension: x509.ExtensionType, reason: str) -> None:
    """T-12: an authority's certificate, or a server's."""
    assert refusal(asking_for(extension)) == (reason, FailInfo.BAD_REQUEST)


def test_a_request_for_what_a_device_needs_passes() -> None:
    """Clients do ask for what they get anyway."""
    clients = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    plain = x509.BasicConstraints(ca=False, path_length=None)
    assert check_request(asking_for(clients, plain, key_usage(deciphers=True)), ANY)


def test_the_subject_is_the_one_on_record_where_there_is_one() -> None:
    """T-12: the challenge of one device is no ticket for another's name."""
    der = build_request(P_256, name_of("admin"))
    assert refusal(der, RequestPolicy(subject=name_of("device"))) == ("subject", FailInfo.BAD_REQUEST)
    assert check_request(der, RequestPolicy(subject=name_of("admin")))


def test_alternative_names_are_those_on_record_where_there_is_one() -> None:
    """T-12: none is taken that was not granted."""
    granted, other = x509.DNSName("device.example"), x509.DNSName("mdm.example")
    policy = RequestPolicy(alternative_names=frozenset({granted}))
    assert check_request(asking_for(x509.SubjectAlternativeName([granted])), policy).alternative_names == (granted,)
    assert check_request(asking_for(), policy).alternative_names == ()
    greedy = asking_for(x509.SubjectAlternativeName([granted, other]))
    assert refusal(greedy, policy) == ("alternative_names", FailInfo.BAD_REQUEST)


def _with_common_name(value: bytes, tag: int) -> bytes:
    """Put raw bytes where the common name is."""
    honest = build_request(P_256, name_of("device"))
    old = b"\x0c\x06device"
    assert old in honest
    assert len(value) == 6, "so that no length around it changes"
    return honest.replace(old, bytes([tag, 6]) + value)


def _with_extensions(count: int) -> bytes:
    """Ask for many extensions that mean nothing to anybody."""
    extensions = [
        element(SEQUENCE, object_identifier(f"1.2.3.{number}"), b"\x04\x02\x05\x00") for number in range(count)
    ]
    values = element(SET, element(SEQUENCE, *extensions))
    attributes = element(CONTEXT_0, element(SEQUENCE, object_identifier("1.2.840.113549.1.9.14"), values))
    information, *signature = read(build_request(P_256, name_of("device"))).children()
    *facts, _no_attributes = (each.raw for each in information.children())
    return element(SEQUENCE, element(SEQUENCE, *facts, attributes), *(each.raw for each in signature))


MALFORMED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "noise": lambda: b"\x30\x03\x02\x01\x05",
    "a megabyte": lambda: b"\x30\x84\x00\x0f\xff\xfa" + b"\x00" * 0xFFFFA,
    "text": lambda: b"-----BEGIN CERTIFICATE REQUEST-----",
    "something behind it": lambda: build_request(P_256, name_of("device")) + b"\x00",
    "a tag of 30 KiB": lambda: b"\x3f" + b"\xff" * 30_000 + b"\x01\x00",
    "bad UTF-8 in the name": lambda: _with_common_name(b"\xff\xfe\xfd\xfc\xfb\xfa", 0x0C),
    "10,000 extensions": lambda: _with_extensions(10_000),
    "an extension that is none": lambda: asking_for(x509.UnrecognizedExtension(x509.KeyUsage.oid, b"\x30\x00")),
    "an empty purpose": lambda: asking_for(x509.UnrecognizedExtension(x509.ExtendedKeyUsage.oid, b"\x02\x00")),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_refused(name: str) -> None:
    """T-36: within 20 ms, whatever it is."""
    assert refusal(MALFORMED[name]()) == ("malformed", FailInfo.BAD_REQUEST)


@pytest.mark.parametrize("count", [1, 100, 1_000])
def test_extensions_that_mean_nothing_to_us_cost_no_time(count: int) -> None:
    """T-36: the signature does not hold, and that is found within 20 ms."""
    assert refusal(_with_extensions(count))[0] == "proof_of_possession"


def test_a_nul_in_a_name_is_not_the_end_of_it() -> None:
    """T-36: a name is compared as a whole."""
    policy = RequestPolicy(subject=name_of("dev"))
    assert refusal(build_request(P_256, name_of("dev\0ice")), policy)[0] == "subject"


def test_no_flipped_bit_changes_what_is_signed(device_p256: Identity) -> None:
    """T-36: whatever bit changes, the request is refused, or the bit was in neither what is signed nor the signature.

    There is one byte of that kind: how many bits of the signature's last byte do not count.
    """
    honest = build_request(device_p256.key, name_of("device"), challenge="secret")
    signed = x509.load_der_x509_csr(honest)
    for position in range(len(honest)):
        for bit in range(8):
            flipped = bytearray(honest)
            flipped[position] ^= 1 << bit
            try:
                check_request(bytes(flipped), ANY)
            except RequestRefused:
                continue
            passed = x509.load_der_x509_csr(bytes(flipped))
            assert (passed.tbs_certrequest_bytes, passed.signature) == (signed.tbs_certrequest_bytes, signed.signature)
