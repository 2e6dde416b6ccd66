"""Enrolling an Android: the one-time token of a Hub session is redeemed for a name and a secret on the channel."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mdm_server.domain.enrollment import EnrollmentEvent, advance
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging import hub_session
from mdm_server.domain.staging.android_verification import needs_verification
from mdm_server.domain.staging.attempt import Attempt
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord, PresentedDevice
from mdm_server.domain.staging.guards import GuardName, Verdict, judge
from mdm_server.domain.staging.hub_session import HubSession, SessionEvent
from mdm_server.domain.staging.vocabulary import EnrollmentType, Management, Platform
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.admission import apply, attempt_of
from mdm_server.service.staging.android_barcode import BarcodeStaging
from mdm_server.service.staging.android_identity import hash_of_secret
from mdm_server.service.staging.completion import session_of_android_token
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.store.contract import Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, AndroidChannel, StagingRoom
from mdm_server.wire.android_channel import EnrollReply, EnrollRequest, Hardware, ManagementMode, wake_token

_NAME_BYTES, _SECRET_BYTES = 8, 32


@dataclass(frozen=True, slots=True)
class Fresh:
    """The random values of one enrolment, drawn before its transaction."""

    uuid: str
    name: str
    secret: str


class AndroidEnrollment:
    """Enrols Androids."""

    def __init__(
        self,
        store: Store,
        barcode: BarcodeStaging,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._barcode = barcode
        self._clock = clock
        self._random_bytes = random_bytes

    async def enroll(self, facts: RequestFacts, request: EnrollRequest) -> EnrollReply | Refusal:
        """Enrol a device, or return the refusal: what it leaves behind is written, and so is its line in the journal.

        Raises:
            Refusal: `SESSION_EXPIRED` for a token that is unknown, used or too old; `STEP_OUT_OF_ORDER` for one that
                was given to another device.

        """
        token = request.token
        if token is None:
            assert request.credentials is not None, "the message has one or the other"
            try:
                token = await self._barcode.token(facts, request, request.credentials)
            except Refusal as refusal:
                return refusal
        at, fresh, redeemed = self._clock(), self._draw(), token
        verdict = await self._store.staging.transact(
            lambda room: _redeem(room, redeemed, request, fresh, at), facts.occasion(at)
        )
        return EnrollReply(device=fresh.name, secret=fresh.secret) if verdict is None else verdict.refusal()

    def _draw(self) -> Fresh:
        secret = base64.urlsafe_b64encode(self._random_bytes(_SECRET_BYTES)).decode().rstrip("=")
        return Fresh(new_uuid(self._random_bytes), f"android-{self._random_bytes(_NAME_BYTES).hex()}", secret)


def presented(hardware: Hardware, mode: ManagementMode) -> PresentedDevice:
    """Return what a device says of itself, in the words of the guards."""
    kind = EnrollmentType.WORK_PROFILE if mode is ManagementMode.WORK_PROFILE else EnrollmentType.MDM
    return PresentedDevice(identifiers_of(hardware), Platform.ANDROID, hardware.model, hardware.os_version, kind)


def identifiers_of(hardware: Hardware) -> DeviceIdentifiers:
    """Return what a device can be recognized by."""
    return DeviceIdentifiers(hardware.identifier, hardware.serial_number, hardware.imei)


def _redeem(room: StagingRoom, token: str, request: EnrollRequest, fresh: Fresh, at: datetime) -> Verdict | None:
    """Redeem a token in one transaction; return what stands against it, once more judged, or None."""
    session = session_of_android_token(room, token, at)
    device = presented(request.hardware, request.management_mode)
    if session.device.identifiers and not device.identifiers.matches(session.device.identifiers):
        raise Refusal("STEP_OUT_OF_ORDER", reason="device")
    attempt = _attempt(room, session, device)
    verdict = judge(attempt, first=GuardName.USER_ACTIVE, last=GuardName.GROUP_LIMIT)
    if verdict is not None:
        apply(room, verdict, attempt, at=at, uuid=fresh.uuid, step="Enroll")
        room.sessions.replace(hub_session.advance(session, SessionEvent.REFUSE))
        return verdict
    session = replace(session, ownership=attempt.effective_ownership)
    record = room.completion.enroll(_recorded(room, device, request, fresh, at), session)
    room.android.open_channel(
        AndroidChannel(
            device=record.id,
            name=fresh.name,
            secret_hash=hash_of_secret(fresh.secret),
            push_token=wake_token(fresh.name, fresh.secret).hex(),
        )
    )
    _tell(room, record, request)
    return None


def _attempt(room: StagingRoom, session: HubSession, device: PresentedDevice) -> Attempt:
    attempt = attempt_of(
        room,
        device,
        tree=room.groups.tree(),
        group=session.group,
        user=None if session.user is None else room.users.get(session.user),
        on_behalf=None if session.on_behalf is None else room.users.get(session.on_behalf),
        mode=session.mode,
        channel=session.channel,
        ownership=session.ownership,
    )
    token = session.token_registration
    registration = None if token is None else room.registrations.get(token)
    return replace(attempt, token_registration=registration, token_presented=registration is not None)


def _recorded(
    room: StagingRoom, device: PresentedDevice, request: EnrollRequest, fresh: Fresh, at: datetime
) -> DeviceRecord:
    """Put a device on record as enrolled, or as waiting until it says which one it is (T14)."""
    known = _known(room, device.identifiers)
    before = known or DeviceRecord(NEW, fresh.uuid, Platform.ANDROID, device.identifiers)
    pending = needs_verification(device)
    status = advance(before.status, EnrollmentEvent.AUTHENTICATE)
    record = replace(
        before,
        identifiers=device.identifiers.filled_from(before.identifiers),
        model=device.model,
        os_version=device.os_version,
        friendly_name=before.friendly_name or f"{request.hardware.brand} {device.model}",
        status=status if pending else advance(status, EnrollmentEvent.TOKEN_UPDATE),
        pending_verification=pending,
        management=Management.MDM,
        enrollment_key=fresh.name,
        work_profile=device.work_profile,
        last_seen=at,
    )
    if known is None:
        return room.devices.add(record)
    room.devices.replace(record)
    return record


def _known(room: StagingRoom, identifiers: DeviceIdentifiers) -> DeviceRecord | None:
    """Return the record of a device: what is printed on it counts for more than what its agent once called it."""
    found = room.devices.by_identifiers(identifiers, Platform.ANDROID)
    printed = replace(identifiers, udid=None)
    return min(found, key=lambda record: not record.identifiers.matches(printed), default=None)


def _tell(room: StagingRoom, record: DeviceRecord, request: EnrollRequest) -> None:
    # What the device was called in the wizard is told once more: its story goes on under another name.
    called = {"serial": record.identifiers.serial_number, "udid": record.identifiers.udid}
    details = {kind: known for kind, known in called.items() if known}
    name, mode = record.enrollment_key, request.management_mode
    room.journal.tell(JournalCode.ANDROID_ENROLLED, device=name, reason=mode, platform=record.platform, **details)
    if record.pending_verification:
        room.journal.tell(JournalCode.ANDROID_PENDING_VERIFICATION, device=name)
