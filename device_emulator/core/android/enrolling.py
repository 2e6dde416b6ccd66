"""Enrolment: by the credentials in a provisioning code, or through the Hub's wizard.

    the wizard, as far as there is somebody to answer it → the channel's enrolment → the first report

On a device in its setup wizard, which a code made the organization's, the Hub keeps the screen until it is through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit, urlunsplit

from device_emulator.core.android import channel
from device_emulator.core.android.events import WorkProfileCreated
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.management import AndroidManagement
from device_emulator.core.android.states import Kiosk, KioskTrigger, Life, LifeTrigger
from device_emulator.core.conversation import Conversation, patiently
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    EnrollmentStarted,
    HubRefused,
    StageReached,
)
from mdm_server.wire.android_channel import (
    PREFIX,
    EnrollReply,
    EnrollRequest,
    ErrorReply,
    ManagementMode,
    ProvisioningMethod,
    StagingCredentials,
)
from mdm_server.wire.android_provisioning import StagingExtras

ENROLL_STEP = "enroll"
NO_TOKEN = "android.no_token"  # noqa: S105 - a code


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a device enrols with: where, and by what right."""

    server_url: str
    token: str | None = field(default=None, repr=False)
    credentials: StagingCredentials | None = None


def ticket_of(extras: StagingExtras) -> Ticket | None:
    """Return what a provisioning code enrols with, or None where somebody has to be asked."""
    if extras.group_id is None or extras.user_name is None or extras.password is None:
        return None
    credentials = StagingCredentials(group_id=extras.group_id, user_name=extras.user_name, password=extras.password)
    return Ticket(extras.server_url.rstrip("/"), credentials=credentials)


def ticket_in(install_url: str) -> Ticket | None:
    """Return what the wizard's last address enrols with, or None where it is no address of the channel."""
    parts = urlsplit(install_url)
    token = parse_qs(parts.query).get("token", [""])[0]
    path, found, _ = parts.path.partition(f"{PREFIX}/devices:enroll")
    if not (found and token):
        return None
    return Ticket(urlunsplit((parts.scheme, parts.netloc, path, "", "")).rstrip("/"), token=token)


def enroll(handheld: AndroidHandheld, ticket: Ticket) -> Conversation[None]:
    """Enrol; the outcome is in the device's life, and in its events."""
    owned = handheld.life is Life.PROVISIONING
    if not owned:
        handheld.change_life(LifeTrigger.PROFILE_STARTED)
    handheld.enrollments += 1
    handheld.emit(EnrollmentStarted(ticket.server_url))
    handheld.emit(StageReached(EnrollmentStage.AUTHENTICATE))
    request = EnrollRequest(
        hardware=handheld.describe(_mode(owned=owned)),
        management_mode=_mode(owned=owned),
        provisioning_method=ProvisioningMethod.QR_CODE if owned else ProvisioningMethod.HUB,
        token=ticket.token,
        credentials=ticket.credentials,
    )
    try:
        response = yield from patiently(
            handheld, channel.enroll(f"{ticket.server_url}{PREFIX}/devices:enroll", request)
        )
    except ExchangeError as error:
        give_up(handheld, ErrorReply(code=error.reason, text=error.detail))
        return
    except GeneratorExit:
        if handheld.life in {Life.PROVISIONING, Life.ADDING_PROFILE}:
            give_up(handheld, ErrorReply(code="interrupted", text="The device was switched off."))
        return
    answer = channel.enrolled(response)
    if isinstance(answer, ErrorReply):
        handheld.emit(HubRefused(answer.code, answer.text, ENROLL_STEP))
        give_up(handheld, answer)
    else:
        _begin(handheld, ticket, request, answer)


def give_up(handheld: AndroidHandheld, refusal: ErrorReply) -> None:
    """End an enrolment without success: a work profile goes, a device of the organization waits in its Hub."""
    if handheld.life is Life.ADDING_PROFILE:
        handheld.change_life(LifeTrigger.PROFILE_FAILED)
    else:
        pin_hub(handheld)
    handheld.emit(EnrollmentFailed(EnrollmentStage.AUTHENTICATE, refusal.code, refusal.text))


def pin_hub(handheld: AndroidHandheld) -> None:
    """Keep the Hub on the screen until somebody has answered it."""
    handheld.change_kiosk(KioskTrigger.HUB_PINNED)


def _mode(*, owned: bool) -> ManagementMode:
    return ManagementMode.FULLY_MANAGED if owned else ManagementMode.WORK_PROFILE


def _begin(handheld: AndroidHandheld, ticket: Ticket, request: EnrollRequest, answer: EnrollReply) -> None:
    handheld.management = AndroidManagement(
        ticket.server_url,
        answer.device,
        answer.secret,
        mode=request.management_mode,
        method=request.provisioning_method,
        enrolled_at=handheld.clock(),
    )
    if handheld.life is Life.ADDING_PROFILE:
        handheld.change_life(LifeTrigger.PROFILE_CREATED)
        handheld.emit(WorkProfileCreated())
    else:
        handheld.extras = None
        handheld.change_life(LifeTrigger.PROVISIONED)
        if handheld.kiosk is Kiosk.HUB_PINNED:
            handheld.change_kiosk(KioskTrigger.HUB_RELEASED)
    handheld.emit(Enrolled(ticket.server_url))
