"""How a device gets and renews its identity: SCEP (RFC 8894), as the profile's SCEP payload says.

Foreign servers differ in what they say about themselves, so the device asks for capabilities first and falls back to
what every server can do: GET instead of POST, SHA-1 instead of SHA-256 where that is allowed at all.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs import scep
from certs.enveloped_data import LEGACY, MODERN
from certs.errors import CertsError, ScepError
from certs.identity import Identity
from certs.keys import KeyKind, PrivateKey, generate_key
from certs.names import name_from_subject, name_of
from certs.request import build_request
from certs.scep.client import RequestFacts
from certs.signed_data import LEGACY_DIGESTS, SHA2
from device_emulator.core.conversation import OK, USER_AGENT, Conversation, Draft, Pause, patiently
from device_emulator.core.errors import ExchangeError
from device_emulator.core.handheld import Handheld
from device_emulator.core.messages import RequestKind, ResponseArrived
from device_emulator.core.settings import DeviceSettings
from mdm_server.wire.enrollment_profile import ScepSettings

FINGERPRINTS = {16: "md5", 20: "sha1", 32: "sha256"}


@dataclass(frozen=True, slots=True)
class ScepServer:
    """What a device learnt about a SCEP server: what it can do and who it is."""

    url: str
    capabilities: scep.Capabilities
    certificates: tuple[x509.Certificate, ...]
    recipient: x509.Certificate


@dataclass(frozen=True, slots=True)
class Application:
    """A device applying for a certificate. `signer` proves who applies, and opens the answer."""

    key: PrivateKey
    request: bytes
    subject: x509.Name
    signer: Identity
    renews: bool

    @property
    def transaction(self) -> str:
        """The transaction's identifier (RFC 8894 §3.2.1.1), which a retry repeats.

        It is that of the request and not, as is usual, of the key: a key from the pool comes back in the next fleet.
        """
        return hashlib.sha256(self.request).hexdigest()


def obtain_identity(handheld: Handheld, settings: ScepSettings, challenge: str | None) -> Conversation[None]:
    """Make a key, have it certified, and put both into the keychain.

    Raises:
        ExchangeError: the server is not the one the profile names, refuses, or certifies something else.

    """
    server = yield from _get_to_know(handheld, settings)
    # A device that was erased must not have the key it had before, so the pool serves only the first enrolment.
    first = handheld.enrollments == 1
    key = handheld.keychain.make_key(handheld.settings.key_kind, index=handheld.randomness.number if first else None)
    subject = subject_of(handheld, settings)
    signer = _self_signed(handheld, handheld.keychain.signer_key(key, handheld.randomness.number), subject)
    application = Application(key, build_request(key, subject, challenge=challenge), subject, signer, renews=False)
    handheld.keychain.certificate = yield from _apply(handheld, server, application)


def renew_identity(handheld: Handheld, settings: ScepSettings, challenge: str | None) -> Conversation[None]:
    """Have the same key certified again, with the certificate about to expire as proof of who asks (RenewalReq).

    Where the server knows no renewal, or the identity cannot open the answer (P-256), it is a first request again.
    """
    identity = handheld.keychain.identity
    if identity is None:
        raise ExchangeError("no_identity", "expected an identity to renew, found none")
    server = yield from _get_to_know(handheld, settings)
    key, subject = identity.key, identity.certificate.subject
    renews = server.capabilities.can_renew and isinstance(key, rsa.RSAPrivateKey)
    signer = identity
    if not renews:
        signer = _self_signed(handheld, handheld.keychain.signer_key(key, handheld.randomness.number), subject)
    application = Application(key, build_request(key, subject, challenge=challenge), subject, signer, renews=renews)
    handheld.keychain.certificate = yield from _apply(handheld, server, application)


def throw_away_identity(handheld: Handheld) -> Identity:
    """Return an identity that proves nothing, for whoever insists on a signature."""
    return _self_signed(handheld, generate_key(KeyKind.P_256), name_of(handheld.hardware.udid))


def _self_signed(handheld: Handheld, key: PrivateKey, subject: x509.Name) -> Identity:
    serial = handheld.randomness.stream("self-signed", handheld.enrollments).getrandbits(63) + 1
    return scep.self_signed(key, subject, when=handheld.clock(), serial=serial)


def subject_of(handheld: Handheld, settings: ScepSettings) -> x509.Name:
    """Return the subject the profile asks for, its variables replaced; a profile that asks for none gets the UDID."""
    if not settings.subject:
        return name_of(handheld.hardware.udid)
    replacements = {
        "%HardwareUUID%": handheld.hardware.udid,
        "%UDID%": handheld.hardware.udid,
        "%SerialNumber%": handheld.hardware.serial_number,
        "%ComputerName%": handheld.name,
        "%DeviceName%": handheld.name,
    }

    def replaced(text: str) -> str:
        for variable, value in replacements.items():
            text = text.replace(variable, value)
        return text

    try:
        return name_from_subject([[[kind, replaced(text)] for kind, text in relative] for relative in settings.subject])
    except CertsError as error:
        raise ExchangeError("scep.subject", str(error)) from error


def _get_to_know(handheld: Handheld, settings: ScepSettings) -> Conversation[ScepServer]:
    answer = yield from patiently(handheld, _get(RequestKind.SCEP_CAPABILITIES, settings.url, "GetCACaps"))
    # A server that knows no GetCACaps can do what RFC 8894 §3.5.2 expects of the oldest.
    text = answer.body.decode("ascii", "replace") if answer.status == OK else ""
    answer = yield from patiently(
        handheld, _get(RequestKind.SCEP_CERTIFICATES, settings.url, "GetCACert", settings.name)
    )
    _expect_ok(answer, "scep.ca_certificate")
    try:
        certificates = tuple(scep.parse_ca_certificates(answer.body, answer.headers.get("content-type", "")))
        recipient = scep.choose_recipient(certificates)
    except CertsError as error:
        raise ExchangeError("scep.ca_certificate", str(error)) from error
    _check_fingerprint(settings.ca_fingerprint, certificates)
    return ScepServer(settings.url, scep.parse_capabilities(text), certificates, recipient)


def _check_fingerprint(expected: bytes | None, certificates: tuple[x509.Certificate, ...]) -> None:
    """Compare CAFingerprint with the CA's certificates; it is what protects GetCACert, which comes in the clear."""
    if expected is None:
        return
    algorithm = FINGERPRINTS.get(len(expected))
    if algorithm is None:
        raise ExchangeError(
            "scep.fingerprint", f"expected a CAFingerprint of 16, 20 or 32 bytes, found {len(expected)}"
        )
    found = [
        hashlib.new(algorithm, each.public_bytes(Encoding.DER), usedforsecurity=False).digest() for each in certificates
    ]
    if expected not in found:
        raise ExchangeError("scep.fingerprint", f"expected the CA {expected.hex()}, found {found[0].hex()}")


