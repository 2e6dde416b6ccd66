"""Enrolment settings: defaults, what may be set, and what is said of a mistake."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from mdm_server.domain.staging import settings as settings_module
from mdm_server.domain.staging.settings import (
    DirectEnrollmentSettings,
    EnrollmentSettings,
    SettingsError,
    SharedDeviceSettings,
    TermsOfUse,
    WipeThreshold,
    parse_settings,
)
from mdm_server.domain.staging.vocabulary import (
    EnrollmentMode,
    GroupingMode,
    MismatchLock,
    Ownership,
    Platform,
    TokenType,
)


def test_nothing_set_is_the_plainest_server() -> None:
    """Open to everybody, locking the device, asking for a CAPTCHA after three failures."""
    plain = parse_settings({})
    assert plain == EnrollmentSettings()
    assert (plain.mode, plain.reg_mismatch_lock, plain.captcha_after) == (EnrollmentMode.OPEN, MismatchLock.DEVICE, 3)
    assert (plain.token_length, plain.session_minutes, plain.purge_hours) == (8, 30, 48)


def test_everything_can_be_set() -> None:
    """In the words of the API and of a scenario file."""
    document: dict[str, Any] = {
        "mode": "RegisteredOnly",
        "token_required": True,
        "token_type": "TwoFactor",
        "token_length": 20,
        "allowed_user_groups": [3, 4],
        "reg_mismatch_lock": "user",
        "grouping": "Prompt",
        "allowed_ownerships": ["C", "E"],
        "allowed_platforms": ["Apple"],
        "minimum_os": {"Apple": "16.0", "Android": "12"},
        "max_devices": 2,
        "max_devices_by_ownership": {"E": 1},
        "terms": {"version": "3", "text": "Be good."},
        "lock_user_after": None,
        "shared": {"group_mode": "UserGroup", "auto_logout_minutes": 15},
        "direct": {"enabled": True, "ios": True, "default_ownership": "S"},
        "wipe_threshold": {"count": 5, "minutes": 10},
    }
    assert parse_settings(document) == EnrollmentSettings(
        mode=EnrollmentMode.REGISTERED_ONLY,
        token_required=True,
        token_type=TokenType.TWO_FACTOR,
        token_length=20,
        allowed_user_groups=(3, 4),
        reg_mismatch_lock=MismatchLock.USER,
        grouping=GroupingMode.PROMPT,
        allowed_ownerships=(Ownership.CORPORATE_DEDICATED, Ownership.EMPLOYEE_OWNED),
        allowed_platforms=(Platform.IOS,),
        minimum_os={Platform.IOS: "16.0", Platform.ANDROID: "12"},
        max_devices=2,
        max_devices_by_ownership={Ownership.EMPLOYEE_OWNED: 1},
        terms=TermsOfUse("3", "Be good."),
        shared=SharedDeviceSettings(GroupingMode.USER_GROUP, auto_logout_minutes=15),
        direct=DirectEnrollmentSettings(enabled=True, ios=True, default_ownership=Ownership.CORPORATE_SHARED),
        wipe_threshold=WipeThreshold(5, 10),
    )


@pytest.mark.parametrize(
    ("record", "readers"),
    [
        (EnrollmentSettings, "_SETTINGS"),
        (SharedDeviceSettings, "_SHARED"),
        (DirectEnrollmentSettings, "_DIRECT"),
    ],
)
def test_every_setting_can_be_read(record: type, readers: str) -> None:
    """A field that no document can set is not a setting."""
    assert list(getattr(settings_module, readers)) == [field.name for field in fields(record)]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"token_length": 5}, "token_length: expected a whole number from 6 to 20, found 5"),
        ({"token_length": 21}, "token_length: expected a whole number from 6 to 20, found 21"),
        ({"token_length": True}, "token_length: expected a whole number from 6 to 20, found True"),
        ({"token_hours": 0}, "token_hours: expected a whole number of 1 or more, found 0"),
        ({"token_lenght": 8}, "token_lenght: there is no such setting; did you mean token_length?"),
        ({"MODE": "Open"}, "MODE: there is no such setting; did you mean mode?"),
        ({"mode": "open"}, "mode: 'open' is not one of the values; did you mean Open?"),
        ({"mode": 3}, "mode: 3 is not one of the values; expected one of Open, RegisteredOnly, AllowlistedOnly"),
        ({"token_required": "yes"}, "token_required: expected true or false, found 'yes'"),
        ({"allowed_models": "iPad"}, "allowed_models: expected a list, found 'iPad'"),
        ({"allowed_models": [7]}, "allowed_models[0]: expected a text, found 7"),
        ({"minimum_os": ["17"]}, "minimum_os: expected keys and values, found ['17']"),
        ({"minimum_os": {"iOS": "17"}}, "minimum_os: 'iOS' is not one of the values; expected one of Apple, Android"),
        ({"minimum_os": {"Apple": 17}}, "minimum_os.Apple: expected a text, found 17"),
        (
            {"shared": {"passcode_require": True}},
            "shared.passcode_require: there is no such setting; did you mean passcode_required?",
        ),
        ({"shared": []}, "shared: expected keys and values, found []"),
        ({"terms": {"text": "x"}}, "terms: expected version, text, found {'text': 'x'}"),
        ({"max_devices": -1}, "max_devices: expected a whole number of 0 or more, found -1"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(document: dict[str, Any], said: str) -> None:
    """Where it is, what was found, what is expected, and the nearest word that would do (row 15)."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(document)
    assert str(caught.value) == said


def test_settings_that_were_read_may_stand_in_a_document() -> None:
    """So a program can hand over records, and need not write them out."""
    shared, terms = SharedDeviceSettings(passcode_required=True), TermsOfUse("1")
    assert parse_settings({"shared": shared, "terms": terms}) == EnrollmentSettings(shared=shared, terms=terms)
