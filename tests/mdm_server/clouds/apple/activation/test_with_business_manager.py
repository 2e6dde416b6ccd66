"""Activation beside Business Manager itself: what one is told, the other knows."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

from certs.authority import Authority
from certs.keys import KeyKind, generate_key
from certs.names import name_of
from certs.request import build_request
from mdm_server.clouds.apple.activation.factory import Factory
from mdm_server.clouds.apple.activation.service import Activation
from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.depsim_token import DEPSIM_TOKEN
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.faults import Faults
from mdm_server.clouds.apple.journal import Journal
from mdm_server.clouds.call import Call
from mdm_server.wire import activation as wire
from mdm_server.wire.activation import ActivationReply, ActivationRequest, ActivationState, FindMyReport
from mdm_server.wire.activation_lock import escrow_key, format_bypass_code
from mdm_server.wire.dep import ActivationLockRequest, DepProfile, ProfileStatus
from rigs.ledgers import ledger_of

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
SERIAL, CODE = "F2LXK1ABCD", bytes(range(16))


class Apple:
    """Activation and Business Manager over one ledger."""

    def __init__(self, path: Path, authority: Authority) -> None:
        journal = Journal(_clock)
        self.ledger = ledger_of(self, path)
        self.manager = BusinessManager(self.ledger, _clock, random.Random(1).randbytes, journal)
        faults = Faults(_clock, random.Random(2), journal)
        self.activation = Activation(
            self.manager, Factory(self.ledger), authority, faults, _clock, random.Random(3).randbytes, journal
        )

    def activate(self, serial_number: str = SERIAL, unlock: str | None = None) -> ActivationReply:
        """Activate a device."""
        request = ActivationRequest(
            udid=f"UDID-{serial_number}",
            serial_number=serial_number,
            product="iPhone17,3",
            os_version="18.1",
            build="22B83",
            certificate_request=build_request(generate_key(KeyKind.P_256), name_of("x")),
            unlock=unlock,
        )
        return wire.parse_reply(self._post(wire.ACTIVATION, wire.encode_request(request)))

    def tell(self, report: FindMyReport) -> None:
        """Tell of Find My."""
        self._post(wire.ACTIVATION_LOCK, wire.encode_report(report))

    def _post(self, path: str, body: bytes) -> bytes:
        reply = self.activation.answer(Call(method="POST", url=f"https://apple.test{path}", path=path, body=body))
        assert reply.status == 200, reply.body
        return reply.body


def _clock() -> datetime:
    return START


def test_what_an_organization_decides_and_locks_its_device_is_told(tmp_path: Path) -> None:
    """The profile, and that it was pushed; the lock of the device API, and who opened it; after a restart, too."""
    authority = Authority.create(clock=_clock, random_bytes=random.Random(4).randbytes, organization="Apple TEST")
    apple = Apple(tmp_path / "apple.sqlite", authority)
    organization = apple.manager.add_organization("Example")
    server = apple.manager.depsim_server(organization.id)
    apple.manager.order(organization.id, [NewDevice(serial_number=SERIAL)], server=server.uuid)
    holder = apple.manager.program.holder(DEPSIM_TOKEN.consumer_key)
    assert holder is not None
    uuid, _ = apple.manager.program.define(
        holder.server, DepProfile(profile_name="corporate", url="https://mdm.test/enroll/dep", devices=(SERIAL,))
    )
    told = apple.activate().cloud_configuration
    assert told is not None
    assert (told.profile.profile_name, told.profile_uuid, told.organization_name, told.server_uuid) == (
        "corporate",
        uuid,
        "Example",
        server.uuid,
    )
    device = apple.manager.device(SERIAL)
    assert device is not None
    assert device.profile_status is ProfileStatus.PUSHED
    assert apple.activate("BOUGHT-BY-ANN").cloud_configuration is None

    lock = ActivationLockRequest(device=SERIAL, escrow_key=escrow_key(CODE), lost_message="Bring me back.")
    apple.manager.program.lock(holder.server, lock)
    apple.tell(FindMyReport(udid="UDID-BOUGHT-BY-ANN", serial_number="BOUGHT-BY-ANN", account="ann", password="pw"))
    apple.ledger.close()
    apple = Apple(tmp_path / "apple.sqlite", authority)
    assert apple.activate() == ActivationReply(state=ActivationState.LOCKED, lock_message="Bring me back.")
    assert apple.activate("BOUGHT-BY-ANN").state is ActivationState.LOCKED
    assert apple.activate("BOUGHT-BY-ANN", "pw").state is ActivationState.ACTIVATED
    assert apple.activate(unlock=format_bypass_code(CODE)).cloud_configuration == told
    assert apple.manager.activation_lock(SERIAL) is None
    apple.ledger.close()
