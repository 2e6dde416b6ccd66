"""What a device says to its MDM server: check-in messages and command reports, encoded and proved.

https://developer.apple.com/documentation/devicemanagement/implementing-device-management
"""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import lru_cache

from certs import signed_data
from certs.identity import Identity
from device_emulator.core import locking
from device_emulator.core.answers.answerer import Answer
from device_emulator.core.conversation import USER_AGENT, Draft
from device_emulator.core.errors import ExchangeError
from device_emulator.core.handheld import Handheld
from device_emulator.core.management import Management
from device_emulator.core.messages import RequestKind
from device_emulator.core.settings import PlistFormat, ProofOfIdentity
from mdm_server.wire.checkin import (
    Authenticate,
    CheckIn,
    CheckOut,
    GetBootstrapToken,
    SetBootstrapToken,
    TokenUpdate,
    UserAuthenticate,
)
from mdm_server.wire.commands.support import AccessRight
from mdm_server.wire.enrollment_id import CommandUuid, Sender, Udid
from mdm_server.wire.inbound import encode
from mdm_server.wire.plist import Codec
from mdm_server.wire.results import CommandResult, Status

CHECK_IN_TYPE = "application/x-apple-aspen-mdm-checkin"
REPORT_TYPE = "application/x-apple-aspen-mdm"


def managed(handheld: Handheld) -> Management:
    """Return the management that a device speaks under."""
    if handheld.management is None:
        raise ExchangeError("not_managed", "expected a managed device, found one that belongs to nobody")
    return handheld.management


def sender(handheld: Handheld) -> Sender:
    """Return what the device puts into every message to say who it is."""
    return Sender(udid=Udid(handheld.hardware.udid))


def authenticate(handheld: Handheld) -> Draft:
    """Ask to be enrolled."""
    model = handheld.hardware.model
    message = Authenticate(
        sender=sender(handheld),
        topic=managed(handheld).settings.topic,
        device_name=handheld.name,
        model=model.part_number,
        model_name=model.model_name,
        product_name=model.product_name,
        os_version=handheld.system.version,
        build_version=handheld.system.build,
        serial_number=handheld.hardware.serial_number,
        imei=handheld.hardware.imei(handheld.randomness),
    )
    return check_in(handheld, message, RequestKind.AUTHENTICATE)


def token_update(handheld: Handheld) -> Draft:
    """Say where the device can be pushed to, and what unlocks it, if the server may unlock it (schema, TokenUpdate)."""
    management = managed(handheld)
    may_unlock = AccessRight.LOCK_AND_PASSCODE in management.access_rights
    message = TokenUpdate(
        sender=sender(handheld),
        topic=management.settings.topic,
        token=management.push_token(handheld.randomness),
        push_magic=management.push_magic(handheld.randomness),
        unlock_token=locking.unlock_token(handheld) if may_unlock else None,
        awaiting_configuration=True if management.awaiting_configuration else None,
    )
    return check_in(handheld, message, RequestKind.TOKEN_UPDATE)


def check_out(handheld: Handheld) -> Draft:
    """Say good-bye."""
    message = CheckOut(sender=sender(handheld), topic=managed(handheld).settings.topic)
    return check_in(handheld, message, RequestKind.CHECK_OUT)


def user_authenticate(handheld: Handheld) -> Draft:
    """Ask for a user channel."""
    user = Sender(udid=Udid(handheld.hardware.udid), user_id=handheld.randomness.random_uuid("user"))
    return check_in(handheld, UserAuthenticate(sender=user), RequestKind.USER_AUTHENTICATE)


def get_bootstrap_token(handheld: Handheld) -> Draft:
    """Ask for the bootstrap token."""
    message = GetBootstrapToken(sender=sender(handheld), topic=managed(handheld).settings.topic)
    return check_in(handheld, message, RequestKind.GET_BOOTSTRAP_TOKEN)


