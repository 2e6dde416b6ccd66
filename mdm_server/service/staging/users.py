"""Enrolment users: who may log in, who may stage, and what becomes of the devices of one who goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging import assignment
from mdm_server.domain.staging.device_lock import LockEvent
from mdm_server.domain.staging.devices import DeviceLock, DeviceRecord
from mdm_server.domain.staging.login_attempts import after_reset
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    SecurityType,
    UserStatus,
)
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.admission import journal_name
from mdm_server.service.staging.finding import Key, the_group, the_user, the_user_group
from mdm_server.service.staging.handing_over import HandOver, check_in
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.service.staging.locks import devices_of, release_devices
from mdm_server.service.staging.passwords import LONGEST_PASSWORD, Passwords
from mdm_server.service.staging.readable import check_readable, checked_name
from mdm_server.service.staging.user_settings import draw_settings
from mdm_server.service.staging.waking import Waker
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import LARGEST_PAGE, NEW, ROOT_GROUP, Found, Staging, StagingRoom

PASSCODE_LIFETIME = timedelta(days=30)
"""How long a shared device passcode is good when nothing else is said."""
MOST_NAMED = 5
"""How many devices a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserOrder:
    """A user who is wanted. `group` None is the root."""

    user_name: str
    password: str | None = None
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    security_type: SecurityType = SecurityType.BASIC
    status: UserStatus = UserStatus.ACTIVE
    group: Key | None = None
    user_groups: tuple[Key, ...] = ()
    staging_type: DeviceStagingType = DeviceStagingType.DISABLED


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is to change of a user; None stays as it is."""

    password: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    status: UserStatus | None = None
    group: Key | None = None
    user_groups: tuple[Key, ...] | None = None
    staging_type: DeviceStagingType | None = None


Described: TypeAlias = tuple[EnrollmentUser, int]
"""A user, and how many devices count against the user's limit."""


