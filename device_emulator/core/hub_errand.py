"""What a person does with the Hub of an iPhone or iPad, and what becomes of the device by it."""

from __future__ import annotations

from urllib.parse import urlsplit

from device_emulator.core import channel
from device_emulator.core.actions import DirectEnroll, HubEnroll, HubLogin, HubLogout
from device_emulator.core.conversation import Conversation, Draft
from device_emulator.core.enrolling import Offer
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import HubRefused, PersonForgot, UnmanagedEntered
from device_emulator.core.handheld import Handheld
from device_emulator.core.hub.application import HubApplication
from device_emulator.core.hub.asking import INTERRUPTED
from device_emulator.core.hub.direct import enroll_directly
from device_emulator.core.hub.login import typed
from device_emulator.core.hub.sharing import EnrolledHub, SharingOutcome
from device_emulator.core.hub.typist import typist
from device_emulator.core.hub.wizard import enroll
from device_emulator.core.states import LifeState
from mdm_server.wire.hub import DeviceType, HubDevice

HUB_BUNDLE = "com.air-watch.agent"
WORKSPACE_ONE_BUNDLE = "com.air-watch.appcenter"

HubWish = HubEnroll | HubLogin | HubLogout | DirectEnroll
"""What a person wants of the Hub; credentials that an action leaves out have been filled in."""


def use(handheld: Handheld, wish: HubWish | None) -> Conversation[Offer | None]:
    """Do what the person wants; without a wish, ask whose the device is. Return what they go on to install."""
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
            case None:
                yield from _ask_status(handheld)
    except ExchangeError as error:
        # Management ended while the person typed.
        handheld.emit(HubRefused(f"hub.{error.reason}", error.detail))
    except GeneratorExit:
        handheld.emit(HubRefused(INTERRUPTED, "The Hub was closed before the server answered."))
    return None


def has_news(handheld: Handheld) -> bool:
    """Say whether the server may see the device in other hands than its Hub does."""
    return handheld.hub is not None and handheld.life is LifeState.ENROLLED and not handheld.hub.is_settled


def _enroll(handheld: Handheld, wish: HubEnroll) -> Conversation[Offer | None]:
    intent = wish.intent
    device = describe(handheld, HUB_BUNDLE)
    outcome = yield from enroll(handheld, device, intent, types=typist(handheld))
    return _go_on(handheld, intent.url, outcome.install_url)


def _enroll_directly(handheld: Handheld, wish: DirectEnroll) -> Conversation[Offer | None]:
    device = describe(handheld, WORKSPACE_ONE_BUNDLE)
    outcome = yield from enroll_directly(handheld, wish.url, device, typed(wish), types=typist(handheld))
    if outcome.is_unmanaged:
        handheld.hub = HubApplication.unmanaged(wish.url, wish.user_name or "")
        handheld.emit(UnmanagedEntered(handheld.hub.user))
    return _go_on(handheld, wish.url, outcome.install_url)


def _go_on(handheld: Handheld, url: str, install_url: str | None) -> Offer | None:
    if install_url is None:
        return None
    handheld.hub = HubApplication(url)
    return Offer(url=install_url)


def _log_in(handheld: Handheld, wish: HubLogin) -> Conversation[None]:
    _learn(handheld, (yield from _enrolled_hub(handheld).log_in(typed(wish), types=typist(handheld))))


def _log_out(handheld: Handheld) -> Conversation[None]:
    if handheld.holder is not None and handheld.holder.forgets_to_log_out(handheld.randomness):
        handheld.emit(PersonForgot("HubLogout"))
        return
    _learn(handheld, (yield from _enrolled_hub(handheld).log_out()))


def _ask_status(handheld: Handheld) -> Conversation[None]:
    if handheld.management is not None:
        _learn(handheld, (yield from _enrolled_hub(handheld).ask_status()))


def _learn(handheld: Handheld, outcome: SharingOutcome) -> None:
    """Take note of whose the device is, as the server says."""
    if outcome.code or handheld.management is None:
        return
    if handheld.hub is None:
        handheld.hub = HubApplication(_server(handheld))
    # What a session brought goes by the server's commands: an application may not touch profiles and passcode.
    for event in handheld.hub.learn(outcome.state, outcome.user):
        handheld.emit(event)


def _enrolled_hub(handheld: Handheld) -> EnrolledHub:
    url = handheld.hub.url if handheld.hub is not None else _server(handheld)

    def prove(draft: Draft) -> Draft:
        return channel.prove(handheld, draft)

    return EnrolledHub(handheld, url, describe(handheld, HUB_BUNDLE), prove)


def _server(handheld: Handheld) -> str:
    """Return where the Hub of a device goes that was enrolled without it: to the server that manages it."""
    address = urlsplit(channel.managed(handheld).settings.server_url)
    return f"{address.scheme}://{address.netloc}"


def describe(handheld: Handheld, bundle_identifier: str) -> HubDevice:
    """Return what an application says about the device it runs on."""
    machine = handheld.hardware
    return HubDevice(
        identifier=machine.udid,
        serial_number=machine.serial_number,
        imei=machine.imei(handheld.randomness) or "",
        type=DeviceType.APPLE,
        os_version=handheld.system.version,
        model=machine.model.model_name,
        product=machine.model.product_name,
        name=handheld.name,
        bundle_identifier=bundle_identifier,
    )
