"""Setup Assistant, as far as it needs a network: activation, and enrolment where an organization wants it.

    greeting → WiFi → activation → remote management → [wait for the server's configuration] → the other panes → home

The device runs this as an errand of its own. Whatever fails leaves it in Setup Assistant, where whoever holds it can
begin again; whatever interrupts it is begun again by itself.
"""

from __future__ import annotations

from device_emulator.core.activation import SettingUp
from device_emulator.core.conversation import Conversation
from device_emulator.core.enrolling import Enrolling, Offer
from device_emulator.core.errors import ExchangeError
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up.activating import activate
from device_emulator.core.setting_up.answers import Guide
from device_emulator.core.setting_up.events import (
    ActivationFailed,
    RemoteManagementSkipped,
    SetupAssistantWaits,
)
from device_emulator.core.setting_up.finishing import finish, greet, show, shows_panes, speak_the_organizations_language
from device_emulator.core.setting_up.panes import GREETING, REMOTE_MANAGEMENT, WIFI
from device_emulator.core.setting_up.passage import Passage
from device_emulator.core.states import LifeState


def begin(handheld: Handheld, setting_up: SettingUp) -> None:
    """Begin a passage through Setup Assistant; the device goes on with it as soon as it has a network."""
    greet(handheld, setting_up)
    if handheld.network is Network.NONE:
        handheld.emit(SetupAssistantWaits(WIFI))


def converse(handheld: Handheld) -> Conversation[None]:
    """Activate the device, enrol it if that is wanted, and go through the other panes."""
    passage = handheld.passage
    if passage is None:
        return
    try:
        yield from _activate(handheld, passage)
    except ExchangeError as failure:
        handheld.passage = None
        handheld.emit(ActivationFailed(failure.reason, failure.detail))
        return
    if passage.guide is Guide.NOBODY and not _goes_on_by_itself(handheld):
        handheld.passage = None
        handheld.emit(SetupAssistantWaits(GREETING[0].name))
        return
    if _is_to_be_enrolled(handheld, passage):
        yield from Enrolling(handheld, Offer(document=passage.setting_up.profile, passage=passage)).converse()
        if handheld.management is None:
            handheld.passage = None
            return
    if handheld.life is not LifeState.AWAITING_CONFIGURATION:
        finish(handheld, passage)


def _activate(handheld: Handheld, passage: Passage) -> Conversation[None]:
    if handheld.settings.apple is not None:
        yield from activate(handheld, handheld.settings.apple, passage.answers.unlock)
    if not shows_panes(handheld, passage):
        speak_the_organizations_language(handheld)


def _goes_on_by_itself(handheld: Handheld) -> bool:
    """Say whether nobody has to tap, for the organization wants it so."""
    profile = None if handheld.activation is None else handheld.activation.profile
    return profile is not None and profile.auto_advance_setup


def _is_to_be_enrolled(handheld: Handheld, passage: Passage) -> bool:
    """Show the remote management pane, if an organization manages the device; it may leave the choice to its person.

    Where the profile is there already, nobody is asked, and what the organization decided holds all the same.
    """
    is_at_hand = passage.setting_up.profile is not None
    configuration = None if handheld.activation is None else handheld.activation.configuration
    profile = None if handheld.activation is None else handheld.activation.profile
    if profile is None:
        return is_at_hand
    if shows_panes(handheld, passage) and not is_at_hand:
        show(handheld, passage, REMOTE_MANAGEMENT)
    if passage.answers.skip_enrollment and not profile.is_mandatory and not is_at_hand:
        handheld.emit(RemoteManagementSkipped("" if configuration is None else configuration.organization_name))
        return False
    handheld.is_supervised = handheld.is_supervised or profile.is_supervised
    return True
