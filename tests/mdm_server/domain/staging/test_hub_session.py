"""The Hub session: which question comes next, and which answer is accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.hub_session import (
    EVENT_OF_STEP,
    RETRIABLE,
    HubSession,
    SessionEvent,
    SessionStep,
    advance,
    check_open,
    decided_mode,
    next_step,
)
from mdm_server.domain.staging.organization import GroupTree
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import DeviceStagingType, EntryChannel, Ownership, StagingMode
from rigs.staging_records import ACME, ANNA, GROUPS, IPHONE, NOW, PAT

S, E, M = SessionStep, SessionEvent, StagingMode
STARTED = HubSession("s-1", S.START, IPHONE, NOW + timedelta(minutes=30))
IN_EAST = replace(STARTED, group=2)
ANNAS = replace(IN_EAST, user=ANNA.id, mode=M.NONE)
BOTH = replace(PAT, staging_type=DeviceStagingType.MULTI_ADVANCED)


def _tree(**settings: Any) -> GroupTree:
    return GroupTree([replace(ACME, overrides=settings), *GROUPS[1:]])


def test_a_plain_enrolment_asks_for_a_group_a_password_and_no_more() -> None:
    """The open door (row 1)."""
    assert next_step(STARTED, _tree()) is S.GROUP
    assert next_step(IN_EAST, _tree()) is S.CREDENTIALS
    assert next_step(ANNAS, _tree(), ANNA) is S.INSTALL


def test_a_group_is_selected_once_where_there_is_a_choice() -> None:
    """A leaf offers none."""
    tree = _tree(grouping="Prompt")
    assert next_step(replace(STARTED, group=1), tree) is S.GROUP_SELECT
    assert next_step(replace(STARTED, group=1, group_chosen=True), tree) is S.CREDENTIALS
    assert next_step(IN_EAST, tree) is S.CREDENTIALS
    assert next_step(replace(STARTED, group=1), _tree()) is S.CREDENTIALS, "where nobody is asked"


def test_a_token_is_asked_for_before_the_login() -> None:
    """And never after it: the guards decide then."""
    tree = _tree(token_required=True)
    assert next_step(IN_EAST, tree) is S.TOKEN
    assert next_step(replace(IN_EAST, token_registration=30), tree) is S.CREDENTIALS
    assert next_step(replace(IN_EAST, token_registration=30, user=ANNA.id), tree, ANNA) is S.INSTALL
    assert next_step(ANNAS, tree, ANNA) is S.INSTALL


def test_a_captcha_is_asked_for_with_the_password() -> None:
    """And not of somebody who has logged in."""
    assert next_step(IN_EAST, _tree(), captcha_required=True) is S.CAPTCHA
    assert next_step(ANNAS, _tree(), ANNA, captcha_required=True) is S.INSTALL


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        (DeviceStagingType.STANDARD, S.INSTALL),
        (DeviceStagingType.MULTI, S.INSTALL),
        (DeviceStagingType.ADVANCED, S.ON_BEHALF_USER),
        (DeviceStagingType.MULTI_STANDARD, S.STAGING_CHOICE),
        (DeviceStagingType.MULTI_ADVANCED, S.STAGING_CHOICE),
    ],
)
def test_a_staging_user_is_asked_what_is_not_clear(kind: DeviceStagingType, step: SessionStep) -> None:
    """Only who may do both has a choice; only Advanced names somebody (row 31)."""
    session = replace(IN_EAST, user=PAT.id)
    assert next_step(session, _tree(), replace(PAT, staging_type=kind)) is step


def test_after_a_choice_the_person_is_asked_for_where_there_is_one() -> None:
    """Single of Multi and Advanced needs a name; a shared device needs none."""
    session = replace(IN_EAST, user=PAT.id)
    assert next_step(replace(session, mode=M.ADVANCED), _tree(), BOTH) is S.ON_BEHALF_USER
    assert next_step(replace(session, mode=M.ADVANCED, on_behalf=ANNA.id), _tree(), BOTH) is S.INSTALL
    assert next_step(replace(session, mode=M.MULTI), _tree(), BOTH) is S.INSTALL


def test_ownership_is_asked_for_where_nobody_knows_it() -> None:
    """A list or a registration may know."""
    tree = _tree(ask_ownership=True)
    assert next_step(ANNAS, tree, ANNA) is S.OWNERSHIP
    assert next_step(ANNAS, tree, ANNA, ownership_known=True) is S.INSTALL
    assert next_step(replace(ANNAS, ownership=Ownership.EMPLOYEE_OWNED), tree, ANNA) is S.INSTALL


def test_new_terms_are_asked_for_last() -> None:
    """Who has accepted this version before is not asked."""
    tree = _tree(ask_ownership=True, terms={"version": "2"})
    answered = replace(ANNAS, ownership=Ownership.EMPLOYEE_OWNED)
    assert next_step(ANNAS, tree, ANNA) is S.OWNERSHIP
    assert next_step(answered, tree, ANNA, terms_accepted="1") is S.TERMS_OF_USE
    assert next_step(answered, tree, ANNA, terms_accepted="2") is S.INSTALL
    assert next_step(replace(answered, terms_accepted=True), tree, ANNA) is S.INSTALL


def test_a_device_without_a_screen_is_asked_for_its_password_only() -> None:
    """It brings that along, and does without the rest."""
    tree = _tree(grouping="Prompt", token_required=True, ask_ownership=True, terms={"version": "1"})
    sideloaded = replace(STARTED, group=1, channel=EntryChannel.BARCODE)
    assert next_step(sideloaded, tree) is S.CREDENTIALS
    assert next_step(replace(sideloaded, user=BOTH.id), tree, BOTH) is S.INSTALL
    assert decided_mode(replace(sideloaded, user=BOTH.id), BOTH) is M.MULTI
    assert decided_mode(replace(sideloaded, user=PAT.id), PAT) is M.STANDARD


@pytest.mark.parametrize(
    ("user", "mode"),
    [(None, None), (ANNA, M.NONE), (PAT, M.STANDARD), (BOTH, None)],
)
def test_the_mode_is_decided_as_soon_as_it_can_be(user: EnrollmentUser | None, mode: StagingMode | None) -> None:
    """What the session says counts before what the user's type says."""
    assert decided_mode(IN_EAST, user) is mode
    assert decided_mode(replace(IN_EAST, mode=M.MULTI), user) is M.MULTI


