"""Whatever a server says, the Hub ends with a link or with something its person can read."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain, repeat

from hypothesis import given, settings
from hypothesis import strategies as st

from device_emulator.core.conversation import Draft, Reply
from device_emulator.core.events import HubRefused, HubStepAnswered
from device_emulator.core.hub.direct import enroll_directly
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.hub.login import Login
from device_emulator.core.hub.sharing import EnrolledHub
from device_emulator.core.hub.wizard import MOST_STEPS, enroll
from device_emulator.core.messages import RequestFailed, ResponseArrived
from mdm_server.wire.hub import (
    DeviceReply,
    GroupChoice,
    HubDevice,
    HubHeader,
    HubReply,
    HubStatus,
    NextStep,
    NextStepType,
    StatusCode,
    Step,
    encode,
)
from rigs.play_hub import CAPTCHA, HUB, PlayHub, Somebody

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
HANDSET = HubDevice(identifier="UDID-1", serial_number="SERIAL1", type="2")
SECRET = "engine"
WORDS = st.sampled_from(["", "x", "REG_USER_MISMATCH", "CAPTCHA_REQUIRED", "BAD_CREDENTIALS"])
STATUSES = st.builds(HubStatus, st.sampled_from([*StatusCode, 0, 7]), WORDS, WORDS)
NEXT_STEPS = st.builds(
    NextStep,
    st.one_of(st.sampled_from(NextStepType), st.integers(-1, 200)),
    install_url=st.sampled_from(["", "", "", "https://hub.example/enroll"]),
    is_captcha_required=st.booleans(),
    captcha_image=st.sampled_from(["", "nonsense", CAPTCHA]),
    groups=st.sampled_from([(), (GroupChoice("7", "North"),)]),
    terms_of_use=WORDS,
)
WIZARD_REPLIES = st.builds(HubReply, st.builds(HubHeader, WORDS), STATUSES, NEXT_STEPS)
DEVICE_REPLIES = st.builds(
    DeviceReply,
    STATUSES,
    state=WORDS,
    user=WORDS,
    install_url=WORDS,
    terms_of_use=WORDS,
    is_captcha_required=st.booleans(),
    captcha_image=st.sampled_from(["", CAPTCHA]),
)
ACCIDENTS = st.one_of(
    st.builds(
        ResponseArrived, st.just(0), st.sampled_from([200, 204, 302, 400, 404, 429, 503]), body=st.binary(max_size=40)
    ),
    st.builds(RequestFailed, st.just(0), st.just("connect.refused"), st.booleans()),
)
INTENTS = st.builds(
    HubIntent,
    url=st.just(HUB),
    group=WORDS,
    token=st.sampled_from([None, "T0KEN1"]),
    user_name=st.sampled_from([None, "ada"]),
    password=st.just(SECRET),
    group_choice=st.sampled_from([None, "North"]),
    staging=st.sampled_from([None, "Multi"]),
    on_behalf=st.sampled_from([None, "grace"]),
    ownership=st.sampled_from([None, "C"]),
    insists=st.booleans(),
    solve_captcha=st.booleans(),
    attempts=st.integers(1, 5),
    channel=st.sampled_from(Channel),
)


class AnyServer(PlayHub):
    """Says what it was given, and then for ever that it is away."""

    def __init__(self, replies: list[HubReply | DeviceReply | ResponseArrived | RequestFailed]) -> None:
        super().__init__()
        self._replies = chain(replies, repeat(RequestFailed(0, "connect.refused", retryable=False)))

    def _answer(self, draft: Draft) -> Reply:
        self.drafts.append(draft)
        reply = next(self._replies)
        if isinstance(reply, ResponseArrived | RequestFailed):
            return reply
        return ResponseArrived(0, 200, {}, encode(reply))


@settings(deadline=None)
@given(INTENTS, st.lists(st.one_of(WIZARD_REPLIES, WIZARD_REPLIES, ACCIDENTS), max_size=60))
def test_the_wizard_always_comes_to_an_end(
    intent: HubIntent, replies: list[HubReply | DeviceReply | ResponseArrived | RequestFailed]
) -> None:
    """With a link and no refusal, or with one refusal and no link; the password goes nowhere but into its field."""
    somebody, server = Somebody(NOON), AnyServer(replies)
    outcome = server.hold(enroll(somebody, HANDSET, intent))
    refused = [event for event in somebody.events if isinstance(event, HubRefused)]
    assert bool(refused) is bool(outcome.code) is (outcome.install_url is None)
    assert len(refused) <= 1
    assert len([event for event in somebody.events if isinstance(event, HubStepAnswered)]) <= MOST_STEPS
    for step, draft in zip(server.steps, server.drafts, strict=True):
        assert (SECRET.encode() in draft.body) <= (step == Step.CREDENTIALS)
    assert SECRET not in repr(somebody.events)


@settings(deadline=None)
@given(st.booleans(), st.lists(st.one_of(DEVICE_REPLIES, ACCIDENTS), max_size=6))
def test_every_login_comes_to_an_end(
    direct: bool, replies: list[HubReply | DeviceReply | ResponseArrived | RequestFailed]
) -> None:
    """On an enrolled device and in the Workspace ONE app: an outcome, or one refusal that can be read."""
    somebody, server, login = Somebody(NOON), AnyServer(replies), Login(user_name="ada", password=SECRET)
    if direct:
        code = server.hold(enroll_directly(somebody, HUB, HANDSET, login)).code
    else:
        code = server.hold(EnrolledHub(somebody, HUB, HANDSET, lambda draft: draft).log_in(login)).code
    assert [event.code for event in somebody.events if isinstance(event, HubRefused)] == ([code] if code else [])
    assert SECRET not in repr(somebody.events)


def test_a_pause_is_no_question() -> None:
    """The rig goes on after a pause, or the properties above would say nothing about servers that are away."""
    server = AnyServer([ResponseArrived(0, 503)])
    outcome = server.hold(enroll(Somebody(NOON), HANDSET, HubIntent(url=HUB)))
    assert (outcome.code, len(server.drafts)) == ("hub.no_server", 2)
