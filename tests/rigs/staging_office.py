"""An administrator of staging at work: people and groups made by the use cases, devices enrolled for them.

A device gets here as it would through the Hub: its Hub session has come to the install URL, and the device installs the
enrolment profile behind it with real cryptography.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar, cast

from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceRecord, PresentedDevice
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, Ownership, Platform, StagingMode
from mdm_server.service.invitations import InvitationRequest
from mdm_server.service.staging.administration import StagingAdministration
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.service.staging.users import UserOrder
from mdm_server.store.staging import NEW, ROOT_GROUP, AndroidChannel, StagingRoom, StagingView
from rigs.hub import Hub, password_of
from rigs.service import ServiceDevice, ServiceRig
from rigs.sockets import SocketRig

T = TypeVar("T")


@dataclass
class StagingOffice:
    """The administration of a service rig."""

    rig: ServiceRig

    @classmethod
    def on_sockets(cls, sockets: SocketRig, keys: list[rsa.RSAPrivateKey]) -> StagingOffice:
        """Return the administration of a server on sockets, whose devices come over these."""
        devices = sockets.devices(keys)
        cast("Any", devices.suite).staging = sockets.server.suite.staging
        return cls(devices)

    @property
    def staging(self) -> StagingAdministration:
        """Return the use cases."""
        return self.rig.suite.staging

    async def act(self, work: Callable[[StagingRoom], T]) -> T:
        """Change the records directly."""
        return await self.rig.store.staging.transact(work, self.rig.facts().occasion(self.rig.clock()))

    async def see(self, work: Callable[[StagingView], T]) -> T:
        """Look at the records directly."""
        return await self.rig.store.staging.read(work)

    async def told(self, code: str) -> list[Any]:
        """Return what the journal tells under a code."""
        return list(await self.rig.store.journal.list(code=code, limit=500))

    async def user(
        self, name: str, staging_type: DeviceStagingType = DeviceStagingType.DISABLED, **order: Any
    ) -> EnrollmentUser:
        """Make a user."""
        return await self.staging.users.create(UserOrder(user_name=name, staging_type=staging_type, **order))

    async def person(
        self, name: str, staging_type: DeviceStagingType = DeviceStagingType.DISABLED, **order: Any
    ) -> EnrollmentUser:
        """Make a user who has a password, and can log in to the Hub."""
        return await self.user(name, staging_type, password=password_of(name), **order)

    async def set(self, **settings: Any) -> None:
        """Change settings of the root group."""
        await self.staging.groups.change_settings(ROOT_GROUP, settings)

    async def register(self, user: int, hub: Hub) -> int:
        """Register a device to a user by its serial number; return the registration's number."""
        identifiers = DeviceIdentifiers(serial_number=hub.device.serial_number)
        order = RegistrationOrder(user=user, platform=Platform.IOS, identifiers=identifiers)
        return (await self.staging.registrations.register(order)).registration.id

    def hub(self, number: int, **hub: Any) -> Hub:
        """Return the Hub on a device; one number is one device."""
        return Hub(self.rig, self.rig.device(number), **hub)

    async def known(self, device: ServiceDevice) -> DeviceRecord:
        """Return what is on record of a device that need not be enrolled."""
        return (await self.staging.devices.identified(DeviceIdentifiers(device.udid, device.serial_number))).device

    async def record(self, device: ServiceDevice | int) -> DeviceRecord:
        """Return what is on record of a device now."""
        key = device if isinstance(device, int) else device.udid
        return (await self.staging.devices.find(key)).device

    async def enrolled(
        self,
        number: int,
        user: EnrollmentUser,
        mode: StagingMode = StagingMode.NONE,
        *,
        on_behalf: EnrollmentUser | None = None,
        group: int = ROOT_GROUP,
    ) -> ServiceDevice:
        """Enrol a device for a user, as a wizard of the Hub would have let it in."""
        device = self.rig.device(number)
        identifiers = DeviceIdentifiers(device.udid, device.serial_number)
        request = InvitationRequest(udid=device.udid, serial_number=device.serial_number)
        invitation, profile = await self.rig.suite.invitations.invite_with_profile(request, self.rig.facts())
        session = HubSession(
            id=f"session of {device.udid}, {invitation.invitation_id}",
            step=SessionStep.INSTALL,
            device=PresentedDevice(identifiers, Platform.IOS, device.product_name, "17.4"),
            expires_at=self.rig.clock() + timedelta(minutes=30),
            group=group,
            user=user.id,
            on_behalf=None if on_behalf is None else on_behalf.id,
            mode=mode,
            ownership=Ownership.CORPORATE_DEDICATED,
            invitation_id=invitation.invitation_id,
        )
        await self.act(lambda room: room.sessions.add(session))
        await device.enroll(profile)
        return device

    async def android(self, number: int, user: EnrollmentUser, **changes: Any) -> DeviceRecord:
        """Put an enrolled Android on record, with its channel."""
        key = f"android-{number}"
        plain = DeviceRecord(
            NEW,
            f"00000000-0000-4000-8000-{number:012}",
            Platform.ANDROID,
            DeviceIdentifiers(serial_number=f"ANDROID{number:06}", imei=f"35{number:013}"),
            "Pixel 8",
            "14",
            group=ROOT_GROUP,
            status=EnrollmentStatus.ENROLLED,
            assignment=Assignment(AssignmentState.ASSIGNED, user.id, None, self.rig.clock()),
            enrolling_user=user.id,
            enrollment_key=key,
        )

        def work(room: StagingRoom) -> DeviceRecord:
            record = room.devices.add(replace(plain, **changes))
            room.android.open_channel(AndroidChannel(record.id, key, f"hash of {key}", f"{number:064x}"))
            return record

        return await self.act(work)
