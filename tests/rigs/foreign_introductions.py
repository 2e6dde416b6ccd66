"""How a device introduces itself to somebody else's MDM server: a MachineInfo in CMS, and Apple's word for it."""

from __future__ import annotations

import plistlib
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from rigs import foreign_pkcs7 as pkcs7


def machine_info(message: bytes, root: x509.Certificate) -> dict[str, Any]:
    """Return what a device says of itself.

    Raises:
        ValueError, InvalidSignature: it did not sign it, the root does not vouch for it, or it says it is another.

    """
    signed = pkcs7.verify(message)
    authorities = {each.subject: each for each in (*signed.certificates, root)}
    certificate = signed.signer
    while certificate.subject != root.subject:
        issuer = authorities.get(certificate.issuer)
        if issuer is None or issuer is certificate:
            raise ValueError("no chain leads to the root")
        certificate.verify_directly_issued_by(issuer)
        certificate = issuer
    if certificate != root:
        raise ValueError("it is another root of the same name")
    said: dict[str, Any] = plistlib.loads(signed.content)
    if (said["UDID"], said["SERIAL"]) != (_named(signed, NameOID.COMMON_NAME), _named(signed, NameOID.SERIAL_NUMBER)):
        raise ValueError("the certificate is another device's")
    return said


def _named(signed: pkcs7.Signed, part: x509.ObjectIdentifier) -> str:
    (found,) = signed.signer.subject.get_attributes_for_oid(part)
    return str(found.value)
