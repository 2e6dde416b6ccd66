"""Simulated devices of other people, as small programs that send what those send and need what those need.

What each insists on is checked with `need`, which says so: a server that such a client cannot read is what the tests
are looking for.
"""

from __future__ import annotations

import base64
import os
import plistlib
import secrets
import ssl
import string
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from rigs import foreign_pkcs7 as pkcs7
from rigs.foreign_messages import document
from rigs.go_http import Answer, http_request

CHECK_IN_TYPE = "application/x-apple-aspen-mdm-checkin"
SUBJECT_TYPES = {
    "C": NameOID.COUNTRY_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTUVWXYZ"


class UnreadableError(AssertionError):
    """The foreign client cannot go on with what the server gave it."""


def need(condition: object, what: str) -> None:
    """Stop as the client would stop."""
    if not condition:
        raise UnreadableError(what)


def random_serial() -> str:
    """Return a serial number as both simulators draw them."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


def certificate_request(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, subject: list[tuple[str, str]], challenge: str
) -> x509.CertificateSigningRequest:
    """Return a request with a challenge, and no extensions: neither client asks for any."""
    name = x509.Name([x509.NameAttribute(SUBJECT_TYPES[kind], value) for kind, value in subject])
    builder = x509.CertificateSigningRequestBuilder(name)
    with_challenge = builder.add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
    return with_challenge.sign(key, hashes.SHA256())


# --- mdmb ------------------------------------------------------------------------------------------------------------


@dataclass
class Mdmb:
    """`jessepeterson/mdmb`: a Mac that PUTs, signs detached, and installs unsigned profiles from files.

    mdmb makes two keys of its own, that of the device and one to sign the SCEP request with; here they are handed in,
    for a key takes longer than everything else.
    """

    device_key: rsa.RSAPrivateKey
    signer_key: rsa.RSAPrivateKey
    tls: ssl.SSLContext | None = None
    udid: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    serial: str = field(default_factory=random_serial)
    posts: bool = True
    """Whether it believes the server's word that it takes POST."""
    certificate: x509.Certificate = field(init=False)
    scep: dict[str, Any] = field(init=False)
    mdm: dict[str, Any] = field(init=False)
    longest_url: int = 0

    def install(self, profile: bytes) -> None:
        """Read a profile from a file: no CMS, exactly one MDM payload, and the SCEP payload it points to."""
        need(profile.startswith(b"<?xml"), "mdmb#2: a signed profile does not parse")
        payloads = plistlib.loads(profile)["PayloadContent"]
        mdm = [payload for payload in payloads if payload["PayloadType"] == "com.apple.mdm"]
        need(len(mdm) == 1, "exactly one MDM payload")
        self.mdm = mdm[0]
        need(self.mdm.get("SignMessage"), "non-SignMessage (mTLS) enrollment not supported")
        wanted = self.mdm["IdentityCertificateUUID"]
        (scep,) = [payload for payload in payloads if payload["PayloadUUID"] == wanted]
        self.scep = scep["PayloadContent"]
        need("?" not in self.scep["URL"], "mdmb appends a question mark to whatever is there")

    def enroll(self) -> None:
        """Get an identity, then Authenticate and TokenUpdate."""
        self.get_identity()
        for answer in (self.authenticate(), self.token_update()):
            need(answer.status == 200, f"exactly 200, not {answer.status} {answer.body[:200]!r}")

    def get_identity(self) -> None:
        """Do SCEP as mdmb does: a CSR of one key, signed for by another, the message in the URL as well."""
        capabilities = self._get("operation=GetCACaps").body.decode()
        name = quote_plus(self.scep.get("Name", ""))
        answer = self._get(f"message={name}&operation=GetCACert")
        authorities = self._authorities(answer)
        subject = [(kind, value) for rdn in self.scep["Subject"] for kind, value in rdn]
        need({kind for kind, _ in subject} <= set(SUBJECT_TYPES), "unhandled OID in SCEP payload")
        signer = pkcs7.self_signed(self.signer_key, "SCEP SIGNER", days=1)
        csr = certificate_request(self.device_key, subject, self.scep["Challenge"])
        message = pkcs7.pki_message(csr, self.signer_key, signer, authorities[0])
        if self.posts and ("POSTPKIOperation" in capabilities or "SCEPStandard" in capabilities):
            query = f"message={quote_plus(message)}&operation=PKIOperation"
            reply = self._scep("POST", query, {"Content-Type": "application/octet-stream"}, message)
        else:
            text = base64.urlsafe_b64encode(message).decode()
            reply = self._get(f"message={quote_plus(text)}&operation=PKIOperation")
        self.certificate = read_cert_rep(reply.body, self.signer_key)[0]
        need(self.certificate.public_key() == self.device_key.public_key(), "the leaf comes first")

    def authenticate(self) -> Answer:
        """Say hello; a Mac, whatever it is asked to be."""
        return self.check_in(
            MessageType="Authenticate",
            BuildVersion="24E263",
            DeviceName=f"{self.serial}'s Computer",
            OSVersion="15.4",
            ProductName="Mac16,10",
            SerialNumber=self.serial,
            Topic=self.mdm["Topic"],
        )

    def token_update(self) -> Answer:
        """Say where to push: every device of mdmb says the same, and none has NotOnConsole."""
        return self.check_in(
            MessageType="TokenUpdate", PushMagic="fakePushMagic", Token=b"fakeToken", Topic=self.mdm["Topic"]
        )

    def check_in(self, **message: object) -> Answer:
        """PUT to CheckInURL, or to ServerURL where there is none."""
        url = self.mdm.get("CheckInURL") or self.mdm["ServerURL"]
        return self.put(url, document(UDID=self.udid, **message), {"Content-Type": CHECK_IN_TYPE})

    def connect(self) -> dict[str, str]:
        """Ask for commands and acknowledge each until the answer is empty; returns UUID to RequestType."""
        taken: dict[str, str] = {}
        answer = self.report(Status="Idle")
        while answer.body:
            need(answer.status == 200, "exactly 200")
            command = plistlib.loads(answer.body)
            need(command["CommandUUID"] not in taken, "a command comes once")
            taken[command["CommandUUID"]] = command["Command"]["RequestType"]
            answer = self.report(Status="Acknowledged", CommandUUID=command["CommandUUID"])
        need(answer.status == 200, "exactly 200")
        return taken

    def report(self, **report: object) -> Answer:
        """PUT a report to ServerURL: signed, and without any Content-Type."""
        return self.put(self.mdm["ServerURL"], document(UDID=self.udid, **report), {})

    def put(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """PUT a signed message."""
        signature = pkcs7.sign(body, self.device_key, self.certificate, attached=False)
        signed = {**headers, "Mdm-Signature": base64.b64encode(signature).decode()}
        return http_request("PUT", url, headers=signed, body=body, tls=self.tls)

    def _authorities(self, answer: Answer) -> list[x509.Certificate]:
        match answer.headers.get("content-type"):
            case "application/x-x509-ca-cert":
                return parse_certificates(answer.body)
            case "application/x-x509-ca-ra-cert":
                return pkcs7.certificates_in(answer.body)
        raise UnreadableError(f"unknown content-type {answer.headers.get('content-type')}")

    def _get(self, query: str) -> Answer:
        return self._scep("GET", query, {}, None)

    def _scep(self, method: str, query: str, headers: dict[str, str], body: bytes | None) -> Answer:
        url = f"{self.scep['URL']}?{query}"
        self.longest_url = max(self.longest_url, len(url))
        return http_request(method, url, headers=headers, body=body, tls=self.tls)


# --- Fleet's mdmtest -------------------------------------------------------------------------------------------------


@dataclass
class FleetClient:
    """Fleet's `mdmtest.TestAppleMDMClient`: an iPad that POSTs everything to ServerURL and signs attached."""

    key: rsa.RSAPrivateKey
    model: str = "iPad13,18"
    serial: str = field(default_factory=random_serial)
    udid: str = field(default_factory=lambda: random_serial()[:8] + "-" + (random_serial() + random_serial())[:16])
    certificate: x509.Certificate = field(init=False)
    mdm_url: str = field(init=False)
    scep_url: str = field(init=False)
    challenge: str = field(init=False)

    @property
    def identifiers(self) -> dict[str, object]:
        """What every message carries: a topic of its own, and both identifiers where Apple has one or the other."""
        name = f"{self.udid}"
        return {
            "UDID": self.udid,
            "EnrollmentID": f"testenrollmentid-{name}",
            "Topic": f"com.apple.mgmt.External.{name}",
        }

    # How it gets a profile

    def fetch_with_query(self, enroll_url: str) -> None:
        """Enrol through ADE: MachineInfo in the query, in URL-safe base64."""
        info = base64.urlsafe_b64encode(self.machine_info()).decode()
        self.install(self._ok(http_request("GET", f"{enroll_url}?token=t&deviceinfo={info}", tls=UNVERIFIED)))

    def fetch_with_post(self, enroll_url: str) -> None:
        """Enrol through ADE: MachineInfo as the body."""
        headers = {"Content-Type": "application/pkcs7-signature"}
        self.install(self._ok(self._post(f"{enroll_url}?token=t", self.machine_info(), headers)))

    def fetch_over_the_air(self, ota_url: str) -> None:
        """Go through the profile service: a signed phase 1, an unsigned phase 2, a signed phase 3."""
        first = self._ok(http_request("GET", ota_url, tls=UNVERIFIED))
        need(not first.startswith(b"<?xml"), "phase 1 has to be signed")
        url = plistlib.loads(pkcs7.verify(first).content)["PayloadContent"]["URL"]
        stranger = pkcs7.self_signed(self.key, "mock")
        second = self._ok(self._post(url, pkcs7.sign(self._attributes(), self.key, stranger), {}))
        need(second.startswith(b"<?xml"), "phase 2 has to be unsigned")
        self._use_scep(plistlib.loads(second)["PayloadContent"][0]["PayloadContent"])
        self.get_identity()
        third = self._ok(self._post(url, pkcs7.sign(self._attributes(), self.key, self.certificate), {}))
        need(not third.startswith(b"<?xml"), "phase 3 has to be signed")
        self.install(third)

    def install(self, profile: bytes) -> None:
        """Read an enrolment profile by position: SCEP is payload 0, and MDM is payload 1."""
        if not profile.startswith(b"<?xml"):
            profile = pkcs7.verify(profile).content
        payloads = plistlib.loads(profile)["PayloadContent"]
        self._use_scep(payloads[0]["PayloadContent"])
        self.mdm_url = payloads[1]["ServerURL"]
        need(self.mdm_url and payloads[1]["Topic"], "payload 1 has to be MDM")

    def machine_info(self, signer: tuple[rsa.RSAPrivateKey, x509.Certificate] | None = None) -> bytes:
        """Return MachineInfo, signed by a certificate made on the spot unless somebody vouches for the device."""
        key, certificate = signer or (self.key, pkcs7.self_signed(self.key, "device"))
        info = {"SERIAL": self.serial, "UDID": self.udid, "PRODUCT": self.model, "OS_VERSION": "17.5.1"}
        info |= {"VERSION": "22A3351", "LANGUAGE": "en-US", "SOFTWARE_UPDATE_DEVICE_ID": self.model}
        return pkcs7.sign(document(**info), key, certificate)

    def _attributes(self) -> bytes:
        return document(PRODUCT=self.model, SERIAL=self.serial, UDID=self.udid, VERSION="22A5316k")

    def _use_scep(self, content: dict[str, Any]) -> None:
        self.scep_url, self.challenge = content["URL"], content["Challenge"]
        need(self.scep_url and self.challenge, "payload 0 has to be SCEP, with a challenge")

    # How it enrols

    def get_identity(self) -> None:
        """Do SCEP: a subject of its own, certificates as concatenated DER, capabilities only afterwards."""
        authorities = parse_certificates(self._ok(self._get("operation=GetCACert")))
        capabilities = self._ok(self._get("operation=GetCACaps")).decode()
        subject = [("CN", f"fleet-testdevice-{self.udid}"), ("O", "fleet-organization")]
        csr = certificate_request(self.key, subject, self.challenge)
        message = pkcs7.pki_message(csr, self.key, pkcs7.self_signed(self.key, "device"), authorities[0])
        if "POSTPKIOperation" in capabilities:
            url = f"{self.scep_url}?operation=PKIOperation"
            reply = self._ok(self._post(url, message, {"Content-Type": "application/octet-stream"}))
        else:
            text = quote_plus(base64.b64encode(message).decode())
            reply = self._ok(self._get(f"operation=PKIOperation&message={text}"))
        # smallstep/scep's WithCACerts: the certificates of GetCACert take the place of those in the message.
        self.certificate = read_cert_rep(reply, self.key, signer=authorities[0])[0]

    def enroll(self) -> None:
        """Get an identity, then Authenticate and TokenUpdate."""
        if not hasattr(self, "certificate"):
            self.get_identity()
        self.send(
            CHECK_IN_TYPE,
            MessageType="Authenticate",
            Model=self.model,
            ProductName=self.model,
            SerialNumber=self.serial,
            DeviceName=f"testdevice{self.serial}",
        )
        self.token_update()

    def token_update(self) -> None:
        """Say where to push: NotOnConsole is a string, and every device awaits configuration."""
        self.send(
            CHECK_IN_TYPE,
            MessageType="TokenUpdate",
            NotOnConsole="false",
            AwaitingConfiguration=True,
            PushMagic=f"pushmagic{self.serial}",
            Token=f"token{self.serial}".encode(),
            UnlockToken=f"unlocktoken{self.serial}".encode(),
        )

    def connect(self) -> list[str]:
        """Ask for commands and acknowledge each; returns their RequestTypes."""
        taken = []
        command = self.send("", Status="Idle")
        while command is not None:
            taken.append(command["Command"]["RequestType"])
            command = self.send("", Status="Acknowledged", CommandUUID=command["CommandUUID"])
        return taken

    def send(self, content_type: str, **message: object) -> dict[str, Any] | None:
        """POST a message to ServerURL, the Content-Type header there even when empty; returns the command."""
        body = document(**self.identifiers, **message)
        signature = base64.b64encode(pkcs7.sign(body, self.key, self.certificate)).decode()
        answer = self._post(self.mdm_url, body, {"Content-Type": content_type, "Mdm-Signature": signature})
        need(answer.status == 200, f"any status but 200 is an error: {answer.status} {answer.body[:200]!r}")
        if answer.content_length == 0:
            return None
        need(answer.body, "empty command bytes: a chunked answer is no Content-Length of 0")
        command = plistlib.loads(answer.body)
        assert isinstance(command, dict)
        return command

    def _get(self, query: str) -> Answer:
        return http_request("GET", f"{self.scep_url}?{query}", tls=UNVERIFIED)

    @staticmethod
    def _post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        return http_request("POST", url, headers=headers, body=body, tls=UNVERIFIED)

    @staticmethod
    def _ok(answer: Answer) -> bytes:
        need(answer.status == 200, f"{answer.status} {answer.body[:200]!r}")
        return answer.body


# --- nanomdm's own device --------------------------------------------------------------------------------------------


class NanomdmDevice(Mdmb):
    """nanomdm's `test/enrollment`: a UDID of 32 letters, three keys in Authenticate, a new token at every update."""

    def __init__(self, device_key: rsa.RSAPrivateKey, signer_key: rsa.RSAPrivateKey) -> None:
        super().__init__(device_key, signer_key, udid="".join(secrets.choice(string.ascii_letters) for _ in range(32)))

    def authenticate(self) -> Answer:
        """Say no more than that it is there."""
        return self.check_in(MessageType="Authenticate", SerialNumber=self.serial, Topic=self.mdm["Topic"])

    def token_update(self) -> Answer:
        """Draw a new token."""
        magic = secrets.token_hex(8)
        return self.check_in(MessageType="TokenUpdate", PushMagic=magic, Token=os.urandom(32), Topic=self.mdm["Topic"])


# --- what Go's libraries make of answers -----------------------------------------------------------------------------


def parse_certificates(body: bytes) -> list[x509.Certificate]:
    """Parse concatenated DER, as Go's x509.ParseCertificates; a degenerate CMS is no certificate."""
    found = []
    while body:
        header = 2 + (body[1] & 0x7F if body[1] & 0x80 else 0)
        size = int.from_bytes(body[2:header], "big") if body[1] & 0x80 else body[1]
        found.append(x509.load_der_x509_certificate(body[: header + size]))
        body = body[header + size :]
    need(found, "no certificates")
    return found


def read_cert_rep(
    body: bytes, key: rsa.RSAPrivateKey, *, signer: x509.Certificate | None = None
) -> list[x509.Certificate]:
    """Read a CertRep as smallstep/scep does, nonce and all, and return the certificates inside."""
    reply = pkcs7.verify(body, signer=signer)
    need(reply.text(pkcs7.MESSAGE_TYPE) == pkcs7.CERT_REP, "a CertRep")
    need(reply.text(pkcs7.TRANSACTION_ID), "a transaction")
    need(reply.attributes.get(pkcs7.RECIPIENT_NONCE), "a recipientNonce that is not empty")
    need(reply.text(pkcs7.PKI_STATUS) == pkcs7.SUCCESS, f"refused: failInfo {reply.text(pkcs7.FAIL_INFO)}")
    return pkcs7.certificates_in(pkcs7.decrypt(reply.content, key))


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


UNVERIFIED = _unverified()
"""Fleet's client verifies no server."""
