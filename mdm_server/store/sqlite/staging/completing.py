"""The end of an enrolment's beginning, and its end: whose the device is, and what is written down for ever after."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from mdm_server.domain.staging import assignment, registration, wipe_protection
from mdm_server.domain.staging.attempt import Attempt
from mdm_server.domain.staging.check_out import home_group
from mdm_server.domain.staging.device_lock import LockEvent, released
from mdm_server.domain.staging.devices import DeviceRecord, PresentedDevice
from mdm_server.domain.staging.hub_session import HubSession, SessionEvent, advance
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.vocabulary import EnrollmentType, Management, StagingMode
from mdm_server.domain.staging.wipe_protection import WipeEvent, WipeState
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import Occasion
from mdm_server.store.sqlite.staging.view import SqliteLedger, SqliteView
from mdm_server.store.staging.records import NEW, ROOT_GROUP

NAMES = UUID("6d646d73-696d-4000-8000-000000000002")
"""The namespace of UUIDs that are made from what is on record: nothing is drawn inside a transaction."""


class SqliteCompletion:
    """Implements `staging.Completion`."""

    def __init__(self, view: SqliteView, journal: SqliteLedger, occasion: Occasion) -> None:
        self._view = view
        self._journal = journal
        self._at = occasion.at

    def enroll(self, device: DeviceRecord, session: HubSession) -> DeviceRecord:
        """Complete the enrolment that a Hub session led to (T13)."""
        assert session.user is not None, "an install URL is given to somebody who logged in"
        mode = session.mode or StagingMode.NONE
        device = replace(
            device,
            group=session.group if session.group is not None else device.group,
            home_group=None,
            ownership=session.ownership or device.ownership,
            assignment=assignment.enroll(device, mode, session.user, session.on_behalf, self._at),
            enrolling_user=session.user,
            staged_at=None if mode is StagingMode.NONE else self._at,
            claimed_at=None,
            claimed_once=False,
            via=session.channel,
            management=Management.MDM,
        )
        bound = self._bind(device, session)
        if bound is not None and not device.friendly_name:
            device = replace(device, friendly_name=bound.friendly_name)
        self._view.devices.replace(device)
        self._tell_assignment(device, mode)
        self._view.sessions.replace(replace(advance(session, SessionEvent.ENROLLED), device_id=device.id))
        return device

    def leave(self, device: DeviceRecord, *, wiped: bool = False) -> DeviceRecord:
        """Take note that a device is managed no longer; whose it was stays on its registration."""
        wipe = self._view.wipes.open_of_device(device.id)
        under_way = wipe is not None and wipe.state is WipeState.SENT
        left = replace(
            device,
            group=home_group(device),
            home_group=None,
            assignment=assignment.unenroll(device, self._at),
            pending_verification=False,
            lock=released(device.lock, LockEvent.WIPED if wiped or under_way else LockEvent.UNENROLLED),
        )
        self._view.devices.replace(left)
        name = journal_name(left)
        if wipe is not None and under_way:
            self._view.wipes.replace(wipe_protection.advance(wipe, WipeEvent.ACKNOWLEDGED, self._at, wipe.decided_by))
            self._journal.tell(JournalCode.WIPE_DONE, device=name, reason=wipe.kind)
        if left.assignment is not device.assignment:
            self._journal.tell(JournalCode.ASSIGNMENT_ENDED, device=name, reason=device.assignment.state)
        if left.lock is not device.lock and device.lock is not None:
            self._journal.tell(JournalCode.LOCK_RELEASED, device=name, reason=device.lock.reason, by="wipe")
        return left

    def _bind(self, device: DeviceRecord, session: HubSession) -> Registration | None:
        """Bind the owner's registration to the device, or a new one: every enrolment leaves a binding (§2.1 rule 3)."""
        owner = session.owner
        if owner is None:
            return None
        there = self._registration(device, session)
        if there is None or there.user not in (None, owner):
            there = self._view.registrations.add(
                Registration(
                    NEW,
                    str(uuid5(NAMES, f"registration {session.id}")),
                    owner,
                    device.group or ROOT_GROUP,
                    device.platform,
                    device.identifiers,
                    device.ownership,
                    device.friendly_name,
                    created_at=self._at,
                )
            )
        bound = registration.bind(replace(there, user=owner), device.id, device.identifiers)
        self._view.registrations.replace(bound)
        self._journal.tell(JournalCode.REGISTRATION_BOUND, device=journal_name(device), user=self._name(owner))
        return bound

    def _registration(self, device: DeviceRecord, session: HubSession) -> Registration | None:
        view = self._view
        kind = EnrollmentType.WORK_PROFILE if device.work_profile else EnrollmentType.MDM
        token = session.token_registration
        attempt = Attempt(
            tree=view.groups.tree(),
            group=None if session.group is None else view.groups.get(session.group),
            device=PresentedDevice(device.identifiers, device.platform, device.model, device.os_version, kind),
            channel=session.channel,
            user=None if session.user is None else view.users.get(session.user),
            mode=session.mode or StagingMode.NONE,
            on_behalf=None if session.on_behalf is None else view.users.get(session.on_behalf),
            token_registration=None if token is None else view.registrations.get(token),
            record=device,
            registrations=registrations_of(view, device, session.owner),
        )
        return attempt.registration

    def _tell_assignment(self, device: DeviceRecord, mode: StagingMode) -> None:
        held = device.assignment
        code = JournalCode.ASSIGNMENT_STAGED if held.user is None else JournalCode.ASSIGNMENT_ASSIGNED
        people = {"user": self._name(held.user), "stager": self._name(held.stager)}
        known = {role: name for role, name in people.items() if name is not None}
        self._journal.tell(code, device=journal_name(device), reason=mode, **known)

    def _name(self, user: int | None) -> str | None:
        found = None if user is None else self._view.users.get(user)
        return None if found is None else found.user_name


def journal_name(device: DeviceRecord) -> str:
    """Return the name under which the journal knows a device: its enrolment, or else its number."""
    return device.enrollment_key or f"device:{device.id}"


def registrations_of(view: SqliteView, device: DeviceRecord, owner: int | None) -> tuple[Registration, ...]:
    """Return the registrations that name a device or are bound to it, and its owner's that wait, each once."""
    found = [*view.registrations.for_identifiers(device.identifiers)]
    if device.id != NEW:
        found += view.registrations.of_device(device.id)
    if owner is not None:
        found += view.registrations.waiting_for_any(owner)
    return tuple({each.id: each for each in found}.values())
