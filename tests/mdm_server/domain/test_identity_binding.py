"""Who may speak for whom: every combination of facts."""

from __future__ import annotations

from itertools import product

import pytest

from mdm_server.domain.enrollment import MANAGED, EnrollmentStatus
from mdm_server.domain.identity_binding import (
    Binding,
    CertificateFacts,
    CertificateState,
    DeviceFacts,
    decide_authenticate,
    decide_renewal,
    decide_use,
)
from mdm_server.domain.refusal import Refusal

ISSUED, CURRENT = CertificateState.ISSUED, CertificateState.CURRENT
SUPERSEDED, REVOKED = CertificateState.SUPERSEDED, CertificateState.REVOKED


def verdict(certificate: CertificateFacts | None, known: DeviceFacts | None = None, serial: str | None = "S") -> str:
    """Return what becomes of an Authenticate for device A: a binding, or the code of the refusal."""
    try:
        return decide_authenticate(certificate, "A", serial, known)
    except Refusal as refusal:
        return refusal.code


def use(certificate: CertificateFacts | None, *, gone: bool = False) -> str:
    """Return what becomes of any other message for device A."""
    try:
        return decide_use(certificate, "A", gone=gone)
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        (None, "auth.cert_invalid"),
        (CertificateFacts(REVOKED, "A"), "auth.cert_invalid"),
        (CertificateFacts(REVOKED), "auth.cert_invalid"),
        (CertificateFacts(SUPERSEDED, "A"), "auth.cert_superseded"),
        (CertificateFacts(SUPERSEDED, "B"), "auth.cert_superseded"),
        (CertificateFacts(CURRENT, "B"), "enroll.cert_reuse"),
        (CertificateFacts(ISSUED, "B"), "enroll.cert_not_for_device"),
        (CertificateFacts(CURRENT, "A"), Binding.KEEP),
        (CertificateFacts(ISSUED, "A"), Binding.PROMOTE),
        (CertificateFacts(ISSUED, "A", renewal=True), Binding.PROMOTE),
        (CertificateFacts(ISSUED), Binding.BIND),
        (CertificateFacts(ISSUED, key_device="B"), "enroll.cert_reuse"),
        (CertificateFacts(ISSUED, "A", key_device="B"), "enroll.cert_reuse"),
        (CertificateFacts(ISSUED, invited_serial_number="S"), Binding.BIND),
        (CertificateFacts(ISSUED, invited_serial_number="T"), "enroll.cert_not_for_device"),
    ],
)
def test_an_authenticate_is_decided_by_the_record_of_its_certificate(
    certificate: CertificateFacts | None, expected: str
) -> None:
    """T-02 to T-05, for a device nobody has heard of."""
    assert verdict(certificate) == expected


@pytest.mark.parametrize("status", list(EnrollmentStatus))
def test_a_claimed_udid_never_displaces_a_managed_device(status: EnrollmentStatus) -> None:
    """Its own certificate, and one issued for exactly it, may; an unbound one only where nobody is (I-03)."""
    known = DeviceFacts(status, "S")
    assert verdict(CertificateFacts(CURRENT, "A"), known) == Binding.KEEP
    assert verdict(CertificateFacts(ISSUED, "A"), known) == Binding.PROMOTE
    unbound = verdict(CertificateFacts(ISSUED), known)
    assert unbound == ("enroll.cert_not_for_device" if status in MANAGED else Binding.BIND)


def test_an_invitation_for_the_recorded_serial_number_enrols_a_managed_device_again() -> None:
    """The serial number on record counts, not the one that is claimed."""
    invited = CertificateFacts(ISSUED, invited_serial_number="S")
    assert verdict(invited, DeviceFacts(EnrollmentStatus.ENROLLED, "S")) == Binding.BIND
    assert verdict(invited, DeviceFacts(EnrollmentStatus.ENROLLED, "T")) == "enroll.cert_not_for_device"
    assert verdict(invited, DeviceFacts(EnrollmentStatus.ENROLLED, None)) == "enroll.cert_not_for_device"


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        (None, "auth.cert_invalid"),
        (CertificateFacts(REVOKED, "A"), "auth.cert_invalid"),
        (CertificateFacts(SUPERSEDED, "A"), "auth.cert_superseded"),
        (CertificateFacts(CURRENT, "B"), "auth.cert_mismatch"),
        (CertificateFacts(ISSUED, "B"), "auth.cert_mismatch"),
        (CertificateFacts(ISSUED), "state.order"),
        (CertificateFacts(ISSUED, "A"), "state.order"),
        (CertificateFacts(ISSUED, "A", renewal=True), Binding.PROMOTE),
        (CertificateFacts(CURRENT, "A"), Binding.KEEP),
    ],
)
def test_any_other_message_is_decided_by_whom_the_certificate_is_bound_to(
    certificate: CertificateFacts | None, expected: str
) -> None:
    """T-01, T-04, T-05, T-29."""
    assert use(certificate) == expected


def test_the_old_certificate_of_a_device_that_is_gone_may_say_goodbye() -> None:
    """It gets nothing by it; a revoked one, or another device's, does not even get that."""
    assert use(CertificateFacts(SUPERSEDED, "A"), gone=True) == Binding.KEEP
    assert use(CertificateFacts(SUPERSEDED, "B"), gone=True) == "auth.cert_mismatch"
    assert use(CertificateFacts(REVOKED, "A"), gone=True) == "auth.cert_invalid"


@pytest.mark.parametrize(("state", "device"), list(product(CertificateState, ["A", None])))
def test_only_the_current_certificate_of_a_device_renews(state: CertificateState, device: str | None) -> None:
    """T-15, I-12."""
    if state is CURRENT and device:
        assert decide_renewal(CertificateFacts(state, device)) == "A"
    else:
        with pytest.raises(Refusal) as caught:
            decide_renewal(CertificateFacts(state, device))
        assert caught.value.code == "scep.renewal"


def test_an_unrecorded_certificate_renews_nothing() -> None:
    """I-11: what is not on record does not exist."""
    with pytest.raises(Refusal, match="renewal"):
        decide_renewal(None)
