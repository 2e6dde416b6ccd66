"""One virtual Android and the person holding it, sans-I/O: happenings in, requests and events out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from certs.identity import Identity
from device_emulator.core.actions import PersonAction
from device_emulator.core.android import enrolling, hub_errand, leaving, locking, policies, powering, snapshots
from device_emulator.core.android.enrolling import Ticket
from device_emulator.core.android.handheld import AndroidHandheld, Clock
from device_emulator.core.android.hardware import AndroidHardware
from device_emulator.core.android.hub_errand import HubWish
from device_emulator.core.android.person_actions import act, impulsive_action
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.android.states import Kiosk, Life, Screen, Verification
from device_emulator.core.android.syncing import Sync, say_good_bye
from device_emulator.core.conversation import Conversation
from device_emulator.core.errand_running import ErrandRunner
from device_emulator.core.events import PersonRefused
from device_emulator.core.holder import Impulse
from device_emulator.core.hub.asking import BUSY
from device_emulator.core.messages import NO_ERRANDS, Errand, Happening
from device_emulator.core.randomness import Randomness
from mdm_server.wire.android_channel import WAKE_MAGIC, encode

# While it does one of these, the Hub takes no other wish.
AT_THE_HUB = frozenset({Errand.HUB, Errand.ENROLL})
# Where a device can be enrolled from.
ENROLLABLE = frozenset({Life.UNMANAGED, Life.PROVISIONING})


class AndroidDevice(ErrandRunner):
    """One Android, fed and asked like `core.device.Device`: handle, requests, events, deadline.

    It is not safe for concurrent use: one task touches it at a time. `handheld` is its state, to be looked at and not
    to be changed from outside.
    """

    __slots__ = ("_poll_at", "_ticket", "_wish")
    handheld: AndroidHandheld

    def __init__(
        self, hardware: AndroidHardware, settings: AndroidSettings, *, clock: Clock, randomness: Randomness
    ) -> None:
        super().__init__(AndroidHandheld(hardware, settings, clock=clock, randomness=randomness))
        self._ticket: Ticket | None = None
        self._wish: HubWish | None = None
        self._poll_at: datetime | None = None

    def handle(self, happening: Happening) -> None:
        """Take in one happening. Then collect `requests` and `events` and look at `deadline`."""
        if self.handheld.is_running:
            powering.boot(self.handheld)
        super().handle(happening)

    # What others need to know of it

    @property
    def push_token(self) -> bytes | None:
        """The token the device listens on; None while it is not enrolled."""
        management = self.handheld.management
        return None if management is None else management.wake_token

    @property
    def push_magic(self) -> str | None:
        """The magic a push must carry; None while it is not enrolled."""
        return None if self.handheld.management is None else WAKE_MAGIC

    @property
    def life(self) -> Life:
        """Where the device is in its life."""
        return self.handheld.life

    @property
    def screen(self) -> Screen:
        """What its lock screen lets its person do."""
        return self.handheld.screen

    @property
    def kiosk(self) -> Kiosk:
        """Whether one application has the screen to itself."""
        return self.handheld.kiosk

    @property
    def verification(self) -> Verification:
        """Whether the server has yet to learn which device this is."""
        return self.handheld.verification

    def snapshot(self) -> dict[str, object]:
        """Return everything the device would need to go on tomorrow, in plain JSON types; contains its secret.

        What is under way is not in it: a restored device begins it anew.
        """
        return {
            **snapshots.take(self.handheld),
            "ticket": snapshots.ticket_as_json(self._ticket if Errand.ENROLL in self._under_way else None),
            "errands": sorted(self._under_way),
        }

    @classmethod
    def restore(
        cls, snapshot: Mapping[str, object], settings: AndroidSettings, *, clock: Clock, randomness: Randomness
    ) -> AndroidDevice:
        """Return the device that `snapshot` describes.

        Raises:
            SnapshotError: it is no snapshot of an Android.

        """
        handheld = snapshots.restore(snapshot, settings, clock=clock, randomness=randomness)
        device = cls(handheld.hardware, settings, clock=clock, randomness=randomness)
        device.handheld = handheld
        device._ticket, device._errands = snapshots.restore_errands(snapshot)
        device._make_appointment()
        return device

    # The person

    def _act(self, action: PersonAction) -> None:
        wanted = act(self.handheld, action)
        self._notice_changes()
        if isinstance(wanted, Ticket):
            self._enroll_with(wanted)
        elif wanted is not None and not self._under_way.isdisjoint(AT_THE_HUB):
            self.handheld.emit(PersonRefused(type(action).__name__, BUSY))
        elif wanted is not None:
            self._wish = wanted
            self._want_at_once(Errand.HUB)

    def _impulsive_action(self, impulse: Impulse) -> PersonAction | None:
        return impulsive_action(self.handheld, impulse)

    # Errands

    def _enroll_with(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self._want(Errand.ENROLL)

    def _prompt(self, errand: Errand) -> None:
        if self.handheld.management is None:
            return
        if errand is Errand.CHECK_OUT:
            leaving.ask_to_leave(self.handheld, "checked_out")
        else:
            # Whatever else there is to say to the server of an iPhone, an Android says in its report.
            self._want_at_once(Errand.SESSION)

    def _finish_starting(self) -> None:
        powering.finish_starting(self.handheld)

    def _heed_appointments(self, now: datetime) -> None:
        locking.end_block(self.handheld)
        if self._poll_at is not None and self._poll_at <= now and self.handheld.is_running:
            self._poll_at = None
            self._want(Errand.SESSION)

    def _say_no_good_bye(self) -> None:
        if self.handheld.management is not None and self.handheld.management.ending is not None:
            leaving.end_management(self.handheld, self.handheld.management.ending)

    def _notice_state(self) -> None:
        handheld = self.handheld
        management = handheld.management
        if management is None:
            self._poll_at = None
            wanted = {Errand.ENROLL} if self._ticket is not None else set[Errand]()
            self._errands = (
                self._errands & (wanted | {Errand.HUB} if self._wish is not None else wanted)
            ) or NO_ERRANDS
        elif management.ending is not None:
            self._want(Errand.CHECK_OUT)
        elif Errand.SESSION not in self._under_way and self._owes_report():
            self._want(Errand.SESSION)

    def _owes_report(self) -> bool:
        """Say whether the server knows the device otherwise than it is."""
        management = self.handheld.management
        return management is not None and management.told != encode(policies.status(self.handheld, management))

    def _hang_up(self) -> None:
        super()._hang_up()
        self._ticket = self._wish = None

    def _converse(self, errand: Errand) -> Conversation[None]:
        ticket, wish, management = self._ticket, self._wish, self.handheld.management
        match errand:
            case Errand.ENROLL if ticket is not None and self.handheld.life in ENROLLABLE:
                return enrolling.enroll(self.handheld, ticket)
            case Errand.HUB if wish is not None:
                self._wish = None
                return self._use_hub(wish)
            case Errand.CHECK_OUT if management is not None:
                return say_good_bye(self.handheld, management)
            case Errand.SESSION if management is not None:
                return Sync(self.handheld, management).converse()
        return _nothing()

    def _use_hub(self, wish: HubWish) -> Conversation[None]:
        ticket = yield from hub_errand.use(self.handheld, wish)
        if ticket is not None:
            self._enroll_with(ticket)

    # What comes of a conversation

    def _client_identity(self) -> Identity | None:
        """Return nothing: an Android proves itself by its secret."""
        return None

    def _finish(self) -> None:
        if self._errand is Errand.ENROLL:
            self._ticket = None
        super()._finish()
        self._make_appointment()

    def _make_appointment(self) -> None:
        handheld, poll = self.handheld, self.handheld.settings.poll
        if handheld.management is not None and poll is not None and self._poll_at is None:
            # The first poll is spread over the interval, so that a fleet enrolled at once does not come back at once.
            first = handheld.management.told is None
            share = handheld.randomness.stream("first poll").random() if first else 1.0
            self._poll_at = handheld.clock() + poll * share

    def _own_alarms(self) -> Iterator[datetime]:
        handheld = self.handheld
        if handheld.screen is Screen.BLOCKED and handheld.passcode.blocked_until is not None:
            yield handheld.passcode.blocked_until
        if not handheld.is_running:
            return
        if self._resume_at is not None:
            yield self._resume_at
        elif self._conversation is None and self._poll_at is not None:
            yield self._poll_at
        known_at = handheld.identifiers_known_at
        # An alarm that has come stays until it is heeded, or whoever keeps the time would take it for stale.
        awaited = known_at is not None and (known_at > handheld.clock() or self._owes_report())
        if known_at is not None and awaited and Errand.SESSION not in self._under_way:
            yield known_at


def _nothing() -> Conversation[None]:
    """Say nothing: what was wanted is no longer."""
    return
    yield
