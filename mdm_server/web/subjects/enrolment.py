"""Enrolment: invitations and the profiles that carry them, certificates, and requests that wait for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.service.answer import PROFILE
from mdm_server.service.invitations import InvitationRequest
from mdm_server.service.views import CertificateView, InvitationView, PendingRequestView
from mdm_server.web.operations import Desk, Download, Operations
from mdm_server.web.subjects.parameters import Behind, InvitationId, Limit, Udid

enrolment = Operations("Enrolment", "Invite devices, and say which certificates are good.")

Fingerprint = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the certificate's DER, in hex.")]
TransactionId = Annotated[str, Meta(min_length=1, max_length=256, description="The SCEP transaction's identifier.")]


class Invitation(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the enrolment profile shall carry; what is left out is as the server's settings say."""

    max_uses: Annotated[int, Meta(ge=1, le=1_000_000, description="How many devices may enrol with it.")] = 1
    expires_in: Annotated[int, Meta(ge=1, le=31_536_000, description="Seconds until it expires.")] | None = None
    signed: Annotated[bool, Meta(description="Sign the profile. Some tools (mdmb) read only unsigned ones.")] = True
    udid: Annotated[str, Meta(max_length=128, description="The only device it is for.")] | None = None
    serial_number: Annotated[str, Meta(max_length=64, description="The serial number it is for.")] | None = None
    removable: Annotated[bool, Meta(description="Whether its person may remove it.")] | None = None
    supervised: Annotated[bool, Meta(description="Whether the device is to be supervised.")] | None = None
    access_rights: Annotated[int, Meta(ge=0, le=8191, description="The sum of Apple's AccessRights.")] | None = None
    sign_message: Annotated[bool, Meta(description="Mdm-Signature instead of client certificates.")] | None = None
    manual_approval: Annotated[bool, Meta(description="SCEP requests wait until they are approved.")] = False
    base_url: (
        Annotated[
            str,
            Meta(
                pattern=r"^https?://[A-Za-z0-9._~%:\[\]-]+$",
                max_length=256,
                description="How devices reach this server.",
            ),
        ]
        | None
    ) = None

    def for_service(self) -> InvitationRequest:
        """Say the same in the words of the service room."""
        return InvitationRequest(
            max_uses=self.max_uses,
            lifetime=timedelta(seconds=self.expires_in) if self.expires_in is not None else None,
            udid=self.udid,
            serial_number=self.serial_number,
            removable=self.removable,
            supervised=self.supervised,
            access_rights=self.access_rights,
            sign_message=self.sign_message,
            manual_approval=self.manual_approval,
            base_url=self.base_url,
        )


class InvitationPage(Struct, omit_defaults=True):
    """Some invitations, by identifier."""

    invitations: list[InvitationView]
    next: str | None = None


class CertificateList(Struct):
    """The certificates of a device, newest first."""

    certificates: list[CertificateView]


class PendingPage(Struct, omit_defaults=True):
    """Some SCEP requests that wait for a person."""

    requests: list[PendingRequestView]
    next: str | None = None


@enrolment.post("/enrollment-profiles", status=201, downloads=PROFILE, refusals=(429,))
async def make_enrollment_profile(desk: Desk, body: Invitation) -> Download:
    """Make an enrolment profile.

    It carries a new invitation. With `max_uses` above one the same profile enrols many devices; each is bound to its
    certificate at its first Authenticate. The challenge is in the profile and nowhere else: the server keeps its hash.
    """
    profile = await desk.suite.invitations.profile(body.for_service(), desk.facts, signed=body.signed)
    return Download(profile, PROFILE, "enrol.mobileconfig")


@enrolment.get("/invitations")
async def list_invitations(desk: Desk, limit: Limit = 100, after: Behind = "") -> InvitationPage:
    """List invitations.

    Their challenges are not in it: nobody can read them again.
    """
    found = await desk.suite.administration.invitations(limit=limit, after=after)
    return InvitationPage(found, next=found[-1].invitation_id if len(found) == limit else None)


@enrolment.post("/invitations/{invitation_id}/revoke", refusals=(404,))
async def revoke_invitation(desk: Desk, invitation_id: InvitationId) -> InvitationView:
    """Revoke an invitation.

    Its challenge opens nothing any more.
    """
    return await desk.suite.administration.revoke_invitation(invitation_id, desk.facts)


@enrolment.get("/devices/{udid}/certificates")
async def list_certificates(desk: Desk, udid: Udid) -> CertificateList:
    """List a device's certificates."""
    return CertificateList(await desk.suite.administration.certificates(udid))


@enrolment.post("/certificates/{fingerprint}/revoke", refusals=(404,))
async def revoke_certificate(desk: Desk, fingerprint: Fingerprint) -> CertificateView:
    """Revoke a certificate.

    From now on nothing it signs is accepted.
    """
    return await desk.suite.administration.revoke(fingerprint, desk.facts)


@enrolment.get("/scep-requests")
async def list_pending_requests(desk: Desk, limit: Limit = 100, after: Behind = "") -> PendingPage:
    """List waiting SCEP requests."""
    found = await desk.suite.administration.pending(limit=limit, after=after)
    return PendingPage(found, next=found[-1].transaction_id if len(found) == limit else None)


@enrolment.post("/scep-requests/{transaction_id}/approve", status=204, refusals=(404, 409))
async def approve_request(desk: Desk, transaction_id: TransactionId) -> None:
    """Approve a SCEP request."""
    await desk.suite.administration.approve(transaction_id, desk.facts)


@enrolment.post("/scep-requests/{transaction_id}/deny", status=204, refusals=(404, 409))
async def deny_request(desk: Desk, transaction_id: TransactionId) -> None:
    """Deny a SCEP request."""
    await desk.suite.administration.deny(transaction_id, desk.facts)
