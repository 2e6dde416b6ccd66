"""One virtual device and the person holding it, sans-I/O: happenings in, requests and events out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from certs.key_pool import RsaKeySource
from device_emulator.core import enrolling, errands, installing, leaving, locking, powering, snapshots
from device_emulator.core.answers.dispatch import conditions
from device_emulator.core.appointments import Appointments
from device_emulator.core.conversation import Conversation, Draft, Pause, Reply, TemporaryError, pause_after
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import Event, RetryScheduled
from device_emulator.core.handheld import Clock, Handheld
from device_emulator.core.hardware import Hardware
from device_emulator.core.messages import (
    Errand,
    Happening,
    PersonActs,
    Prompted,
    PushArrived,
    Request,
    RequestFailed,
    ResponseArrived,
    TimePassed,
)
from device_emulator.core.person_actions import act
from device_emulator.core.randomness import Randomness
from device_emulator.core.session import Session
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeState, LockState, PowerState

# In this order errands are run when several wait.
URGENCY = tuple(Errand)
# One object for all devices that have nothing to do; every other empty set would weigh 216 bytes.
NOTHING: frozenset[Errand] = frozenset()


class Device:
    """One device. Feed it with `handle`, send what `requests` returns, and wake it at `deadline`.

    A device is not safe for concurrent use: one task touches it at a time. `handle` may take milliseconds (RSA).
    `handheld` is its state, to be looked at and not to be changed from outside.
    """

    __slots__ = (
        "_appointments",
        "_conversation",
        "_errand",
        "_errands",
        "_failures",
        "_interruptions",
        "_next_number",
        "_offer",
        "_pending",
        "_put_off",
        "_resume_at",
        "_waits_for",
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
        self.handheld = Handheld(hardware, settings, clock=clock, randomness=randomness, key_source=key_source)
        self._offer: enrolling.Offer | None = None
        self._errands = NOTHING
        self._errand: Errand | None = None
        self._conversation: Conversation[None] | None = None
        self._pending: Request | None = None
        self._waits_for: int | None = None
        self._next_number = 1
        self._resume_at: datetime | None = None
        self._failures = 0
        self._interruptions = 0
        self._appointments = Appointments()
        self._put_off = False

    # The three verbs and the property

    def handle(self, happening: Happening) -> None:
        """Take in one happening. Then collect `requests` and `events` and look at `deadline`."""
        match happening:
            case ResponseArrived() | RequestFailed():
                self._take_reply(happening)
            case PushArrived(magic):
                if self.handheld.is_running and magic == self.push_magic:
                    self._want_at_once(Errand.SESSION)
            case PersonActs(action):
                offer = act(self.handheld, action)
                if offer is not None:
                    self._offer = offer
                    self._want(Errand.ENROLL)
            case Prompted(errand):
                self._prompt(errand)
            case TimePassed():
                pass
        self._look_at_clock()
        self._go_on()
        if self._conversation is None:
            self.handheld.keychain.let_go()

    def requests(self) -> list[Request]:
        """Return, once, what the device wants to be sent now: no request or one."""
        pending, self._pending = self._pending, None
        return [] if pending is None else [pending]

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
        """Return everything the device would need to go on tomorrow, in plain JSON types; contains its private key.

        What is under way is not in it: a restored device begins it anew.
        """
        under_way = self._errands | ({self._errand} if self._errand is not None else NOTHING)
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
        device._resume(handheld, *snapshots.restore_errands(snapshot))
        return device

    def _resume(self, handheld: Handheld, offer: enrolling.Offer | None, under_way: frozenset[Errand]) -> None:
        self.handheld = handheld
        self._offer, self._errands = offer, under_way
        if handheld.life is LifeState.ENROLLING:
            enrolling.give_up(handheld)
        self._make_appointments()

    # Errands and the conversation under way

    def _want(self, errand: Errand) -> None:
        if self._errand is not errand or errand is Errand.SESSION:
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
        if handheld.is_running:
            for errand in self._appointments.due(now):
                self._want(errand)
        if self._resume_at is not None and self._resume_at <= now:
            self._resume_at = None
            if self._conversation is not None:
                self._advance(None)

    def _go_on(self) -> None:
        """Begin the most urgent errand, unless something is under way or has to wait."""
        self._notice_changes()
        while self._conversation is None and self._resume_at is None and self._errands and self.handheld.is_running:
            self._errand = min(self._errands, key=URGENCY.index)
            self._errands = (self._errands - {self._errand}) or NOTHING
            self._conversation = self._converse(self._errand)
            self._advance(None)
            self._notice_changes()

    def _notice_changes(self) -> None:
        """Draw the consequences of what the person, a command or the clock did to the device."""
        handheld = self.handheld
        if handheld.interruptions != self._interruptions:
            self._interruptions = handheld.interruptions
            self._hang_up()
        management = handheld.management
        if management is None:
            may_enroll = {Errand.ENROLL} if handheld.life is LifeState.IN_USE else NOTHING
            self._errands = (self._errands & may_enroll) or NOTHING
            self._appointments.cancel()
            self._put_off = False
        elif management.ending is not None:
            self._want(Errand.CHECK_OUT)
        elif handheld.life is LifeState.ENROLLED:
            if management.announced != handheld.passcode.generation:
                self._want(Errand.TOKEN_UPDATE)
            if self._put_off and self._conversation is None and not conditions(handheld):
                self._put_off = False
                self._want(Errand.SESSION)

    def _hang_up(self) -> None:
        """Drop the conversation under way: nobody waits for its reply any more."""
        if self._conversation is not None:
            self._conversation.close()
        self._conversation = self._errand = self._pending = self._waits_for = self._resume_at = None
        self._failures = 0

    def _converse(self, errand: Errand) -> Conversation[None]:
        match errand:
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

    def _ask_for_commands(self) -> Conversation[None]:
        session = Session(self.handheld)
        try:
            yield from session.converse()
        finally:
            if session.put_off and conditions(self.handheld):
                self._put_off = True
            elif session.put_off:
                # Nothing that could be seen to end stood in the way, so only time can tell.
                self._appointments.ask_at(self.handheld.clock() + self.handheld.settings.retry.ceiling)

    def _take_reply(self, reply: ResponseArrived | RequestFailed) -> None:
        """Hand a reply to the conversation that waits for it; a late or foreign one is nobody's."""
        if self._conversation is not None and reply.number == self._waits_for and self.handheld.is_running:
            self._waits_for = None
            self._advance(reply)

    def _advance(self, reply: Reply) -> None:
        """Let the conversation go on until it wants something sent, wants to wait, or ends."""
        assert self._conversation is not None
        try:
            step = self._conversation.send(reply)
        except StopIteration:
            self._finish()
        except ExchangeError as failure:
            self._try_again(failure)
        else:
            if isinstance(step, Pause):
                self._resume_at = step.until
            else:
                self._submit(step)

    def _submit(self, draft: Draft) -> None:
        identity = self.handheld.keychain.identity if draft.by_tls else None
        number, self._next_number = self._next_number, self._next_number + 1
        self._waits_for = number
        self._pending = Request(number, draft.kind, draft.method, draft.url, draft.headers, draft.body, identity)

    def _finish(self) -> None:
        if self._errand is Errand.ENROLL:
            self._offer = None
        self._conversation = self._errand = None
        self._failures = 0
        self._make_appointments()

    def _try_again(self, failure: ExchangeError) -> None:
        """Run the errand again later; while a device is enrolled it never gives up."""
        errand, self._errand, self._conversation = self._errand, None, None
        if errand is None or self.handheld.management is None:
            return
        self._failures += 1
        pause = self.handheld.settings.retry.ceiling
        if isinstance(failure, TemporaryError):
            pause = pause_after(self.handheld, failure.kind, self._failures, failure.reply)
        self._resume_at = self.handheld.clock() + pause
        self._errands |= {errand}
        self.handheld.emit(RetryScheduled(errand, failure.reason, self._resume_at))

    def _make_appointments(self) -> None:
        if self.handheld.life is LifeState.ENROLLED:
            self._appointments.make(self.handheld)

    def _alarms(self) -> Iterator[datetime]:
        handheld = self.handheld
        if handheld.starts_until is not None:
            yield handheld.starts_until
        if handheld.lock is LockState.DISABLED and handheld.passcode.blocked_until is not None:
            yield handheld.passcode.blocked_until
        if not handheld.is_running:
            return
        for alarm in (self._resume_at, handheld.profiles.next_removal):
            if alarm is not None:
                yield alarm
        if self._conversation is None and self._resume_at is None:
            yield from self._appointments.next
