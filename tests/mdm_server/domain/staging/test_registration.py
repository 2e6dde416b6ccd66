"""Registrations: which one a device comes under, what binds it, and what becomes of its token."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.registration import (
    TOKEN_ALPHABET,
    RegistrationEvent,
    RegistrationToken,
    advance,
    bind,
    expire,
    find_registration,
    new_token,
    token_hash,
    with_token,
)
from mdm_server.domain.staging.vocabulary import Platform, RegistrationState, TokenState, TokenType
from rigs.staging_records import ANNA, BEN, IDENTIFIERS, NOW, bound, registered, token

E, S, T = RegistrationEvent, RegistrationState, TokenState
NAMELESS = DeviceIdentifiers()


def test_a_registration_that_names_the_device_comes_first() -> None:
    """Whoever asks: it is the device that is expected."""
    named = registered(BEN.id)
    waiting = registered(ANNA.id, id=1, identifiers=NAMELESS)
    assert find_registration([waiting, named], IDENTIFIERS, ANNA.id, Platform.IOS) is named


def test_without_identifiers_a_registration_waits_for_its_users_next_device() -> None:
    """Of its platform, or of any (rows 7 and 8)."""
    waiting = registered(ANNA.id, identifiers=NAMELESS)
    assert find_registration([waiting], IDENTIFIERS, ANNA.id, Platform.IOS) is waiting
    assert find_registration([waiting], IDENTIFIERS, ANNA.id, Platform.ANDROID) is None
    assert find_registration([waiting], IDENTIFIERS, BEN.id, Platform.IOS) is None
    assert find_registration([waiting], IDENTIFIERS) is None
    anywhere = replace(waiting, platform=None)
    assert find_registration([anywhere], IDENTIFIERS, ANNA.id, Platform.ANDROID) is anywhere
    filled = bind(waiting, 5, IDENTIFIERS)
    assert find_registration([filled], DeviceIdentifiers("UDID-2"), ANNA.id, Platform.IOS) is None


def test_a_nameless_binding_waits_for_nothing() -> None:
    """A work profile that hides its hardware has used its registration up all the same."""
    used = bind(registered(ANNA.id, identifiers=NAMELESS), 5, NAMELESS)
    assert find_registration([used], IDENTIFIERS, ANNA.id, Platform.IOS) is None


def test_of_several_that_name_a_device_the_binding_counts() -> None:
    """Then what is active, then what has expired; then the older one."""
    expired, active = registered(BEN.id, id=1, state=S.EXPIRED), registered(BEN.id, id=2)
    younger, held = registered(ANNA.id, id=3), bound(ANNA.id, id=4)
    assert find_registration([expired, active, younger, held], IDENTIFIERS) is held
    assert find_registration([younger, expired, active], IDENTIFIERS) is active
    assert find_registration([expired], IDENTIFIERS) is expired


def test_enrolling_binds_a_registration_and_uses_its_token_up() -> None:
    """The device's identifiers fill in what was missing, and take nothing away (T13, row 7)."""
    waiting = registered(ANNA.id, identifiers=DeviceIdentifiers(serial_number="serial1"), token=token())
    done = bind(waiting, 5, IDENTIFIERS)
    assert (done.state, done.device, done.token_state) == (S.BOUND, 5, T.USED)
    assert done.identifiers == DeviceIdentifiers("UDID-1", "serial1", "350000000000001")


def test_a_binding_survives_unenrolment_and_everything_but_deletion() -> None:
    """That is what locks others out (§2.1 rule 3)."""
    held = bound(ANNA.id, token=token(T.USED))
    for event in set(E) - {E.REGISTER, E.DELETE}:
        assert advance(held, event).state is S.BOUND
    assert advance(held, E.DELETE).state is S.NONE


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        (E.REVOKE_TOKEN, T.ACTIVE, T.REVOKED),
        (E.REVOKE_TOKEN, T.USED, T.USED),
        (E.TOKEN_EXPIRED, T.ACTIVE, T.EXPIRED),
        (E.TOKEN_EXPIRED, T.REVOKED, T.REVOKED),
        (E.RESET_TOKEN, T.REVOKED, T.ACTIVE),
        (E.RESET_TOKEN, T.USED, T.ACTIVE),
        (E.DEVICE_ENROLLED, T.ACTIVE, T.USED),
        (E.DEVICE_ENROLLED, T.EXPIRED, T.USED),
        (E.RESEND, T.REVOKED, T.REVOKED),
    ],
)
def test_the_token_follows_its_registration(event: RegistrationEvent, before: TokenState, after: TokenState) -> None:
    """What was revoked does not expire, and what was used is not revoked."""
    assert advance(registered(ANNA.id, token=token(before)), event).token_state is after


def test_a_token_that_was_revoked_and_reset_opens_again() -> None:
    """Row 14, with another secret."""
    revoked = advance(registered(ANNA.id, token=token()), E.REVOKE_TOKEN)
    assert revoked.state is S.EXPIRED
    fresh = RegistrationToken("other", TokenType.TWO_FACTOR, NOW)
    again = with_token(revoked, fresh)
    assert (again.state, again.token) == (S.ACTIVE, fresh)


def test_a_token_expires_when_its_hours_are_over() -> None:
    """Not a moment before, and only once (row 11)."""
    waiting = registered(ANNA.id, token=token())
    assert expire(waiting, NOW - timedelta(microseconds=1)) is waiting
    over = expire(waiting, NOW)
    assert (over.state, over.token_state) == (S.EXPIRED, T.EXPIRED)
    assert expire(over, NOW + timedelta(days=1)) is over
    assert expire(registered(ANNA.id), NOW).token_state is T.NONE
    assert expire(bound(ANNA.id, token=token()), NOW).state is S.BOUND


def test_what_is_out_of_place_is_a_conflict() -> None:
    """A record that is gone cannot be reset, and one that is there cannot be registered."""
    with pytest.raises(Refusal) as caught:
        advance(registered(ANNA.id), E.REGISTER)
    assert caught.value.event == "api.conflict:Register_when_Active"
    with pytest.raises(Refusal):
        advance(registered(ANNA.id, state=S.NONE), E.RESEND)


@given(st.integers(6, 20), st.integers())
def test_a_token_has_its_length_and_no_doubtful_letters(length: int, seed: int) -> None:
    """No `b`, which VMware's own client strips, and nothing that reads like something else."""
    made = new_token(length, random.Random(seed).randbytes)
    assert len(made) == length
    assert set(made) <= set(TOKEN_ALPHABET)
    assert not set(TOKEN_ALPHABET) & set("bB0O1Il5S")
    assert made.isalnum()


def test_every_letter_of_a_token_is_equally_likely() -> None:
    """Bytes that would favour the first letters are drawn again."""
    every_byte = bytes(range(256)) * 28
    drawn = iter([every_byte, every_byte])
    counts = Counter(new_token(252 * 28, lambda count: next(drawn)[:count]))
    assert set(counts) == set(TOKEN_ALPHABET)
    assert max(counts.values()) - min(counts.values()) <= 28


def test_a_token_is_looked_up_by_its_hash() -> None:
    """With or without the blanks that copying adds."""
    assert token_hash(" ABC123 ") == token_hash("ABC123") != token_hash("abc123")
    assert "ABC" not in token_hash("ABC123")
