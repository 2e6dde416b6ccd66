"""Applications that a server wants, and a person who has a say."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from device_emulator.core import actions, managing_applications, powering
from device_emulator.core.actions import AnswerPrompt, InstallApplication, RemoveApplication
from device_emulator.core.application_events import (
    ApplicationStateChanged,
    OwnApplicationInstalled,
    OwnApplicationRemoved,
)
from device_emulator.core.application_states import ApplicationState
from device_emulator.core.applications import PAID, Applications
from device_emulator.core.events import PersonRefused
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.person import Person
from device_emulator.core.person_actions import act
from device_emulator.core.randomness import Randomness
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.settings import DeviceSettings, Pace
from device_emulator.core.troubles import Trouble
from rigs.managed_device import PASSCODE, Clock, ask, managed_device

ACCOUNT = AppleAccount(name="somebody@icloud.example")
APP, OTHER = "example.transit.lines", "example.maps.compass"


@pytest.fixture
def ticking() -> Clock:
    """Return a clock that a test moves."""
    return Clock(datetime(2026, 6, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def make(ticking: Clock) -> Callable[..., Handheld]:
    """Return a maker of devices without the applications of these tests; nobody answers unless told to."""

    def make(**facts: Any) -> Handheld:
        handheld = managed_device(ticking, **facts)
        handheld.settings = DeviceSettings(pace=Pace(consent=None))
        handheld.apple_account = ACCOUNT
        for identifier in (APP, OTHER, *PAID):
            handheld.applications.remove(identifier)
        return handheld

    return make


@pytest.fixture
def own(make: Callable[..., Handheld]) -> Handheld:
    """Return an unsupervised iPhone: its person is asked."""
    return make(supervised=False)


def order(handheld: Handheld, identifier: str = APP, **fields: Any) -> str:
    """Have the server order an application, and return the state that the device answers with."""
    state: str = ask(handheld, "InstallApplication", Identifier=identifier, **fields).values["State"]
    return state


def listed(handheld: Handheld) -> dict[str, str]:
    """Return the states of all managed applications as the server sees them now."""
    answer = ask(handheld, "ManagedApplicationList").values["ManagedApplicationList"]
    return {identifier: status["Status"] for identifier, status in answer.items()}


def refusals(handheld: Handheld, action: actions.PersonAction) -> list[str]:
    """Let the person act, and return why they may not."""
    handheld.take_events()
    act(handheld, action)
    return [event.reason for event in handheld.take_events() if isinstance(event, PersonRefused)]


def test_a_person_agrees_and_the_application_comes(own: Handheld, ticking: Clock) -> None:
    """Until then nothing happens, however long it takes."""
    assert order(own) == "Prompting"
    ticking.advance(days=1)
    assert listed(own) == {APP: "Prompting"}

    assert refusals(own, AnswerPrompt()) == []
    states = [listed(own)[APP]]
    for seconds in (5, 30):
        ticking.advance(seconds=seconds)
        states.append(listed(own)[APP])
    assert states == ["Queued", "Installing", "Managed"]
    assert refusals(own, AnswerPrompt()) == ["nobody_asks"]


def test_a_person_refuses_and_the_server_hears_it_once(own: Handheld, ticking: Clock) -> None:
    """Then it may ask again."""
    order(own)
    assert refusals(own, AnswerPrompt(agree=False)) == []
    assert [listed(own), listed(own)] == [{APP: "UserRejected"}, {}]
    assert order(own) == "Prompting"


def test_a_refusal_that_was_not_told_is_forgotten_with_the_next_order(own: Handheld) -> None:
    """What counts is the new question."""
    order(own)
    act(own, AnswerPrompt(agree=False))
    assert order(own) == "Prompting"
    assert listed(own) == {APP: "Prompting"}


def test_an_update_and_its_refusal(own: Handheld, ticking: Clock) -> None:
    """The application stays managed as it was; agreed to, it is updated."""
    order(own)
    act(own, AnswerPrompt())
    ticking.advance(minutes=1)
    assert listed(own) == {APP: "Managed"}

    assert order(own) == "PromptingForUpdate"
    act(own, AnswerPrompt(agree=False))
    assert [listed(own), listed(own)] == [{APP: "UpdateRejected"}, {APP: "Managed"}]

    assert order(own, Configuration={"a": 1}) == "PromptingForUpdate"
    act(own, AnswerPrompt())
    assert listed(own) == {APP: "Updating"}
    ticking.advance(seconds=30)
    assert listed(own) == {APP: "Managed"}
    application = own.applications.find(APP)
    assert application is not None
    assert application.configuration == {"a": 1}


@pytest.mark.parametrize(
    ("agree", "first", "then"), [(True, "Managed", "Managed"), (False, "ManagementRejected", None)]
)
def test_what_the_person_has_is_given_away_only_with_their_consent(
    agree: bool, first: str, then: str | None, own: Handheld
) -> None:
    """On a supervised device nobody asks."""
    act(own, InstallApplication(APP))
    assert order(own, ChangeManagementState="Managed") == "PromptingForManagement"
    act(own, AnswerPrompt(agree=agree))
    assert [listed(own).get(APP), listed(own).get(APP)] == [first, then]
    assert own.applications.find(APP) is not None


def test_a_supervised_device_asks_nobody(make: Callable[..., Handheld]) -> None:
    """An order is carried out, and an application claimed, in silence."""
    handheld = make()
    assert order(handheld) == "Queued"
    act(handheld, InstallApplication(OTHER))
    assert order(handheld, OTHER, ChangeManagementState="Managed") == "Managed"
    assert refusals(handheld, AnswerPrompt()) == ["nobody_asks"]


@pytest.mark.parametrize("supervised", [True, False])
def test_who_is_faster_than_the_server_owns_the_application(supervised: bool, make: Callable[..., Handheld]) -> None:
    """It is the person's, and the server hears so once."""
    handheld = make(supervised=supervised)
    order(handheld)
    assert refusals(handheld, InstallApplication(APP)) == []
    assert [listed(handheld), listed(handheld)] == [{APP: "UserInstalledApp"}, {}]
    application = handheld.applications.find(APP)
    assert application is not None
    assert not application.is_managed


