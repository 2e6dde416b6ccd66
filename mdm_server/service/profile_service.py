"""Over-the-air profile delivery and configuration: Apple's profile service in three phases (checklist row 12)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature

from certs.authority import Authority
from certs.keys import private_key_der
from mdm_server.domain.identity_binding import CertificateState
from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import PROFILE, Answer
from mdm_server.service.compat import Compat
from mdm_server.service.device_description import Description, open_description
from mdm_server.service.device_identity import DeviceIdentity
from mdm_server.service.invitations import PROFILE_IDENTIFIER, InvitationRequest, Invitations
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.running import Runner, runner_for
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.contract import Store
from mdm_server.wire import plist
from mdm_server.wire.mobileconfig import sign_profile
from mdm_server.wire.profile_service import (
    DeviceAttributes,
    ProfileService,
    build_scep_profile,
    parse_device_attributes,
)

PATH = "/enroll/ota"
REFUSED = "enroll.profile_service"
_TIME_BYTES = 8


class ProfileServiceEnrollment:
    """Leads a device through the phases; which phase a POST is in shows in who signed it."""

    def __init__(
        self,
        store: Store,
        invitations: Invitations,
        authority: Authority,
        settings: ServiceSettings,
        identity: DeviceIdentity,
        journal: Journal,
        clock: Callable[[], datetime],
        run: Runner,
    ) -> None:
        self._store = store
        self._invitations = invitations
        self._authority = authority
        self._settings = settings
        self._identity = identity
        self._journal = journal
        self._clock = clock
        self._sign = runner_for(authority.profile_signer.key, run)
        self._challenges = _Challenges(_challenge_key(authority), settings.invitation_lifetime)

    async def start(self, facts: RequestFacts) -> Answer:
        """Phase 1 (GET /enroll/ota): the signed Profile Service payload with the URL and a challenge."""
        with self._journal.guard(facts):
            if not self._settings.open_enrollment:
                raise Refusal("enroll.closed")
            now = self._clock()
            document = ProfileService(
                url=f"{facts.base_url or self._settings.base_url}{PATH}",
                challenge=self._challenges.make(now),
                identifier=f"{PROFILE_IDENTIFIER}.profile-service",
                uuid=self._invitations.new_uuid(),
                display_name=f"{self._settings.organization} profile service",
                organization=self._settings.organization,
            )
            xml = plist.dumps(document.to_plist())
            return Answer(await self._sign(lambda: sign_profile(xml, self._authority.profile_signer, now)), PROFILE)

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Phases 2 and 3 (POST /enroll/ota): unsigned SCEP payload, then the signed enrolment profile."""
        with self._journal.guard(facts) as exchange:
            now = self._clock()
            description = open_description(body, self._settings, now, code=REFUSED)
            attributes = parse_device_attributes(description.payload)
            if self._is_ours(description):
                presented = self._identity.trusted(description.signer)
                exchange.certificate = presented.fingerprint
                request = InvitationRequest(udid=await self._device_of(presented.fingerprint, attributes))
                return Answer(await self._invitations.profile(request, facts), PROFILE)
            self._check_challenge(attributes, now)
            return await self._scep_payload(description, attributes, facts)

    def _is_ours(self, description: Description) -> bool:
        """Say whether our issuing authority signed the signer's certificate: then this is phase 3.

        Its name alone does not tell: a test authority of the owner's may well bear the same one.
        """
        try:
            description.signer.verify_directly_issued_by(self._authority.issuing.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    async def _device_of(self, fingerprint: str, attributes: DeviceAttributes) -> str | None:
        """Return the device a certificate of ours is bound to, if any; refuse one that was taken back or replaced."""
        row = await self._store.certificates.find(fingerprint)
        if row is None or row.state is CertificateState.REVOKED:
            raise Refusal("auth.cert_invalid", reason="unrecorded" if row is None else "revoked")
        if row.state is CertificateState.SUPERSEDED:
            raise Refusal("auth.cert_superseded")
        claimed = attributes.text("UDID")
        if row.device is not None and claimed is not None and claimed != row.device:
            raise Refusal("auth.cert_mismatch")
        return row.device

    def _check_challenge(self, attributes: DeviceAttributes, now: datetime) -> None:
        """Refuse attributes that answer no phase 1 of ours; Fleet's client never returns the challenge."""
        if attributes.challenge is None and self._settings.allows(Compat.OTA_WITHOUT_CHALLENGE):
            return
        if attributes.challenge is None or not self._challenges.accept(attributes.challenge, now):
            raise Refusal(REFUSED, reason="challenge")

    async def _scep_payload(
        self, description: Description, attributes: DeviceAttributes, facts: RequestFacts
    ) -> Answer:
        """Phase 2's answer: unsigned, as Fleet's client wants it and Apple's documentation has it."""
        invitation = await self._invitations.invite(_invitation(description, attributes), facts)
        scep = self._invitations.scep_settings(invitation, facts.base_url or self._settings.base_url)
        profile = build_scep_profile(
            scep,
            identifier=f"{PROFILE_IDENTIFIER}.identity",
            uuid=self._invitations.new_uuid(),
            display_name=f"{self._settings.organization} identity",
        )
        return Answer(plist.dumps(profile), PROFILE)


def _challenge_key(authority: Authority) -> bytes:
    """Derive the key for challenges from one that outlives the process: a restart interrupts no enrolment."""
    return hmac.new(private_key_der(authority.registration.key), b"profile service challenge", hashlib.sha256).digest()


class _Challenges:
    """Challenges of phase 1: a time and its keyed hash, so that nothing has to be remembered for strangers.

    Such a challenge admits nobody. It shows that the attributes answer a phase 1 of this server; the right to a
    certificate is in the SCEP challenge that phase 2 gives out, and that is used once.
    """

    def __init__(self, key: bytes, lifetime: timedelta) -> None:
        self._key = key
        self._lifetime = lifetime

    def make(self, now: datetime) -> str:
        """Return a challenge that holds from now on, for its lifetime."""
        stamp = int(now.timestamp()).to_bytes(_TIME_BYTES, "big")
        return base64.urlsafe_b64encode(stamp + self._mac(stamp)).decode("ascii")

    def accept(self, challenge: str, now: datetime) -> bool:
        """Say whether a challenge is ours and still holds."""
        try:
            decoded = base64.urlsafe_b64decode(challenge.encode("ascii"))
        except ValueError:
            return False
        stamp, mac = decoded[:_TIME_BYTES], decoded[_TIME_BYTES:]
        if not hmac.compare_digest(mac, self._mac(stamp)):
            return False
        made = datetime.fromtimestamp(int.from_bytes(stamp, "big"), UTC)
        return made <= now < made + self._lifetime

    def _mac(self, stamp: bytes) -> bytes:
        return hmac.new(self._key, stamp, hashlib.sha256).digest()


def _invitation(description: Description, attributes: DeviceAttributes) -> InvitationRequest:
    """Say whom the invitation is for: a certain device only where a device authority vouches for the attributes."""
    if not description.vouched:
        return InvitationRequest()
    return InvitationRequest(udid=attributes.text("UDID"), serial_number=attributes.text("SERIAL"))
