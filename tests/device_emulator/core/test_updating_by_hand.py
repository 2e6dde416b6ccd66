"""System updates as a person sees them: in Settings, and when the device asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from device_emulator.core import actions, effects, powering, updating
from device_emulator.core.actions import AnswerPrompt, HaveTrouble, HearOfRelease, UpdateSystem
from device_emulator.core.events import PersonRefused, SystemUpdated
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.person import Person
from device_emulator.core.person_actions import act
from device_emulator.core.settings import DeviceSettings, Pace
from device_emulator.core.states import PowerState
from device_emulator.core.system_update import UpdateState
from device_emulator.core.troubles import Trouble
from device_emulator.core.update_events import UpdateDeferred, UpdateFailed, UpdatePrompted
from mdm_server.wire.commands import version_number
from rigs.managed_device import PASSCODE, Clock, ask, managed_device

NEWEST = max(SYSTEM_VERSIONS, key=lambda each: version_number(each.version))
STRANGER = Person(name="Somebody")
UNASKED = DeviceSettings(supervised=True, pace=Pace(consent=None))


@pytest.fixture
def ticking() -> Clock:
    """Return a clock that a test moves."""
    return Clock(datetime(2026, 6, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def iphone(ticking: Clock) -> Handheld:
    """Return a supervised iPhone with a passcode, whose person answers when they are told to and not before."""
    handheld = managed_device(ticking, passcode=PASSCODE)
    handheld.settings = UNASKED
    return handheld


def refusals(handheld: Handheld, *wanted: actions.PersonAction) -> list[str]:
    """Let the person act, and return why they may not."""
    handheld.take_events()
    for action in wanted:
        act(handheld, action)
        updating.catch_up(handheld)
    return [event.reason for event in handheld.take_events() if isinstance(event, PersonRefused)]


def order(handheld: Handheld, **wanted: object) -> None:
    """Have the server order the newest update."""
    ask(handheld, "ScheduleOSUpdate", Updates=[{"InstallAction": "Default", **wanted}])


def state(handheld: Handheld) -> UpdateState:
    """Return how far the update has come."""
    updating.catch_up(handheld)
    update = handheld.belongings.update
    return UpdateState.IDLE if update is None else update.state


@pytest.fixture
def asking(iphone: Handheld, ticking: Clock) -> Handheld:
    """Return an iPhone that asks to install an update, which may be put off twice."""
    order(iphone)
    ticking.advance(minutes=10)
    order(iphone, MaxUserDeferrals=2)
    assert state(iphone) is UpdateState.PROMPTING
    return iphone


def test_a_person_updates_in_settings(iphone: Handheld, ticking: Clock) -> None:
    """Nobody asks them again: they typed their passcode at the beginning."""
    assert refusals(iphone, UpdateSystem()) == []
    states = []
    for minutes in (0, 10, 5):
        ticking.advance(minutes=minutes)
        states.append(state(iphone))
    assert states == [UpdateState.DOWNLOADING, UpdateState.INSTALLING, UpdateState.IDLE]
    assert (iphone.system, iphone.power) == (NEWEST, PowerState.STARTING)
    assert SystemUpdated(NEWEST.version) in iphone.take_events()


def test_there_is_nothing_newer_than_the_newest(iphone: Handheld) -> None:
    """And no such version as one that does not exist."""
    assert refusals(iphone, UpdateSystem("99.0")) == ["no_update"]
    iphone.system = NEWEST
    assert refusals(iphone, UpdateSystem()) == ["no_update"]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Trouble.DOWNLOAD_INSUFFICIENT_NETWORK, "no_wifi"),
        (Trouble.DOWNLOAD_INSUFFICIENT_SPACE, "no_space"),
        (Trouble.DOWNLOAD_INSUFFICIENT_POWER, "no_power"),
    ],
)
def test_the_person_is_told_what_keeps_the_download_from_beginning(
    iphone: Handheld, trouble: Trouble, reason: str
) -> None:
    """Once, as it was arranged."""
    assert refusals(iphone, HaveTrouble(trouble), UpdateSystem()) == [reason]
    assert refusals(iphone, UpdateSystem()) == []


def test_without_wi_fi_there_is_no_update(iphone: Handheld) -> None:
    """A cellular network is not enough."""
    iphone.network = Network.CELLULAR
    assert refusals(iphone, UpdateSystem()) == ["no_wifi"]


def test_a_person_hurries_on_what_the_server_ordered(iphone: Handheld, ticking: Clock) -> None:
    """Tapping on it while it downloads has it installed at the end; and so does tapping on it afterwards."""
    order(iphone)
    assert refusals(iphone, UpdateSystem()) == []
    ticking.advance(minutes=10)
    assert state(iphone) is UpdateState.INSTALLING
    assert refusals(iphone, UpdateSystem()) == ["already_installing"]


def test_a_person_agrees(asking: Handheld, ticking: Clock) -> None:
    """The device installs what it asked about."""
    ticking.advance(days=3)
    assert state(asking) is UpdateState.PROMPTING
    assert refusals(asking, AnswerPrompt()) == []
    assert state(asking) is UpdateState.INSTALLING
    assert refusals(asking, AnswerPrompt()) == ["nobody_asks"]


def test_a_person_puts_it_off_as_often_as_they_may(asking: Handheld, ticking: Clock) -> None:
    """Asked once a day; who has used up their deferrals is not asked any more."""
    seen = []
    for _ in range(2):
        assert refusals(asking, AnswerPrompt(agree=False)) == []
        assert state(asking) is UpdateState.DEFERRED
        ticking.advance(hours=23)
        assert state(asking) is UpdateState.DEFERRED
        ticking.advance(hours=1)
        updating.catch_up(asking)
        seen += [event for event in asking.take_events() if isinstance(event, UpdatePrompted)]
    assert seen == [UpdatePrompted(NEWEST.version, 1)]
    assert state(asking) is UpdateState.INSTALLING


def test_without_a_limit_it_can_be_put_off_for_ever(iphone: Handheld, ticking: Clock) -> None:
    """The device asks every day, and every day they say no."""
    order(iphone)
    ticking.advance(minutes=10)
    order(iphone)
    for _ in range(20):
        act(iphone, AnswerPrompt(agree=False, about=actions.SYSTEM_UPDATE))
        assert state(iphone) is UpdateState.DEFERRED
        ticking.advance(days=1)
        assert state(iphone) is UpdateState.PROMPTING
    assert iphone.take_events().count(UpdateDeferred(NEWEST.version)) == 20


def test_a_day_without_an_answer_counts_like_one_on_which_it_was_put_off(asking: Handheld, ticking: Clock) -> None:
    """Who has said no once does not say yes by themselves, and in the end nobody asks them."""
    act(asking, AnswerPrompt(agree=False))
    states = []
    for hours in (24, 23, 1):
        ticking.advance(hours=hours)
        states.append(state(asking))
    assert states == [UpdateState.PROMPTING, UpdateState.PROMPTING, UpdateState.INSTALLING]
    assert asking.take_events().count(UpdateDeferred(NEWEST.version)) == 2


def test_with_no_deferral_allowed_the_person_may_not_put_it_off(iphone: Handheld, ticking: Clock) -> None:
    """They can agree, or leave the question where it is."""
    order(iphone)
    ticking.advance(minutes=10)
    order(iphone, MaxUserDeferrals=0)
    assert refusals(iphone, AnswerPrompt(agree=False)) == ["no_deferrals_left"]
    assert state(iphone) is UpdateState.PROMPTING


def test_agreeing_does_not_charge_the_battery(asking: Handheld) -> None:
    """The device says why not, and goes on asking."""
    assert refusals(asking, HaveTrouble(Trouble.INSTALL_INSUFFICIENT_POWER), AnswerPrompt()) == ["no_power"]
    assert state(asking) is UpdateState.PROMPTING


def test_an_installation_that_cannot_begin_by_itself_is_given_up(iphone: Handheld, ticking: Clock) -> None:
    """The update stays on the device until somebody wants it again."""
    act(iphone, HaveTrouble(Trouble.INSTALL_INSUFFICIENT_SPACE))
    act(iphone, UpdateSystem())
    ticking.advance(minutes=10)
    assert state(iphone) is UpdateState.DOWNLOADED
    assert UpdateFailed(NEWEST.version, "InstallInsufficientSpace") in iphone.take_events()
    assert refusals(iphone, UpdateSystem()) == []
    assert state(iphone) is UpdateState.INSTALLING


def test_switching_off_in_the_middle_spoils_the_installation(asking: Handheld, ticking: Clock) -> None:
    """The old system starts again, and the update is still there."""
    before = asking.system
    act(asking, AnswerPrompt())
    powering.shut_down(asking)
    updating.catch_up(asking)
    assert UpdateFailed(NEWEST.version, "InstallFailed") in asking.take_events()
    ticking.advance(hours=1)
    powering.turn_on(asking)
    assert (state(asking), asking.system) == (UpdateState.INSTALL_FAILED, before)


def test_a_device_that_is_off_downloads_nothing(iphone: Handheld, ticking: Clock) -> None:
    """It goes on where it stopped, and asks for no alarm in between."""
    order(iphone)
    ticking.advance(minutes=5)
    powering.shut_down(iphone)
    updating.catch_up(iphone)
    assert list(updating.alarms(iphone)) == []
    ticking.advance(days=1)
    powering.turn_on(iphone)
    powering.finish_starting(iphone)
    updating.catch_up(iphone)
    assert list(updating.alarms(iphone)) == [ticking.now + timedelta(minutes=5)]


def test_a_device_that_is_off_reminds_nobody(asking: Handheld, ticking: Clock) -> None:
    """The reminder comes when the device is up again."""
    act(asking, AnswerPrompt(agree=False))
    assert list(updating.alarms(asking)) == [ticking.now + timedelta(days=1)]
    powering.shut_down(asking)
    assert list(updating.alarms(asking)) == []
    ticking.advance(days=2)
    assert state(asking) is UpdateState.DEFERRED
    powering.turn_on(asking)
    powering.finish_starting(asking)
    assert state(asking) is UpdateState.PROMPTING


def test_a_person_who_was_told_nothing_agrees_after_a_while(ticking: Clock) -> None:
    """Unless they cannot get in: then the question stands until they can."""
    handheld = managed_device(ticking, passcode=PASSCODE)
    act(handheld, actions.HandOver(STRANGER, tells_passcode=False))
    order(handheld)
    ticking.advance(minutes=10)
    order(handheld)
    ticking.advance(days=1)
    assert state(handheld) is UpdateState.PROMPTING
    assert all(alarm > ticking.now for alarm in updating.alarms(handheld))

    act(handheld, actions.HandOver(STRANGER))
    assert handheld.holder is not None
    handheld.holder.knows_passcode = True
    ticking.advance(minutes=2)
    assert state(handheld) is UpdateState.INSTALLING


def test_an_update_that_was_overtaken_is_forgotten(asking: Handheld) -> None:
    """There is nothing to ask any more when the device runs something as new."""
    asking.system = NEWEST
    assert state(asking) is UpdateState.IDLE
    assert refusals(asking, AnswerPrompt()) == ["nobody_asks"]


def test_a_fresh_release_is_kept_from_the_person_but_not_from_the_server(iphone: Handheld, ticking: Clock) -> None:
    """Until the days of its delay are over, or the server has it downloaded."""
    content = {"forceDelayedSoftwareUpdates": True, "enforcedSoftwareUpdateDelay": 7}
    payload = InstalledPayload(effects.RESTRICTIONS, "p", "u", content=content)
    iphone.profiles.install(InstalledProfile(identifier="r", uuid="U", payloads=(payload,)))
    act(iphone, HearOfRelease("18.99", "22Z99"))

    assert refusals(iphone, UpdateSystem("18.99")) == ["no_update"]
    assert [each.version for each in updating.offered_to_person(iphone)] == [NEWEST.version]
    offered = ask(iphone, "AvailableOSUpdates").values["AvailableOSUpdates"]
    assert [each["Version"] for each in offered] == ["18.99"]

    ticking.advance(days=6)
    assert refusals(iphone, UpdateSystem("18.99")) == ["no_update"]
    ticking.advance(days=1)
    assert [each.version for each in updating.offered_to_person(iphone)] == ["18.99"]
    assert refusals(iphone, UpdateSystem("18.99")) == []


def test_what_the_server_downloads_is_in_sight(iphone: Handheld) -> None:
    """However fresh it is."""
    payload = InstalledPayload(effects.RESTRICTIONS, "p", "u", content={"forceDelayedSoftwareUpdates": True})
    iphone.profiles.install(InstalledProfile(identifier="r", uuid="U", payloads=(payload,)))
    act(iphone, HearOfRelease("18.99", "22Z99"))
    order(iphone, ProductVersion="18.99")
    assert refusals(iphone, UpdateSystem("18.99")) == []