def test_a_person_removes_what_is_managed_and_brings_it_back(make: Callable[..., Handheld], ticking: Clock) -> None:
    """It is managed but uninstalled, then managed again, with the configuration that it had."""
    handheld = make()
    order(handheld, Configuration={"a": 1})
    ticking.advance(minutes=1)
    listed(handheld)
    handheld.take_events()

    act(handheld, RemoveApplication(APP))
    events = handheld.take_events()
    assert OwnApplicationRemoved(APP) in events
    assert ApplicationStateChanged(APP, ApplicationState.MANAGED, ApplicationState.MANAGED_BUT_UNINSTALLED) in events
    assert [listed(handheld), listed(handheld)] == [{APP: "ManagedButUninstalled"}] * 2
    assert handheld.applications.find(APP) is None

    act(handheld, InstallApplication(APP))
    assert OwnApplicationInstalled(APP) in handheld.take_events()
    assert listed(handheld) == {APP: "Managed"}
    application = handheld.applications.find(APP)
    assert application is not None
    assert application.configuration == {"a": 1}


def test_the_server_brings_back_or_gives_up_what_was_removed(make: Callable[..., Handheld], ticking: Clock) -> None:
    """By another order, or by RemoveApplication."""
    handheld = make()
    order(handheld)
    ticking.advance(minutes=1)
    listed(handheld)
    act(handheld, RemoveApplication(APP))
    assert order(handheld) == "Queued"
    ticking.advance(minutes=1)
    assert listed(handheld) == {APP: "Managed"}

    act(handheld, RemoveApplication(APP))
    ask(handheld, "RemoveApplication", Identifier=APP)
    assert listed(handheld) == {}


def test_what_must_not_be_removed_stays(make: Callable[..., Handheld], ticking: Clock) -> None:
    """The attribute Removable binds the person, not the server."""
    handheld = make()
    order(handheld, Attributes={"Removable": False})
    ticking.advance(minutes=1)
    listed(handheld)
    assert refusals(handheld, RemoveApplication(APP)) == ["removal_disallowed"]
    ask(handheld, "RemoveApplication", Identifier=APP)
    assert handheld.applications.find(APP) is None


def test_what_the_person_brought_is_theirs_to_remove(own: Handheld) -> None:
    """The server hears nothing of it."""
    assert refusals(own, InstallApplication(APP)) == []
    assert refusals(own, InstallApplication(APP)) == ["already_installed"]
    assert refusals(own, RemoveApplication(APP)) == []
    assert refusals(own, RemoveApplication(APP)) == ["not_found"]
    assert listed(own) == {}


@pytest.mark.parametrize("supervised", [True, False])
def test_without_an_account_nothing_comes_from_the_store(
    supervised: bool, make: Callable[..., Handheld], ticking: Clock
) -> None:
    """The person is asked to sign in, on a supervised device too; a licence or a manifest needs no account."""
    handheld = make(supervised=supervised)
    handheld.apple_account = None
    assert order(handheld) == "PromptingForLogin"
    ticking.advance(days=1)
    assert refusals(handheld, AnswerPrompt()) == ["no_apple_account"]
    assert refusals(handheld, InstallApplication(OTHER)) == ["no_apple_account"]
    licensed = order(handheld, OTHER, Options={"PurchaseMethod": 1})
    assert licensed == ("Queued" if supervised else "Prompting")

    act(handheld, actions.SignInAppleAccount(ACCOUNT))
    assert listed(handheld)[APP] == "Queued"
    ticking.advance(minutes=1)
    assert listed(handheld)[APP] == "Managed"


