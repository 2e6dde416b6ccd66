"""Who holds the device, which passcode they know and choose, and whether they have taken it out of reach."""

from __future__ import annotations

from device_emulator.core import person
from device_emulator.core.android import locking
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.passcode import AndroidPasscode
from device_emulator.core.events import HandedOver, NetworkChanged
from device_emulator.core.gauges import Network
from device_emulator.core.holder import Holder
from device_emulator.core.passcode import Try
from device_emulator.core.person import Person
from mdm_server.wire.android_channel import PasswordQuality, PasswordRequirements


def hand_over(handheld: AndroidHandheld, to: Person, *, tells_passcode: bool) -> None:
    """Give the device to somebody else, open or locked as it is."""
    turns = 0 if handheld.holder is None else handheld.holder.turns
    knows = not handheld.passcode.is_set or (tells_passcode and knows_passcode(handheld))
    handheld.holder = Holder(to, turns=turns, knows_passcode=knows)
    handheld.emit(HandedOver(to.name))


def knows_passcode(handheld: AndroidHandheld) -> bool:
    """Say whether whoever holds the device knows its passcode."""
    return handheld.holder is None or handheld.holder.knows_passcode


def type_passcode(handheld: AndroidHandheld) -> Try:
    """Let the holder type the passcode: the right one, or, if nobody told them, the one they would have chosen."""
    code = handheld.passcode.right_code if knows_passcode(handheld) else usual_passcode(handheld)
    return locking.try_passcode(handheld, code)


def choose_passcode(handheld: AndroidHandheld, code: str) -> None:
    """Let the holder set a passcode, which they then know."""
    locking.set_passcode(handheld, code)
    if handheld.holder is not None:
        handheld.holder.knows_passcode = True


def usual_passcode(handheld: AndroidHandheld, requirements: PasswordRequirements | None = None) -> str:
    """Return the passcode that the holder chooses; not their favourite where a policy forbids that one."""
    holder = handheld.holder
    favourite = None if holder is None else holder.person.passcode
    if favourite is not None and AndroidPasscode(favourite).satisfies(requirements):
        return favourite
    return person.usual_passcode(
        handheld.randomness,
        0 if requirements is None else requirements.minimum_length,
        alphanumeric=requirements is not None and requirements.quality is PasswordQuality.ALPHANUMERIC,
        whose="" if holder is None else holder.person.name,
    )


def change_network(handheld: AndroidHandheld, network: Network) -> None:
    """Lose the network, or find one."""
    before, handheld.network = handheld.network, network
    if before is not network:
        handheld.emit(NetworkChanged(before, network))
