"""A device on paper goes on tomorrow as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.keys import KeyKind
from device_emulator.core import locking
from device_emulator.core.actions import (
    FinishSetupAssistant,
    HubEnroll,
    Lock,
    OpenProfile,
    PersonAction,
    RemoveProfile,
    RenameDevice,
    Restart,
    SetPasscode,
    ShutDown,
    Unlock,
)
from device_emulator.core.applications import Application
from device_emulator.core.device import Device
from device_emulator.core.effects import RESTRICTIONS
from device_emulator.core.errors import SnapshotError
from device_emulator.core.events import Enrolled, HubSignedIn
from device_emulator.core.handheld import LostMode
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.messages import (
    Errand,
    PersonActs,
    Prompted,
    PushArrived,
    RequestFailed,
    RequestKind,
    TimePassed,
)
from device_emulator.core.states import LifeState
from mdm_server.wire.hub import DeviceReply, encode
from rigs.play_hub import HUB, offers
from rigs.play_server import LINK, MovingClock, PlayServer, play


@pytest.fixture
def copy(make_device: Callable[..., Device]) -> Callable[[Device], Device]:
    """Return a function that puts a device on paper and reads it back."""

    def through_json(device: Device) -> Device:
        handheld = device.handheld
        return Device.restore(
            json.loads(json.dumps(device.snapshot())),
            handheld.settings,
            clock=handheld.clock,
            randomness=handheld.randomness,
            key_source=handheld.keychain.source,
        )

    return through_json


def nothing(_: Device) -> None:
    """Leave the device as it is."""


def person(*actions: PersonAction) -> Callable[[Device], None]:
    """Return a story in which the person acts."""

    def story(device: Device) -> None:
        for action in actions:
            device.handle(PersonActs(action))

    return story


def lost(device: Device) -> None:
    """Lose the device."""
    locking.enable_lost_mode(device.handheld, LostMode("Please call", footnote="Thank you"))


def furnished(device: Device) -> None:
    """Install an application with everything a server can say about it."""
    device.handheld.applications.install(
        Application(
            identifier="a",
            name="A",
            version="1",
            short_version="1",
            bundle_size=5,
            is_managed=True,
            configuration={"when": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), "data": b"\x00\xff"},
        )
    )


STORIES: dict[str, Callable[[Device], None]] = {
    "fresh": nothing,
    "used": person(FinishSetupAssistant(), SetPasscode("271828"), RenameDevice("Mine"), Lock()),
    "guessed": person(FinishSetupAssistant(), Lock(), *[Unlock("0")] * 7),
    "restarting": person(FinishSetupAssistant(), Restart()),
    "off": person(FinishSetupAssistant(), ShutDown()),
    "lost": lost,
    "furnished": furnished,
}


@pytest.mark.parametrize("managed", [False, True])
@pytest.mark.parametrize("story", STORIES)
def test_a_device_survives_being_put_on_paper(
    story: str, device: Device, server: PlayServer, copy: Callable[[Device], Device], *, managed: bool
) -> None:
    """The snapshot of the copy is the snapshot of the original, and both want to be woken at the same time."""
    if managed:
        play(device, server, LINK)
        document = server.configuration("example.strict", RESTRICTIONS, {"allowCamera": False, "since": b"\x01"})
        device.handle(PersonActs(OpenProfile(document)))
    STORIES[story](device)
    if device.is_busy:
        play(device, server, TimePassed())
    restored = copy(device)
    assert restored.snapshot() == device.snapshot()
    assert restored.deadline == device.deadline
    assert list(restored.handheld.profiles) == list(device.handheld.profiles)
    assert list(restored.handheld.applications) == list(device.handheld.applications)
    assert (restored.push_token, restored.push_magic) == (device.push_token, device.push_magic)


@pytest.mark.parametrize("settings", [{}, {"key_kind": KeyKind.P_256}])
def test_a_restored_device_goes_on(
    settings: dict[str, Any], make_device: Callable[..., Device], server: PlayServer, copy: Callable[[Device], Device]
) -> None:
    """It answers, announces, and leaves, with the identity it had."""
    device = make_device(**settings)
    play(device, server, LINK)
    restored = copy(device)
    uuid = server.command("DeviceInformation", Queries=["UDID"])
    play(restored, server, PushArrived(restored.push_magic or ""))
    assert server.answers[uuid]["QueryResponses"]["UDID"] == device.handheld.hardware.udid
    play(restored, server, PersonActs(RemoveProfile()))
    assert restored.life is LifeState.IN_USE


def test_an_enrolment_under_way_is_begun_anew(
    device: Device, server: PlayServer, copy: Callable[[Device], Device]
) -> None:
    """The link is on paper, half an enrolment is not."""
    device.handle(LINK)
    for _ in range(5):
        (request,) = device.requests()
        device.handle(server.answer(request))
    restored = copy(device)
    assert restored.life is LifeState.IN_USE
    events = play(restored, server, TimePassed())
    assert [event for event in events if isinstance(event, Enrolled)] != []


def test_a_profile_that_was_opened_is_on_paper_too(
    device: Device, server: PlayServer, copy: Callable[[Device], Device]
) -> None:
    """As it came."""
    device.handle(PersonActs(OpenProfile(server.profile())))
    restored = copy(device)
    play(restored, server, TimePassed())
    assert restored.life is LifeState.ENROLLED


def test_what_was_owed_to_the_server_still_is(
    enrolled: Device, server: PlayServer, copy: Callable[[Device], Device]
) -> None:
    """An errand under way is run again."""
    enrolled.handle(Prompted(Errand.TOKEN_UPDATE))
    restored = copy(enrolled)
    play(restored, server, TimePassed())
    assert server.requests[-1].kind is RequestKind.TOKEN_UPDATE


@pytest.mark.parametrize(
    "damage", [{"version": 2}, {"version": None}, {"life": "alive"}, {"passcode": {}}, {"hardware": 5}]
)
def test_a_damaged_snapshot_is_refused(damage: dict[str, Any], device: Device, moving: MovingClock) -> None:
    """With one error, whatever is wrong with it."""
    snapshot = {**device.snapshot(), **damage}
    with pytest.raises(SnapshotError, match="expected"):
        Device.restore(snapshot, device.handheld.settings, clock=moving, randomness=device.handheld.randomness)


def test_the_fingerprint_of_the_ca_is_on_paper_too(
    device: Device, authority: Authority, moving: MovingClock, copy: Callable[[Device], Device]
) -> None:
    """A renewal needs it."""
    fingerprint = hashlib.sha256(authority.issuing.der).digest()
    play(device, PlayServer(authority, moving, scep={"ca_fingerprint": fingerprint}), LINK)
    management = copy(device).handheld.management
    assert management is not None
    assert management.scep.ca_fingerprint == fingerprint
    assert management.challenge == "secret"


def test_a_device_needs_the_pool_its_key_came_from(
    enrolled: Device, moving: MovingClock, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Without it, or with another, every signature would be refused; better to say so now."""

    class Another:
        kind: Literal["pool"] = "pool"

        def key(self, index: int) -> rsa.RSAPrivateKey:
            return rsa_keys[(index + 1) % len(rsa_keys)]

    handheld, paper = enrolled.handheld, enrolled.snapshot()
    for source, found in ((None, "found none"), (Another(), "number 17 of the key pool is not the key")):
        with pytest.raises(SnapshotError, match=found):
            Device.restore(paper, handheld.settings, clock=moving, randomness=handheld.randomness, key_source=source)


