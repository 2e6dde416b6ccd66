"""Registrations: whom a device is for, the tokens that go with them, and what deleting one sets free."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.device_lock import LockEvent
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.registration import (
    Registration,
    RegistrationEvent,
    RegistrationToken,
    advance,
    expire,
    new_token,
    token_hash,
    with_token,
)
from mdm_server.domain.staging.settings import TOKEN_LENGTHS, EnrollmentSettings
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import EntryChannel, Ownership, Platform, RegistrationState
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.admission import journal_name
from mdm_server.service.staging.adopting import Adoption, adopt
from mdm_server.service.staging.finding import Key, the_group, the_registration, the_user
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.service.staging.locks import devices_of, release_devices
from mdm_server.service.staging.readable import check_readable
from mdm_server.service.staging.waking import Waker
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import LARGEST_PAGE, NEW, Found, Staging, StagingRoom, StagingView

LONGEST_TOKEN = TOKEN_LENGTHS.stop - 1
NOT_NAMED = DeviceIdentifiers()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationOrder:
    """A registration that is wanted. Without identifiers it is for the user's next device of the platform."""

    user: Key
    group: Key | None = None
    platform: Platform | None = None
    identifiers: DeviceIdentifiers = NOT_NAMED
    ownership: Ownership = Ownership.UNDEFINED
    friendly_name: str = ""
    model: str = ""
    os_version: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration, and its token where its group asks for one: shown now and never again."""

    registration: Registration
    token: str | None = None


Described: TypeAlias = tuple[Registration, EnrollmentUser | None]


class Registrations:
    """Keeps registrations."""

    def __init__(
        self,
        staging: Staging,
        adoption: Adoption,
        waker: Waker,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._staging = staging
        self._adoption = adoption
        self._waker = waker
        self._clock = clock
        self._random_bytes = random_bytes

    async def register(self, order: RegistrationOrder, facts: RequestFacts = INTERNAL) -> Registered:
        """Register a device, or a device to come, to a user; the user's own earlier registration of it is renewed.

        Raises Refusal `api.invalid`, `user.unknown`, `group.unknown`, and `api.conflict` for a device that is somebody
        else's: that registration has to be deleted first.
        """
        check_readable(friendly_name=order.friendly_name, **asdict(order.identifiers))
        now = self._clock()
        uuids = new_uuid(self._random_bytes), new_uuid(self._random_bytes)
        # How long it has to be is known only in there, where nothing may be drawn any more.
        longest = new_token(LONGEST_TOKEN, self._random_bytes)
        enrolled = await self._adoption.find([order.identifiers])

        def work(room: StagingRoom) -> Registered:
            user = the_user(room, order.user)
            group = user.group if order.group is None else the_group(room, order.group).id
            settings = room.groups.tree().settings(group)
            earlier = _earlier(room, order.identifiers, user)
            registration = _renewed(earlier, order, group) if earlier else _new(order, user, group, uuids[0], now)
            token = longest[: settings.token_length] if settings.token_required else None
            if token is not None:
                registration = with_token(registration, _token(token, settings, now))
            if earlier is None:
                registration = room.registrations.add(registration)
            else:
                room.registrations.replace(registration)
            adopt(room, enrolled)
            device = _expect(room, registration, order, uuids[1])
            room.journal.tell(
                JournalCode.REGISTRATION_CREATED,
                device=journal_name(device),
                **_about(room, registration),
            )
            return Registered(registration, token)

        return await self._staging.transact(work, facts.occasion(now))

    async def find(self, key: Key) -> Described:
        """Return a registration and its user; raises Refusal `registration.unknown`."""
        now = self._clock()

        def look(view: StagingView) -> Described:
            return _described(view, expire(the_registration(view, key), now))

        return await self._staging.read(look)

    async def search(
        self,
        *,
        text: str | None = None,
        user: Key | None = None,
        groups: Collection[int] | None = None,
        states: Collection[RegistrationState] = (),
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[Described]:
        """Return registrations with their users; `text` is contained in an identifier or the friendly name."""
        now = self._clock()

        def look(view: StagingView) -> Found[Described]:
            found = view.registrations.search(
                text=text,
                user=None if user is None else the_user(view, user).id,
                groups=groups,
                states=states,
                offset=offset,
                limit=limit,
            )
            return Found(tuple(_described(view, expire(each, now)) for each in found), found.total)

        return await self._staging.read(look)

    async def reset_token(self, key: Key, facts: RequestFacts = INTERNAL) -> Registered:
        """Give a registration a new token, whatever became of the old one; raises Refusal `registration.unknown`."""
        now = self._clock()
        longest = new_token(LONGEST_TOKEN, self._random_bytes)

        def work(room: StagingRoom) -> Registered:
            registration = the_registration(room, key)
            settings = room.groups.tree().settings(registration.group)
            token = longest[: settings.token_length]
            renewed = with_token(registration, _token(token, settings, now))
            room.registrations.replace(renewed)
            room.journal.tell(JournalCode.REGISTRATION_TOKEN_RESET, **_about(room, renewed))
            return Registered(renewed, token)

        return await self._staging.transact(work, facts.occasion(now))

    async def revoke_token(self, key: Key, facts: RequestFacts = INTERNAL) -> Registration:
        """Make the token of a registration worthless; raises Refusal `registration.unknown`."""

        def work(room: StagingRoom) -> Registration:
            revoked = advance(the_registration(room, key), RegistrationEvent.REVOKE_TOKEN)
            room.registrations.replace(revoked)
            room.journal.tell(JournalCode.REGISTRATION_TOKEN_REVOKED, **_about(room, revoked))
            return revoked

        return await self._staging.transact(work, facts.occasion(self._clock()))

    async def delete(self, key: Key, facts: RequestFacts = INTERNAL) -> None:
        """Delete a registration and release the lock it set (T29); raises Refusal `registration.unknown`.

        The device is anybody's again; if it is enrolled it stays so, with whoever has it.
        """

        def work(room: StagingRoom) -> list[DeviceRecord]:
            registration = the_registration(room, key)
            devices = devices_of(room, registration)
            about = _about(room, registration)
            room.registrations.remove(registration.id)
            room.journal.tell(
                JournalCode.REGISTRATION_DELETED, device=journal_name(devices[0]) if devices else None, **about
            )
            freed = release_devices(room, devices, LockEvent.DELETE_REGISTRATION)
            for device in devices:
                _expect_no_more(room, device)
            return freed

        await self._waker.wake(await self._staging.transact(work, facts.occasion(self._clock())))

    async def delete_of_device(self, identifiers: DeviceIdentifiers, facts: RequestFacts = INTERNAL) -> int:
        """Delete every registration that names a device; return how many."""
        found = await self._staging.read(lambda view: view.registrations.for_identifiers(identifiers))
        for registration in found:
            await self.delete(registration.id, facts)
        return len(found)


def _new(order: RegistrationOrder, user: EnrollmentUser, group: int, uuid: str, now: datetime) -> Registration:
    return Registration(
        NEW,
        uuid,
        user.id,
        group,
        order.platform,
        order.identifiers,
        order.ownership,
        order.friendly_name,
        created_at=now,
    )


def _renewed(earlier: Registration, order: RegistrationOrder, group: int) -> Registration:
    """Return a registration with what its user's new one says; what that leaves out stays."""
    return replace(
        earlier,
        group=group,
        platform=order.platform or earlier.platform,
        identifiers=order.identifiers.filled_from(earlier.identifiers),
        ownership=earlier.ownership if order.ownership is Ownership.UNDEFINED else order.ownership,
        friendly_name=order.friendly_name or earlier.friendly_name,
    )


