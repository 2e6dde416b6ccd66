"""One virtual device and the person holding it, sans-I/O: happenings in, requests and events out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from certs.identity import Identity
from certs.key_pool import RsaKeySource
from device_emulator.core import (
    activation_locking,
    enrolling,
    errands,
    hub_errand,
    installing,
    leaving,
    locking,
    powering,
    snapshots,
)
from device_emulator.core.actions import PersonAction
from device_emulator.core.answers.dispatch import conditions
from device_emulator.core.appointments import Appointments
from device_emulator.core.conversation import Conversation, TemporaryError, pause_after
from device_emulator.core.conversing import Conversing
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import Event, PersonRefused, RetryScheduled
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Clock, Handheld
from device_emulator.core.hardware import Hardware
from device_emulator.core.hub.asking import BUSY
from device_emulator.core.hub_errand import HubWish
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
from device_emulator.core.passing_time import alarms, catch_up
from device_emulator.core.person_actions import act, impulsive_action
from device_emulator.core.randomness import Randomness
from device_emulator.core.session import Session
from device_emulator.core.setting_up import assistant
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import MANAGED, UNDER_WAY, LifeState, LockState, PowerState

# What can be wanted again while it is under way: there may be something new.
REPEATED = frozenset({Errand.SESSION, Errand.HUB})


class Device(Conversing):
    """One device. Feed it with `handle`, send what `requests` returns, and wake it at `deadline`.

    A device is not safe for concurrent use: one task touches it at a time. `handle` may take milliseconds (RSA).
    `handheld` is its state, to be looked at and not to be changed from outside.
    """

    __slots__ = (
        "_appointments",
        "_errand",
        "_errands",
        "_failures",
        "_interruptions",
        "_offer",
        "_put_off",
        "_wish",
        "handheld",
    )

    def __init__(
        self,
        hardware: Hardware,
        settings: DeviceSettings,
        *,
        clock: Clock,
        randomness: Randomness,
        key_source: RsaKeySource | None = None,
    ) -> None:
        super().__init__()
        self.handheld = Handheld(hardware, settings, clock=clock, randomness=randomness, key_source=key_source)
        self._offer: enrolling.Offer | None = None
        self._wish: HubWish | None = None
        self._errands = NO_ERRANDS
        self._errand: Errand | None = None
        self._failures = 0
        self._interruptions = 0
        self._appointments = Appointments()
        self._put_off = False

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
        if self._conversation is None:
            self.handheld.keychain.let_go()

    def events(self) -> list[Event]:
        """Return, once, what could be seen since the last call."""
        return self.handheld.take_events()

    @property
    def deadline(self) -> datetime | None:
        """When the device wants `TimePassed`, or None."""
        return min(self._alarms(), default=None)

    # What others need to know of it

    @property
    def push_token(self) -> bytes | None:
        """The token the device announced and listens on; None while it is not enrolled."""
        management = self.handheld.management
        if management is None or management.announced is None:
            return None
        return management.push_token(self.handheld.randomness)

    @property
    def push_magic(self) -> str | None:
        """The magic a push must carry; None while it is not enrolled."""
        management = self.handheld.management
        if management is None or management.announced is None:
            return None
        return management.push_magic(self.handheld.randomness)

    @property
    def is_reachable(self) -> bool:
        """Say whether the device runs and can be reached by a push."""
        return self.handheld.is_running

    @property
    def is_busy(self) -> bool:
        """Say whether a conversation with a server is under way or waiting to be resumed."""
        return self._conversation is not None or bool(self._errands)

    @property
    def life(self) -> LifeState:
        """Where the device is in its life."""
        return self.handheld.life

    @property
    def lock(self) -> LockState:
        """What its screen lets its person do."""
        return self.handheld.lock

    @property
    def power(self) -> PowerState:
        """Whether it runs."""
        return self.handheld.power

    def snapshot(self) -> dict[str, object]:
        """Return everything the device would need to go on tomorrow, in plain JSON types.

        It contains the device's private key, and what its holder knows by heart.

        What is under way is not in it: a restored device begins it anew.
        """
        under_way = self._errands | ({self._errand} if self._errand is not None else NO_ERRANDS)
        return {
            **snapshots.take(self.handheld),
            "offer": snapshots.offer_as_json(self._offer) if Errand.ENROLL in under_way else None,
            "errands": sorted(under_way),
        }

    @classmethod
    def restore(
        cls,
        snapshot: Mapping[str, object],
        settings: DeviceSettings,
        *,
        clock: Clock,
        randomness: Randomness,
        key_source: RsaKeySource | None = None,
    ) -> Device:
        """Return the device that `snapshot` describes.

        Raises:
            SnapshotError: it is no snapshot of a device.

        """
        handheld = snapshots.restore(snapshot, settings, clock=clock, randomness=randomness, key_source=key_source)
        device = cls(handheld.hardware, settings, clock=clock, randomness=randomness, key_source=key_source)
        device._wake_up(handheld, *snapshots.restore_errands(snapshot))
        return device

    def _wake_up(self, handheld: Handheld, offer: enrolling.Offer | None, under_way: frozenset[Errand]) -> None:
        self.handheld = handheld
        self._offer, self._errands = offer, under_way
        if handheld.life in UNDER_WAY:
            enrolling.give_up(handheld)
        self._make_appointments()

    # The person

    def _let_act(self, action: PersonAction) -> None:
        """Let the person act, and take on what they want of a server."""
        was_offline = self.handheld.network is Network.NONE
        wanted = act(self.handheld, action)
        self._notice_changes()
        if was_offline and self.handheld.network is not Network.NONE:
            self._come_back()
        if isinstance(wanted, enrolling.Offer):
            self._enroll_with(wanted)
        elif wanted is not None and self._wish is not None:
            self.handheld.emit(PersonRefused(type(action).__name__, BUSY))
        elif wanted is not None:
            self._wish = wanted
            self._want_at_once(Errand.HUB)

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
            action = impulsive_action(handheld, impulse)
            if action is not None:
                self._let_act(action)

    # Errands and the conversation under way

    def _enroll_with(self, offer: enrolling.Offer) -> None:
        self._offer = offer
        self._want(Errand.ENROLL)

    def _want(self, errand: Errand) -> None:
        if self._errand is not errand or errand in REPEATED:
            self._errands |= {errand}

    def _want_at_once(self, errand: Errand) -> None:
        """Run an errand without waiting for the end of a back-off: whoever calls is there again."""
        self._want(errand)
        if self._conversation is None:
            self._resume_at = None

    def _prompt(self, errand: Errand) -> None:
        management = self.handheld.management
        if management is None or errand is Errand.ENROLL:
            return
        if errand is Errand.TOKEN_UPDATE:
            management.token_turn += 1
        if errand is Errand.CHECK_OUT:
            leaving.ask_to_leave(self.handheld, "checked_out")
        else:
            self._want_at_once(errand)

    def _look_at_clock(self) -> None:
        handheld, now = self.handheld, self.handheld.clock()
        if handheld.starts_until is not None and handheld.starts_until <= now:
            powering.finish_starting(handheld)
            # A push may have come while the device was off.
            self._want(Errand.SESSION)
        locking.end_block(handheld)
        installing.remove_expired(handheld)
        catch_up(handheld)
        if handheld.is_running:
            for errand in self._appointments.due(now):
                self._want(errand)
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
        """Draw the consequences of what the person, a command or the clock did to the device."""
        handheld = self.handheld
        if handheld.interruptions != self._interruptions:
            self._interruptions = handheld.interruptions
            self._hang_up()
        if handheld.network is Network.NONE:
            self._lose_reply()
            if handheld.management is not None and handheld.management.ending is not None:
                # Good-bye is a courtesy, and nobody would hear it.
                leaving.end_management(handheld, handheld.management.ending)
        management = handheld.management
        if management is None:
            self._errands = (self._errands & enrolling.possible_errands(handheld)) or NO_ERRANDS
            if Errand.HUB not in self._errands:
                self._wish = None
            self._appointments.cancel()
            self._put_off = False
            if handheld.passage is not None and handheld.life is LifeState.SETUP_ASSISTANT:
                self._want(Errand.SET_UP)
        elif management.ending is not None:
            self._want(Errand.CHECK_OUT)
        elif handheld.life in MANAGED:
            if management.announced != handheld.passcode.generation:
                self._want(Errand.TOKEN_UPDATE)
            if self._put_off and self._conversation is None and not conditions(handheld):
                self._put_off = False
                self._want(Errand.SESSION)
        if activation_locking.notice(handheld):
            self._want(Errand.FIND_MY)

    def _hang_up(self) -> None:
        super()._hang_up()
        self._errand = self._wish = None
        self._failures = 0

    def _converse(self, errand: Errand) -> Conversation[None]:
        match errand:
            case Errand.SET_UP:
                return assistant.converse(self.handheld)
            case Errand.ENROLL:
                return enrolling.Enrolling(self.handheld, self._offer or enrolling.Offer()).converse()
            case Errand.CHECK_OUT:
                return errands.check_out(self.handheld)
            case Errand.TOKEN_UPDATE:
                return errands.update_token(self.handheld)
            case Errand.RENEWAL:
                return errands.renew(self.handheld)
            case Errand.SESSION:
                return self._ask_for_commands()
            case Errand.FIND_MY:
                return activation_locking.report(self.handheld)
            case Errand.HUB:
                wish, self._wish = self._wish, None
                return self._use_hub(wish)

    def _use_hub(self, wish: HubWish | None) -> Conversation[None]:
        offer = yield from hub_errand.use(self.handheld, wish)
        if offer is not None:
            self._enroll_with(offer)

    def _ask_for_commands(self) -> Conversation[None]:
        session = Session(self.handheld)
        try:
            yield from session.converse()
            if session.commands and hub_errand.has_news(self.handheld):
                self._want(Errand.HUB)
        finally:
            if session.put_off and conditions(self.handheld):
                self._put_off = True
            elif session.put_off:
                # Nothing that could be seen to end stood in the way, so only time can tell.
                self._appointments.ask_at(self.handheld.clock() + self.handheld.settings.retry.ceiling)

    def _client_identity(self) -> Identity | None:
        return self.handheld.keychain.identity

    def _finish(self) -> None:
        if self._errand is Errand.SET_UP and self.handheld.management is not None:
            # Whatever Configurator wanted besides: the organization has the device.
            self._errands, self._wish = (self._errands - {Errand.HUB}) or NO_ERRANDS, None
            if self.handheld.life is LifeState.AWAITING_CONFIGURATION:
                self._want(Errand.SESSION)
        if self._errand is Errand.ENROLL:
            self._offer = None
            if hub_errand.has_news(self.handheld):
                self._want(Errand.HUB)
        self._conversation = self._errand = None
        self._failures = 0
        self._make_appointments()

    def _try_again(self, failure: ExchangeError) -> None:
        """Run the errand again later; while a device is enrolled it never gives up."""
        errand, self._errand, self._conversation = self._errand, None, None
        if errand is None or (self.handheld.management is None and errand is not Errand.FIND_MY):
            return
        self._failures += 1
        pause = self.handheld.settings.retry.ceiling
        if isinstance(failure, TemporaryError):
            pause = pause_after(self.handheld, failure.kind, self._failures, failure.reply)
        self._resume_at = self.handheld.clock() + pause
        self._errands |= {errand}
        self.handheld.emit(RetryScheduled(errand, failure.reason, self._resume_at))

    def _make_appointments(self) -> None:
        if self.handheld.life in MANAGED:
            self._appointments.make(self.handheld)

    def _alarms(self) -> Iterator[datetime]:
        handheld = self.handheld
        if handheld.starts_until is not None:
            yield handheld.starts_until
        if handheld.holder is not None and handheld.holder.next_impulse is not None:
            yield handheld.holder.next_impulse
        yield from alarms(handheld)
        if handheld.lock is LockState.DISABLED and handheld.passcode.blocked_until is not None:
            yield handheld.passcode.blocked_until
        if not handheld.is_running:
            return
        for alarm in (self._resume_at, handheld.profiles.next_removal):
            if alarm is not None:
                yield alarm
        if self._conversation is None and self._resume_at is None:
            yield from self._appointments.next
