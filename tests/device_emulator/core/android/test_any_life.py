"""Any life: whatever happens to an Android in whatever order, it stays an Android."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device_emulator.core import actions
from device_emulator.core.android import actions as android
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.hardware import MODELS, AndroidHardware
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.android.states import Kiosk, Life, Protection, Screen, Verification
from device_emulator.core.gauges import Network
from device_emulator.core.messages import (
    Errand,
    PersonActs,
    Prompted,
    PushArrived,
    Request,
    RequestFailed,
    ResponseArrived,
    TimePassed,
)
from device_emulator.core.person import Habits, Person
from device_emulator.core.randomness import Randomness
from device_emulator.core.states import PowerState
from mdm_server.wire.android_channel import (
    WAKE_MAGIC,
    Assignment,
    CommandType,
    PasswordQuality,
    PasswordRequirements,
    Policy,
)
from mdm_server.wire.android_provisioning import staging_code
from rigs.android_server import EXTRAS, INTENT, SERVER, AndroidServer
from rigs.play_server import MovingClock

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
SETTINGS = AndroidSettings(poll=timedelta(hours=1))
LAUNCHER = "com.airwatch.lockdown.launcher"
CARELESS = Habits(mistypes=0.5, forgets_to_log_out=0.5, removes_management=0.5, goes_offline=0.5)
PERSON_ACTIONS = st.sampled_from(
    [
        actions.FinishSetupAssistant(),
        actions.SetPasscode(),
        actions.SetPasscode("271828"),
        actions.Unlock(),
        actions.Unlock("0"),
        actions.Lock(),
        actions.RemoveProfile(),
        actions.ShutDown(),
        actions.TurnOn(),
        actions.Restart(),
        actions.AnswerCall(),
        actions.GoOffline(),
        actions.GoOnline(),
        actions.HandOver(Person(name="Ada", user_name="ada", password="engine", habits=CARELESS)),
        actions.HandOver(Person(name="Grace"), tells_passcode=False),
        actions.HubEnroll(INTENT),
        actions.HubLogin(),
        actions.HubLogin("ada", "engine"),
        actions.HubLogout(),
        actions.DirectEnroll(SERVER),
        android.ScanCode(staging_code(EXTRAS)),
        android.ScanCode(staging_code(replace(EXTRAS, password="wrong", allow_unpinning=True))),
        android.ScanCode(staging_code(replace(EXTRAS, user_name=None))),
        android.ScanCode(b"nonsense"),
        android.ProveAccount("it@example.com"),
        android.FactoryReset(),
        android.FactoryReset(recovery=True),
        android.UnpinHub(),
        android.AllowIdentifiers(),
    ]
)
COMMANDS = st.sampled_from(
    [
        (CommandType.LOCK, {}),
        (CommandType.RESET_PASSWORD, {"newPassword": "314159"}),
        (CommandType.RESET_PASSWORD, {"newPassword": ""}),
        (CommandType.WIPE, {}),
        (CommandType.WIPE, {"preserveResetProtection": True}),
        (CommandType.ENTERPRISE_WIPE, {}),
        (CommandType.REBOOT, {}),
        (CommandType.START_KIOSK, {"application": LAUNCHER}),
        (CommandType.STOP_KIOSK, {}),
        (CommandType.CLEAR_APP_DATA, {"applications": [LAUNCHER]}),
    ]
)
POLICIES = st.sampled_from(
    [
        Policy(version=1),
        Policy(version=2, applications=(LAUNCHER,), reset_protection_accounts=("it@example.com",)),
        Policy(
            version=3,
            password=PasswordRequirements(
                quality=PasswordQuality.ALPHANUMERIC, minimum_length=8, maximum_failed_passwords=3
            ),
            removal_disabled=True,
            factory_reset_disabled=True,
        ),
    ]
)
ASSIGNMENTS = st.sampled_from(
    [
        Assignment(state="Assigned", user="ada"),
        Assignment(state="StagedUnclaimed"),
        Assignment(state="MultiIdle"),
        Assignment(state="CheckedOut", user="bo"),
    ]
)
BAD = st.sampled_from([(400, b""), (401, b""), (404, b"{}"), (410, b""), (500, b""), (503, b""), (200, b"[]")])


class AnyLife(RuleBasedStateMachine):
    """An Android, its person, its server and the clock, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MovingClock(NOON)
        self.server = AndroidServer()
        hardware = AndroidHardware(MODELS[0], "3A091FDJH000X", "356938035643809")
        self.device = AndroidDevice(hardware, SETTINGS, clock=self.clock, randomness=Randomness(1, 17))
        self.open: list[Request] = []

    def _let(self, happening: Any) -> None:
        self.device.handle(happening)
        self.device.events()
        self.open += self.device.requests()

    @rule(by_code=st.booleans())
    def enroll(self, by_code: bool) -> None:
        """Let it be enrolled, one way or the other, and the server answer everything."""
        self._let(PersonActs(android.ScanCode(staging_code(EXTRAS)) if by_code else actions.HubEnroll(INTENT)))
        self.answer_in_turn(20)

    @rule(times=st.integers(1, 8))
    def answer_in_turn(self, times: int) -> None:
        """Let the server answer a few times in a row."""
        for _ in range(times):
            if self.open:
                self._let(self.server.answer(self.open.pop()))

    @rule(action=PERSON_ACTIONS)
    def act(self, action: Any) -> None:
        """Let the person do something."""
        self._let(PersonActs(action))

    @rule(push=st.sampled_from([WAKE_MAGIC, "other"]))
    def push(self, push: str) -> None:
        """Let a push come."""
        self._let(PushArrived(push))

    @rule(errand=st.sampled_from(list(Errand)))
    def prompt(self, errand: Errand) -> None:
        """Prompt the device."""
        self._let(Prompted(errand))

    @rule(seconds=st.sampled_from([0, 1, 29, 31, 61, 600, 3600, 90_000]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.move(seconds=seconds)
        self._let(TimePassed())

    @precondition(lambda self: self.device.deadline is not None)
    @rule()
    def meet_deadline(self) -> None:
        """Let time pass up to the deadline."""
        deadline = self.device.deadline
        assert deadline is not None
        self.clock.now = max(self.clock.now, deadline)
        self._let(TimePassed())

    @rule(command=COMMANDS)
    def command(self, command: tuple[CommandType, dict[str, object]]) -> None:
        """Give the server something to have done."""
        self.server.command(command[0], **command[1])

    @rule(policy=POLICIES, assignment=ASSIGNMENTS, pending=st.booleans())
    def change(self, policy: Policy, assignment: Assignment, pending: bool) -> None:
        """Let the server change its mind."""
        self.server.policy, self.server.assignment, self.server.pending = policy, assignment, pending

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """Let the server answer some request, however old."""
        request = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        self._let(self.server.answer(request))

    @precondition(lambda self: self.open)
    @rule(bad=BAD)
    def answer_badly(self, bad: tuple[int, bytes]) -> None:
        """Let the server answer something strange."""
        self._let(ResponseArrived(self.open.pop().number, bad[0], {}, bad[1]))

    @precondition(lambda self: self.open)
    @rule(retryable=st.booleans())
    def lose(self, retryable: bool) -> None:
        """Leave a request without an answer."""
        self._let(RequestFailed(self.open.pop().number, "timeout", retryable))

    @rule()
    def put_on_paper(self) -> None:
        """Put the device on paper, and take it off again: nobody answers what it had asked before."""
        paper = json.loads(json.dumps(self.device.snapshot()))
        self.device = AndroidDevice.restore(paper, SETTINGS, clock=self.clock, randomness=Randomness(1, 17))
        self.open = []

    @invariant()
    def it_is_managed_exactly_if_its_life_says_so(self) -> None:
        """With a server, and a token to be woken by."""
        managed = self.device.life in {Life.MANAGED, Life.WORK_PROFILE}
        assert (self.device.handheld.management is not None) is managed
        assert (self.device.push_token is not None) is managed

    @invariant()
    def what_owns_the_device_owns_all_of_it(self) -> None:
        """Whoever owns the device has no work profile on it, and a work profile does not own it."""
        management = self.device.handheld.management
        if management is not None:
            assert management.owns_device is (self.device.life is Life.MANAGED)

    @invariant()
    def only_what_is_owned_is_in_a_kiosk(self) -> None:
        """Nothing is pinned but what the organization owns, or is about to."""
        kiosk, life = self.device.kiosk, self.device.life
        assert kiosk is not Kiosk.HUB_PINNED or life is Life.PROVISIONING
        assert kiosk is not Kiosk.KIOSK or life is Life.MANAGED
        assert (self.device.handheld.kiosk_application is not None) is (kiosk is Kiosk.KIOSK)

    @invariant()
    def nothing_of_the_server_stays_on_a_device_that_left(self) -> None:
        """No application of its, and nothing that waits to be verified."""
        if self.device.handheld.management is None:
            assert self.device.handheld.applications == ()
            assert self.device.verification is Verification.CLEAR

    @invariant()
    def a_protected_device_is_not_used(self) -> None:
        """Neither set up nor provisioned, until somebody proved the account."""
        if self.device.handheld.protection is Protection.ASKING:
            assert self.device.life in {Life.FACTORY, Life.SETUP_WIZARD}

    @invariant()
    def a_device_out_of_reach_talks_to_nobody(self) -> None:
        """Switched off or without a network it is not waiting for an answer."""
        if self.device.power is PowerState.OFF or self.device.handheld.network is Network.NONE:
            assert not self.device.is_reachable
            assert self.device._waits_for is None

    @invariant()
    def a_blocked_screen_has_an_end(self) -> None:
        """Somebody may try again one day."""
        if self.device.screen is Screen.BLOCKED and self.device.power is not PowerState.OFF:
            assert self.device.deadline is not None

    def teardown(self) -> None:
        """Leave the device in peace: it comes to rest, and does not spin."""
        for _ in range(50):
            deadline = self.device.deadline
            if deadline is None or deadline > self.clock.now:
                return
            self._let(TimePassed())
        raise AssertionError(f"expected the deadline to move on, found it at {self.device.deadline}")


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
