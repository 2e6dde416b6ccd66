"""What a person does with their device that no server hears of, and what restrictions keep them from."""

from __future__ import annotations

from device_emulator.core import actions, leaving, managing_applications, updating, updating_by_hand
from device_emulator.core.acting import NotAllowedError, expect_allowed, get_to_home_screen, perform
from device_emulator.core.application_events import FeatureUsed
from device_emulator.core.handheld import Handheld
from device_emulator.core.restrictions import FEATURES
from device_emulator.core.system_update import UpdateState


@perform.register
def _(action: actions.Use, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    expect_allowed(handheld, FEATURES[action.feature])
    handheld.emit(FeatureUsed(action.feature))


@perform.register
def _(_: actions.EraseAllContent, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    expect_allowed(handheld, "allowEraseContentAndSettings")
    leaving.erase(handheld)


@perform.register
def _(action: actions.AnswerPrompt, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    about = action.about or _oldest_question(handheld)
    if about == actions.SYSTEM_UPDATE and _is_asked_to_update(handheld):
        updating_by_hand.answer_prompt(handheld, agree=action.agree)
    elif about not in {each.application.identifier for each in managing_applications.asked(handheld)}:
        raise NotAllowedError("nobody_asks")
    elif action.agree and managing_applications.asks_to_sign_in(handheld, about):
        raise NotAllowedError("no_apple_account")
    elif action.agree:
        managing_applications.agree(handheld, about)
    else:
        managing_applications.refuse(handheld, about)


def _oldest_question(handheld: Handheld) -> str:
    questions = [(each.since, each.application.identifier) for each in managing_applications.asked(handheld)]
    update = handheld.belongings.update
    if update is not None and _is_asked_to_update(handheld):
        questions.append((update.since, actions.SYSTEM_UPDATE))
    if not questions:
        raise NotAllowedError("nobody_asks")
    return min(questions)[1]


def _is_asked_to_update(handheld: Handheld) -> bool:
    update = handheld.belongings.update
    return update is not None and update.state is UpdateState.PROMPTING


@perform.register
def _(action: actions.HaveTrouble, handheld: Handheld) -> None:
    handheld.troubles.arrange(action.trouble, action.times)


@perform.register
def _(action: actions.HearOfRelease, handheld: Handheld) -> None:
    updating.hear_of(handheld, action.version, action.build)