def test_a_device_from_before_there_were_hubs_and_holders_can_still_be_read(
    enrolled: Device, make_device: Callable[..., Device]
) -> None:
    """A fleet file lies about for longer than a version."""
    paper = enrolled.snapshot()
    for since in ("supervised", "hub", "holder"):
        del paper[since]
    handheld = enrolled.handheld
    copy = Device.restore(
        paper, handheld.settings, clock=handheld.clock, randomness=handheld.randomness,
        key_source=handheld.keychain.source,
    )  # fmt: skip
    assert (copy.handheld.hub, copy.handheld.holder, copy.handheld.is_supervised) == (None, None, False)
    assert copy.push_token == enrolled.push_token


def test_a_hub_that_was_about_to_ask_asks_anew(
    device: Device, server: PlayServer, copy: Callable[[Device], Device]
) -> None:
    """What somebody had typed is gone with the paper; whose the device is, the Hub still wants to know."""
    server.script(RequestKind.HUB_WIZARD, (200, encode(offers())))
    server.script(RequestKind.HUB_STATUS, RequestFailed(0, "connect.refused"))
    play(device, server, PersonActs(HubEnroll(HubIntent(url=HUB, user_name="ada", password="engine"))))
    assert device.is_busy
    restored = copy(device)
    server.script(RequestKind.HUB_STATUS, (200, encode(DeviceReply(state="Assigned", user="ada"))))
    assert HubSignedIn("ada", "Assigned") in play(restored, server, TimePassed())
    assert "engine" not in json.dumps(device.snapshot())
