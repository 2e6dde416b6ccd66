"""Enrolment: from a link or a file to the first TokenUpdate.

    fetch the profile → verify it → [profile service: send attributes, fetch again] → SCEP → Authenticate → TokenUpdate

Whatever fails, nothing of it stays on the device.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from certs import signed_data
from certs.identity import Identity, fingerprint
from device_emulator.core import channel, installing, scep_client
from device_emulator.core.automated_enrollment import fetch_profile
from device_emulator.core.conversation import OK, USER_AGENT, Conversation, Draft, patiently, said_by
from device_emulator.core.errors import ExchangeError, ProfileRefusedError
from device_emulator.core.events import (
    BootstrapTokenExchanged,
    CertificateIssued,
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    EnrollmentStarted,
    ProfileAccepted,
    ProfileRefused,
    StageReached,
    UserChannelRefused,
)
from device_emulator.core.handheld import Handheld
from device_emulator.core.management import Management
from device_emulator.core.messages import NO_ERRANDS, Errand, RequestKind, ResponseArrived
from device_emulator.core.session import unrecognized
from device_emulator.core.setting_up.answers import Guide
from device_emulator.core.setting_up.events import ConfigurationAwaited
from device_emulator.core.setting_up.passage import Passage
from device_emulator.core.states import UNDER_WAY, LifeState, LifeTrigger
from mdm_server.wire import plist
from mdm_server.wire.dep import DepProfile
from mdm_server.wire.enrollment_profile import EnrollmentSettings, ScepSettings, read_enrollment_profile
from mdm_server.wire.errors import WireError
from mdm_server.wire.mobileconfig import OpenedDocument, OpenedProfile
from mdm_server.wire.profile_service import (
    PROFILE_SERVICE,
    DeviceAttributes,
    ProfileService,
    parse_profile_service,
    read_scep_profile,
)

UNMANAGED = frozenset({Errand.ENROLL, Errand.HUB, Errand.FIND_MY})
IN_SETUP = frozenset({Errand.SET_UP})
BY_CABLE = frozenset({Errand.SET_UP, Errand.HUB})
GONE = 410


@dataclass(frozen=True, slots=True)
class Offer:
    """What the person opened: a link, a profile received as a file, or the box of a device of the company's."""

    url: str | None = None
    document: bytes | None = None
    passage: Passage | None = None
    """Setup Assistant asks for the profile instead, unless that is there already."""


