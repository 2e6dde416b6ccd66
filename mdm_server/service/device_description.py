"""A device's signed description of itself: MachineInfo and profile-service attributes, taken out of their envelopes.

A valid signature proves that the description arrived as it was written. Only one that chains to a device authority of
the owner's (Apple's, or a test CA) proves that it is true; what is merely signed claims nothing on anybody's behalf.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from certs import signed_data_fast
from certs.errors import CertsError, ChainError
from certs.signed_data import SignedContent
from certs.trust import ChainVerifier, Purpose
from mdm_server.domain.refusal import Refusal
from mdm_server.service.compat import accepted_digests
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.wire import plist
from mdm_server.wire.machine_info import MachineInfo, parse_machine_info
from mdm_server.wire.plist import PlistDict


@dataclass(frozen=True, slots=True)
class Description:
    """A description whose signature holds."""

    payload: PlistDict
    signer: x509.Certificate
    vouched: bool
    """Whether a device authority of the owner's vouches for the signer."""
    signed_at: datetime | None = None
    """When the device says that it signed."""


def envelope_of(facts: RequestFacts, body: bytes, *, code: str = "enroll.machine_info") -> bytes | None:
    """Find the signed description in a request (checklist row 13), or return None when there is none.

    It is the body of a POST, `?deviceinfo=` in URL-safe base64, or the x-apple-aspen-deviceinfo header in base64.
    Raises Refusal `code` for what should be base64 and is not.
    """
    if facts.method == "POST" and body:
        return body
    text = facts.query.get("deviceinfo") or facts.device_info
    if not text:
        return None
    try:
        return decode_either_alphabet(text)
    except ValueError as error:
        raise Refusal(code, reason="base64") from error


def open_description(
    envelope: bytes, settings: ServiceSettings, at: datetime, *, code: str, vouched_only: bool = False
) -> Description:
    """Verify the signature and read the property list inside; raises Refusal `code` when the signature fails.

    With `vouched_only` nothing is read that no device authority vouches for: that is refused, too.
    """
    try:
        signed = signed_data_fast.verify(envelope, digests=accepted_digests(settings.compat))
    except CertsError as error:
        raise Refusal(code, reason=getattr(error, "reason", "asn1")) from error
    vouched = _is_vouched(signed, settings, at)
    if vouched_only and not vouched:
        raise Refusal(code, reason="untrusted")
    return Description(plist.loads_dict(signed.content), signed.signer, vouched, signed.signing_time)


def machine_of(description: Description, *, code: str) -> MachineInfo:
    """Read a MachineInfo that says which device it is of; raises Refusal `code` for one that does not."""
    info = parse_machine_info(description.payload)
    if not info.udid or not info.serial:
        raise Refusal(code, reason="incomplete")
    return info


def decode_either_alphabet(text: str) -> bytes:
    """Decode base64 of either alphabet, padded or not, with `+` perhaps turned into a space; raises ValueError.

    RFC 8894 §4.1 wants standard base64 in a SCEP GET; mdmb sends the URL-safe kind, and form decoding eats plus signs.
    """
    text = text.replace("\r", "").replace("\n", "").strip("\t")
    standard = text.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("expected base64") from error


def _is_vouched(signed: SignedContent, settings: ServiceSettings, at: datetime) -> bool:
    """Say whether the signer's chain ends at a device authority."""
    if not settings.device_authorities:
        return False
    chain = ChainVerifier(settings.device_authorities, signed.certificates)
    for purpose in (Purpose.CLIENT, Purpose.SIGNING):
        # A device authority may have made its devices' certificates for clients, or for nothing in particular.
        try:
            chain.check(signed.signer, at, purpose)
        except ChainError:
            continue
        return True
    return False
