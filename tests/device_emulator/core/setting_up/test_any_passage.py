"""Any passage through Setup Assistant: whatever comes in between, nobody gets past what is mandatory."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from certs.authority import Authority
from certs.keys import KeyKind
from device_emulator.core import actions
from device_emulator.core.activation import SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import Unenrolled
from device_emulator.core.gauges import Network
from device_emulator.core.hardware import draw_hardware
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.messages import (
    PersonActs,
    PushArrived,
    Request,
    RequestFailed,
    ResponseArrived,
    TimePassed,
)
from device_emulator.core.randomness import Randomness
from device_emulator.core.setting_up.answers import AppleAccount, Guide, SetupAnswers
from device_emulator.core.setting_up.events import RemoteManagementLeft
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import BEFORE_HOME, MANAGED, UNDER_WAY, LifeState
from mdm_server.wire.device_errors import encode_device_error, software_update_required
from rigs.play_apple import APPLE, WEB_URL, PlayApple
from rigs.play_hub import HUB
from rigs.play_server import LINK, MovingClock, PlayServer

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
AUTHORITY = Authority.create(clock=lambda: NOON, random_bytes=random.Random(1).randbytes)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ADA = AppleAccount(name="ada@icloud.example", password="engine")
ACTIONS = st.sampled_from(
    [
        LINK.action,
        actions.FinishSetupAssistant(),
        actions.SetUp(SettingUp()),
        actions.SetUp(SettingUp(answers=SetupAnswers(user_name="ann", password="secret", skip_enrollment=True))),
        actions.SetUp(SettingUp(answers=SetupAnswers(apple_account=ADA, unlock="sesame", restore="backup"))),
        actions.SetUp(SettingUp(guide=Guide.NOBODY)),
        actions.Prepare(HubIntent(url=HUB, channel=Channel.CONFIGURATOR)),
        actions.Prepare(HubIntent(url=HUB), supervise=False, add_to_abm=True),
        actions.RemoveProfile(),
        actions.LeaveRemoteManagement(),
        actions.SignInAppleAccount(ADA),
        actions.SignOutAppleAccount("engine"),
        actions.BackUp(),
        actions.Restart(),
        actions.ShutDown(),
        actions.TurnOn(),
        actions.GoOffline(),
        actions.GoOnline(),
        actions.Lock(),
        actions.Unlock(),
        actions.RenameDevice("Mine"),
    ]
)
BAD = st.sampled_from(
    [(401, b""), (403, b""), (403, encode_device_error(software_update_required("18.6.2"))), (500, b"")]
)
COMMANDS = st.sampled_from(["DeviceConfigured", "EraseDevice", "DeviceLock", "ProfileList", "RestartDevice"])


class OneKey:
    """A key source with one key."""

    kind = "pool"

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return it."""
        return KEY


