"""From pane to pane: the part of Setup Assistant that needs no server, up to the home screen."""

from __future__ import annotations

from collections.abc import Sequence

from device_emulator.core import apple_account
from device_emulator.core.activation import SettingUp
from device_emulator.core.events import SetupAssistantFinished
from device_emulator.core.handheld import Handheld
from device_emulator.core.preferences import Preference
from device_emulator.core.setting_up.answers import Guide, SetupAnswers
from device_emulator.core.setting_up.deeds import DEEDS
from device_emulator.core.setting_up.events import ConfigurationFinished, PaneShown, PaneSkipped
from device_emulator.core.setting_up.panes import AFTERWARDS, GREETING, Pane
from device_emulator.core.setting_up.passage import Passage
from device_emulator.core.states import LifeState, LifeTrigger


def greet(handheld: Handheld, setting_up: SettingUp) -> Passage:
    """Begin a passage: show whoever switched the device on what comes before it has asked Apple."""
    handheld.passage = passage = Passage(setting_up)
    if passage.guide is Guide.PERSON:
        _go_through(handheld, passage, GREETING)
    return passage


def tap_through(handheld: Handheld) -> None:
    """Go through all of it at once, on a device that nobody can claim; its person answers as they always do."""
    answers = SetupAnswers(apple_account=apple_account.usual_account(handheld))
    finish(handheld, greet(handheld, SettingUp(answers=answers)))


def finish(handheld: Handheld, passage: Passage) -> None:
    """Go through the panes that are left, to the home screen."""
    if shows_panes(handheld, passage):
        _go_through(handheld, passage, AFTERWARDS)
    handheld.passage = None
    if handheld.life is LifeState.SETUP_ASSISTANT:
        handheld.change_life(LifeTrigger.SETUP_FINISHED)
    handheld.emit(SetupAssistantFinished(passage.shown))


def configured(handheld: Handheld) -> None:
    """Go on where the device waited for its server to configure it."""
    if handheld.management is not None:
        handheld.management.awaiting_configuration = False
    if handheld.life is not LifeState.AWAITING_CONFIGURATION:
        return
    handheld.change_life(LifeTrigger.CONFIGURED)
    handheld.emit(ConfigurationFinished())
    finish(handheld, handheld.passage or Passage(SettingUp()))


def speak_the_organizations_language(handheld: Handheld) -> None:
    """Take language and region from the DEP profile, where nobody was asked."""
    profile = None if handheld.activation is None else handheld.activation.profile
    if profile is not None and profile.language is not None:
        handheld.preferences.change(Preference.LANGUAGE, profile.language)
    if profile is not None and profile.region is not None:
        handheld.preferences.change(Preference.REGION, profile.region)


def shows_panes(handheld: Handheld, passage: Passage) -> bool:
    """Say whether a person taps: with auto-advance, over a cable, and where nobody is, no pane is shown."""
    profile = None if handheld.activation is None else handheld.activation.profile
    return passage.guide is Guide.PERSON and not (profile is not None and profile.auto_advance_setup)


def _go_through(handheld: Handheld, passage: Passage, panes: Sequence[Pane]) -> None:
    for pane in panes:
        if not pane.is_known_to(handheld.system.version) or not pane.fits(handheld, passage):
            continue
        if pane.can_be_skipped and pane.name in handheld.skipped_panes:
            handheld.emit(PaneSkipped(pane.name))
            continue
        show(handheld, passage, pane.name)


def show(handheld: Handheld, passage: Passage, name: str) -> None:
    """Show a pane, and let the person do what they do there."""
    passage.shown += (name,)
    handheld.emit(PaneShown(name))
    if name in DEEDS:
        DEEDS[name](handheld, passage)
