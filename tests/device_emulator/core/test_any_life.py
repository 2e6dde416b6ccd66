"""Any life: whatever happens to a device in whatever order, it stays a device."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from certs.authority import Authority
from certs.keys import KeyKind
from device_emulator.core import actions
from device_emulator.core.application_states import ApplicationState
from device_emulator.core.applications import PAID
from device_emulator.core.device import Device
from device_emulator.core.features import Feature
from device_emulator.core.gauges import Network
from device_emulator.core.hardware import SYSTEM_VERSIONS, draw_hardware
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.messages import (
    Errand,
    PersonActs,
    Prompted,
    PushArrived,
    Request,
    RequestFailed,
    RequestKind,
    ResponseArrived,
    TimePassed,
)
from device_emulator.core.person import Habits, Person
from device_emulator.core.randomness import Randomness
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeState, LockState, PowerState
from device_emulator.core.system_update import UpdateState
from device_emulator.core.troubles import Trouble
from mdm_server.wire.commands import version_number
from mdm_server.wire.hub import DeviceReply, HubReply, NextStepType, encode
from rigs.play_hub import HUB, INSTALL_URL, asks, device_refuses, offers, refuses
from rigs.play_server import LINK, MovingClock, PlayServer

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
AUTHORITY = Authority.create(clock=lambda: NOON, random_bytes=random.Random(1).randbytes)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
UNRECOGNIZED = b'{"code": "com.apple.unrecognized.device"}'

APPLICATION = min(PAID)
CARELESS = Habits(mistypes=0.5, forgets_to_log_out=0.5, removes_management=0.5, goes_offline=0.5)
ACTIONS = st.sampled_from(
    [
        LINK.action,
        actions.FinishSetupAssistant(),
        actions.SetPasscode(),
        actions.SetPasscode("271828"),
        actions.Unlock(),
        actions.Unlock("0"),
        actions.Lock(),
        actions.RemoveProfile(),
        actions.RemoveProfile("example.wifi"),
        actions.AnswerCall(),
        actions.EndCall(),
        actions.ShutDown(),
        actions.TurnOn(),
        actions.Restart(),
        actions.RenameDevice("Mine"),
        actions.OpenProfile(b"nonsense"),
        actions.GoOffline(),
        actions.GoOnline(),
        actions.HandOver(Person(name="Ada", user_name="ada", password="engine", habits=CARELESS)),
        actions.HandOver(Person(name="Grace"), tells_passcode=False),
        actions.HubEnroll(HubIntent(url=HUB, group="MAIN", user_name="ada", password="engine")),
        actions.HubLogin(),
        actions.HubLogin("ada", "engine"),
        actions.HubLogout(),
        actions.DirectEnroll(HUB),
        actions.Prepare(HubIntent(url=HUB, channel=Channel.CONFIGURATOR)),
        actions.Use(Feature.CAMERA),
        actions.EraseAllContent(),
        actions.InstallApplication(APPLICATION),
        actions.OpenApplication(APPLICATION),
        actions.RemoveApplication(APPLICATION),
        actions.SignInAppleAccount(AppleAccount(name="ada@icloud.example")),
        actions.UpdateSystem(),
        actions.AnswerPrompt(),
        actions.AnswerPrompt(agree=False),
        actions.HearOfRelease("18.99", "22Z99"),
        *(actions.HaveTrouble(trouble) for trouble in Trouble),
    ]
)
COMMANDS = st.sampled_from(
    [
        ("DeviceLock", {}),
        ("EraseDevice", {}),
        ("RestartDevice", {}),
        ("ShutDownDevice", {}),
        ("EnableLostMode", {"Message": "call"}),
        ("DisableLostMode", {}),
        ("DeviceInformation", {"Queries": ["UDID"]}),
        ("SecurityInfo", {}),
        ("ProfileList", {}),
        ("RemoveProfile", {"Identifier": "example.enroll"}),
        ("ClearPasscode", {"UnlockToken": b"wrong"}),
        ("Nonsense", {}),
        ("InstallProfile", {}),
        ("ScheduleOSUpdate", {"Updates": [{"InstallAction": "Default"}]}),
        ("ScheduleOSUpdate", {"Updates": [{"InstallAction": "Default", "MaxUserDeferrals": 1}]}),
        ("ScheduleOSUpdate", {"Updates": [{"InstallAction": "InstallASAP", "ProductVersion": "17.7.2"}]}),
        ("OSUpdateStatus", {}),
        ("InstallApplication", {"Identifier": APPLICATION, "ChangeManagementState": "Managed"}),
        ("InstallApplication", {"Identifier": APPLICATION, "Options": {"PurchaseMethod": 1}}),
        ("ApplyRedemptionCode", {"Identifier": APPLICATION, "RedemptionCode": "C"}),
        ("RemoveApplication", {"Identifier": APPLICATION}),
        ("ManagedApplicationList", {}),
    ]
)
HUB_REPLIES = st.sampled_from(
    [
        (RequestKind.HUB_WIZARD, asks(NextStepType.CREDENTIALS)),
        (RequestKind.HUB_WIZARD, refuses("DEVICE_DENYLISTED")),
        (RequestKind.HUB_LOGIN, device_refuses("CHECKED_OUT")),
        *(
            (kind, DeviceReply(state=state, user=user))
            for kind in (RequestKind.HUB_LOGIN, RequestKind.HUB_LOGOUT, RequestKind.HUB_STATUS)
            for state, user in (("MultiIdle", ""), ("CheckedOut", "ada"), ("CheckedOut", "grace"), ("Assigned", "ada"))
        ),
        (RequestKind.DIRECT_ENROLLMENT, DeviceReply(result="Unmanaged")),
        (RequestKind.DIRECT_ENROLLMENT, DeviceReply(result="Enrolled", install_url=INSTALL_URL)),
    ]
)
BAD = st.sampled_from(
    [(401, b""), (403, UNRECOGNIZED), (403, b""), (400, b""), (410, b""), (500, b""), (503, b""), (200, b"OK")]
)


class OneKey:
    """A key source with one key."""

    kind = "pool"

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return it."""
        return KEY


