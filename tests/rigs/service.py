"""A service room on an in-line SQLite store, and devices that speak to it with real cryptography.

No sockets: a device here calls the use cases as the web room would, with the bytes a device would send.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.authority import Authority
from certs.identity import Identity
from certs.keys import PrivateKey
from certs.names import format_name, name_from_subject, name_of
from certs.request import build_request
from certs.scep import (
    Reply,
    choose_recipient,
    parse_ca_certificates,
    pkcs_request,
    read_reply,
    renewal_request,
    self_signed,
    transaction_id_of,
)
from certs.signed_data import sign
from mdm_server.domain.invitation import challenge_hash
from mdm_server.service.answer import Answer
from mdm_server.service.calling import Caller
from mdm_server.service.invitations import InvitationRequest
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.running import Runner, run_inline
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.suite import ServiceSuite, assemble
from mdm_server.store.contract import Store
from mdm_server.store.records import NewIssuance
from mdm_server.store.sqlite import open_sqlite
from mdm_server.wire import plist
from mdm_server.wire.enrollment_profile import EnrollmentSettings, ScepSettings, read_enrollment_profile
from mdm_server.wire.mobileconfig import open_profile
from rigs.sent_pushes import SentPushes

BASE_URL = "https://mdm.example.test"


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def pass_time(self, **duration: float) -> None:
        """Let time go by; the words are those of timedelta."""
        self.now += timedelta(**duration)


@dataclass
class ServiceRig:
    """Everything a service test needs to hold."""

    store: Store
    path: Path
    authority: Authority
    suite: ServiceSuite
    clock: HandClock
    random: random.Random
    scep_keys: list[rsa.RSAPrivateKey]
    pushes: SentPushes = field(default_factory=SentPushes)
    requests: int = 0

    def facts(self, **facts: Any) -> RequestFacts:
        """Return the facts of the next request."""
        self.requests += 1
        return replace(RequestFacts(f"request-{self.requests}", "192.0.2.1", base_url=BASE_URL), **facts)

    def device(self, number: int = 1, **facts: Any) -> ServiceDevice:
        """Return a device that has yet to enrol; one number is one device, whenever it is asked for."""
        udid = f"00008110-{number:016X}"
        return ServiceDevice(self, udid=udid, serial_number=f"SERIAL{number:06d}", scep_key=self.scep_keys[0], **facts)

    async def enrolled(self, number: int = 1, **facts: Any) -> ServiceDevice:
        """Return a device that has enrolled."""
        device = self.device(number, **facts)
        await device.enroll()
        return device


@dataclass
class ServiceDevice:
    """A device as the server sees it: identifiers, an identity, and messages signed with it."""

    rig: ServiceRig
    udid: str
    serial_number: str
    scep_key: rsa.RSAPrivateKey
    identity: Identity | None = None
    settings: EnrollmentSettings | None = None
    product_name: str = "iPhone15,2"
    over_tls: bool = False
    token: bytes = b""
    magic: str = ""
    peer: str = "192.0.2.1"
    challenge: str | None = None
    """A challenge to send instead of the profile's."""
    request_key: PrivateKey | None = None
    """The key that was asked about last."""

    # --- enrolment ---------------------------------------------------------------------------------------------------

    async def enroll(self, profile: bytes | None = None) -> None:
        """Go the whole way: profile, certificate, Authenticate, TokenUpdate."""
        await self.get_certificate(profile)
        assert (await self.authenticate()).status == 200
        assert (await self.token_update()).status == 200

    async def get_certificate(self, profile: bytes | None = None, key: PrivateKey | None = None) -> None:
        """Fetch an enrolment profile, unless one is given, and redeem its challenge for a key."""
        await self.fetch_profile(profile)
        self.identity = await self.redeem(self.scep_settings(), key)

    async def fetch_profile(self, profile: bytes | None = None) -> None:
        """Fetch an enrolment profile, unless one is given, and read it."""
        if profile is None:
            profile = (await self.rig.suite.enroll.answer(self.rig.facts(method="GET", peer=self.peer), b"")).body
        opened = open_profile(profile, roots=[self.rig.authority.root.certificate], at=self.rig.clock())
        self.settings = read_enrollment_profile(opened.profile)

    def scep_settings(self) -> ScepSettings:
        """Return how to redeem the profile that was fetched."""
        assert self.settings is not None
        return self.settings.scep

    def request(self, key: PrivateKey, *, subject: x509.Name | None = None, **request: Any) -> bytes:
        """Return a PKCS #10 request for a key, with the profile's challenge and subject unless others are given."""
        self.request_key = key
        scep = self.scep_settings()
        wanted = name_from_subject(scep.subject) if subject is None else subject
        return build_request(key, wanted, challenge=self.challenge or scep.challenge, **request)

    async def redeem(self, scep: ScepSettings, key: PrivateKey | None = None) -> Identity:
        """Get a certificate for a key, a new one unless it is given."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        reply = await self.scep(key, scep)
        assert reply.certificate is not None, reply
        return Identity(key, reply.certificate)

    async def certify(self) -> None:
        """Take the identity SCEP would have led to, without SCEP: for tests that need hundreds of them."""
        rig = self.rig
        invitation = await rig.suite.invitations.invite(InvitationRequest())
        key = ec.generate_private_key(ec.SECP256R1())
        subject, now = name_of(self.serial_number), rig.clock()
        csr = build_request(key, subject)
        certificate = rig.authority.issue(key.public_key(), subject, not_before=now, not_after=now + timedelta(days=1))
        issuance = NewIssuance(
            transaction_id=transaction_id_of(key),
            request_hash=hashlib.sha256(csr).hexdigest(),
            request=csr,
            serial_number=f"{certificate.serial_number:x}",
            subject=format_name(subject),
            not_before=now,
            not_after=now + timedelta(days=1),
            challenge_hash=challenge_hash(invitation.challenge),
        )
        self.identity = Identity(key, certificate)
        occasion = rig.facts().occasion(now)
        row = await rig.store.issuance.reserve(issuance, occasion)
        await rig.store.issuance.complete(row.transaction_id, self.identity.fingerprint, self.identity.der, occasion)

    async def scep(self, key: PrivateKey, scep: ScepSettings) -> Reply:
        """Send a PKCSReq for a key, and check the answer."""
        csr = build_request(key, name_from_subject(scep.subject), challenge=scep.challenge)
        return await self.send_scep(csr, transaction_id=transaction_id_of(key), key=key)

    async def renew(self, key: PrivateKey, **message: Any) -> Identity:
        """Get a certificate for the next key, signing with the present one, which has to be an RSA key."""
        assert self.identity is not None
        csr = build_request(key, self.identity.certificate.subject)
        reply = await self.send_scep(
            csr, transaction_id=transaction_id_of(key), key=key, signer=self.identity, renewal=True, **message
        )
        assert reply.certificate is not None, reply
        return Identity(key, reply.certificate)

    async def send_scep(
        self,
        csr: bytes,
        *,
        transaction_id: str,
        key: Any = None,
        signer: Identity | None = None,
        renewal: bool = False,
        **message: Any,
    ) -> Reply:
        """Wrap a request, send it, and check the answer."""
        signer = signer or self.scep_signer()
        nonce = self.rig.random.randbytes(16)
        recipients = await self.authority_certificates()
        wrap = renewal_request if renewal else pkcs_request
        raw = wrap(
            csr,
            signer=signer,
            recipient=choose_recipient(recipients),
            transaction_id=transaction_id,
            sender_nonce=nonce,
            when=self.rig.clock(),
            **message,
        )
        answer = await self.post_scep(raw)
        return read_reply(
            answer.body,
            identity=signer,
            transaction_id=transaction_id,
            sender_nonce=nonce,
            trusted=recipients,
            key=key or self.request_key,
        )

    def scep_signer(self) -> Identity:
        """Return the throw-away certificate that signs a first request."""
        return self_signed(self.scep_key, name_from_subject([[["CN", "SCEP SIGNER"]]]), when=self.rig.clock())

    async def post_scep(self, raw: bytes) -> Answer:
        """POST a PKIMessage."""
        facts = self.rig.facts(method="POST", query={"operation": "PKIOperation"}, peer=self.peer)
        return await self.rig.suite.scep.answer(facts, raw)

    async def authority_certificates(self) -> list[x509.Certificate]:
        """Ask GetCACert."""
        answer = await self.rig.suite.scep.answer(self.rig.facts(method="GET", query={"operation": "GetCACert"}), b"")
        return parse_ca_certificates(answer.body, answer.content_type or "")

    # --- messages ----------------------------------------------------------------------------------------------------

    def message(self, message_type: str, **keys: Any) -> dict[str, Any]:
        """Return a check-in message of this device; None leaves a key out."""
        message = {"MessageType": message_type, "UDID": self.udid, "Topic": self.rig.suite.settings.topic, **keys}
        return {key: value for key, value in message.items() if value is not None}

    async def send(self, message: dict[str, Any] | bytes, **facts: Any) -> Answer:
        """Send a message, signed or over TLS as this device does it."""
        body = message if isinstance(message, bytes) else plist.dumps(message)
        return await self.rig.suite.device_channel.answer(self.facts_for(body, **facts), body)

    def facts_for(self, body: bytes, **facts: Any) -> RequestFacts:
        """Return the facts of a request with this body, with this device's identity on it."""
        if self.identity is not None:
            proof = {"tls_certificate": self.identity.der} if self.over_tls else {"mdm_signature": self.signature(body)}
            facts = {**proof, **facts}
        return self.rig.facts(**{"peer": self.peer, **facts})

    def signature(self, body: bytes, *, detached: bool = True, **options: Any) -> str:
        """Return the Mdm-Signature of a body."""
        assert self.identity is not None
        message = sign(body, self.identity, when=self.rig.clock(), detached=detached, **options)
        return base64.b64encode(message).decode()

    async def authenticate(self, **keys: Any) -> Answer:
        """Send Authenticate."""
        details = {
            "DeviceName": f"Device {self.serial_number}",
            "Model": "MQ0E3",
            "ModelName": "iPhone",
            "ProductName": self.product_name,
            "OSVersion": "17.5",
            "BuildVersion": "21F79",
            "SerialNumber": self.serial_number,
        }
        return await self.send(self.message("Authenticate", **{**details, **keys}))

    async def token_update(self, **keys: Any) -> Answer:
        """Send TokenUpdate, with a new push token unless one is given."""
        self.token = keys.setdefault("Token", self.rig.random.randbytes(32))
        self.magic = keys.setdefault("PushMagic", f"MAGIC-{self.rig.random.randbytes(8).hex()}")
        return await self.send(self.message("TokenUpdate", **{"UnlockToken": b"unlock " * 8, **keys}))

    async def check_out(self) -> Answer:
        """Send CheckOut."""
        return await self.send(self.message("CheckOut"))

    async def report(self, status: str, command_uuid: str | None = None, **keys: Any) -> Answer:
        """Send a command report."""
        report = {"UDID": self.udid, "Status": status, **keys}
        if command_uuid is not None:
            report["CommandUUID"] = command_uuid
        return await self.send(report)

    async def idle(self) -> dict[str, Any] | None:
        """Report Idle and return the command that comes back, if there is one."""
        return command_in(await self.report("Idle"))


def command_in(answer: Answer) -> dict[str, Any] | None:
    """Return the command in an answer, if there is one."""
    return plist.loads_dict(answer.body, limits=plist.PROFILE) if answer.body else None


@asynccontextmanager
async def service_rig(
    directory: Path,
    authority: Authority,
    scep_keys: list[rsa.RSAPrivateKey],
    now: datetime,
    *,
    limiter: GuessLimiter | None = None,
    caller: Caller | None = None,
    inline: bool = True,
    run: Runner = run_inline,
    **settings: Any,
) -> AsyncIterator[ServiceRig]:
    """Open a rig and close its store afterwards."""
    clock = HandClock(now)
    chance = random.Random(20260601)
    path = directory / "state.sqlite"
    store = open_sqlite(path, inline=inline, durable=False)
    pushes = SentPushes()
    try:
        suite = assemble(
            store,
            replace(authority, clock=clock),
            ServiceSettings(base_url=BASE_URL, **settings),
            clock=clock,
            random_bytes=chance.randbytes,
            sender=pushes,
            limiter=limiter or GuessLimiter(clock),
            caller=caller,
            run=run,
        )
        yield ServiceRig(store, path, authority, suite, clock, chance, scep_keys, pushes)
    finally:
        await store.close()
