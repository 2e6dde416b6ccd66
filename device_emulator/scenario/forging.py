"""What somebody sends who wants the enrolment profile of a device that they do not have (T-20, T-21)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from certs import signed_data
from certs.authority import Authority
from certs.names import hardware_name
from device_emulator.core.automated_enrollment import machine_info
from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up.activating import device_identity
from mdm_server.wire import plist

LONG_AGO = timedelta(hours=2)


class Forgery(StrEnum):
    """What is wrong with it."""

    UNSIGNED = "unsigned"
    STRANGER = "stranger"
    """An authority of their own vouches for them."""
    GUESSED = "guessed"
    """Another device of Apple's, theirs, signs the serial number of this one."""
    REPLAYED = "replayed"
    """The device itself said so, two hours ago."""
    NONE = "none"
    """Nothing: it is the device itself that asks."""


def forge(forgery: Forgery, victim: Handheld, forger: Handheld, random_bytes: Callable[[int], bytes]) -> bytes:
    """Return a MachineInfo of the victim's, as the forger can make it."""
    content, now = plist.dumps(machine_info(victim).to_plist()), victim.clock()
    match forgery:
        case Forgery.UNSIGNED:
            return content
        case Forgery.STRANGER:
            machine = victim.hardware
            stranger = Authority.create(clock=victim.clock, random_bytes=random_bytes, organization="Somebody")
            own = stranger.issue_identity(hardware_name(machine.udid, machine.serial_number))
            return signed_data.sign(content, own, when=now)
        case Forgery.GUESSED:
            return signed_data.sign(content, device_identity(forger), when=now)
        case Forgery.REPLAYED:
            return signed_data.sign(content, device_identity(victim), when=now - LONG_AGO)
    return signed_data.sign(content, device_identity(victim), when=now)
