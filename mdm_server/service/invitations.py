"""Invitations: what an enrolment profile carries, and the profile made from one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.identity import fingerprint
from mdm_server.domain.invitation import challenge_hash, new_challenge
from mdm_server.domain.refusal import Refusal
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.running import Runner, runner_for
from mdm_server.service.scep_certificates import served_certificates
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.contract import Store
from mdm_server.store.records import NewInvitation
from mdm_server.wire import plist
from mdm_server.wire.enrollment_profile import (
    EnrollmentProfile,
    MdmSettings,
    ScepSettings,
    SubjectArray,
    build_enrollment_profile,
)
from mdm_server.wire.errors import ProfileError
from mdm_server.wire.mobileconfig import sign_profile

PROFILE_IDENTIFIER = "mdmsim.enrollment"
"""One identifier for every enrolment profile, so that installing a new one replaces the old one."""
DIGITAL_SIGNATURE_AND_KEY_ENCIPHERMENT = 5
LONGEST_REUSE = 100_000
RECOUNT_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRequest:
    """What is wanted of a new invitation; None means "as the settings say".

    `max_uses` above one makes the reusable kind, for tools that install one profile on many devices: its requests may
    name any subject, and a certificate is bound to its device at the first Authenticate. One that is `expected` is for
    a device that somebody vouches for and an administrator waits for: strangers do not take its room.
    """

    max_uses: int = 1
    lifetime: timedelta | None = None
    udid: str | None = None
    serial_number: str | None = None
    removable: bool | None = None
    supervised: bool | None = None
    access_rights: int | None = None
    sign_message: bool | None = None
    manual_approval: bool = False
    base_url: str | None = None
    expected: bool = False


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """A new invitation. The challenge exists only here and in the profile; the store keeps its hash."""

    invitation_id: str
    challenge: str
    expires_at: datetime
    max_uses: int


class Invitations:
    """Makes invitations and the enrolment profiles that carry them."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        settings: ServiceSettings,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        run: Runner,
    ) -> None:
        self._store = store
        self._authority = authority
        self._settings = settings
        self._clock = clock
        self._random_bytes = random_bytes
        self._sign = runner_for(authority.profile_signer.key, run)
        self._open = 0
        self._counted_at: datetime | None = None

    async def invite(self, request: InvitationRequest, facts: RequestFacts = INTERNAL) -> IssuedInvitation:
        """Record a new invitation.

        Raises Refusal `api.invalid` for a count or a lifetime that makes no sense, and `enroll.too_many_open` (429)
        while the half-open invitations are as many as the settings allow; not for one that is expected.
        """
        _check(request)
        lifetime = self._settings.invitation_lifetime if request.lifetime is None else request.lifetime
        now = self._clock()
        if not request.expected:
            await self._make_room(now, facts)
        challenge = new_challenge(self._random_bytes)
        rights = self._settings.access_rights if request.access_rights is None else request.access_rights
        row = await self._store.invitations.create(
            NewInvitation(
                invitation_id=self._uuid(),
                challenge_hash=challenge_hash(challenge),
                expires_at=now + lifetime,
                max_uses=request.max_uses,
                udid=request.udid,
                serial_number=request.serial_number,
                access_rights=rights,
                supervised=self._settings.supervised if request.supervised is None else request.supervised,
                manual_approval=request.manual_approval,
            ),
            facts.occasion(now),
        )
        self._open += 1
        return IssuedInvitation(row.invitation_id, challenge, row.expires_at, row.max_uses)

    async def profile(
        self, request: InvitationRequest, facts: RequestFacts = INTERNAL, *, signed: bool = True
    ) -> bytes:
        """Record a new invitation and return the enrolment profile that carries it, signed unless told otherwise."""
        return (await self.invite_with_profile(request, facts, signed=signed))[1]

    async def invite_with_profile(
        self, request: InvitationRequest, facts: RequestFacts = INTERNAL, *, signed: bool = True
    ) -> tuple[IssuedInvitation, bytes]:
        """Record a new invitation and return it with the enrolment profile that carries it."""
        base_url = request.base_url or facts.base_url or self._settings.base_url
        if request.access_rights is not None or request.base_url is not None:
            self._rehearse(request, base_url)
        invitation = await self.invite(request, facts)
        xml = plist.dumps(build_enrollment_profile(self._enrollment_profile(request, invitation, base_url)))
        if not signed:
            return invitation, xml
        now = self._clock()
        return invitation, await self._sign(lambda: sign_profile(xml, self._authority.profile_signer, now))

    def scep_settings(self, invitation: IssuedInvitation, base_url: str) -> ScepSettings:
        """Return how a device redeems an invitation."""
        return ScepSettings(
            url=f"{base_url}/scep",
            challenge=invitation.challenge,
            name=self._settings.organization,
            subject=subject_array(self._settings.organization, invitation.invitation_id),
            key_size=2048,
            key_usage=DIGITAL_SIGNATURE_AND_KEY_ENCIPHERMENT,
            ca_fingerprint=bytes.fromhex(fingerprint(served_certificates(self._authority, self._settings)[0])),
            payload_uuid=self._uuid(),
            payload_identifier=f"{PROFILE_IDENTIFIER}.scep",
        )

    def new_uuid(self) -> str:
        """Return a fresh UUID for a payload."""
        return self._uuid()

    def _enrollment_profile(
        self, request: InvitationRequest, invitation: IssuedInvitation, base_url: str
    ) -> EnrollmentProfile:
        """Put an enrolment profile together: what the request leaves open is as the settings say."""
        settings = self._settings
        scep = self.scep_settings(invitation, base_url)
        # Without TLS there is no client certificate, so the signature is the only identity a device can show.
        sign_message = settings.sign_message if request.sign_message is None else request.sign_message
        sign_message = sign_message or base_url.startswith("http://")
        removable = settings.removable if request.removable is None else request.removable
        return EnrollmentProfile(
            identifier=PROFILE_IDENTIFIER,
            uuid=self._uuid(),
            display_name=f"{settings.organization} enrolment",
            organization=settings.organization,
            scep=scep,
            mdm=MdmSettings(
                server_url=f"{base_url}/mdm",
                check_in_url=f"{base_url}/checkin",
                topic=settings.topic,
                access_rights=settings.access_rights if request.access_rights is None else request.access_rights,
                sign_message=sign_message,
                check_out_when_removed=settings.check_out_when_removed,
                identity_certificate_uuid=scep.payload_uuid,
            ),
            removal_disallowed=not removable,
            root_certificates=(self._authority.root.certificate.public_bytes(Encoding.DER),),
        )

    def _rehearse(self, request: InvitationRequest, base_url: str) -> None:
        """Build the profile once for nothing, so that a wish nobody can grant leaves no invitation behind (R0)."""
        nothing = IssuedInvitation("rehearsal", "rehearsal", self._clock(), 1)
        try:
            build_enrollment_profile(self._enrollment_profile(request, nothing, base_url))
        except ProfileError as error:
            raise DetailedRefusal("api.invalid", reason=error.code, detail=error.detail) from error

    async def _make_room(self, now: datetime, facts: RequestFacts) -> None:
        """Refuse while too many enrolments are half open; an abandoned one stops counting when it is old (T-27).

        Counting is not free, so it is done once a second at most.
        """
        limit = self._settings.half_open_limit
        if self._counted_at is None or abs(now - self._counted_at) >= RECOUNT_EVERY or self._open >= limit:
            since = now - self._settings.invitation_lifetime
            self._open = await self._store.invitations.count_half_open(since, facts.occasion(now))
            self._counted_at = now
        if self._open >= limit:
            raise Refusal("enroll.too_many_open", retry_after=60)

    def _uuid(self) -> str:
        """Return a random UUID (RFC 9562 §5.4) from the source of randomness that was handed in."""
        return str(uuid.UUID(bytes=self._random_bytes(16), version=4)).upper()


def _check(request: InvitationRequest) -> None:
    """Refuse a request for an invitation that makes no sense; say which part."""
    if not 1 <= request.max_uses <= LONGEST_REUSE:
        detail = f"max_uses: expected 1 to {LONGEST_REUSE}, found {request.max_uses}"
        raise DetailedRefusal("api.invalid", reason="max_uses", detail=detail)
    if request.lifetime is not None and request.lifetime <= timedelta(0):
        raise DetailedRefusal("api.invalid", reason="lifetime", detail="lifetime: expected more than nothing")
    if request.max_uses > 1 and request.udid is not None:
        detail = "udid: expected with max_uses 1 only, because one device needs one certificate"
        raise DetailedRefusal("api.invalid", reason="one_device_one_use", detail=detail)


def subject_array(organization: str, invitation_id: str) -> SubjectArray:
    """Return the subject that a profile asks for: attributes that every known client can write (checklist row 11)."""
    return ((("O", organization),), (("CN", invitation_id),))


def subject_name(organization: str, common_name: str) -> x509.Name:
    """Return the subject that certificates of an invitation carry; it is the one that the profile asked for."""
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
        ]
    )