def _apply(handheld: Handheld, server: ScepServer, application: Application) -> Conversation[bytes]:
    """Send a certificate request, ask again while the answer is PENDING, and return the certificate."""
    settings = handheld.settings
    kind = RequestKind.SCEP_RENEWAL if application.renews else RequestKind.SCEP_ENROLLMENT
    for poll in range(settings.scep_polls + 1):
        nonce = handheld.randomness.random_bytes(f"nonce {kind} {handheld.enrollments}", 16, poll)
        facts = RequestFacts(
            signer=application.signer,
            recipient=server.recipient,
            transaction_id=application.transaction,
            sender_nonce=nonce,
            when=handheld.clock(),
            digest=settings.digest if server.capabilities.digest == "sha256" else "sha1",
            cipher=settings.cipher,
        )
        if poll:
            kind = RequestKind.SCEP_POLL
            message = scep.poll_request(server.certificates[0].subject, application.subject, **facts)
        elif application.renews:
            message = scep.renewal_request(application.request, **facts)
        else:
            message = scep.pkcs_request(application.request, **facts)
        response = yield from patiently(handheld, _operation(kind, server, message))
        _expect_ok(response, "scep.refused")
        certificate = _read(settings, server, application, response, nonce)
        if certificate is not None:
            return certificate
        yield Pause(handheld.clock() + settings.scep_poll_every)
    raise ExchangeError("scep.pending", f"expected a certificate, found PENDING after {settings.scep_polls} polls")


def _read(
    settings: DeviceSettings, server: ScepServer, application: Application, response: ResponseArrived, nonce: bytes
) -> bytes | None:
    """Return the certificate for our key, or None if the answer is to wait.

    A certificate for another key is worth nothing, and taking it would hide an attack (`scep.other_key`).
    """
    try:
        reply = scep.read_reply(
            response.body,
            identity=application.signer,
            transaction_id=application.transaction,
            sender_nonce=nonce,
            trusted=server.certificates,
            key=application.key,
            digests=LEGACY_DIGESTS if settings.legacy_algorithms else SHA2,
            ciphers=LEGACY if settings.legacy_algorithms else MODERN,
        )
    except ScepError as error:
        raise ExchangeError(f"scep.{error.reason}", str(error)) from error
    if reply.status is scep.PkiStatus.FAILURE:
        name = "none" if reply.fail_info is None else reply.fail_info.name
        raise ExchangeError(
            "scep.refused", f"expected a certificate, found a failure: {name} {reply.text or ''}".strip()
        )
    return None if reply.certificate is None else reply.certificate.public_bytes(Encoding.DER)


def _get(kind: RequestKind, url: str, operation: str, message: str | None = None) -> Draft:
    joint = "&" if "?" in url else "?"
    query = f"operation={operation}" + (f"&message={quote(message, safe='')}" if message is not None else "")
    return Draft(kind, "GET", f"{url}{joint}{query}", {"User-Agent": USER_AGENT})


def _operation(kind: RequestKind, server: ScepServer, message: bytes) -> Draft:
    if not server.capabilities.can_post:
        return _get(kind, server.url, "PKIOperation", base64.b64encode(message).decode())
    joint = "&" if "?" in server.url else "?"
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/x-pki-message"}
    return Draft(kind, "POST", f"{server.url}{joint}operation=PKIOperation", headers, message)


def _expect_ok(response: ResponseArrived, reason: str) -> None:
    if response.status != OK:
        raise ExchangeError(reason, f"expected 200 from the SCEP server, found {response.status}")
