"""The refusals that only use cases know, beside those of the domain (`mdm_server.domain.refusal`).

Same rules: a code is stable, the text is for a person, and the remedy says what to do. `detail` is for administrators:
it may name what was wrong with their request, and goes into their answer, never into the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mdm_server.domain.refusal import REFUSALS, Refusal, RefusalKind
from mdm_server.wire.errors import WireError

SERVICE_REFUSALS: Mapping[str, RefusalKind] = MappingProxyType(
    {
        "auth.two_certificates": RefusalKind(
            400,
            "The connection and the Mdm-Signature speak for different certificates.",
            "Use one identity for both, or send only one of them.",
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
        "scep.operation": RefusalKind(
            400,
            "This SCEP operation is not served.",
            "Use operation=GetCACaps, GetCACert or PKIOperation.",
        ),
        "enroll.closed": RefusalKind(
            400,
            "This server gives no enrolment profile to devices it does not know.",
            "Ask an administrator for an invitation.",
        ),
        "enroll.profile_service": RefusalKind(
            400,
            "The answer to the profile service cannot be trusted.",
            "Start again with GET /enroll/ota, and sign the attributes as Apple describes it.",
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
        "scep.unknown_transaction": RefusalKind(
            404, "No certificate request waits under this transaction.", "List the requests that wait."
        ),
    }
)


class ServiceRefusal(Refusal):
    """A refusal of this room: of either table, and with a detail for an administrator."""

    def __init__(self, code: str, *, reason: str = "", retry_after: int | None = None, detail: str = "") -> None:
        Exception.__init__(self, code, reason)
        self.kind = REFUSALS.get(code) or SERVICE_REFUSALS[code]
        self.code = code
        self.reason = reason
        self.retry_after = retry_after
        self.detail = detail

    def __str__(self) -> str:
        sentence = super().__str__()
        return f"{sentence} ({self.detail})" if self.detail else sentence


def named(refusal: Refusal, names: Mapping[str, str]) -> Refusal:
    """Say which thing was not found, or is in the way, where the store only says that something was or is."""
    return ServiceRefusal(names[refusal.code]) if refusal.code in names else refusal


def refusal_of(error: WireError) -> ServiceRefusal:
    """Turn what the wire room could not read into a refusal; the detail quotes nothing that a device sent."""
    code = error.code if error.code in REFUSALS else "parse.plist"
    reason = "" if code == error.code else error.code.rpartition(".")[2]
    return ServiceRefusal(code, reason=reason, detail=error.detail)
