"""Check-in messages: Authenticate, TokenUpdate, CheckOut and the token exchanges.

https://developer.apple.com/documentation/devicemanagement/check-in
Statuses are those of nanomdm where Apple is silent. Whether a certificate may speak for a device is
decided by the store's verbs, in the transaction that acts on it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.domain.command_queue import DELIVERABLE
from mdm_server.domain.enrollment import Channel, ChannelKind, EnrollmentEvent, EnrollmentStatus, advance
from mdm_server.domain.identity_binding import CertificateFacts, decide_use
from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import NOTHING, PLIST, Answer
from mdm_server.service.compat import Compat
from mdm_server.service.device_identity import PresentedCertificate
from mdm_server.service.push import Pusher
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.store.contract import Store
from mdm_server.store.records import AuthenticateFacts, Details, EnrollmentRow, TokenUpdateFacts
from mdm_server.wire import plist
from mdm_server.wire.checkin import (
    Authenticate,
    CheckIn,
    CheckOut,
    DeclarativeManagement,
    GetBootstrapToken,
    GetToken,
    SetBootstrapToken,
    TokenUpdate,
    UserAuthenticate,
)
from mdm_server.wire.enrollment_id import EnrollmentId

LONGEST_DETAIL = 1024
GONE = Answer(status=410)
"""To UserAuthenticate: "do not manage this user" (Apple, UserAuthenticate)."""


def channel_of(enrollment: EnrollmentId) -> Channel:
    """Return the channel that a message's identifiers name."""
    return Channel(enrollment.id, enrollment.device, ChannelKind(enrollment.kind.value))


class CheckIns:
    """Carries out one check-in message of an identified device."""

    def __init__(self, store: Store, settings: ServiceSettings, pusher: Pusher, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._topic = None if settings.allows(Compat.ANY_TOPIC) else settings.topic
        self._pusher = pusher
        self._clock = clock

    async def answer(self, facts: RequestFacts, presented: PresentedCertificate, message: CheckIn) -> Answer:
        """Answer a check-in.

        Authenticate, TokenUpdate, CheckOut, SetBootstrapToken: 200 without a body. GetBootstrapToken: a plist, or no
        body when none is kept. UserAuthenticate: 410, this server does not manage network users. GetToken and
        DeclarativeManagement: refused (`checkin.token_service`, `ddm.not_configured`), never answered with 401.
        """
        if self._topic is not None and message.topic is not None and message.topic != self._topic:
            raise Refusal("checkin.topic")
        match message:
            case Authenticate():
                return await self._authenticate(facts, presented, message)
            case TokenUpdate():
                return await self._token_update(facts, presented, message)
            case CheckOut():
                channel = channel_of(message.enrollment)
                await self._store.enrollments.check_out(channel, presented.fingerprint, facts.occasion(self._clock()))
                return NOTHING
            case SetBootstrapToken():
                return await self._set_bootstrap_token(facts, presented, message)
            case GetBootstrapToken():
                return await self._get_bootstrap_token(facts, presented, message)
            case UserAuthenticate():
                await self._speaks_for(message.enrollment, presented)
                return GONE
            case GetToken():
                await self._speaks_for(message.enrollment, presented)
                raise Refusal("checkin.token_service")
            case DeclarativeManagement():
                await self._speaks_for(message.enrollment, presented)
                raise Refusal("ddm.not_configured")

    async def _authenticate(
        self, facts: RequestFacts, presented: PresentedCertificate, message: Authenticate
    ) -> Answer:
        """Begin an enrolment: the first TokenUpdate completes it."""
        details: Details = {
            "DeviceName": message.device_name,
            "Model": message.model,
            "ModelName": message.model_name,
            "ProductName": message.product_name,
            "OSVersion": message.os_version,
            "BuildVersion": message.build_version,
            "IMEI": message.imei,
            "MEID": message.meid,
        }
        said = AuthenticateFacts(
            channel_of(message.enrollment),
            message.topic or "",
            message.serial_number and message.serial_number[:LONGEST_DETAIL],
            _known(details),
            message.raw,
        )
        await self._store.enrollments.authenticate(said, presented.fingerprint, facts.occasion(self._clock()))
        return NOTHING

    async def _token_update(self, facts: RequestFacts, presented: PresentedCertificate, message: TokenUpdate) -> Answer:
        """Record how to push; what a device leaves out stays as it was."""
        sender = message.sender
        said = TokenUpdateFacts(
            channel_of(message.enrollment),
            message.topic or "",
            message.token,
            message.push_magic,
            message.unlock_token,
            awaiting_configuration=bool(message.awaiting_configuration),
            details=_known({"UserShortName": sender.user_short_name, "UserLongName": sender.user_long_name}),
            raw=message.raw,
        )
        enrollment = await self._store.enrollments.token_update(
            said, presented.fingerprint, facts.occasion(self._clock())
        )
        self._pusher.registered(message.token)
        if enrollment.token_updates == 1:
            await self._wake_if_waiting(enrollment)
        return NOTHING

    async def _wake_if_waiting(self, enrollment: EnrollmentRow) -> None:
        """Push an enrolment that has just come to be, if something was queued while it was being made."""
        if await self._store.commands.list(enrollment.channel.key, limit=1, states=DELIVERABLE):
            await self._pusher.wake([enrollment])

    async def _set_bootstrap_token(
        self, facts: RequestFacts, presented: PresentedCertificate, message: SetBootstrapToken
    ) -> Answer:
        """Keep the token; none, or an empty one, takes it away (Apple, SetBootstrapTokenRequest)."""
        await self._store.enrollments.set_bootstrap_token(
            _device_channel(message.enrollment),
            message.bootstrap_token or None,
            presented.fingerprint,
            facts.occasion(self._clock()),
        )
        return NOTHING

    async def _get_bootstrap_token(
        self, facts: RequestFacts, presented: PresentedCertificate, message: GetBootstrapToken
    ) -> Answer:
        """Hand the token back; where there is none an empty body says so, as nanomdm does it."""
        enrollment = await self._store.enrollments.admit(
            _device_channel(message.enrollment), presented.fingerprint, facts.occasion(self._clock())
        )
        if enrollment.bootstrap_token is None:
            return NOTHING
        return Answer(plist.dumps({"BootstrapToken": enrollment.bootstrap_token}), PLIST)

    async def _speaks_for(self, enrollment: EnrollmentId, presented: PresentedCertificate) -> None:
        """Raise Refusal unless the certificate is that of the device, which is enrolled; changes nothing (R0)."""
        certificate = await self._store.certificates.find(presented.fingerprint)
        recorded = None if certificate is None else CertificateFacts(certificate.state, certificate.device)
        decide_use(recorded, enrollment.device)
        device = await self._store.enrollments.find(enrollment.device)
        advance(EnrollmentStatus.DISCOVERED if device is None else device.status, EnrollmentEvent.CHECK_IN)


def _device_channel(enrollment: EnrollmentId) -> Channel:
    """Return the channel of the device itself: a bootstrap token belongs to it, whichever user is speaking."""
    if not enrollment.is_user_channel:
        return channel_of(enrollment)
    kind = ChannelKind.DEVICE
    if enrollment.kind.value == ChannelKind.USER_ENROLLMENT_USER:
        kind = ChannelKind.USER_ENROLLMENT_DEVICE
    return Channel(enrollment.device, enrollment.device, kind)


def _known(details: Details) -> Details:
    """Return the details that were sent, cut to what a list of devices can bear (T-39)."""
    return {
        name: value[:LONGEST_DETAIL] if isinstance(value, str) else value
        for name, value in details.items()
        if value is not None
    }
