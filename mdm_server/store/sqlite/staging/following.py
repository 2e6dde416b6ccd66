"""What staging makes of an iOS device's check-ins, inside their transactions: the device record follows the enrolment.

A device that staging knows nothing of costs one query. One that it knows is judged again at Authenticate and when its
first TokenUpdate completes the enrolment: between the Hub's answer and these, somebody may have denied or locked it, or
taken it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from uuid import uuid5

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging import withholding
from mdm_server.domain.staging.attempt import Attempt, GuardName, Verdict
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord, PresentedDevice
from mdm_server.domain.staging.guards import judge, judge_plain_authenticate
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.vocabulary import AssignmentState, ListAttribute, Management, Platform, StagingMode
from mdm_server.store.records import Details, Occasion
from mdm_server.store.sqlite.checks import IDENTIFIED, normal
from mdm_server.store.sqlite.staging.completing import NAMES, SqliteCompletion, registrations_of
from mdm_server.store.sqlite.staging.storing import change, identifier_values, number
from mdm_server.store.sqlite.staging.view import SqliteLedger, SqliteView
from mdm_server.store.staging.counting import count_devices
from mdm_server.store.staging.records import NEW, ROOT_GROUP

_LISTED = " OR ".join(f"(attribute = '{attribute}' AND value_key = {normal('?')})" for attribute in ListAttribute)
_CONCERNS = f"""
    SELECT EXISTS (SELECT 1 FROM device WHERE enrollment_key = ? OR {IDENTIFIED})
        OR EXISTS (SELECT 1 FROM hub_session WHERE invitation_id = ?)
        OR EXISTS (SELECT 1 FROM registration WHERE {IDENTIFIED})
        OR EXISTS (SELECT 1 FROM list_entry WHERE {_LISTED})
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Arrival:
    """An iOS device that says who it is: in Authenticate, or by its record when TokenUpdate completes the enrolment."""

    key: str
    serial_number: str | None
    details: Details
    invitation_id: str | None

    @property
    def device(self) -> PresentedDevice:
        """The device in the words of staging."""
        said = {name: str(value) for name, value in self.details.items() if value is not None}
        return PresentedDevice(
            DeviceIdentifiers(self.key, self.serial_number or None, said.get("IMEI") or None),
            Platform.IOS,
            said.get("ProductName") or said.get("Model", ""),
            said.get("OSVersion", ""),
        )


def authenticated(connection: sqlite3.Connection, arrival: Arrival, occasion: Occasion) -> None:
    """Judge a device that begins an enrolment, and let its record follow; raises Refusal."""
    if _concerns_staging(connection, arrival):
        _Follower(connection, occasion).arrive(arrival)


def enrolled(connection: sqlite3.Connection, arrival: Arrival, occasion: Occasion) -> None:
    """Judge a device whose enrolment is about to be complete, and complete it; raises Refusal."""
    if _concerns_staging(connection, arrival):
        _Follower(connection, occasion).complete(arrival)


def moved(connection: sqlite3.Connection, key: str, status: EnrollmentStatus) -> None:
    """Let the record of a device follow the status of its enrolment."""
    change(connection, "UPDATE device SET status = ? WHERE enrollment_key = ?", status, key)


def ended(
    connection: sqlite3.Connection, key: str, status: EnrollmentStatus, occasion: Occasion, *, wiped: bool
) -> None:
    """Let the record of a device follow the end of its enrolment."""
    if number(connection, "SELECT EXISTS (SELECT 1 FROM device WHERE enrollment_key = ?)", key):
        _Follower(connection, occasion).leave(key, status, wiped=wiped)


