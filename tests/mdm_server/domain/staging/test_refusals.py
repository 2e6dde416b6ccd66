"""The refusals of staging: every code of the catalogue, what it locks, and that all of them are in the one table."""

from __future__ import annotations

import pytest

from mdm_server.domain.refusal import REFUSALS, Refusal
from mdm_server.domain.staging.guards import GUARDS
from mdm_server.domain.staging.refusals import STAGING_REFUSALS, STICKY, RefusalFamily, sentence
from mdm_server.domain.staging.vocabulary import DeviceLockReason

# By kind, as the vendor's behaviour was catalogued; the last line of each is what only a program needs.
CATALOGUE = {
    "L": "REG_USER_MISMATCH REG_BOUND_TO_OTHER DEVICE_DENYLISTED GROUP_EXIT_WIPE CREATE_MDM_ERROR STAGING_USER_GONE"
    " REENROLL_PREVENTED ACTIVATION_LOCK PASSCODE_LOCKED DEP_ASSIGN_BLOCKED",
    "A": "USER_INACTIVE USER_LOCKED",
    "T": "CAPTCHA_REQUIRED WIPE_ON_HOLD PENDING_VERIFICATION HUB_PINNED",
    "-": "TOU_PENDING SHARED_USER_UNKNOWN PROFILE_REMOVED",
    "R": "DEVICE_NOT_ALLOWLISTED DEVICE_NOT_REGISTERED TOKEN_EXPIRED TOKEN_REVOKED TOKEN_USED TOKEN_INVALID"
    " TOKEN_USER_MISMATCH GROUP_UNKNOWN LICENSE_EXPIRED BAD_CREDENTIALS USER_NOT_ALLOWED MAX_DEVICES"
    " MAX_DEVICES_OWNERSHIP MAX_DEVICES_OG OWNERSHIP_NOT_ALLOWED TYPE_NOT_ALLOWED ENROLL_TYPE_NOT_ALLOWED"
    " TOU_DECLINED STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT STAGING_NOT_ALLOWED STAGING_TYPE_MISMATCH"
    " STAGING_TARGET_INVALID ALREADY_CLAIMED CHECKED_OUT SHARED_PASSCODE ENROLLED_ELSEWHERE OTHER_ENVIRONMENT"
    " DEP_REQUIRED"
    " STAGING_CANNOT_CLAIM DEVICE_NOT_STAGED HUB_REQUIRED SESSION_EXPIRED STEP_OUT_OF_ORDER",
}


def test_the_catalogue_is_complete() -> None:
    """Every code, with what it leaves behind."""
    kinds = {code: refusal.kind.value for code, refusal in STAGING_REFUSALS.items()}
    assert kinds == {code: kind for kind, codes in CATALOGUE.items() for code in codes.split()}


def test_the_sticky_locks_are_the_documented_ones() -> None:
    """They survive restarts of emulator and server; all the others do not need to."""
    assert {*DeviceLockReason, "ACTIVATION_LOCK"} == STICKY
    assert all(STAGING_REFUSALS[code].kind is RefusalFamily.LOCKED for code in STICKY)


@pytest.mark.parametrize("code", list(STAGING_REFUSALS))
def test_every_refusal_can_be_raised_from_the_one_table(code: str) -> None:
    """With the user's text as a sentence, and never a status that unenrols a device."""
    refusal, mine = Refusal(code), STAGING_REFUSALS[code]
    assert refusal.text in (mine.text, f"{mine.text}.")
    assert refusal.remedy == mine.remedy
    assert refusal.status == mine.status
    assert mine.status in (400, 409, 410)
    assert mine.code == code


def test_the_vendors_own_words_are_kept() -> None:
    """Where they are documented, people search for them."""
    assert STAGING_REFUSALS["BAD_CREDENTIALS"].text == "Invalid User Credentials"
    assert REFUSALS["BAD_CREDENTIALS"].text == "Invalid User Credentials."
    assert STAGING_REFUSALS["DEVICE_NOT_REGISTERED"].text == STAGING_REFUSALS["DEVICE_DENYLISTED"].text
    assert STAGING_REFUSALS["REG_BOUND_TO_OTHER"].text == STAGING_REFUSALS["REG_USER_MISMATCH"].text
    assert STAGING_REFUSALS["MAX_DEVICES"].text.startswith("You are not allowed to enroll your device.")


def test_every_code_a_guard_answers_has_a_text() -> None:
    """A code without a text would be a KeyError at the worst moment."""
    assert {code for guard in GUARDS for code in guard.codes} <= STAGING_REFUSALS.keys()


def test_a_text_becomes_a_sentence_once() -> None:
    """A full stop is added where the vendor left it out."""
    assert sentence("No") == "No."
    assert sentence("No.") == "No."
