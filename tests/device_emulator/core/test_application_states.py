"""The table of applications that a server wants on a device, held to Apple's words."""

from __future__ import annotations

from device_emulator.core.application_states import (
    APPLICATION,
    ASKING,
    ON_THE_WAY,
    TOLD_ONCE,
    ApplicationState,
    ApplicationTrigger,
)
from mdm_server.wire.commands import COMMANDS

UNSAID = {"PromptingForUpdateLogin", "ValidatingPurchase", "ValidatingUpdate", "Unknown"}


def test_the_states_are_the_words_of_the_list() -> None:
    """All of Apple's, save those that no device here ever says, and the one that is none."""
    (listed,) = COMMANDS["ManagedApplicationList"].answers
    words = next(field for field in listed.fields[0].fields if field.name == "Status").choices
    assert set(words) == {state.value for state in ApplicationState} - {"Unmanaged"} | UNSAID


def test_every_state_can_be_reached_and_left() -> None:
    """From an application that the server has nothing to do with."""
    reached = {ApplicationState.UNMANAGED}
    while more := {after for (before, _), after in APPLICATION.items() if before in reached} - reached:
        reached |= more
    assert reached == set(ApplicationState) == {before for before, _ in APPLICATION}
    assert {trigger for _, trigger in APPLICATION} == set(ApplicationTrigger)


def test_a_question_is_answered_with_yes_or_no() -> None:
    """And nothing else is."""
    for answer in (ApplicationTrigger.PERSON_AGREED, ApplicationTrigger.PERSON_REFUSED):
        assert {before for before, trigger in APPLICATION if trigger is answer} == ASKING


def test_news_are_over_once_they_were_told() -> None:
    """Nothing but telling ends them, and the server can give up whatever is still on its way."""
    for state in TOLD_ONCE:
        assert {trigger for before, trigger in APPLICATION if before is state} <= {
            ApplicationTrigger.REPORTED,
            ApplicationTrigger.REPORTED_MANAGED,
        }
    assert all((state, ApplicationTrigger.SERVER_REMOVED) in APPLICATION for state in ON_THE_WAY)