def withholds(connection: sqlite3.Connection, key: str) -> bool:
    """Say whether a device is locked, so that it is given nothing but what `GIVEN_TO_LOCKED_DEVICES` names."""
    if not number(
        connection, "SELECT EXISTS (SELECT 1 FROM device WHERE enrollment_key = ? AND lock_reason > '')", key
    ):
        return False
    view = SqliteView(connection, lambda _: None)
    record = view.devices.by_enrollment_key(key)
    assert record is not None
    tree = view.groups.tree()
    settings = tree.settings(ROOT_GROUP if record.group is None else record.group)
    return withholding.withholds(record, registrations_of(view, record, None), settings)


def _concerns_staging(connection: sqlite3.Connection, arrival: Arrival) -> bool:
    device = arrival.device
    identified = identifier_values(device.identifiers)
    found = number(
        connection,
        _CONCERNS,
        arrival.key,
        *identified,
        arrival.invitation_id,
        *identified,
        *identified,
        device.platform,
    )
    return bool(found)


class _Follower:
    """Follows one device, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, occasion: Occasion) -> None:
        self._connection = connection
        self._view = SqliteView(connection, lambda _: None)
        self._completion = SqliteCompletion(self._view, SqliteLedger(connection, occasion), occasion)

    def arrive(self, arrival: Arrival) -> DeviceRecord | None:
        """Judge a device, and let its record say that it is enrolling; one that came by the Hub gets a record."""
        session = self._session(arrival)
        device = arrival.device
        record = self._record(arrival)
        attempt = self._attempt(arrival, session, record)
        verdict = _judge_plain(attempt, arrival.key) if session is None else _judge_session(attempt, session)
        if verdict is not None:
            raise verdict.refusal()
        if record is None and session is None:
            return None
        self._take_enrollment(arrival.key, record)
        if record is None:
            assert session is not None
            uuid = str(uuid5(NAMES, f"device {session.id}"))
            record = self._view.devices.add(DeviceRecord(NEW, uuid, device.platform, device.identifiers))
        following = replace(
            record,
            identifiers=device.identifiers.filled_from(record.identifiers),
            model=device.model or record.model,
            os_version=device.os_version or record.os_version,
            status=EnrollmentStatus.ENROLLMENT_IN_PROGRESS,
            enrollment_key=arrival.key,
            management=Management.MDM,
        )
        if session is not None:
            following = replace(
                following,
                group=session.group,
                enrolling_user=session.owner or session.user,
                via=session.channel,
            )
        self._view.devices.replace(following)
        return following

    def complete(self, arrival: Arrival) -> None:
        """Judge a device once more and complete its enrolment, as its Hub session says or as it was."""
        following = self.arrive(arrival)
        session = self._session(arrival)
        if following is None:
            return
        following = replace(following, status=EnrollmentStatus.ENROLLED)
        if session is not None:
            self._completion.enroll(following, session)
        else:
            self._view.devices.replace(following)

    def leave(self, key: str, status: EnrollmentStatus, *, wiped: bool) -> None:
        """Let the record of a device say that it is managed no longer."""
        record = self._view.devices.by_enrollment_key(key)
        assert record is not None
        self._completion.leave(replace(record, status=status), wiped=wiped)

    def _session(self, arrival: Arrival) -> HubSession | None:
        """Return the Hub session that waits for this enrolment, if there is one.

        One that has led to an enrolment already says nothing of another. One that ended otherwise takes its invitation
        with it, even if a certificate was issued by it before: raises Refusal.
        """
        session = None if arrival.invitation_id is None else self._view.sessions.by_invitation(arrival.invitation_id)
        if session is None or session.step is SessionStep.DONE:
            return None
        if session.step is not SessionStep.INSTALL:
            raise Refusal("HUB_REQUIRED", reason=session.step)
        return session

    def _record(self, arrival: Arrival) -> DeviceRecord | None:
        """Return the record of this device on its own platform: by its serial number rather than by its UDID."""
        identifiers = arrival.device.identifiers
        known = self._view.devices.by_identifiers(identifiers, Platform.IOS)
        by_serial = [each for each in known if _same_serial(each.identifiers, identifiers)]
        return next(iter([*by_serial, *known]), None) or self._view.devices.by_enrollment_key(arrival.key)

    def _take_enrollment(self, key: str, record: DeviceRecord | None) -> None:
        """Take the enrolment from another record that held it: a UDID can turn up on other hardware."""
        own = NEW if record is None else record.id
        taken = "UPDATE device SET enrollment_key = NULL WHERE enrollment_key = ? AND id <> ?"
        change(self._connection, taken, key, own)

    def _attempt(self, arrival: Arrival, session: HubSession | None, record: DeviceRecord | None) -> Attempt:
        view, device = self._view, arrival.device
        tree = view.groups.tree()
        # A lock keeps the hardware out, whatever system it runs now: the locked record is the one that is judged.
        known = view.devices.by_identifiers(device.identifiers)
        locked = next((each for each in known if each.lock is not None), record)
        if session is None:
            # Without the Hub there is no group: a line for the device counts whoever wrote it, one for a platform only
            # where it holds for everybody.
            named = view.lists.for_identifiers(device.identifiers, None)
            everywhere = view.lists.for_identifiers(DeviceIdentifiers(), device.platform, [ROOT_GROUP])
            return Attempt(
                tree=tree,
                group=None,
                device=device,
                record=locked,
                registrations=self._registrations(device, locked, None),
                entries=(*named, *everywhere),
            )
        group = None if session.group is None else tree.get(session.group)
        above = [] if group is None else [ancestor.id for ancestor in tree.ancestors(group.id)]
        token = session.token_registration
        attempt = Attempt(
            tree=tree,
            group=group,
            device=device,
            channel=session.channel,
            user=None if session.user is None else view.users.get(session.user),
            mode=session.mode or StagingMode.NONE,
            on_behalf=None if session.on_behalf is None else view.users.get(session.on_behalf),
            token_registration=None if token is None else view.registrations.get(token),
            record=locked,
            registrations=self._registrations(device, locked, session.owner),
            entries=tuple(view.lists.for_identifiers(device.identifiers, device.platform, above)),
            ownership=session.ownership,
        )
        own = None if record is None else record.id
        return replace(attempt, counts=count_devices(view.devices, attempt, own))

    def _registrations(
        self, device: PresentedDevice, record: DeviceRecord | None, owner: int | None
    ) -> tuple[Registration, ...]:
        known = record or DeviceRecord(NEW, "", device.platform, device.identifiers)
        named = replace(known, identifiers=device.identifiers.filled_from(known.identifiers))
        return registrations_of(self._view, named, owner)


def _judge_session(attempt: Attempt, session: HubSession) -> Verdict | None:
    """Return what stands by now against a device whose user has been let in by the Hub."""
    if session.device.identifiers.contradicts(attempt.device.identifiers):
        return Verdict("HUB_REQUIRED", GuardName.REGISTRATION_OWNER, "another_device")
    if attempt.user is None:
        return Verdict("HUB_REQUIRED", GuardName.USER_ACTIVE, "user_is_gone")
    return judge(attempt, first=GuardName.USER_ACTIVE, last=GuardName.GROUP_LIMIT)


def _judge_plain(attempt: Attempt, key: str) -> Verdict | None:
    """Return what stands against a device that comes with an enrolment profile alone.

    One that enrols anew while it is somebody's stays whose it is: whether it may is decided by its certificate.
    """
    verdict = judge_plain_authenticate(attempt)
    record = attempt.record
    if verdict is None or verdict.code != "HUB_REQUIRED" or record is None:
        return verdict
    is_held = record.assignment.state is not AssignmentState.UNASSIGNED
    return None if is_held and record.enrollment_key == key else verdict


def _same_serial(one: DeviceIdentifiers, other: DeviceIdentifiers) -> bool:
    mine, theirs = (DeviceIdentifiers(serial_number=each.serial_number) for each in (one, other))
    return mine.matches(theirs)
