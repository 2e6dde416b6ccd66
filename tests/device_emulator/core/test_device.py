"""The device as a whole: the same in every run, and light."""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Callable
from datetime import datetime

from certs.authority import Authority
from device_emulator.core.actions import Lock, SetPasscode, Unlock
from device_emulator.core.device import Device
from device_emulator.core.events import Event
from device_emulator.core.messages import PersonActs, PushArrived, Request, RequestKind
from device_emulator.core.settings import ProofOfIdentity
from rigs.play_server import LINK, MovingClock, PlayServer, play

IDLE_BYTES = 8 * 1024


def without_signatures(request: Request) -> tuple[object, ...]:
    """Return what of a request must be the same in every run: all but signatures, and what is encrypted."""
    headers = {name: value for name, value in request.headers.items() if name != "Mdm-Signature"}
    body = b"" if request.kind is RequestKind.SCEP_ENROLLMENT else request.body
    return request.number, request.kind, request.method, request.url, headers, body


def a_day(
    make_device: Callable[..., Device], authority: Authority, now: datetime, **chance: int
) -> tuple[list[object], list[Event]]:
    """Let a device live through a day, and return what it sent and what could be seen."""
    device = make_device(**chance)
    clock = MovingClock(now)
    device.handheld.clock = clock
    server = PlayServer(authority, clock)
    server.script(RequestKind.PROFILE, (503, b""), (503, b""))
    seen = play(device, server, LINK, clock=clock, patience=600)
    for request_type in ("DeviceInformation", "SecurityInfo", "InstalledApplicationList"):
        extra = {"Queries": ["UDID", "DeviceName", "BatteryLevel"]} if request_type == "DeviceInformation" else {}
        server.command(request_type, **extra)
    seen += play(device, server, PushArrived(device.push_magic or ""))
    for action in (SetPasscode(), Lock(), *[Unlock("0")] * 6):
        seen += play(device, server, PersonActs(action))
    server.command("EraseDevice")
    seen += play(device, server, PushArrived(device.push_magic or ""))
    return [without_signatures(request) for request in server.requests], seen


def of_a_kind(events: list[Event]) -> list[str]:
    """Return events as text, without the fingerprints of certificates."""
    return [re.sub(r"fingerprint='\w+'", "", repr(event)) for event in events]


def test_device_17_is_the_same_device_in_every_run(
    make_device: Callable[..., Device], authority: Authority, now: datetime
) -> None:
    """Two runs of one seed send the same requests but for signatures, at the same times; another seed does not."""
    first, again, other = (a_day(make_device, authority, now, seed=seed) for seed in (7, 7, 8))
    assert first[0] == again[0]
    assert of_a_kind(first[1]) == of_a_kind(again[1])
    assert first[0] != other[0]


def test_no_two_devices_of_a_fleet_are_alike(make_device: Callable[..., Device], server: PlayServer) -> None:
    """UDID, serial number, push token, magic and unlock token differ."""
    fleet = [make_device(number) for number in range(20)]
    for device in fleet:
        play(device, server, LINK)
    for facts in zip(
        *(
            (
                device.handheld.hardware.udid,
                device.handheld.hardware.serial_number,
                device.push_token,
                device.push_magic,
                device.handheld.passcode.unlock_token(device.handheld.randomness),
            )
            for device in fleet
        ),
        strict=True,
    ):
        assert len(set(facts)) == len(fleet)


def test_an_idle_device_weighs_less_than_eight_kilobytes(
    make_device: Callable[..., Device], authority: Authority, moving: MovingClock
) -> None:
    """Enrolled, with its identity and its signed Idle at hand."""
    server = PlayServer(authority, moving)

    def make(number: int) -> Device:
        device = make_device(number, proof=ProofOfIdentity.SIGNATURE)
        play(device, server, LINK)
        play(device, server, PushArrived(device.push_magic or ""))
        server.requests.clear()
        return device

    tracemalloc.start()
    try:
        # What the process keeps once, and not for each device, has been kept when the first devices are there.
        first = [make(number) for number in range(30)]
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        fleet = [make(number) for number in range(100, 130)]
        gc.collect()
        weight = (tracemalloc.get_traced_memory()[0] - before) / len(fleet)
    finally:
        tracemalloc.stop()
    assert len(first) == 30
    assert weight < IDLE_BYTES, f"an idle device weighs {weight:.0f} bytes"
