"""One errand at a time, the most urgent first: what an iPhone and an Android have in common but their conversations.

This half of a device knows its power, its network, its holder and its patience. What the errands are, when they are
wanted and what they consist of, says the other half.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from device_emulator.core.actions import PersonAction
from device_emulator.core.conversation import Conversation, Correspondent, TemporaryError, pause_after
from device_emulator.core.conversing import Conversing
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import Event, RetryScheduled
from device_emulator.core.gauges import Network
from device_emulator.core.holder import Holder, Impulse
from device_emulator.core.messages import (
    NO_ERRANDS,
    URGENCY,
    Errand,
    Happening,
    PersonActs,
    Prompted,
    PushArrived,
    RequestFailed,
    ResponseArrived,
    TimePassed,
)
from device_emulator.core.states import PowerState


class Thing(Correspondent, Protocol):
    """The thing in somebody's hand, as far as errands depend on it."""

    holder: Holder | None
    network: Network
    power: PowerState
    starts_until: datetime | None
    interruptions: int

    @property
    def is_running(self) -> bool:
        """Say whether it has started and can be reached."""
        ...

    @property
    def is_managed(self) -> bool:
        """Say whether it has a server that commands it."""
        ...

    def take_events(self) -> list[Event]:
        """Return, once, what could be seen."""
        ...


