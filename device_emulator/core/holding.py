"""Who holds the device, which passcode they know, and whether they have taken it out of reach."""

from __future__ import annotations

from device_emulator.core import locking, person
from device_emulator.core.effects import PasscodePolicy
from device_emulator.core.events import HandedOver, NetworkChanged
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.holder import Holder
from device_emulator.core.passcode import Passcode, Try
from device_emulator.core.person import Person


def hand_over(handheld: Handheld, to: Person, *, tells_passcode: bool) -> None:
    """Give the device to somebody else, open or locked as it is."""
    turns = 0 if handheld.holder is None else handheld.holder.turns
    knows = not handheld.passcode.is_set or (tells_passcode and knows_passcode(handheld))
    handheld.holder = Holder(to, turns=turns, knows_passcode=knows)
    handheld.emit(HandedOver(to.name))


def knows_passcode(handheld: Handheld) -> bool:
    """Say whether whoever holds the device knows its passcode."""
    return handheld.holder is None or handheld.holder.knows_passcode


def type_passcode(handheld: Handheld) -> Try:
    """Let the holder type the passcode: the right one, or, if nobody told them, the one they would have chosen."""
    code = handheld.passcode.right_code if knows_passcode(handheld) else usual_passcode(handheld)
    return locking.try_passcode(handheld, code)


def choose_passcode(handheld: Handheld, code: str) -> None:
    """Let the holder set a passcode, which they then know."""
    locking.set_passcode(handheld, code)
    if handheld.holder is not None:
        handheld.holder.knows_passcode = True


def usual_passcode(handheld: Handheld, policy: PasscodePolicy | None = None) -> str:
    """Return the passcode that the holder chooses; not their favourite where a policy forbids that one."""
    policy = policy or PasscodePolicy()
    holder = handheld.holder
    if holder is not None and holder.person.passcode is not None and satisfies(holder.person.passcode, policy):
        return holder.person.passcode
    whose = "" if holder is None else holder.person.name
    return person.usual_passcode(
        handheld.randomness, policy.minimum_length, alphanumeric=policy.alphanumeric, whose=whose
    )


def satisfies(code: str, policy: PasscodePolicy) -> bool:
    """Say whether a passcode is good enough for the policies on the device."""
    passcode = Passcode(code)
    return (
        passcode.length >= policy.minimum_length
        and (passcode.is_alphanumeric or not policy.alphanumeric)
        and (not passcode.is_simple or policy.simple_allowed)
    )


def change_network(handheld: Handheld, network: Network) -> None:
    """Lose the network, or find one."""
    before, handheld.network = handheld.network, network
    if before is not network:
        handheld.emit(NetworkChanged(before, network))