class Users:
    """Keeps enrolment users."""

    def __init__(
        self,
        staging: Staging,
        passwords: Passwords,
        waker: Waker,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._staging = staging
        self._passwords = passwords
        self._waker = waker
        self._clock = clock
        self._random_bytes = random_bytes

    async def find(self, key: Key) -> EnrollmentUser:
        """Return a user; raises Refusal `user.unknown`."""
        return await self._staging.read(lambda view: the_user(view, key))

    async def named(self, user_name: str, group: Key | None = None) -> EnrollmentUser:
        """Return a user by name: of the customer of a group, or of any; raises Refusal `user.unknown`."""

        def look(view: Any) -> EnrollmentUser:
            user: EnrollmentUser | None = view.users.by_name(
                user_name, None if group is None else the_group(view, group).id
            )
            if user is None:
                raise Refusal("user.unknown")
            return user

        return await self._staging.read(look)

    async def described(self, key: Key) -> Described:
        """Return a user and how many devices count for the user; raises Refusal `user.unknown`."""

        def look(view: Any) -> Described:
            user = the_user(view, key)
            return user, view.devices.count_for_user(user.id)

        return await self._staging.read(look)

    async def search(
        self,
        *,
        user_name: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
        groups: Collection[int] | None = None,
        status: UserStatus | None = None,
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[Described]:
        """Return users who match all that is given, each with the number of their devices."""

        def look(view: Any) -> Found[Described]:
            found: Found[EnrollmentUser] = view.users.search(
                user_name=user_name,
                first_name=first_name,
                last_name=last_name,
                email=email,
                groups=groups,
                status=status,
                offset=offset,
                limit=limit,
            )
            return Found(tuple((user, view.devices.count_for_user(user.id)) for user in found), found.total)

        return await self._staging.read(look)

    async def create(self, order: UserOrder, facts: RequestFacts = INTERNAL) -> EnrollmentUser:
        """Make a user.

        Raises Refusal `api.invalid`, `api.conflict` (the name), `group.unknown`, `user.group_unknown`.
        """
        name = checked_name(user_name=order.user_name)
        check_readable(first_name=order.first_name, last_name=order.last_name, email=order.email)
        password_hash = await self._hash(order.password)
        uuid = new_uuid(self._random_bytes)

        def work(room: StagingRoom) -> EnrollmentUser:
            user = room.users.add(
                EnrollmentUser(
                    NEW,
                    uuid,
                    name,
                    order.first_name,
                    order.last_name,
                    order.email,
                    order.security_type,
                    order.status,
                    ROOT_GROUP if order.group is None else the_group(room, order.group).id,
                    tuple(the_user_group(room, key).id for key in order.user_groups),
                    order.staging_type,
                    password_hash,
                )
            )
            room.journal.tell(JournalCode.USER_CREATED, user=user.user_name)
            return user

        return await self._staging.transact(work, facts.occasion(self._clock()))

    async def change(self, key: Key, change: UserChange, facts: RequestFacts = INTERNAL) -> EnrollmentUser:
        """Change a user; a new password ends a lock that wrong ones set, as it does for whoever forgot it.

        Raises Refusal `user.unknown`, `api.invalid`, `group.unknown`, `user.group_unknown`.
        """
        check_readable(first_name=change.first_name, last_name=change.last_name, email=change.email)
        password_hash = await self._hash(change.password)

        def changed(room: StagingRoom, user: EnrollmentUser) -> EnrollmentUser:
            given: dict[str, Any] = {
                "first_name": change.first_name,
                "last_name": change.last_name,
                "email": change.email,
                "status": change.status,
                "staging_type": change.staging_type,
                "password_hash": password_hash,
                "group": None if change.group is None else the_group(room, change.group).id,
                "user_groups": None
                if change.user_groups is None
                else tuple(the_user_group(room, group).id for group in change.user_groups),
            }
            known = {name: value for name, value in given.items() if value is not None}
            return replace(after_reset(user) if password_hash and user.status is UserStatus.LOCKED else user, **known)

        return await self._replace(key, changed, facts)

    async def set_status(self, key: Key, status: UserStatus, facts: RequestFacts = INTERNAL) -> EnrollmentUser:
        """Activate, deactivate or lock a user; raises Refusal `user.unknown`."""
        return await self.change(key, UserChange(status=status), facts)

    async def reset_attempts(self, key: Key, facts: RequestFacts = INTERNAL) -> EnrollmentUser:
        """Forget a user's failed logins; a locked user is active again (KB 115001665168)."""
        return await self._replace(key, lambda room, user: after_reset(user), facts)

    async def set_shared_passcode(
        self, key: Key, passcode: str, expires_at: datetime | None = None, facts: RequestFacts = INTERNAL
    ) -> EnrollmentUser:
        """Give a user the passcode that checks shared devices out, as the self-service portal does."""
        shared_hash = await self._hash(passcode)
        expires = expires_at or self._clock() + PASSCODE_LIFETIME
        return await self._replace(
            key,
            lambda room, user: replace(user, shared_passcode_hash=shared_hash, shared_passcode_expires=expires),
            facts,
        )

    async def remove(self, key: Key, facts: RequestFacts = INTERNAL) -> None:
        """Remove a user with all registrations; raises Refusal `user.unknown`, `user.has_devices`.

        Devices that the user staged and nobody took are orphaned and locked (row 39); what locks the user's
        registrations had set are released. A shared device that the user has out is given back. Who owns a device
        that is still managed stays: somebody has to answer for it until it is wiped or another's.
        """
        now = self._clock()
        how = HandOver(now, "administrator", new_uuid(self._random_bytes), draw_settings(self._random_bytes))

        def work(room: StagingRoom) -> list[DeviceRecord]:
            user = the_user(room, key)
            devices = room.devices.of_user(user.id)
            _check_owns_nothing(user, devices)
            freed: list[DeviceRecord] = []
            for registration in room.registrations.for_user(user.id):
                freed += release_devices(room, devices_of(room, registration), LockEvent.DELETE_REGISTRATION)
            for device in devices:
                _part(room, device, user, how)
            room.users.remove(user.id)
            room.journal.tell(JournalCode.USER_REMOVED, user=user.user_name)
            return freed

        await self._waker.wake(await self._staging.transact(work, facts.occasion(now)))

    async def _replace(
        self, key: Key, changed: Callable[[StagingRoom, EnrollmentUser], EnrollmentUser], facts: RequestFacts
    ) -> EnrollmentUser:
        def work(room: StagingRoom) -> EnrollmentUser:
            user = changed(room, the_user(room, key))
            room.users.replace(user)
            room.journal.tell(JournalCode.USER_CHANGED, user=user.user_name)
            return user

        return await self._staging.transact(work, facts.occasion(self._clock()))

    async def _hash(self, secret: str | None) -> str | None:
        if secret is None:
            return None
        if not 1 <= len(secret) <= LONGEST_PASSWORD:
            detail = f"expected a password of 1 to {LONGEST_PASSWORD} characters, found {len(secret)}"
            raise DetailedRefusal("api.invalid", reason="password", detail=detail)
        return await self._passwords.hash(secret)


def _check_owns_nothing(user: EnrollmentUser, devices: Iterable[DeviceRecord]) -> None:
    """Refuse to let go of a user to whom devices are assigned: each would be left with an owner who is not there."""
    owned = [
        str(device.id)
        for device in devices
        if device.assignment.state is AssignmentState.ASSIGNED and device.assignment.user == user.id
    ]
    if owned:
        more = f" and {len(owned) - MOST_NAMED} more" if len(owned) > MOST_NAMED else ""
        detail = f"{user.user_name} has the devices with the numbers {', '.join(owned[:MOST_NAMED])}{more}"
        raise DetailedRefusal("user.has_devices", detail=detail)


def _part(room: StagingRoom, device: DeviceRecord, user: EnrollmentUser, how: HandOver) -> None:
    """Let a device part from a user who is removed."""
    current = room.devices.get(device.id) or device
    state = current.assignment.state
    if current.assignment.stager == user.id and state is not AssignmentState.ASSIGNED:
        lock = current.lock or DeviceLock(DeviceLockReason.STAGING_USER_GONE, how.at, user.id)
        room.devices.replace(replace(current, assignment=assignment.orphan(current, how.at), lock=lock))
        room.journal.tell(JournalCode.ASSIGNMENT_ORPHANED, device=journal_name(current), stager=user.user_name)
        if current.lock is None:
            room.journal.tell(JournalCode.LOCK_SET, device=journal_name(current), reason=lock.reason)
    elif state is AssignmentState.CHECKED_OUT:
        check_in(room, current, None, how)