def _earlier(room: StagingRoom, identifiers: DeviceIdentifiers, user: EnrollmentUser) -> Registration | None:
    """Return the user's own registration of a device; somebody else's is in the way (Refusal `api.conflict`)."""
    found = room.registrations.for_identifiers(identifiers) if identifiers else ()
    for registration in found:
        if registration.user != user.id:
            detail = f"the device is registered to somebody else: delete registration {registration.id} first"
            raise DetailedRefusal("api.conflict", reason="registered", detail=detail)
    return found[0] if found else None


def _token(token: str, settings: EnrollmentSettings, now: datetime) -> RegistrationToken:
    return RegistrationToken(token_hash(token), settings.token_type, now + timedelta(hours=settings.token_hours))


def _expect(room: StagingRoom, registration: Registration, order: RegistrationOrder, uuid: str) -> DeviceRecord | None:
    """Keep a record of a device that is expected (T1): the one there is, or a new one where it can be named."""
    if not registration.identifiers or registration.platform is None:
        return next(iter(devices_of(room, registration)), None)
    known = next(iter(room.devices.by_identifiers(registration.identifiers, registration.platform)), None)
    if known is None:
        return room.devices.add(
            DeviceRecord(
                NEW,
                uuid,
                registration.platform,
                registration.identifiers,
                model=order.model,
                os_version=order.os_version,
                friendly_name=registration.friendly_name,
                group=registration.group,
                ownership=registration.ownership,
                status=EnrollmentStatus.REGISTERED,
                via=EntryChannel.ADMIN_API,
            )
        )
    if known.status is EnrollmentStatus.DISCOVERED:
        known = replace(known, status=EnrollmentStatus.REGISTERED, group=registration.group)
        room.devices.replace(known)
    return known


def _expect_no_more(room: StagingRoom, device: DeviceRecord) -> None:
    """Let a device that never came be one that was only heard of, unless another registration expects it."""
    current = room.devices.get(device.id)
    if current is None or current.status is not EnrollmentStatus.REGISTERED:
        return
    if not room.registrations.for_identifiers(current.identifiers):
        room.devices.replace(replace(current, status=EnrollmentStatus.DISCOVERED))


def _described(view: StagingView, registration: Registration) -> Described:
    return registration, None if registration.user is None else view.users.get(registration.user)


def _about(room: StagingRoom, registration: Registration) -> dict[str, str]:
    """Return what the journal says of a registration: whose it is, and of which device."""
    user = None if registration.user is None else room.users.get(registration.user)
    identifiers = registration.identifiers
    about = {
        "user": user.user_name if user else None,
        "serial": identifiers.serial_number,
        "udid": identifiers.udid,
        "imei": identifiers.imei,
    }
    return {name: value for name, value in about.items() if value}
