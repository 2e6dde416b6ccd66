"""The rules of a device's enrolment."""

from __future__ import annotations

import pytest

from mdm_server.domain.command_queue import CommandEvent
from mdm_server.domain.enrollment import (
    GONE,
    MANAGED,
    TRANSITIONS,
    Channel,
    ChannelKind,
    EnrollmentEvent,
    EnrollmentStatus,
    advance,
    event_of_answer,
    event_of_parting,
    event_of_request,
    may_queue,
    may_receive,
)
from mdm_server.domain.refusal import Refusal

E, S = EnrollmentEvent, EnrollmentStatus
MANAGED_THREE = (S.ENROLLED, S.ENTERPRISE_WIPE_PENDING, S.DEVICE_WIPE_PENDING)

# For each event the statuses it is allowed in, and where it leads; "=" stays where it is.
EXPECTED: dict[EnrollmentEvent, dict[EnrollmentStatus, str]] = {
    E.AUTHENTICATE: dict.fromkeys(S, "EnrollmentInProgress"),
    E.TOKEN_UPDATE: {S.ENROLLMENT_IN_PROGRESS: "Enrolled", **dict.fromkeys(MANAGED_THREE, "=")},
    E.CHECK_OUT: dict.fromkeys((S.ENROLLMENT_IN_PROGRESS, *MANAGED_THREE, S.UNENROLLED), "Unenrolled"),
    E.CHECK_IN: dict.fromkeys(MANAGED_THREE, "="),
    E.ERASE_ACKNOWLEDGED: dict.fromkeys(MANAGED_THREE, "Unenrolled"),
    E.ERASE_FAILED: {S.DEVICE_WIPE_PENDING: "Enrolled"},
    E.REGISTER: {S.DISCOVERED: "Registered", S.REGISTERED: "="},
    E.ERASE_REQUESTED: dict.fromkeys(MANAGED_THREE, "DeviceWipePending"),
    E.ENTERPRISE_WIPE_REQUESTED: dict.fromkeys((S.ENROLLED, S.ENTERPRISE_WIPE_PENDING), "EnterpriseWipePending"),
    E.ENTERPRISE_WIPE_FAILED: {S.ENTERPRISE_WIPE_PENDING: "Enrolled"},
    E.ENTERPRISE_WIPE_ACKNOWLEDGED: dict.fromkeys(MANAGED_THREE, "Unenrolled"),
    E.RETIRE: dict.fromkeys(S, "Retired"),
}


@pytest.mark.parametrize("event", list(EnrollmentEvent))
@pytest.mark.parametrize("status", list(EnrollmentStatus))
def test_every_pair_of_status_and_event_leads_where_it_should(status: EnrollmentStatus, event: EnrollmentEvent) -> None:
    """All pairs, written out a second time by hand; what is not allowed is `state.order`."""
    expected = EXPECTED[event].get(status)
    if expected is None:
        with pytest.raises(Refusal) as caught:
            advance(status, event)
        assert caught.value.code == "state.order"
    else:
        assert advance(status, event) == (status if expected == "=" else expected)


def test_a_device_nobody_has_heard_of_was_only_discovered() -> None:
    """The table starts there, and from there only Authenticate, Register and Retire lead on."""
    allowed = {event for event in E if TRANSITIONS.after(TRANSITIONS.initial, event) is not None}
    assert allowed == {E.AUTHENTICATE, E.REGISTER, E.RETIRE}


@pytest.mark.parametrize("status", list(EnrollmentStatus))
def test_only_a_managed_device_is_given_commands(status: EnrollmentStatus) -> None:
    """One that is gone is answered with nothing; one that never enrolled is refused (T-29)."""
    if status in MANAGED | GONE:
        assert may_receive(status) == (status in MANAGED)
    else:
        with pytest.raises(Refusal, match="out of order"):
            may_receive(status)


def test_commands_are_queued_while_a_device_is_managed_or_about_to_be() -> None:
    """Not before its Authenticate, and not after it is gone."""
    assert {status for status in S if may_queue(status)} == {*MANAGED_THREE, S.ENROLLMENT_IN_PROGRESS}


def test_only_an_erase_means_something_to_the_enrolment() -> None:
    """Acknowledged it ends it; ended otherwise it leaves the device enrolled; NotNow says nothing yet."""
    assert event_of_request("EraseDevice") is E.ERASE_REQUESTED
    assert event_of_request("DeviceLock") is None
    meanings = {answer: event_of_answer("EraseDevice", answer) for answer in CommandEvent}
    assert meanings[CommandEvent.ACKNOWLEDGED] is E.ERASE_ACKNOWLEDGED
    assert meanings[CommandEvent.NOT_NOW] is None
    for ending in (CommandEvent.ERROR, CommandEvent.COMMAND_FORMAT_ERROR, CommandEvent.CLEAR, CommandEvent.EXPIRE):
        assert meanings[ending] is E.ERASE_FAILED
    assert event_of_answer("DeviceLock", CommandEvent.ACKNOWLEDGED) is None


def test_the_command_that_takes_the_profile_away_ends_the_enrolment_when_it_is_acknowledged() -> None:
    """Ended otherwise it leaves the device enrolled; NotNow says nothing yet."""
    assert event_of_parting(CommandEvent.ACKNOWLEDGED) is E.ENTERPRISE_WIPE_ACKNOWLEDGED
    assert event_of_parting(CommandEvent.NOT_NOW) is None
    for ending in (CommandEvent.ERROR, CommandEvent.COMMAND_FORMAT_ERROR, CommandEvent.CLEAR, CommandEvent.EXPIRE):
        assert event_of_parting(ending) is E.ENTERPRISE_WIPE_FAILED


def test_a_user_channel_knows_its_device() -> None:
    """The certificate is the device's, the queue is the channel's."""
    assert Channel("A", "A").is_device
    assert not Channel("A:u", "A", ChannelKind.USER).is_device
