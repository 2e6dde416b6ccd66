"""Applications that the server wants on a device: ordered, asked about, installed, refused, removed.

On a supervised device an order is carried out in silence; on any other its person is asked. On either, somebody has to
be signed in at the store for what comes without a licence. What time does is done by `catch_up`, as for system updates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from device_emulator.core import holding
from device_emulator.core.application_events import (
    ApplicationInstalled,
    ApplicationRemoved,
    ApplicationStateChanged,
)
from device_emulator.core.application_states import (
    APPLICATION,
    ASKING,
    ON_THE_WAY,
    TOLD_ONCE,
    ApplicationState,
    ApplicationTrigger,
)
from device_emulator.core.applications import Application, Order
from device_emulator.core.errors import ImpossibleTransitionError
from device_emulator.core.handheld import Handheld
from device_emulator.core.states import LockState
from device_emulator.core.troubles import Trouble


def state_of(handheld: Handheld, identifier: str) -> ApplicationState:
    """Return how far an application has come under management."""
    order = handheld.applications.order(identifier)
    if order is not None:
        return order.state
    present = handheld.applications.find(identifier)
    is_managed = present is not None and present.is_managed
    return ApplicationState.MANAGED if is_managed else ApplicationState.UNMANAGED


# What the server wants


def is_on_the_way(handheld: Handheld, identifier: str) -> bool:
    """Say whether an earlier order for an application has not come to its end."""
    return state_of(handheld, identifier) in ON_THE_WAY


def is_managed(handheld: Handheld, identifier: str) -> bool:
    """Say whether an application is the server's to remove: managed, removed by its person, or on its way."""
    return (state_of(handheld, identifier), ApplicationTrigger.SERVER_REMOVED) in APPLICATION


def order(
    handheld: Handheld, application: Application, *, needs_code: bool = False, needs_account: bool = False
) -> ApplicationState:
    """Have an application installed, or the managed one updated, or the person's taken under management."""
    identifier = application.identifier
    tell(handheld, identifier)  # what the server was not told yet is no news any more
    present, now = handheld.applications.find(identifier), handheld.clock()
    if present is not None and not present.is_managed:
        if handheld.is_supervised:
            _move(handheld, application, ApplicationTrigger.CLAIMED, at=now)
        else:
            _ask(handheld, application, ApplicationTrigger.CLAIMED_WITH_QUESTION)
    elif present is None and needs_code:
        _move(handheld, application, ApplicationTrigger.ORDERED_WITHOUT_CODE, at=now)
    elif present is None and needs_account and handheld.apple_account is None:
        _move(handheld, application, ApplicationTrigger.ORDERED_WITHOUT_ACCOUNT, at=now)
    elif handheld.is_supervised:
        _begin(handheld, application, ApplicationTrigger.ORDERED, at=now)
    else:
        _ask(handheld, application, ApplicationTrigger.ORDERED_WITH_QUESTION)
    return state_of(handheld, identifier)


def redeem(handheld: Handheld, identifier: str) -> None:
    """Take the code for an application that waits for one."""
    _begin(handheld, _ordered(handheld, identifier), ApplicationTrigger.CODE_APPLIED, at=handheld.clock())


def remove(handheld: Handheld, identifier: str) -> None:
    """Remove a managed application, or give up what was ordered."""
    present = handheld.applications.find(identifier)
    known = present or _ordered(handheld, identifier)
    _move(handheld, known, ApplicationTrigger.SERVER_REMOVED, at=handheld.clock())
    if present is not None and present.is_managed:
        handheld.applications.remove(identifier)
        handheld.emit(ApplicationRemoved(identifier))


def tell(handheld: Handheld, identifier: str) -> ApplicationState:
    """Return the state of an application for the server, which hears some news only once."""
    state = state_of(handheld, identifier)
    if state in TOLD_ONCE:
        present = handheld.applications.find(identifier)
        is_managed = present is not None and present.is_managed
        trigger = ApplicationTrigger.REPORTED_MANAGED if is_managed else ApplicationTrigger.REPORTED
        _move(handheld, _ordered(handheld, identifier), trigger, at=handheld.clock())
    return state


# What the person does


def asked(handheld: Handheld) -> list[Order]:
    """Return what the device asks its person, the oldest question first."""
    return sorted((each for each in handheld.applications.orders if each.state in ASKING), key=lambda each: each.since)


def asks_to_sign_in(handheld: Handheld, identifier: str) -> bool:
    """Say whether the device asks its person to sign in at the store first."""
    return state_of(handheld, identifier) is ApplicationState.PROMPTING_FOR_LOGIN


def agree(handheld: Handheld, identifier: str, at: datetime | None = None) -> None:
    """Let the person agree to what they are asked."""
    _begin(handheld, _ordered(handheld, identifier), ApplicationTrigger.PERSON_AGREED, at=at or handheld.clock())