class AnyPassage(RuleBasedStateMachine):
    """A device of an organization that insists, Apple, the server, whoever holds the device, and the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MovingClock(NOON)
        self.open: list[Request] = []

    @initialize(
        waits=st.booleans(), web=st.booleans(), advances=st.booleans(), skips=st.booleans(), locked=st.booleans()
    )
    def begin(self, *, waits: bool, web: bool, advances: bool, skips: bool, locked: bool) -> None:
        """Begin with a device in its box, and with what its organization decided."""
        self.server = PlayServer(AUTHORITY, self.clock)
        self.apple = PlayApple(
            self.server,
            AUTHORITY,
            is_mandatory=True,
            is_mdm_removable=False,
            await_device_configured=waits,
            auto_advance_setup=advances,
            configuration_web_url=WEB_URL if web else None,
            skip_setup_items=("AppleID",) if skips else (),
        )
        self.apple.locked_with = "sesame" if locked else None
        randomness = Randomness(1, 17)
        self.device = Device(
            draw_hardware(randomness),
            DeviceSettings(key_kind=KeyKind.P_256, apple=APPLE),
            clock=self.clock,
            randomness=randomness,
            key_source=OneKey(),
        )
        self.left = False
        self.let_go = False

    def happen(self, happening: Any) -> None:
        """Let something happen, and keep what the device wants to be sent."""
        self.device.handle(happening)
        wanted = self.device.requests()
        assert len(wanted) <= 1
        for event in self.device.events():
            self.left = self.left or isinstance(event, RemoteManagementLeft)
            self.let_go = self.let_go or event == Unenrolled("http.401")
        if self.left:
            self.apple.profile = None
        self.open = wanted or self.open

    @rule(action=ACTIONS)
    def person(self, action: actions.PersonAction) -> None:
        """Let the person do something."""
        self.happen(PersonActs(action))

    @rule()
    def set_up(self) -> None:
        """Let somebody who knows everything go through it, as far as it goes."""
        answers = SetupAnswers(user_name="ann", password="secret", unlock="sesame")
        self.happen(PersonActs(actions.SetUp(SettingUp(answers=answers))))
        self.reply(20)

    @rule(times=st.integers(1, 8))
    def reply(self, times: int) -> None:
        """Let Apple and the server answer a few times in a row."""
        for _ in range(times):
            if self.open:
                self.happen(self.apple.answer(self.open.pop()))

    @precondition(lambda self: self.open)
    @rule(bad=BAD)
    def refuse(self, bad: tuple[int, bytes]) -> None:
        """Let them answer something else."""
        status, body = bad
        self.happen(ResponseArrived(self.open.pop().number, status, {"content-type": "application/json"}, body))

    @precondition(lambda self: self.open)
    @rule(retryable=st.booleans())
    def fail(self, retryable: bool) -> None:
        """Leave the request without an answer."""
        self.happen(RequestFailed(self.open.pop().number, "connect.refused", retryable))

    @rule(command=COMMANDS)
    def command(self, command: str) -> None:
        """Send a command, and push."""
        self.server.command(command)
        self.happen(PushArrived(self.device.push_magic or "nobody's"))

    @rule()
    def show_page(self) -> None:
        """Have the next page of a sign-in be one."""
        self.apple.page()

    @precondition(lambda self: self.device.deadline is not None)
    @rule()
    def wake(self) -> None:
        """Let the deadline come."""
        deadline = self.device.deadline
        assert deadline is not None
        self.clock.now = max(self.clock.now, deadline)
        self.happen(TimePassed())

    @invariant()
    def nobody_uses_it_unmanaged(self) -> None:
        """Unless they left while they might, or the server let go: in Setup Assistant, or managed for good."""
        if self.device.life is LifeState.SETUP_ASSISTANT:
            self.let_go = False
        assert self.left or self.let_go or self.device.life in BEFORE_HOME | MANAGED

    @invariant()
    def what_it_is_and_what_it_has_agree(self) -> None:
        """Have management where life says so, a passage where it waits, and no account where none may be."""
        handheld = self.device.handheld
        if handheld.life not in UNDER_WAY:
            assert (handheld.management is not None) is (handheld.life in MANAGED)
        if handheld.life is LifeState.AWAITING_CONFIGURATION:
            assert handheld.management is not None
            assert handheld.management.awaiting_configuration
            assert handheld.passage is not None
        if handheld.life in {LifeState.ENROLLED, LifeState.IN_USE}:
            assert handheld.passage is None
        if "AppleID" in handheld.skipped_panes:
            assert handheld.apple_account is None

    @invariant()
    def a_busy_device_waits_for_something(self) -> None:
        """For a reply, for the clock, or for a network."""
        if self.device.is_busy and self.device.is_reachable:
            assert self.device._waits_for is not None or self.device.deadline is not None

    @invariant()
    def it_can_be_put_on_paper(self) -> None:
        """At any moment; what was under way begins anew."""
        device = self.device
        copy = Device.restore(
            json.loads(json.dumps(device.snapshot())),
            device.handheld.settings,
            clock=self.clock,
            randomness=device.handheld.randomness,
            key_source=OneKey(),
        )
        assert copy.life is (LifeState.SETUP_ASSISTANT if device.life in UNDER_WAY else device.life)
        assert copy.handheld.activation == device.handheld.activation
        assert copy.handheld.apple_account == device.handheld.apple_account
        assert (copy.handheld.passage is None) is (device.handheld.passage is None)

    def teardown(self) -> None:
        """Whatever happened, whoever knows everything gets the device managed in the end, if they did not leave."""
        if not hasattr(self, "device") or self.left or self.let_go:
            return
        device = self.device
        self.happen(PersonActs(actions.TurnOn()))
        self.apple.pages.clear()
        self.apple.locked_with = None
        self.server.scripted.clear()
        for _ in range(60):
            if device.handheld.network is Network.NONE:
                self.happen(PersonActs(actions.GoOnline()))
            self.reply(30)
            if device.life in MANAGED and not self.open:
                break
            if device.deadline is not None and (device.is_busy or device.handheld.starts_until is not None):
                self.wake()
            elif device.life is LifeState.SETUP_ASSISTANT and device.handheld.passage is None:
                self.set_up()
        assert device.life in MANAGED or self.left or self.let_go


AnyPassage.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAnyPassage = AnyPassage.TestCase