class ErrandRunner(Conversing):
    """Something that runs errands. `handheld` is its state, to be looked at and not to be changed from outside."""

    __slots__ = ("_errand", "_errands", "_failures", "_interruptions", "handheld")
    handheld: Thing

    def __init__(self, handheld: Thing) -> None:
        super().__init__()
        self.handheld = handheld
        self._errands = NO_ERRANDS
        self._errand: Errand | None = None
        self._failures = 0
        self._interruptions = 0

    # The three verbs and the property

    def handle(self, happening: Happening) -> None:
        """Take in one happening. Then collect `requests` and `events` and look at `deadline`."""
        match happening:
            case ResponseArrived() | RequestFailed():
                if self.handheld.is_running:
                    self._take_reply(happening)
            case PushArrived(magic):
                if self.handheld.is_running and magic == self.push_magic:
                    self._want_at_once(Errand.SESSION)
            case PersonActs(action):
                self._let_act(action)
            case Prompted(errand):
                self._prompt(errand)
            case TimePassed():
                pass
        self._look_at_clock()
        self._go_on()

    def events(self) -> list[Event]:
        """Return, once, what could be seen since the last call."""
        return self.handheld.take_events()

    @property
    def deadline(self) -> datetime | None:
        """When the device wants `TimePassed`, or None."""
        return min(self._alarms(), default=None)

    # What others need to know of it

    @property
    def push_magic(self) -> str | None:
        """The magic a push must carry; None while it is not enrolled."""
        raise NotImplementedError

    @property
    def is_reachable(self) -> bool:
        """Say whether the device runs and can be reached by a push."""
        return self.handheld.is_running

    @property
    def is_busy(self) -> bool:
        """Say whether a conversation with a server is under way or waiting to be resumed."""
        return self._conversation is not None or bool(self._errands)

    @property
    def power(self) -> PowerState:
        """Whether it runs."""
        return self.handheld.power

    # What the other half says

    def _act(self, action: PersonAction) -> None:
        """Let the person act, and take on what they want of a server."""
        raise NotImplementedError

    def _impulsive_action(self, impulse: Impulse) -> PersonAction | None:
        """Return what the holder does when something comes over them."""
        raise NotImplementedError

    def _prompt(self, errand: Errand) -> None:
        """Take on what somebody outside the play asks for."""
        raise NotImplementedError

    def _finish_starting(self) -> None:
        """Draw the consequences of the end of starting."""
        raise NotImplementedError

    def _heed_appointments(self, now: datetime) -> None:
        """Do, and want, what the time has come for."""
        raise NotImplementedError

    def _notice_state(self) -> None:
        """Draw the consequences of what the person, a command or the clock did to the device."""
        raise NotImplementedError

    def _say_no_good_bye(self) -> None:
        """End a management that is about to end, for nobody would hear the good-bye."""
        raise NotImplementedError

    def _converse(self, errand: Errand) -> Conversation[None]:
        """Return the conversation that an errand consists of."""
        raise NotImplementedError

    def _own_alarms(self) -> Iterator[datetime]:
        """Return when the device wants to be woken, beside what is common to all."""
        raise NotImplementedError

    # The person

    def _let_act(self, action: PersonAction) -> None:
        was_offline = self.handheld.network is Network.NONE
        self._act(action)
        if was_offline and self.handheld.network is not Network.NONE:
            self._come_back()

    def _come_back(self) -> None:
        """Go on at once with what the network was missing for, and ask what was missed."""
        if self._resume_at is not None:
            self._resume_at = self.handheld.clock()
        self._want(Errand.SESSION)

    def _yield_to_impulses(self) -> None:
        """Let the holder do what comes over them, where there is anything to do."""
        handheld = self.handheld
        if handheld.holder is None:
            return
        for impulse in handheld.holder.impulses(handheld.randomness, handheld.clock()):
            action = self._impulsive_action(impulse)
            if action is not None:
                self._let_act(action)

    # Errands

    @property
    def _under_way(self) -> frozenset[Errand]:
        return self._errands if self._errand is None else self._errands | {self._errand}

    def _want(self, errand: Errand) -> None:
        self._errands |= {errand}

    def _want_at_once(self, errand: Errand) -> None:
        """Run an errand without waiting for the end of a back-off: whoever calls is there again."""
        self._want(errand)
        if self._conversation is None:
            self._resume_at = None

    def _look_at_clock(self) -> None:
        handheld, now = self.handheld, self.handheld.clock()
        if handheld.starts_until is not None and handheld.starts_until <= now:
            self._finish_starting()
            # A push may have come while the device was off.
            self._want(Errand.SESSION)
        self._heed_appointments(now)
        self._yield_to_impulses()
        if handheld.is_running:
            self._resume(now)

    def _go_on(self) -> None:
        """Begin the most urgent errand, unless something is under way or has to wait."""
        self._notice_changes()
        while self._conversation is None and self._resume_at is None and self._errands and self.handheld.is_running:
            self._errand = min(self._errands, key=URGENCY.index)
            self._errands = (self._errands - {self._errand}) or NO_ERRANDS
            self._conversation = self._converse(self._errand)
            self._advance(None)
            self._notice_changes()

    def _notice_changes(self) -> None:
        handheld = self.handheld
        if handheld.interruptions != self._interruptions:
            self._interruptions = handheld.interruptions
            self._hang_up()
        if handheld.network is Network.NONE:
            self._lose_reply()
            self._say_no_good_bye()
        self._notice_state()

    def _hang_up(self) -> None:
        super()._hang_up()
        self._errand = None
        self._failures = 0

    def _finish(self) -> None:
        self._conversation = self._errand = None
        self._failures = 0

    def _try_again(self, failure: ExchangeError) -> None:
        """Run the errand again later; while a device is enrolled it never gives up."""
        errand, self._errand, self._conversation = self._errand, None, None
        if errand is None or not self.handheld.is_managed:
            return
        self._failures += 1
        pause = self.handheld.settings.retry.ceiling
        if isinstance(failure, TemporaryError):
            pause = pause_after(self.handheld, failure.kind, self._failures, failure.reply)
        self._resume_at = self.handheld.clock() + pause
        self._want(errand)
        self.handheld.emit(RetryScheduled(errand, failure.reason, self._resume_at))

    def _alarms(self) -> Iterator[datetime]:
        handheld = self.handheld
        if handheld.starts_until is not None:
            yield handheld.starts_until
        if handheld.holder is not None and handheld.holder.next_impulse is not None:
            yield handheld.holder.next_impulse
        yield from self._own_alarms()
