"""Which certificate may speak for which device: pure decisions over facts, taken inside the store's transaction.

Signed by our authority is not enough: every decision is about the record of the very certificate that was presented.

- A certificate issued for a device is bound to it from the start; one issued on an invitation for nobody in particular
  is bound at its first Authenticate, once.
- A claimed UDID never displaces a managed device, except by that device's own certificate or by one that was issued for
  exactly that device.
- A renewed certificate becomes current when it is first used; from then on its predecessor is superseded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mdm_server.domain.enrollment import MANAGED, EnrollmentStatus
from mdm_server.domain.refusal import Refusal


class CertificateState(StrEnum):
    """Where an issued certificate is in its life."""

    ISSUED = "Issued"
    CURRENT = "Current"
    SUPERSEDED = "Superseded"
    REVOKED = "Revoked"


class Binding(StrEnum):
    """What accepting a certificate does to its record."""

    KEEP = "keep"
    """It is the current certificate of this device already."""
    PROMOTE = "promote"
    """It becomes current, and whatever was current is superseded."""
    BIND = "bind"
    """It belongs to nobody yet: bind it to this device, then promote it."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the record says of the certificate that was presented."""

    state: CertificateState
    device: str | None = None
    """The device it is bound to."""
    renewal: bool = False
    """Whether it was issued as the renewal of a certificate, so that it need not Authenticate."""
    invited_serial_number: str | None = None
    """The serial number its invitation was made for, when it was made for one."""
    key_device: str | None = None
    """Another device whose certificate holds the same key, if there is one."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the record says of the device that is claimed; absent when nobody has heard of it."""

    status: EnrollmentStatus
    serial_number: str | None = None


def decide_authenticate(
    certificate: CertificateFacts | None, device: str, serial_number: str | None, known: DeviceFacts | None
) -> Binding:
    """Decide whether a certificate may Authenticate as `device`, or raise Refusal.

    `enroll.cert_reuse`: it, or its key, is another device's (T-03). `enroll.cert_not_for_device`: it was issued for
    another device, or would displace a managed one (T-02). `auth.cert_superseded`, `auth.cert_invalid`: see `_usable`.
    """
    certificate = _usable(certificate)
    if certificate.device is not None and certificate.device != device:
        in_use = certificate.state is CertificateState.CURRENT
        raise Refusal("enroll.cert_reuse" if in_use else "enroll.cert_not_for_device", reason="bound_elsewhere")
    if certificate.key_device is not None and certificate.key_device != device:
        raise Refusal("enroll.cert_reuse", reason="key")
    invited = certificate.invited_serial_number
    if invited is not None and invited != serial_number:
        raise Refusal("enroll.cert_not_for_device", reason="serial_number")
    if certificate.device is not None:
        return Binding.KEEP if certificate.state is CertificateState.CURRENT else Binding.PROMOTE
    displaces = known is not None and known.status in MANAGED
    if displaces and (invited is None or known is None or known.serial_number != invited):
        raise Refusal("enroll.cert_not_for_device", reason="enrolled")
    return Binding.BIND


def decide_use(certificate: CertificateFacts | None, device: str, *, gone: bool = False) -> Binding:
    """Decide whether a certificate may send anything but Authenticate for `device`, or raise Refusal.

    `state.order`: it never authenticated (T-29). `auth.cert_mismatch`: it is another device's (T-01). A device that is
    `gone` gets nothing whatever it presents, so its old certificate may still say goodbye.
    """
    if gone and certificate is not None and certificate.state is CertificateState.SUPERSEDED:
        if certificate.device != device:
            raise Refusal("auth.cert_mismatch")
        return Binding.KEEP
    certificate = _usable(certificate)
    if certificate.device is None:
        raise Refusal("state.order", reason="unbound")
    if certificate.device != device:
        raise Refusal("auth.cert_mismatch")
    if certificate.state is CertificateState.CURRENT:
        return Binding.KEEP
    if not certificate.renewal:
        raise Refusal("state.order", reason="never_authenticated")
    return Binding.PROMOTE


def decide_renewal(certificate: CertificateFacts | None) -> str:
    """Return the device whose certificate may be renewed by this one, or raise Refusal `scep.renewal` (T-15, I-12)."""
    if certificate is None:
        raise Refusal("scep.renewal", reason="unrecorded")
    if certificate.state is not CertificateState.CURRENT or certificate.device is None:
        raise Refusal("scep.renewal", reason=certificate.state.lower())
    return certificate.device


def _usable(certificate: CertificateFacts | None) -> CertificateFacts:
    """Return the record of a certificate that may still be used, or raise Refusal (T-04, T-05, I-11)."""
    if certificate is None:
        raise Refusal("auth.cert_invalid", reason="unrecorded")
    if certificate.state is CertificateState.REVOKED:
        raise Refusal("auth.cert_invalid", reason="revoked")
    if certificate.state is CertificateState.SUPERSEDED:
        raise Refusal("auth.cert_superseded")
    return certificate
