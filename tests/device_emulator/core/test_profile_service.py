"""Over-the-air enrolment in its three phases (apple-protocol.md §2.2, "OTA")."""

from __future__ import annotations

import pytest
from cryptography import x509

from certs import signed_data
from certs.authority import Authority
from device_emulator.core.device import Device
from device_emulator.core.events import EnrollmentFailed, EnrollmentStage, StageReached
from device_emulator.core.messages import Request, RequestFailed, RequestKind, ResponseArrived
from device_emulator.core.states import LifeState
from mdm_server.wire import plist
from mdm_server.wire.enrollment_profile import ScepSettings
from mdm_server.wire.mobileconfig import sign_profile
from mdm_server.wire.profile_service import ProfileService, build_scep_profile
from rigs.play_server import LINK, SCEP_URL, MovingClock, PlayServer, play

SERVICE_URL = "https://mdm.example/ota"


class OverTheAir(PlayServer):
    """Phase 1 signed, phase 2 unsigned, phase 3 signed (checklist #12)."""

    def __init__(self, authority: Authority, clock: MovingClock) -> None:
        super().__init__(authority, clock)
        self.phases: list[signed_data.SignedContent] = []

    def answer(self, request: Request) -> ResponseArrived | RequestFailed:
        """Serve the profile service; everything else as ever."""
        if request.kind is RequestKind.PROFILE:
            service = ProfileService(url=SERVICE_URL, challenge="c-1", identifier="example.ota", uuid="OTA-1")
            document = plist.dumps(service.to_plist())
            self.script(request.kind, (200, sign_profile(document, self.authority.profile_signer, self.clock())))
        if request.kind is RequestKind.PROFILE_SERVICE and request.kind not in self.scripted:
            self.phases.append(signed_data.verify(request.body))
            if len(self.phases) == 1:
                scep = ScepSettings(url=SCEP_URL, challenge="secret", payload_uuid="OTA-2", payload_identifier="o.scep")
                built = build_scep_profile(scep, identifier="o", uuid="OTA-3", display_name="OTA")
                return ResponseArrived(request.number, 200, {}, plist.dumps(built))
            return ResponseArrived(request.number, 200, {}, self.profile())
        return super().answer(request)


@pytest.fixture
def air(authority: Authority, moving: MovingClock) -> OverTheAir:
    """Return the server."""
    return OverTheAir(authority, moving)


def test_a_device_goes_through_the_three_phases(device: Device, air: OverTheAir, authority: Authority) -> None:
    """Attributes and challenge twice: signed by a stand-in first, by the certificate of phase 2 then."""
    events = play(device, air, LINK)
    assert device.life is LifeState.ENROLLED
    first, second = (plist.loads_dict(phase.content) for phase in air.phases)
    assert first == second
    assert first["CHALLENGE"] == "c-1"
    assert first["UDID"] == device.handheld.hardware.udid
    assert first["VERSION"] == device.handheld.system.build
    signers = [phase.signer for phase in air.phases]
    assert [signer.issuer for signer in signers] == [signers[0].subject, authority.issuing.certificate.subject]
    assert signers[1] != x509.load_der_x509_certificate(device.handheld.keychain.certificate or b"")
    assert [event.stage for event in events if isinstance(event, StageReached)][:3] == [
        EnrollmentStage.PROFILE,
        EnrollmentStage.PROFILE_SERVICE,
        EnrollmentStage.IDENTITY,
    ]


@pytest.mark.parametrize(
    ("reply", "reason"), [((403, b""), "profile_service.refused"), ((200, b"OK"), "profile.signature")]
)
def test_a_profile_service_that_refuses_ends_the_enrolment(
    reply: tuple[int, bytes], reason: str, device: Device, air: OverTheAir
) -> None:
    """With its reason."""
    air.script(RequestKind.PROFILE_SERVICE, reply)
    (failed,) = [event for event in play(device, air, LINK) if isinstance(event, EnrollmentFailed)]
    assert (failed.stage, failed.reason) == (EnrollmentStage.PROFILE_SERVICE, reason)
    assert device.life is LifeState.IN_USE