def set_bootstrap_token(handheld: Handheld) -> Draft:
    """Leave a bootstrap token with the server."""
    message = SetBootstrapToken(
        sender=sender(handheld),
        topic=managed(handheld).settings.topic,
        bootstrap_token=handheld.randomness.random_bytes("bootstrap token", 32, handheld.enrollments),
    )
    return check_in(handheld, message, RequestKind.SET_BOOTSTRAP_TOKEN)


def check_in(handheld: Handheld, message: CheckIn, kind: RequestKind) -> Draft:
    """Draft a check-in message; it goes to CheckInURL, or to ServerURL where the profile has none."""
    url = managed(handheld).settings.effective_check_in_url
    return _proved(handheld, kind, url, CHECK_IN_TYPE, _encode(handheld, message))


def idle(handheld: Handheld) -> Draft:
    """Ask for a command.

    The message is the same every time, and a signature costs a millisecond: it is made once for each identity.
    """
    management = managed(handheld)
    body = _idle_body(handheld.hardware.udid, handheld.settings.plist_format)
    if management.idle_signature is None and signs(handheld):
        management.idle_signature = sign(handheld, body)
    url = management.settings.server_url
    return _proved(handheld, RequestKind.IDLE, url, REPORT_TYPE, body, management.idle_signature)


def report(handheld: Handheld, command_uuid: str, answer: Answer) -> Draft:
    """Report what became of a command."""
    result = CommandResult(
        sender=sender(handheld),
        status=answer.status,
        command_uuid=CommandUuid(command_uuid) if command_uuid else None,
        error_chain=answer.error_chain,
        values=dict(answer.values),
    )
    url = managed(handheld).settings.server_url
    return _proved(handheld, RequestKind.ANSWER, url, REPORT_TYPE, _encode(handheld, result))


def signs(handheld: Handheld) -> bool:
    """Say whether the device signs its messages; otherwise it presents its certificate in the TLS handshake."""
    proof = handheld.settings.proof
    if proof is ProofOfIdentity.AS_PROFILE_SAYS:
        return managed(handheld).settings.sign_message
    return proof is ProofOfIdentity.SIGNATURE


def prove(handheld: Handheld, draft: Draft) -> Draft:
    """Add to a request of another application the proof that a check-in carries."""
    if not signs(handheld):
        return replace(draft, by_tls=True)
    signature = base64.b64encode(sign(handheld, draft.body)).decode()
    return replace(draft, headers={**draft.headers, "Mdm-Signature": signature})


def own_identity(handheld: Handheld) -> Identity:
    """Return the identity that the device proves."""
    identity = handheld.keychain.identity
    if identity is None:
        raise ExchangeError("no_identity", "expected an identity in the keychain, found none")
    return identity


def sign(handheld: Handheld, body: bytes) -> bytes:
    """Sign a body as the `Mdm-Signature` header carries it: CMS, detached, the leaf certificate inside."""
    return signed_data.sign(body, own_identity(handheld), when=handheld.clock(), detached=True)


@lru_cache(maxsize=4096)
def _idle_body(udid: str, plist_format: PlistFormat) -> bytes:
    return _write(CommandResult(sender=Sender(udid=Udid(udid)), status=Status.IDLE), plist_format)


def _encode(handheld: Handheld, message: CheckIn | CommandResult) -> bytes:
    return _write(message, handheld.settings.plist_format)


def _write(message: CheckIn | CommandResult, plist_format: PlistFormat) -> bytes:
    codec = Codec.BIPLIST if plist_format is PlistFormat.BIPLIST else Codec.STDLIB
    return encode(message, binary=plist_format is not PlistFormat.XML, codec=codec)


def _proved(
    handheld: Handheld, kind: RequestKind, url: str, content_type: str, body: bytes, signature: bytes | None = None
) -> Draft:
    headers = {"Content-Type": content_type, "User-Agent": USER_AGENT}
    by_tls = not signs(handheld)
    if not by_tls:
        headers["Mdm-Signature"] = base64.b64encode(signature or sign(handheld, body)).decode()
    return Draft(kind, handheld.settings.http_method, url, headers, body, by_tls)