def test_who_does_not_want_to_sign_in_refuses_the_application(own: Handheld) -> None:
    """The server hears it once."""
    own.apple_account = None
    order(own)
    assert refusals(own, AnswerPrompt(agree=False, about=APP)) == []
    assert [listed(own), listed(own)] == [{APP: "UserRejected"}, {}]


def test_the_app_store_knows_its_catalogue(own: Handheld) -> None:
    """And answers only where there is a network."""
    assert refusals(own, InstallApplication("example.no.such")) == ["not_found"]
    own.network = Network.NONE
    assert refusals(own, InstallApplication(APP)) == ["offline"]


@pytest.mark.parametrize("update", [False, True])
def test_an_installation_that_fails_is_told_once(update: bool, make: Callable[..., Handheld], ticking: Clock) -> None:
    """What was there before is still there."""
    handheld = make()
    if update:
        order(handheld)
        ticking.advance(minutes=1)
        listed(handheld)
    handheld.troubles.arrange(Trouble.APPLICATION_FAILED)
    order(handheld)
    ticking.advance(minutes=1)
    assert [listed(handheld), listed(handheld)] == [{APP: "Failed"}, {APP: "Managed"} if update else {}]
    assert order(handheld) == ("Updating" if update else "Queued")


def test_nothing_comes_without_a_network(make: Callable[..., Handheld], ticking: Clock) -> None:
    """The order waits, and is done when the device is back."""
    handheld = make()
    order(handheld)
    handheld.network = Network.NONE
    ticking.advance(hours=1)
    assert list(managing_applications.alarms(handheld)) == []
    assert listed(handheld) == {APP: "Queued"}
    handheld.network = Network.WIFI
    assert listed(handheld) == {APP: "Managed"}


def test_nothing_comes_while_it_is_off(make: Callable[..., Handheld], ticking: Clock) -> None:
    """A device that is off wakes up for nothing."""
    handheld = make()
    order(handheld)
    assert list(managing_applications.alarms(handheld)) != []
    powering.shut_down(handheld)
    assert list(managing_applications.alarms(handheld)) == []


def test_the_oldest_question_is_answered_first_and_any_by_name(own: Handheld, ticking: Clock) -> None:
    """Whoever names an application means that one."""
    order(own, APP)
    ticking.advance(seconds=1)
    order(own, OTHER)
    ticking.advance(seconds=1)
    order(own, "com.example.third")
    act(own, AnswerPrompt(agree=False, about=OTHER))
    act(own, AnswerPrompt())
    assert listed(own) == {APP: "Queued", OTHER: "UserRejected", "com.example.third": "Prompting"}
    assert refusals(own, AnswerPrompt(about=OTHER)) == ["nobody_asks"]


def test_a_person_who_was_told_nothing_agrees_after_a_while(ticking: Clock) -> None:
    """If they can get at the device; a stranger who was not told its passcode cannot."""
    handheld = managed_device(ticking, supervised=False, passcode=PASSCODE)
    handheld.apple_account = ACCOUNT
    handheld.applications.remove(APP)
    act(handheld, actions.HandOver(Person(name="Somebody"), tells_passcode=False))
    order(handheld)
    ticking.advance(days=1)
    assert listed(handheld) == {APP: "Prompting"}

    assert handheld.holder is not None
    handheld.holder.knows_passcode = True
    ticking.advance(minutes=2)
    assert listed(handheld) == {APP: "Queued"}


def test_orders_come_back_from_a_snapshot(own: Handheld) -> None:
    """Written down and read again, they describe themselves alike; earlier files have no orders."""
    act(own, InstallApplication(OTHER))
    order(own)
    paid = min(PAID)
    ask(own, "InstallApplication", Identifier=paid)
    written = json.loads(json.dumps(own.applications.snapshot()))
    restored = Applications.restore(Randomness(1, 17), written)
    assert (restored.orders, list(restored)) == (own.applications.orders, list(own.applications))
    assert [each.state for each in restored.orders] == ["Prompting", "NeedsRedemption"]

    assert Applications.restore(Randomness(1, 17), written["installed"]).orders == ()
    assert Applications.restore(Randomness(1, 17), None).snapshot() is None
