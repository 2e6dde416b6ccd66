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
from device_emulator.core.conversation import Conversation
from device_emulator.core.errand_running import ErrandRunner
from device_emulator.core.events import PersonRefused
from device_emulator.core.handheld import Clock, Handheld
from device_emulator.core.hardware import Hardware
from device_emulator.core.holder import Impulse
from device_emulator.core.hub.asking import BUSY
from device_emulator.core.hub_errand import HubWish
from device_emulator.core.messages import NO_ERRANDS, Errand, Happening
from device_emulator.core.passing_time import alarms, catch_up
from device_emulator.core.person_actions import act, impulsive_action
from device_emulator.core.randomness import Randomness
from device_emulator.core.session import Session
from device_emulator.core.setting_up import assistant
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import MANAGED, UNDER_WAY, LifeState, LockState

# What can be wanted again while it is under way: there may be something new.
REPEATED = frozenset({Errand.SESSION, Errand.HUB})
BEFORE_MANAGEMENT = frozenset({Errand.SET_UP, Errand.ENROLL})


class Device(ErrandRunner):
    """One device. Feed it with `handle`, send what `requests` returns, and wake it at `deadline`.

    A device is not safe for concurrent use: one task touches it at a time. `handle` may take milliseconds (RSA).
    `handheld` is its state, to be looked at and not to be changed from outside.
    """

    __slots__ = ("_appointments", "_offer", "_put_off", "_wish")
    handheld: Handheld

    def __init__(
        self,
        hardware: Hardware,
        settings: DeviceSettings,
        *,
        clock: Clock,
        randomness: Randomness,
        key_source: RsaKeySource | None = None,
    ) -> None:
        super().__init__(Handheld(hardware, settings, clock=clock, randomness=randomness, key_source=key_source))
        self._offer: enrolling.Offer | None = None
        self._wish: HubWish | None = None
        self._appointments = Appointments()
        self._put_off = False

    def handle(self, happening: Happening) -> None:
        """Take in one happening. Then collect `requests` and `events` and look at `deadline`."""
        super().handle(happening)
        if self._conversation is None:
            self.handheld.keychain.let_go()

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
    def life(self) -> LifeState:
        """Where the device is in its life."""
        return self.handheld.life

    @property
    def lock(self) -> LockState:
        """What its screen lets its person do."""
        return self.handheld.lock

    def snapshot(self) -> dict[str, object]:
        """Return everything the device would need to go on tomorrow, in plain JSON types.

        It contains the device's private key, and what its holder knows by heart.

        What is under way is not in it: a restored device begins it anew.
        """
        under_way = self._under_way
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

    def _act(self, action: PersonAction) -> None:
        wanted = act(self.handheld, action)
        self._notice_changes()
        if isinstance(wanted, enrolling.Offer):
            self._enroll_with(wanted)
        elif wanted is not None and self._wish is not None:
            self.handheld.emit(PersonRefused(type(action).__name__, BUSY))
        elif wanted is not None:
            self._wish = wanted
            self._want_at_once(Errand.HUB)

    def _impulsive_action(self, impulse: Impulse) -> PersonAction | None:
        return impulsive_action(self.handheld, impulse)

    # Errands and the conversation under way

    def _enroll_with(self, offer: enrolling.Offer) -> None:
        self._offer = offer
        self._want(Errand.ENROLL)

    def _want(self, errand: Errand) -> None:
        if self._errand is not errand or errand in REPEATED:
            super()._want(errand)

    def _prompt(self, errand: Errand) -> None:
        management = self.handheld.management
        if management is None or errand in BEFORE_MANAGEMENT:
            return
        if errand is Errand.TOKEN_UPDATE:
            management.token_turn += 1
        if errand is Errand.CHECK_OUT:
            leaving.ask_to_leave(self.handheld, "checked_out")
        else:
            self._want_at_once(errand)

    def _finish_starting(self) -> None:
        powering.finish_starting(self.handheld)

    def _heed_appointments(self, now: datetime) -> None:
        handheld = self.handheld
        locking.end_block(handheld)
        installing.remove_expired(handheld)
        catch_up(handheld)
        if handheld.is_running:
            for errand in self._appointments.due(now):
                self._want(errand)

    def _say_no_good_bye(self) -> None:
        if self.handheld.management is not None and self.handheld.management.ending is not None:
            leaving.end_management(self.handheld, self.handheld.management.ending)

    def _notice_state(self) -> None:
        handheld = self.handheld
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
        self._wish = None

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
        super()._finish()
        self._make_appointments()

    def _make_appointments(self) -> None:
        if self.handheld.life in MANAGED:
            self._appointments.make(self.handheld)

    def _own_alarms(self) -> Iterator[datetime]:
        handheld = self.handheld
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
            if handheld.find_my.tell_at is not None:
                yield handheld.find_my.tell_at
