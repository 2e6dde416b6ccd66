"""Users, Hub sessions and administrators who speak to the staging part of a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.assignment import claim
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord, PresentedDevice
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import DeviceStagingType, Platform, StagingMode
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom, StagingView
from rigs.store_actors import Actors, device

T = TypeVar("T")


@dataclass
class StagingActors(Actors):
    """Actors who stage devices, too."""

    async def act(self, work: Callable[[StagingRoom], T]) -> T:
        """Run one unit of work."""
        return await self.store.staging.transact(work, self.occasion())

    async def see(self, work: Callable[[StagingView], T]) -> T:
        """Read."""
        return await self.store.staging.read(work)

    async def user(self, name: str, staging: DeviceStagingType = DeviceStagingType.DISABLED) -> EnrollmentUser:
        """Make a user of the root group."""
        user = EnrollmentUser(NEW, f"uuid of {name}", name, group=ROOT_GROUP, staging_type=staging)
        return await self.act(lambda room: room.users.add(user))

    async def register(self, user: EnrollmentUser, **identifiers: str) -> Registration:
        """Register a device to a user."""
        self.counter += 1
        registration = Registration(
            NEW, f"registration {self.counter}", user.id, ROOT_GROUP, Platform.IOS, DeviceIdentifiers(**identifiers)
        )
        return await self.act(lambda room: room.registrations.add(registration))

    async def let_in(
        self,
        udid: str,
        user: EnrollmentUser,
        *,
        serial_number: str | None = None,
        mode: StagingMode = StagingMode.NONE,
        on_behalf: EnrollmentUser | None = None,
        certificate: str | None = None,
        **more: Any,
    ) -> str:
        """Lead a device to its install URL; return the certificate that it gets by the invitation there."""
        self.counter += 1
        name = f"session {self.counter} of {udid}"
        await self.invite(name, udid=udid)
        session = HubSession(
            id=name,
            step=SessionStep.INSTALL,
            device=PresentedDevice(DeviceIdentifiers(udid, serial_number), Platform.IOS, "iPhone15,2", "17.4"),
            expires_at=self.now + timedelta(minutes=30),
            group=ROOT_GROUP,
            user=user.id,
            on_behalf=None if on_behalf is None else on_behalf.id,
            mode=mode,
            invitation_id=name,
            **more,
        )
        await self.act(lambda room: room.sessions.add(session))
        certificate = certificate or f"certificate of {name}"
        await self.issue(certificate, challenge=name)
        return certificate

    async def install(self, udid: str, certificate: str, *, serial_number: str | None = None) -> None:
        """Send what a device sends once its profile is installed."""
        await self.authenticate(device(udid), certificate, serial_number=serial_number)
        await self.token_update(device(udid), certificate)

    async def enrol_by_hub(
        self, udid: str, user: EnrollmentUser, *, serial_number: str | None = None, **more: Any
    ) -> str:
        """Enrol a device by the Hub; return its certificate."""
        certificate = await self.let_in(udid, user, serial_number=serial_number, **more)
        await self.install(udid, certificate, serial_number=serial_number)
        return certificate

    async def device_of(self, key: str) -> DeviceRecord:
        """Return the record of an enrolled device."""
        found = await self.see(lambda view: view.devices.by_enrollment_key(key))
        assert found is not None, f"staging knows nothing of {key}"
        return found

    async def claim(self, number: int, user: EnrollmentUser) -> str:
        """Let a user log in to a staged device; return "claimed", or the code of the refusal."""

        def work(room: StagingRoom) -> str:
            record = room.devices.get(number)
            assert record is not None
            try:
                held = claim(record, user.id, self.now)
            except Refusal as refusal:
                return refusal.code
            if held is not record.assignment:
                room.devices.replace(replace(record, assignment=held, claimed_at=self.now, claimed_once=True))
            return "claimed"

        return await self.act(work)