def refuse(handheld: Handheld, identifier: str) -> None:
    """Let the person refuse it."""
    _move(handheld, _ordered(handheld, identifier), ApplicationTrigger.PERSON_REFUSED, at=handheld.clock())


def person_installs(handheld: Handheld, application: Application) -> None:
    """Let the person get an application: one they had removed is managed again, one on its way is theirs."""
    identifier, state = application.identifier, state_of(handheld, application.identifier)
    if state is ApplicationState.MANAGED_BUT_UNINSTALLED:
        application = _ordered(handheld, identifier)
    handheld.applications.install(application)
    if (state, ApplicationTrigger.PERSON_INSTALLED) in APPLICATION:
        _move(handheld, application, ApplicationTrigger.PERSON_INSTALLED, at=handheld.clock())


def person_removes(handheld: Handheld, application: Application) -> None:
    """Let the person delete an application; the server is told so of one that it manages."""
    if (state_of(handheld, application.identifier), ApplicationTrigger.PERSON_REMOVED) in APPLICATION:
        _move(handheld, application, ApplicationTrigger.PERSON_REMOVED, at=handheld.clock())
    handheld.applications.remove(application.identifier)


# What time does


def alarms(handheld: Handheld) -> Iterator[datetime]:
    """Return when orders want to be looked at; without a network nothing comes."""
    if handheld.is_running:
        yield from (each.until for each in handheld.applications.orders if each.until is not None)


def catch_up(handheld: Handheld) -> None:
    """Let happen what has been due, and what waited for somebody to sign in."""
    for each in handheld.applications.orders:
        if each.state is ApplicationState.PROMPTING_FOR_LOGIN and handheld.apple_account is not None:
            agree(handheld, each.application.identifier)
    while handheld.applications.orders and handheld.is_running:
        now = handheld.clock()
        due = [(each.until, each) for each in handheld.applications.orders if each.until and each.until <= now]
        if not due:
            return
        at, order = min(due, key=lambda each: each[0])
        if order.state in ASKING:
            _consent(handheld, order, at)
        else:
            _come_further(handheld, order, at)


def _consent(handheld: Handheld, order: Order, at: datetime) -> None:
    """Let a person whom nobody told anything agree, if they can get at the device at all."""
    if handheld.lock is not LockState.LOST and holding.knows_passcode(handheld):
        agree(handheld, order.application.identifier, at)
    else:
        later = handheld.clock() + (handheld.settings.pace.consent or timedelta(minutes=1))
        handheld.applications.put_order(replace(order, until=later))


def _come_further(handheld: Handheld, order: Order, at: datetime) -> None:
    ends = order.state in {ApplicationState.INSTALLING, ApplicationState.UPDATING}
    if ends and handheld.troubles.strikes(Trouble.APPLICATION_FAILED):
        _move(handheld, order.application, ApplicationTrigger.FAILED, at=at)
    else:
        _begin(handheld, order.application, ApplicationTrigger.CAME_FURTHER, at=at)


def _begin(handheld: Handheld, application: Application, trigger: ApplicationTrigger, *, at: datetime) -> None:
    """Move on to a state that ends by itself."""
    pace = handheld.settings.pace
    takes = {
        ApplicationState.REDEEMING: pace.application_queue,
        ApplicationState.QUEUED: pace.application_queue,
        ApplicationState.INSTALLING: pace.application_install,
        ApplicationState.UPDATING: pace.application_install,
    }
    after = _next(state_of(handheld, application.identifier), trigger)
    _move(handheld, application, trigger, at=at, until=at + takes[after] if after in takes else None)


def _ask(handheld: Handheld, application: Application, trigger: ApplicationTrigger) -> None:
    now, consent = handheld.clock(), handheld.settings.pace.consent
    _move(handheld, application, trigger, at=now, until=None if consent is None else now + consent)


# The one place where a state is set


def _move(
    handheld: Handheld,
    application: Application,
    trigger: ApplicationTrigger,
    *,
    at: datetime,
    until: datetime | None = None,
) -> None:
    identifier = application.identifier
    before = state_of(handheld, identifier)
    after = _next(before, trigger)
    if after in {ApplicationState.MANAGED, ApplicationState.UNMANAGED}:
        handheld.applications.drop_order(identifier)
    else:
        handheld.applications.put_order(Order(application=application, state=after, since=at, until=until))
    handheld.emit(ApplicationStateChanged(identifier, before, after))
    if after is ApplicationState.MANAGED and trigger is not ApplicationTrigger.REPORTED_MANAGED:
        handheld.applications.install(application)
        handheld.emit(ApplicationInstalled(identifier))


def _next(state: ApplicationState, trigger: ApplicationTrigger) -> ApplicationState:
    after = APPLICATION.get((state, trigger))
    if after is None:
        raise ImpossibleTransitionError(state, trigger)
    return after


def _ordered(handheld: Handheld, identifier: str) -> Application:
    order = handheld.applications.order(identifier)
    if order is None:
        raise ImpossibleTransitionError(state_of(handheld, identifier), "answer")
    return order.application
