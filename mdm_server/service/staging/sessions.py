"""Hub sessions: begun, found again, replaced by the next one of the same device, and forgotten when they are old.

A session identifier is 128 random bits and all that a device has to show, so it is never journaled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers, PresentedDevice
from mdm_server.domain.staging.hub_session import HubSession, SessionEvent, SessionStep, advance, check_open
from mdm_server.domain.staging.vocabulary import EnrollmentType, EntryChannel, Platform
from mdm_server.service.staging.captcha import new_captcha
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingRoom, StagingView
from mdm_server.wire.hub import HubDevice, HubError

ENDED = frozenset({SessionStep.DONE, SessionStep.REFUSED, SessionStep.EXPIRED})
KEPT = timedelta(hours=48)
"""How long a session that is over is kept for whoever asks (KB 115001665168: purged after two days)."""
WORK_PROFILE = "workprofile"
_SESSION_BYTES = 16
_WIZARD_CHANNELS = (EntryChannel.HUB, EntryChannel.BARCODE, EntryChannel.CONFIGURATOR)
_CHANNELS = {channel.lower(): channel for channel in _WIZARD_CHANNELS}


@dataclass(frozen=True, slots=True)
class Fresh:
    """The random values that one request may need, drawn before its transaction: inside, nothing is drawn."""

    session_id: str
    uuid: str
    captcha: str


def draw(random_bytes: Callable[[int], bytes]) -> Fresh:
    """Draw what one request may need."""
    return Fresh(random_bytes(_SESSION_BYTES).hex(), new_uuid(random_bytes), new_captcha(random_bytes))


def presented(device: HubDevice) -> PresentedDevice:
    """Return what a device says of itself.

    Raises:
        HubError: its type is none that is simulated, or it does not say which device it is.

    """
    platform = Platform.numbered(int(device.type)) if device.type.isascii() and device.type.isdigit() else None
    if platform is None:
        raise HubError("parse.value", "Device.Type: expected 2 (Apple) or 5 (Android)")
    identifiers = identifiers_of(device)
    if platform is Platform.IOS and not identifiers:
        raise HubError("parse.value", "Device: expected an Identifier, a SerialNumber or an Imei")
    profile = platform is Platform.ANDROID and device.afw_provisioning_mode.lower() == WORK_PROFILE
    kind = EnrollmentType.WORK_PROFILE if profile else EnrollmentType.MDM
    return PresentedDevice(identifiers, platform, device.product or device.model, device.os_version, kind)


def identifiers_of(device: HubDevice) -> DeviceIdentifiers:
    """Return what a device can be recognized by."""
    return DeviceIdentifiers(device.identifier or None, device.serial_number or None, device.imei or None)


def channel_of(name: str) -> EntryChannel:
    """Return the door that an app says it comes through: one with a screen unless it says otherwise."""
    return _CHANNELS.get(name.lower(), EntryChannel.HUB)


def find(view: StagingView, session_id: str, device: HubDevice, at: datetime, *expected: SessionStep) -> HubSession:
    """Return an open session that waits for this answer.

    Raises:
        Refusal: `SESSION_EXPIRED`, also for one that never was; `STEP_OUT_OF_ORDER`, also for another device's.

    """
    session = view.sessions.get(session_id) if session_id else None
    if session is None:
        raise Refusal("SESSION_EXPIRED", reason="unknown")
    check_open(session, at, *expected)
    said = identifiers_of(device)
    if said and session.device.identifiers and not said.matches(session.device.identifiers):
        raise Refusal("STEP_OUT_OF_ORDER", reason="device")
    return session


def replace_strangers(room: StagingRoom, identifiers: DeviceIdentifiers) -> None:
    """End the sessions of a device in which nobody has logged in: a new one begins."""
    for session in room.sessions.of_device(identifiers):
        if session.step not in ENDED and session.user is None:
            room.sessions.replace(advance(session, SessionEvent.EXPIRE))


def replace_others(room: StagingRoom, session: HubSession) -> tuple[str, ...]:
    """End the other sessions of a device now that somebody has logged in: one device, one session.

    Returns the invitations that these had led to, for whoever called to revoke.
    """
    revoked = []
    for other in room.sessions.of_device(session.device.identifiers):
        if other.id == session.id or other.step in ENDED:
            continue
        # It keeps its invitation, so that whoever was given a certificate by it already does not enrol with it.
        room.sessions.replace(advance(other, SessionEvent.EXPIRE))
        room.journal.tell(JournalCode.HUB_SESSION_EXPIRED, reason="replaced")
        if other.invitation_id is not None:
            revoked.append(other.invitation_id)
    return tuple(revoked)
