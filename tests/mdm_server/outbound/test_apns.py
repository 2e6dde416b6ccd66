from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mdm_server.outbound.apns import MOST_ATTEMPTS, ApnsSender, ApnsSettings, DirectSender
from mdm_server.service.push import PushTarget
from mdm_server.wire.apns import Reason
from rigs.apple_push import TOKEN, TOPIC, Hand, PushSocketRig, push_identity, push_rig, push_sockets

PATIENCE = 10.0


def target(number: int = 0, magic: str = "magic") -> PushTarget:
    """Return where a push goes."""
    return PushTarget(TOKEN if number == 0 else number.to_bytes(32, "big"), magic, TOPIC, f"device-{number}")


class Refusals(list[tuple[str, str]]):
    """What was refused: whose push, and why."""

    def __call__(self, refused: PushTarget, reason: str) -> None:
        """Take note."""
        self.append((refused.device, reason))


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110  # what is waited for sets no event
            await asyncio.sleep(0.002)


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[PushSocketRig]:
    """Run Apple's push service."""
    async with push_sockets(tmp_path) as rig:
        rig.line.listen(TOKEN)
        yield rig


def settings(apple: PushSocketRig) -> ApnsSettings:
    """Return the settings of a provider that pushes there, and is quick to try again."""
    return ApnsSettings(
        identity=push_identity(apple.authority),
        url=f"https://127.0.0.1:{apple.port}",
        ca_pem=apple.ca_file.read_text(),
        first_delay=0.01,
        longest_delay=0.05,
    )


@pytest.fixture
async def sender(apple: PushSocketRig) -> AsyncIterator[ApnsSender]:
    """Return a sender."""
    opened = ApnsSender(settings(apple))
    opened.on_refused = Refusals()
    yield opened
    await opened.close()


def connections(apple: PushSocketRig) -> int:
    """Return how often somebody connected."""
    return [entry.event for entry in apple.journal.entries()].count("connected")


async def test_pushes_reach_their_devices_on_one_connection(apple: PushSocketRig, sender: ApnsSender) -> None:
    """However many they are, and however often somebody sends."""
    for number in range(1, 1501):
        apple.line.listen(number.to_bytes(32, "big"))
    for start in range(1, 1501, 100):
        await sender.send([target(number) for number in range(start, start + 100)])
    await until(lambda: len(apple.arrived) == 1500)
    assert connections(apple) == 1


async def test_to_send_waits_for_nothing(sender: ApnsSender) -> None:
    """A use case is not held up by a push service that is far away: the pushes of a device become one meanwhile."""
    for number in range(1000):
        await sender.send([target(magic=str(number))])
    assert len(sender._waiting) == 1


async def test_what_is_refused_for_good_is_told(apple: PushSocketRig, sender: ApnsSender) -> None:
    """Apple's word, and whose push it was; nothing is tried again."""
    apple.push.gone([target(1).token])
    await sender.send([target(1), target()])
    await until(lambda: bool(apple.arrived) and bool(sender.on_refused))
    assert sender.on_refused == [("device-1", Reason.UNREGISTERED)]


@pytest.mark.parametrize("reason", [Reason.TOO_MANY_REQUESTS, Reason.INTERNAL_SERVER_ERROR, Reason.SERVICE_UNAVAILABLE])
async def test_what_passes_is_tried_again(apple: PushSocketRig, sender: ApnsSender, reason: Reason) -> None:
    """Until it is taken."""
    apple.fail(reason, count=MOST_ATTEMPTS - 1)
    await sender.send([target()])
    await until(lambda: bool(apple.arrived))
    assert sender.on_refused == []


async def test_what_does_not_pass_is_given_up(apple: PushSocketRig, sender: ApnsSender) -> None:
    """After five attempts; a device polls, and the next command pushes again."""
    apple.fail(Reason.TOO_MANY_REQUESTS, count=None)
    await sender.send([target()])
    await until(lambda: bool(sender.on_refused))
    assert sender.on_refused == [("device-0", Reason.TOO_MANY_REQUESTS)]


async def test_after_a_goaway_it_pushes_on_a_new_connection(apple: PushSocketRig, sender: ApnsSender) -> None:
    """Everything arrives, once."""
    apple.fail("goaway")
    for number in range(1, 51):
        apple.line.listen(number.to_bytes(32, "big"))
    await sender.send([target(number) for number in range(1, 51)])
    await until(lambda: len(apple.arrived) == 50)
    assert connections(apple) == 2


async def test_a_connection_that_breaks_loses_nothing(apple: PushSocketRig, sender: ApnsSender) -> None:
    """What got no answer is sent again."""
    apple.fail("disconnect")
    await sender.send([target()])
    await until(lambda: bool(apple.arrived))
    assert sender.on_refused == []


async def test_nobody_there_is_a_reason_to_wait(tmp_path: Path) -> None:
    """The service begins later than whoever pushes, and is found."""
    async with push_sockets(tmp_path) as apple:
        told = settings(apple)
    sender = ApnsSender(told)
    await sender.send([target()])
    await asyncio.sleep(0.1)
    assert sender._failures > 0
    await sender.close()


async def test_whoever_is_not_trusted_is_not_pushed_to(apple: PushSocketRig) -> None:
    """A certificate that our authorities did not issue is nobody's."""
    sender = ApnsSender(
        ApnsSettings(identity=push_identity(apple.authority), url=f"https://127.0.0.1:{apple.port}", first_delay=0.01)
    )
    await sender.send([target()])
    await until(lambda: sender._failures > 0)
    await sender.close()
    assert apple.arrived == []


# --- by a call -------------------------------------------------------------------------------------------------------


async def test_a_direct_push_arrives_before_the_call_returns() -> None:
    """Nothing waits, so a virtual clock sees it at the moment at which it was sent."""
    rig = push_rig(Hand())
    rig.line.listen(TOKEN)
    sender = DirectSender(rig.push, push_identity(rig.authority).certificate)
    await sender.send([target()])
    assert rig.magics == ["magic"]


async def test_a_direct_push_is_refused_and_tried_again_as_over_the_wire() -> None:
    """Failures that pass, a break and a goaway cost nothing; a token that is gone is told."""
    rig, refusals = push_rig(Hand()), Refusals()
    rig.line.listen(TOKEN)
    sender = DirectSender(rig.push, push_identity(rig.authority).certificate)
    sender.on_refused = refusals
    for response in (Reason.TOO_MANY_REQUESTS, "disconnect", "goaway"):
        rig.fail(response)
        await sender.send([target()])
    assert (rig.magics, refusals) == (["magic"] * 3, [])
    rig.line.gone(TOKEN)
    await sender.send([target()])
    assert refusals == [("device-0", Reason.UNREGISTERED)]
