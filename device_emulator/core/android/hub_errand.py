"""What a person does with the Hub of an Android, and what becomes of the device by it."""

from __future__ import annotations

from device_emulator.core.actions import DirectEnroll, HubEnroll, HubLogin, HubLogout
from device_emulator.core.android import channel, enrolling, user_sessions
from device_emulator.core.android.enrolling import Ticket
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.states import Life
from device_emulator.core.conversation import Conversation, Draft
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import HubRefused, PersonForgot, UnmanagedEntered
from device_emulator.core.hub.application import HubApplication
from device_emulator.core.hub.asking import INTERRUPTED
from device_emulator.core.hub.direct import enroll_directly
from device_emulator.core.hub.login import typed
from device_emulator.core.hub.sharing import EnrolledHub, SharingOutcome
from device_emulator.core.hub.typist import typist
from device_emulator.core.hub.wizard import enroll
from mdm_server.wire.android_channel import Assignment, ManagementMode
from mdm_server.wire.hub import DeviceType, HubDevice

HUB_PACKAGE = "com.airwatch.androidagent"
WORKSPACE_ONE_PACKAGE = "com.airwatch.vmworkspace"

HubWish = HubEnroll | HubLogin | HubLogout | DirectEnroll
"""What a person wants of the Hub; credentials that an action leaves out have been filled in."""


def use(handheld: AndroidHandheld, wish: HubWish) -> Conversation[Ticket | None]:
    """Do what the person wants; return what they go on to enrol with."""
    try:
        match wish:
            case HubEnroll():
                return (yield from _enroll(handheld, wish))
            case DirectEnroll():
                return (yield from _enroll_directly(handheld, wish))
            case HubLogin():
                yield from _log_in(handheld, wish)
            case HubLogout():
                yield from _log_out(handheld)
    except ExchangeError as error:
        # Management ended while the person typed.
        handheld.emit(HubRefused(f"hub.{error.reason}", error.detail))
    except GeneratorExit:
        handheld.emit(HubRefused(INTERRUPTED, "The Hub was closed before the server answered."))
    return None


def describe(handheld: AndroidHandheld, package: str) -> HubDevice:
    """Return what an application says about the device it runs on."""
    owned = handheld.life in {Life.PROVISIONING, Life.MANAGED}
    known = handheld.describe(ManagementMode.FULLY_MANAGED if owned else ManagementMode.WORK_PROFILE)
    return HubDevice(
        identifier=known.identifier,
        serial_number=known.serial_number or "",
        imei=known.imei or "",
        type=DeviceType.ANDROID,
        os_version=known.os_version,
        model=known.model,
        product=known.brand,
        bundle_identifier=package,
        afw_provisioning_mode="" if owned else "WorkProfile",
    )


def _enroll(handheld: AndroidHandheld, wish: HubEnroll) -> Conversation[Ticket | None]:
    device = describe(handheld, HUB_PACKAGE)
    outcome = yield from enroll(handheld, device, wish.intent, types=typist(handheld))
    return _go_on(handheld, outcome.install_url)


def _enroll_directly(handheld: AndroidHandheld, wish: DirectEnroll) -> Conversation[Ticket | None]:
    login = typed(wish)
    device = describe(handheld, WORKSPACE_ONE_PACKAGE)
    outcome = yield from enroll_directly(handheld, wish.url, device, login, types=typist(handheld))
    if outcome.is_unmanaged:
        handheld.hub = HubApplication.unmanaged(wish.url, login.user_name)
        handheld.emit(UnmanagedEntered(login.user_name))
    return _go_on(handheld, outcome.install_url)


def _go_on(handheld: AndroidHandheld, install_url: str | None) -> Ticket | None:
    if install_url is None:
        return None
    ticket = enrolling.ticket_in(install_url)
    if ticket is None:
        handheld.emit(HubRefused(enrolling.NO_TOKEN, "The server's address is none that an Android can enrol at."))
    return ticket


def _log_in(handheld: AndroidHandheld, wish: HubLogin) -> Conversation[None]:
    _learn(handheld, (yield from _enrolled_hub(handheld).log_in(typed(wish), types=typist(handheld))))


def _log_out(handheld: AndroidHandheld) -> Conversation[None]:
    if handheld.holder is not None and handheld.holder.forgets_to_log_out(handheld.randomness):
        handheld.emit(PersonForgot("HubLogout"))
        return
    _learn(handheld, (yield from _enrolled_hub(handheld).log_out()))


def _learn(handheld: AndroidHandheld, outcome: SharingOutcome) -> None:
    if not outcome.code and handheld.management is not None:
        assignment = Assignment(state=outcome.state, user=outcome.user or None)
        user_sessions.learn(handheld, handheld.management.server_url, assignment)


def _enrolled_hub(handheld: AndroidHandheld) -> EnrolledHub:
    management = handheld.management
    if management is None:
        raise ExchangeError("not_managed", "expected a managed device, found one that belongs to nobody")

    def prove(draft: Draft) -> Draft:
        return channel.prove(management, draft)

    return EnrolledHub(handheld, management.server_url, describe(handheld, HUB_PACKAGE), prove)