class AnyLife(RuleBasedStateMachine):
    """A device, its person, its server and the clock, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MovingClock(NOON)
        self.open: list[Request] = []

    @initialize(enrolled=st.booleans(), supervised=st.booleans())
    def begin(self, enrolled: bool, supervised: bool) -> None:
        """Begin with a device from its box, or with an enrolled one; supervised, or its twin that is not."""
        self.server = PlayServer(AUTHORITY, self.clock)
        randomness = Randomness(1, 17)
        self.device = Device(
            draw_hardware(randomness),
            # P-256 keys, for an erased device makes a new one each time.
            DeviceSettings(supervised=supervised, poll=timedelta(hours=1), key_kind=KeyKind.P_256),
            clock=self.clock,
            randomness=randomness,
            key_source=OneKey(),
        )
        self.device.handheld.system = SYSTEM_VERSIONS[0]
        if enrolled:
            self.enroll()

    def happen(self, happening: Any) -> None:
        """Let something happen, and keep what the device wants to be sent."""
        self.device.handle(happening)
        wanted = self.device.requests()
        assert len(wanted) <= 1
        assert self.device.requests() == []
        self.device.events()
        self.open = wanted or self.open

    @rule()
    def enroll(self) -> None:
        """Let the person open the link, and the server answer everything."""
        self.happen(LINK)
        self.reply(20)

    @rule(action=ACTIONS)
    def person(self, action: actions.PersonAction) -> None:
        """Let the person do something."""
        self.happen(PersonActs(action))

    @rule()
    def push(self) -> None:
        """Let a push arrive."""
        self.happen(PushArrived(self.device.push_magic or "nobody's"))

    @rule(errand=st.sampled_from(Errand))
    def prompt(self, errand: Errand) -> None:
        """Somebody prompts the device."""
        self.happen(Prompted(errand))

    @rule(command=COMMANDS)
    def enqueue(self, command: tuple[str, dict[str, Any]]) -> None:
        """Give the server something to say."""
        self.server.command(command[0], **command[1])

    @rule(reply=HUB_REPLIES)
    def hub_says(self, reply: tuple[RequestKind, HubReply | DeviceReply]) -> None:
        """Give the server something to say to the Hub; when it has nothing, it says nonsense or offers the link."""
        kind, message = reply
        self.server.script(kind, (200, encode(message)))

    @rule()
    def hub_enrolls(self) -> None:
        """Let somebody go through the wizard to its end, and through the enrolment."""
        self.server.script(RequestKind.HUB_WIZARD, (200, encode(offers())))
        self.happen(PersonActs(actions.HubEnroll(HubIntent(url=HUB, user_name="ada", password="engine"))))
        self.reply(20)

    @rule(times=st.integers(1, 8))
    def reply(self, times: int) -> None:
        """Let the server answer a few times in a row."""
        for _ in range(times):
            if self.open:
                self.happen(self.server.answer(self.open.pop()))

    @precondition(lambda self: self.open)
    @rule(bad=BAD)
    def refuse(self, bad: tuple[int, bytes]) -> None:
        """Let the server answer something else."""
        status, body = bad
        self.happen(ResponseArrived(self.open.pop().number, status, {"content-type": "application/json"}, body))

    @precondition(lambda self: self.open)
    @rule(retryable=st.booleans())
    def fail(self, retryable: bool) -> None:
        """Leave the request without an answer."""
        self.happen(RequestFailed(self.open.pop().number, "connect.refused", retryable))

    @rule(number=st.integers(0, 50))
    def foreign_reply(self, number: int) -> None:
        """Let a reply arrive that nobody waits for."""
        if all(request.number != number for request in self.open):
            self.happen(ResponseArrived(number, 401))

    @rule(seconds=st.integers(0, 7200))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.clock.move(seconds=seconds)
        self.happen(TimePassed())

    @precondition(lambda self: self.device.deadline is not None)
    @rule()
    def wake(self) -> None:
        """Let the deadline come; it must not be the deadline any more."""
        deadline = self.device.deadline
        assert deadline is not None
        self.clock.now = max(self.clock.now, deadline)
        self.happen(TimePassed())
        assert self.device.deadline is None or self.device.deadline > self.clock() or self.device.is_busy

    @invariant()
    def management_is_where_life_says(self) -> None:
        """Enrolled devices, and no others but those on their way, have management and an identity."""
        handheld = self.device.handheld
        if handheld.life is LifeState.ENROLLED:
            assert handheld.management is not None
            assert handheld.keychain.identity is not None
            assert handheld.profiles.management is not None
        elif handheld.life is not LifeState.ENROLLING:
            assert handheld.management is None
            assert handheld.keychain.certificate is None
            assert handheld.profiles.management is None

    @invariant()
    def lost_mode_and_lock_agree(self) -> None:
        """Lost is a device if and only if it knows what to show."""
        handheld = self.device.handheld
        assert (handheld.lock is LockState.LOST) == (handheld.lost_mode is not None)

    @invariant()
    def a_device_that_is_off_wants_nothing(self) -> None:
        """No conversation goes on without power."""
        if self.device.power in {PowerState.OFF, PowerState.STARTING}:
            assert self.device._conversation is None
        handheld = self.device.handheld
        if self.device.power is PowerState.OFF and self.device.lock is not LockState.DISABLED:
            assert self.device.deadline == (handheld.holder.next_impulse if handheld.holder is not None else None)

    @invariant()
    def a_hub_knows_an_assignment_only_of_an_enrolled_device(self) -> None:
        """Or that the device is unmanaged."""
        hub = self.device.handheld.hub
        if hub is not None and hub.state not in {"", "Unmanaged"}:
            assert self.device.life is LifeState.ENROLLED

    @invariant()
    def nobody_is_heard_out_of_reach(self) -> None:
        """No reply reaches a device without a network, so it waits for none."""
        if self.device.handheld.network is Network.NONE:
            assert self.device._waits_for is None

    @invariant()
    def a_busy_device_waits_for_something(self) -> None:
        """For a reply or for the clock; a device that waits for nothing would never move again."""
        if self.device.is_busy and self.device.is_reachable:
            assert self.device._waits_for is not None or self.device.deadline is not None

    @invariant()
    def an_update_is_newer_and_on_its_way(self) -> None:
        """None is kept that is done, or was overtaken."""
        handheld = self.device.handheld
        update = handheld.belongings.update
        if update is not None:
            assert update.state is not UpdateState.IDLE
            assert version_number(update.version.version) > version_number(handheld.system.version)
            assert 0.0 <= update.progress(self.clock()) <= 1.0

    @invariant()
    def an_order_is_no_application_that_is_there_in_peace(self) -> None:
        """Nothing is to be told of what is installed and managed."""
        for order in self.device.handheld.applications.orders:
            assert order.state not in {ApplicationState.MANAGED, ApplicationState.UNMANAGED}
            present = self.device.handheld.applications.find(order.application.identifier)
            gone = order.state is ApplicationState.MANAGED_BUT_UNINSTALLED
            assert not (gone and present is not None)
        if self.device.handheld.management is None:
            assert self.device.handheld.applications.orders == ()

    @invariant()
    def it_can_be_put_on_paper(self) -> None:
        """At any moment, and the copy has the same life or has it interrupted."""
        device = self.device
        paper = json.loads(json.dumps(device.snapshot()))
        copy = Device.restore(
            paper,
            device.handheld.settings,
            clock=self.clock,
            randomness=device.handheld.randomness,
            key_source=OneKey(),
        )
        assert copy.power is device.power
        assert copy.handheld.belongings.update == device.handheld.belongings.update
        assert copy.handheld.applications.orders == device.handheld.applications.orders
        assert copy.life is (LifeState.IN_USE if device.life is LifeState.ENROLLING else device.life)


AnyLife.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAnyLife = AnyLife.TestCase