class Enrolling:
    """One attempt to enrol."""

    def __init__(self, handheld: Handheld, offer: Offer) -> None:
        self.handheld = handheld
        self.offer = offer
        self.stage = EnrollmentStage.PROFILE

    def converse(self) -> Conversation[None]:
        """Enrol; the outcome is in the device's life, and in its events."""
        handheld = self.handheld
        handheld.change_life(LifeTrigger.ENROLLMENT_STARTED)
        handheld.enrollments += 1
        handheld.emit(EnrollmentStarted(self.offer.url))
        try:
            yield from self._enroll()
        except ProfileRefusedError as refusal:
            handheld.emit(ProfileRefused(refusal.reason, refusal.detail))
            self._undo(refusal.reason, refusal.detail)
        except ExchangeError as error:
            self._undo(error.reason, error.detail)
        except GeneratorExit:
            # Somebody switched the device off. If it was erased, there is nothing left to undo.
            if handheld.life in UNDER_WAY:
                self._undo("interrupted", "expected to go on, found the device switched off")
        else:
            # The device is enrolled, whatever becomes of this.
            with suppress(ExchangeError):
                yield from introduce(handheld)

    def _undo(self, reason: str, detail: str) -> None:
        give_up(self.handheld)
        self.handheld.emit(EnrollmentFailed(self.stage, reason, detail))

    def _enroll(self) -> Conversation[None]:
        handheld = self.handheld
        handheld.emit(StageReached(self.stage))
        document = self.offer.document
        if document is None and self.offer.passage is not None:
            document = yield from fetch_profile(handheld, self.offer.passage)
        elif document is None:
            document = yield from self._fetch(self.offer.url or "")
        envelope = installing.open_envelope(handheld, document)
        if is_profile_service(envelope):
            document = yield from self._serve_profile_service(envelope)
            envelope = installing.open_envelope(handheld, document)
        opened = self._locked_on(self._accept(envelope))
        settings = _read(opened)
        yield from self._obtain_identity(settings.scep)
        handheld.management = Management(
            settings.mdm,
            settings.scep,
            profile_identifier=opened.profile.identifier,
            enrollment=handheld.enrollments,
            since=handheld.clock(),
        )
        decided = self._decided()
        handheld.management.automated = decided is not None
        handheld.management.awaiting_configuration = decided is not None and decided.await_device_configured
        installing.put_on_device(handheld, opened, managed=False)
        yield from self._check_in()

    def _locked_on(self, opened: OpenedProfile) -> OpenedProfile:
        """Make sure that what the organization wants to stay stays, even if the profile itself does not say so."""
        decided = self._decided()
        if decided is None or decided.is_mdm_removable:
            return opened
        return replace(opened, profile=replace(opened.profile, removal_disallowed=True))

    def _decided(self) -> DepProfile | None:
        """Return what the organization decided for the device, where that is why it enrols."""
        record = self.handheld.activation
        return None if self.offer.passage is None or record is None else record.profile

    def _fetch(self, url: str) -> Conversation[bytes]:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/x-apple-aspen-config, */*"}
        response = yield from patiently(self.handheld, Draft(RequestKind.PROFILE, "GET", url, headers))
        if response.status != OK:
            raise ExchangeError("profile.unavailable", f"expected a profile, found the status {response.status}")
        return response.body

    def _serve_profile_service(self, envelope: OpenedDocument) -> Conversation[bytes]:
        """Go through the phases of over-the-air enrolment: attributes for a SCEP payload, then for the profile.

        The vendor's certificate that signs the first answer of a real device cannot be had; a throw-away key stands in.
        """
        self._reach(EnrollmentStage.PROFILE_SERVICE)
        handheld = self.handheld
        service = _read_profile_service(envelope)
        stand_in = scep_client.throw_away_identity(handheld)
        answer = yield from self._send_attributes(service, stand_in)
        try:
            scep = read_scep_profile(installing.open_configuration(handheld, answer).profile)
        except WireError as error:
            raise ProfileRefusedError(error.code, error.detail) from error
        yield from self._obtain_identity(scep)
        return (yield from self._send_attributes(service, channel.own_identity(handheld)))

    def _send_attributes(self, service: ProfileService, signer: Identity) -> Conversation[bytes]:
        attributes = device_attributes(self.handheld, service)
        body = signed_data.sign(plist.dumps(attributes.to_plist()), signer, when=self.handheld.clock())
        headers = {"User-Agent": USER_AGENT, "Content-Type": "application/pkcs7-signature"}
        draft = Draft(RequestKind.PROFILE_SERVICE, "POST", service.url, headers, body)
        response = yield from patiently(self.handheld, draft)
        if response.status != OK:
            raise ExchangeError("profile_service.refused", f"expected a profile, found the status {response.status}")
        return response.body

    def _accept(self, envelope: OpenedDocument) -> OpenedProfile:
        """Read the profile, and ask the person whether an unsigned one is to be installed."""
        opened = installing.read_configuration(envelope)
        if not opened.signed and self.handheld.settings.require_signed_profile:
            raise ProfileRefusedError("profile.unsigned", "expected a signed profile, found an unsigned one")
        signer = None if opened.signer is None else opened.signer.subject.rfc4514_string()
        self.handheld.emit(ProfileAccepted(opened.profile.identifier, signer))
        return opened

    def _obtain_identity(self, scep: ScepSettings) -> Conversation[None]:
        self._reach(EnrollmentStage.IDENTITY)
        yield from scep_client.obtain_identity(self.handheld, scep, scep.challenge)
        self.handheld.emit(CertificateIssued(fingerprint(self.handheld.keychain.certificate or b"")))

    def _check_in(self) -> Conversation[None]:
        handheld = self.handheld
        self._reach(EnrollmentStage.AUTHENTICATE)
        _expect_taken((yield from patiently(handheld, channel.authenticate(handheld))))
        self._reach(EnrollmentStage.TOKEN_UPDATE)
        generation = handheld.passcode.generation
        _expect_taken((yield from patiently(handheld, channel.token_update(handheld))))
        management = channel.managed(handheld)
        management.announced = generation
        waits = management.awaiting_configuration
        handheld.change_life(LifeTrigger.CONFIGURATION_AWAITED if waits else LifeTrigger.ENROLLMENT_SUCCEEDED)
        handheld.emit(Enrolled(management.settings.server_url))
        if waits:
            handheld.emit(ConfigurationAwaited())

    def _reach(self, stage: EnrollmentStage) -> None:
        self.stage = stage
        self.handheld.emit(StageReached(stage))


def possible_errands(handheld: Handheld) -> frozenset[Errand]:
    """Return what a device that nobody manages may want of a server; in Setup Assistant, to get through it."""
    if handheld.life is LifeState.IN_USE:
        return UNMANAGED
    if handheld.passage is None:
        return NO_ERRANDS
    return BY_CABLE if handheld.passage.guide is Guide.CONFIGURATOR else IN_SETUP


def give_up(handheld: Handheld) -> None:
    """Take off the device whatever an unfinished enrolment put there."""
    if handheld.management is not None:
        handheld.profiles.remove(handheld.management.profile_identifier)
    handheld.management = None
    handheld.hub = None
    handheld.keychain.clear()
    handheld.change_life(LifeTrigger.ENROLLMENT_FAILED)


def introduce(handheld: Handheld) -> Conversation[None]:
    """Say what only some devices say after enrolment: that there is a user, and where the bootstrap token is."""
    if handheld.settings.user_channel:
        response = yield from patiently(handheld, channel.user_authenticate(handheld))
        if response.status == GONE:
            handheld.emit(UserChannelRefused())
    if handheld.settings.bootstrap_token:
        response = yield from patiently(handheld, channel.get_bootstrap_token(handheld))
        found = response.status == OK and bootstrap_token(response.body) is not None
        handheld.emit(BootstrapTokenExchanged(found))
        if not found:
            yield from patiently(handheld, channel.set_bootstrap_token(handheld))


def bootstrap_token(body: bytes) -> bytes | None:
    """Read the answer to GetBootstrapToken: servers without one send nothing, or a property list with empty data."""
    try:
        token = plist.loads_dict(body).get("BootstrapToken") if body else None
    except WireError:
        return None
    return token if isinstance(token, bytes) and token else None


def is_profile_service(envelope: OpenedDocument) -> bool:
    """Say whether a document is phase 1 of over-the-air enrolment rather than a profile."""
    # Most documents are not, and need not be read twice to know that.
    if PROFILE_SERVICE.encode() not in envelope.content:
        return False
    try:
        return plist.loads_dict(envelope.content, limits=plist.PROFILE).get("PayloadType") == PROFILE_SERVICE
    except WireError:
        return False


def device_attributes(handheld: Handheld, service: ProfileService) -> DeviceAttributes:
    """Return the attributes a profile service asks for, as far as the device has them."""
    machine, chance = handheld.hardware, handheld.randomness
    known = {
        "UDID": machine.udid,
        "SERIAL": machine.serial_number,
        "PRODUCT": machine.model.product_name,
        "VERSION": handheld.system.build,
        "OS_VERSION": handheld.system.version,
        "DEVICE_NAME": handheld.name,
        "IMEI": machine.imei(chance),
        "MAC_ADDRESS_EN0": machine.address(chance, "wifi"),
    }
    wanted = {name: known[name] for name in service.device_attributes if known.get(name) is not None}
    return DeviceAttributes(wanted, service.challenge)


def _read_profile_service(envelope: OpenedDocument) -> ProfileService:
    try:
        return parse_profile_service(envelope.content)
    except WireError as error:
        raise ProfileRefusedError(error.code, error.detail) from error


def _read(opened: OpenedProfile) -> EnrollmentSettings:
    try:
        return read_enrollment_profile(opened.profile)
    except WireError as error:
        raise ProfileRefusedError(error.code, error.detail) from error


def _expect_taken(response: ResponseArrived) -> None:
    """Take 200 for yes; whatever else a server says to a check-in ends the enrolment."""
    if unrecognized(response):
        raise ExchangeError("unrecognized", "expected to be enrolled, found that the server wants no such device")
    if response.status != OK:
        raise ExchangeError(f"http.{response.status}", f"expected 200, found {response.status} {said_by(response)}")
