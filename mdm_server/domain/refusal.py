"""Refusals: the one table of every reason for which this server says no, and the one exception that carries it.

A code is stable and names the rule that refused; `reason` narrows it for whoever reads the journal. Device endpoints
are never answered 401, nor 403 with `com.apple.unrecognized.device`: a real device takes either as "you are
unenrolled".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mdm_server.domain.staging.refusals import STAGING_REFUSALS, sentence


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """One way of saying no: the HTTP status, what a person reads, and the way out."""

    status: int
    text: str
    remedy: str


_FETCH_NEW_PROFILE = "Fetch a new enrolment profile and enrol again."

REFUSALS: Mapping[str, RefusalKind] = MappingProxyType(
    {
        "auth.missing": RefusalKind(
            400,
            "The request carries no device identity.",
            "Send an Mdm-Signature header, or connect with the identity certificate over TLS.",
        ),
        "auth.cms": RefusalKind(
            400,
            "The Mdm-Signature does not prove who sent this body.",
            "Sign exactly the bytes of the body with the identity key, SHA-256 or stronger, one signer.",
        ),
        "auth.cert_invalid": RefusalKind(
            400,
            "The identity certificate is not one this server accepts.",
            "Use the certificate this server issued, inside its validity. " + _FETCH_NEW_PROFILE,
        ),
        "auth.cert_mismatch": RefusalKind(
            400,
            "The identity certificate belongs to another device than the message names.",
            "A device speaks only for itself: send its own UDID with its own certificate.",
        ),
        "auth.cert_superseded": RefusalKind(
            400,
            "The identity certificate was replaced by a newer one.",
            "Use the newest certificate of this device, or enrol again.",
        ),
        "auth.header_untrusted_peer": RefusalKind(
            400,
            "A certificate header came from a peer that is not a trusted proxy.",
            "Drop the header, or list the proxy in the server's settings.",
        ),
        "auth.two_certificates": RefusalKind(
            400,
            "The connection and the Mdm-Signature speak for different certificates.",
            "Use one identity for both, or send only one of them.",
        ),
        "enroll.cert_not_for_device": RefusalKind(
            400,
            "The identity certificate was issued for another device, or may not take the place of an enrolled one.",
            "Make an invitation for exactly this UDID, or unenrol the device first.",
        ),
        "enroll.cert_reuse": RefusalKind(
            400,
            "The identity certificate is already in use by another device.",
            "Each device needs an identity of its own. " + _FETCH_NEW_PROFILE,
        ),
        "enroll.invitation": RefusalKind(
            400,
            "The invitation is unknown, used up, expired, revoked, or for another device.",
            "Ask an administrator for a new invitation.",
        ),
        "enroll.closed": RefusalKind(
            400,
            "This server gives no enrolment profile to devices it does not know.",
            "Ask an administrator for an invitation.",
        ),
        "enroll.machine_info": RefusalKind(
            400,
            "The device's description of itself cannot be trusted.",
            "Send MachineInfo signed by an identity this server knows.",
        ),
        "enroll.profile_service": RefusalKind(
            400,
            "The answer to the profile service cannot be trusted.",
            "Start again with GET /enroll/ota, and sign the attributes as Apple describes it.",
        ),
        "dep.profile": RefusalKind(
            422,
            "This DEP profile contradicts itself.",
            "Name it; supervise what cannot be removed; where nobody is asked who they are, give it a default user and "
            "no sign-in on a page.",
        ),
        "ade.machineinfo": RefusalKind(
            400,
            "This device cannot be enrolled here.",
            "Assign a DEP profile to it, and let it say who it is with the identity that it got when it was activated.",
        ),
        "abm.token": RefusalKind(
            422,
            "This is no server token that can be used here.",
            "Upload the certificate of this token in Apple Business Manager, download the .p7m there, and send that.",
        ),
        "abm.no_url": RefusalKind(
            409,
            "This server was not told where Apple Business Manager is.",
            "Start it with --abm-url, or with Apple's services beside it (--apple).",
        ),
        "abm.unreachable": RefusalKind(
            502,
            "Apple Business Manager does not answer.",
            "See that it runs, and that its certificate is one this server trusts; what waits is tried again.",
        ),
        "abm.refused": RefusalKind(
            502,
            "Apple Business Manager said no.",
            "See the reason, which is its own word; what waits is tried again.",
        ),
        "abm.other_server": RefusalKind(
            409,
            "The DEP profile is for another server in Apple Business Manager.",
            "Choose a profile of the device's own server, or save the profile once more for that one.",
        ),
        "enroll.too_many_open": RefusalKind(
            429,
            "Too many invitations are open.",
            "Wait until open ones are used or expire, or raise the limit.",
        ),
        "state.order": RefusalKind(
            400,
            "The message came out of order.",
            "Enrol first: Authenticate, then TokenUpdate, then everything else.",
        ),
        "state.not_enrolled": RefusalKind(
            409,
            "The device is not enrolled, so nothing can be queued for it.",
            "Wait for the device to enrol, then queue the command.",
        ),
        "checkin.topic": RefusalKind(
            400,
            "The message names another push topic than the enrolment profile.",
            "Send the profile's Topic, or start the server with --compat any-topic.",
        ),
        "checkin.user_channel": RefusalKind(
            400, "Only the device itself may send this message.", "Send it without the keys of a user."
        ),
        "checkin.token_service": RefusalKind(
            400, "This server hands out no tokens of other services.", "Do without GetToken: no service is configured."
        ),
        "ddm.not_configured": RefusalKind(
            400,
            "Declarative management is not configured on this server.",
            "Do not send DeclarativeManagement before the server's command of that name.",
        ),
        "parse.plist": RefusalKind(400, "The body is not a property list.", "Send an XML or binary property list."),
        "parse.expansion": RefusalKind(400, "The property list unfolds to too much.", "Send a plain tree of values."),
        "parse.depth": RefusalKind(400, "The property list is nested too deeply.", "Nest at most 32 levels."),
        "parse.entity": RefusalKind(400, "The XML declares entities or a DTD.", "Send XML without either."),
        "parse.value": RefusalKind(400, "A value is outside what is accepted.", "Send 64-bit integers, finite reals."),
        "parse.duplicate_key": RefusalKind(400, "A key appears twice.", "Send each key once."),
        "parse.schema": RefusalKind(400, "A required key is missing or has the wrong type.", "Follow Apple's schema."),
        "parse.json": RefusalKind(400, "The body is not the JSON message it should be.", "Send it as documented."),
        "parse.size": RefusalKind(413, "The body is larger than this message may be.", "Send a smaller body."),
        "parse.asn1": RefusalKind(400, "The DER structure is malformed or hostile.", "Send plain DER."),
        "scep.operation": RefusalKind(
            400,
            "This SCEP operation is not served.",
            "Use operation=GetCACaps, GetCACert or PKIOperation.",
        ),
        "scep.type": RefusalKind(
            400, "This SCEP message type is not served.", "Send PKCSReq, RenewalReq or GetCertInitial."
        ),
        "scep.message": RefusalKind(400, "The SCEP message cannot be read.", "Send a PKIMessage as in RFC 8894."),
        "scep.challenge": RefusalKind(
            400, "The SCEP challenge is missing, unknown, expired or revoked.", _FETCH_NEW_PROFILE
        ),
        "scep.challenge_used": RefusalKind(400, "The SCEP challenge is used up.", _FETCH_NEW_PROFILE),
        "scep.subject": RefusalKind(
            400, "The request asks for more than the invitation allows.", "Ask for the subject in the profile."
        ),
        "scep.key": RefusalKind(
            400,
            "The key of the request is too weak, in use elsewhere, or not proved to be held.",
            "Make a new RSA key of 2048 bits or a P-256 key, and sign the request with it.",
        ),
        "scep.renewal": RefusalKind(
            400,
            "The renewal is not signed by the current certificate of the device.",
            "Sign with the current identity, or enrol again.",
        ),
        "scep.replay": RefusalKind(
            400,
            "This transaction identifier was used for another request.",
            "Start a new transaction, or repeat exactly the first request.",
        ),
        "scep.denied": RefusalKind(400, "An administrator denied this request.", "Ask an administrator."),
        "scep.unknown_transaction": RefusalKind(
            404, "No certificate request waits under this transaction.", "List the requests that wait."
        ),
        "scep.rate": RefusalKind(
            429, "Too many wrong SCEP challenges.", "Wait, then use the challenge in the profile."
        ),
        "android.message": RefusalKind(
            400, "The message of an Android cannot be read.", "Send what docs/android-channel.md describes."
        ),
        "android.size": RefusalKind(413, "The message of an Android is too large.", "Send a smaller message."),
        "android.authorization": RefusalKind(
            400, "The Authorization header proves no Android.", "Send `Device NAME:SECRET` as enrolment gave them out."
        ),
        "android.gone": RefusalKind(
            410, "This server manages the device no longer.", "Remove the management, and enrol again."
        ),
        "courier.frame": RefusalKind(400, "The courier frame cannot be read.", "Send one JSON object as documented."),
        "limit.body": RefusalKind(413, "The body is too large.", "Send a smaller body."),
        "limit.encoding": RefusalKind(
            415, "The body is compressed or encoded.", "Send it as it is, without Content-Encoding."
        ),
        "limit.deadline": RefusalKind(408, "The request did not arrive in time.", "Send it again, faster."),
        "limit.connections": RefusalKind(503, "Too many connections.", "Try again after Retry-After seconds."),
        "limit.rate": RefusalKind(429, "Too many requests.", "Try again after Retry-After seconds."),
        "limit.overload": RefusalKind(503, "The server is busy.", "Try again after Retry-After seconds."),
        "store.unavailable": RefusalKind(
            503,
            "The server cannot write to its disk, so nothing was accepted.",
            "Try again after Retry-After seconds; whoever runs the server: see its log for the disk's error.",
        ),
        "device.unknown": RefusalKind(404, "There is no such device.", "List the devices, and check the UDID."),
        "command.unknown": RefusalKind(
            422, "There is no such command.", "See the command table in docs/fidelity.md for what there is."
        ),
        "command.fields": RefusalKind(422, "The command's fields do not fit the command.", "Correct the fields."),
        "command.not_possible": RefusalKind(
            422, "This device would refuse the command.", "Choose another command, or insist with force."
        ),
        "command.not_found": RefusalKind(404, "There is no such command in any queue.", "List the device's commands."),
        "command.done": RefusalKind(409, "The command has been answered already.", "There is nothing left to cancel."),
        "profile.invalid": RefusalKind(
            422, "This is not a configuration profile the server can keep.", "Send a .mobileconfig file."
        ),
        "profile.unknown": RefusalKind(
            404, "There is no such profile.", "List the profiles, and check the identifier."
        ),
        "certificate.unknown": RefusalKind(
            404, "There is no such certificate.", "List the certificates, and check the fingerprint."
        ),
        "invitation.unknown": RefusalKind(
            404, "There is no such invitation.", "List the invitations, and check the identifier."
        ),
        "group.unknown": RefusalKind(
            404, "There is no such organization group.", "List the groups, and check the identifier."
        ),
        "user.unknown": RefusalKind(404, "There is no such user.", "List the users, and check the identifier."),
        "user.has_devices": RefusalKind(
            409,
            "Enrolled devices are still this user's.",
            "Wipe or delete the devices, or give them to another user; then repeat the request.",
        ),
        "user.group_unknown": RefusalKind(
            404, "There is no such user group.", "List the user groups, and check the identifier."
        ),
        "registration.unknown": RefusalKind(
            404, "There is no such registration.", "List the registrations, and check the identifier."
        ),
        "list.unknown": RefusalKind(
            404, "There is no such entry on the allow and deny lists.", "List the entries, and check the identifier."
        ),
        "wipe.unknown": RefusalKind(404, "There is no such wipe.", "List the wipes, and check the identifier."),
        "wipe.decided": RefusalKind(
            409, "This wipe is not on hold.", "There is nothing left to decide: see the wipe's state."
        ),
        "api.unauthorized": RefusalKind(401, "No valid administrator's token.", "Send Authorization: Bearer TOKEN."),
        "api.forbidden": RefusalKind(403, "This token may not do that.", "Use a token with the right."),
        "console.foreign_form": RefusalKind(
            403,
            "This form was not sent from a page of this console.",
            "Open the page again in this browser, and send the form from there.",
        ),
        "api.not_found": RefusalKind(404, "There is no such thing.", "List what there is, and check the identifier."),
        "api.method": RefusalKind(405, "This address does not take that method.", "See /api/docs."),
        "api.conflict": RefusalKind(
            409, "It exists already and is different.", "Use another identifier, or repeat exactly the first request."
        ),
        "api.version": RefusalKind(
            406, "The call does not exist in this version.", "Ask for a version in api-supported-versions, as JSON."
        ),
        "api.not_implemented": RefusalKind(
            501, "This address is reserved; nothing answers it yet.", "Do without it, or wait for a later release."
        ),
        "api.invalid": RefusalKind(422, "The request does not fit its description.", "See /api/docs."),
        # Staging's own, in the vendor's spelling: these codes are read by people and by Hub.
        **{
            code: RefusalKind(refusal.status, sentence(refusal.text), refusal.remedy)
            for code, refusal in STAGING_REFUSALS.items()
        },
    }
)
"""Every code this server can say no with. A new one is added here; one of staging, in `staging/refusals.py`."""


class Refusal(Exception):  # noqa: N818 - a refusal is an outcome of the rules, not an error of the program
    """A request was understood and is refused; it changed nothing (rule R0).

    `reason` is a short stable token for the journal, such as "expired"; it never holds what a device sent.
    """

    def __init__(self, code: str, *, reason: str = "", retry_after: int | None = None) -> None:
        self.kind = REFUSALS[code]
        self.code = code
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(code, reason)

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        return self.kind.status

    @property
    def text(self) -> str:
        """What happened, for a person."""
        return self.kind.text

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.kind.remedy

    @property
    def event(self) -> str:
        """The code with its reason, as the journal writes it: `auth.cert_invalid:expired`."""
        return f"{self.code}:{self.reason}" if self.reason else self.code

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.text}{reason} {self.remedy}"