def test_the_owner_of_a_session_is_who_would_have_the_device() -> None:
    """Nobody, when it is staged for whoever comes."""
    assert ANNAS.owner == ANNA.id
    assert replace(ANNAS, mode=M.ADVANCED, on_behalf=11).owner == 11
    assert replace(ANNAS, mode=M.STANDARD).owner is None
    assert replace(ANNAS, mode=M.MULTI).owner is None


def test_questions_follow_each_other_to_the_end() -> None:
    """Every answer leads to the next question; what comes after the end is out of order."""
    session = STARTED
    for step in (S.GROUP_SELECT, S.CREDENTIALS, S.CAPTCHA, S.TERMS_OF_USE, S.INSTALL):
        session = advance(session, EVENT_OF_STEP[step])
        assert session.step is step
        assert advance(session, E.RETRY) == session
    done = advance(session, E.ENROLLED)
    assert done.step is S.DONE
    with pytest.raises(Refusal) as caught:
        advance(done, E.RETRY)
    assert caught.value.event == "STEP_OUT_OF_ORDER:Retry_when_Done"


def test_an_answer_must_be_to_the_question_that_was_asked() -> None:
    """And in time."""
    asked = replace(IN_EAST, step=S.CREDENTIALS)
    check_open(asked, NOW, S.CREDENTIALS, S.CAPTCHA)
    with pytest.raises(Refusal) as caught:
        check_open(asked, NOW, S.TERMS_OF_USE)
    assert caught.value.code == "STEP_OUT_OF_ORDER"
    with pytest.raises(Refusal) as caught:
        check_open(asked, asked.expires_at, S.CREDENTIALS)
    assert caught.value.code == "SESSION_EXPIRED"


@pytest.mark.parametrize(
    ("step", "code"),
    [(S.DONE, "SESSION_EXPIRED"), (S.EXPIRED, "SESSION_EXPIRED"), (S.REFUSED, "STEP_OUT_OF_ORDER")],
)
def test_a_session_that_is_over_takes_no_answer(step: SessionStep, code: str) -> None:
    """Whatever was asked last."""
    with pytest.raises(Refusal) as caught:
        check_open(replace(IN_EAST, step=step), NOW, S.CREDENTIALS)
    assert caught.value.code == code


def test_what_may_be_tried_again_leaves_nothing_behind() -> None:
    """No refusal that locks a device leaves its session open."""
    assert {STAGING_REFUSALS[code].kind.value for code in RETRIABLE} == {"R", "T"}
