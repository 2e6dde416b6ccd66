"""What holds on an Android: what its group asks, and only as much of it as whoever has the device gives reason for."""

from __future__ import annotations

import zlib

import msgspec

from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.settings import AndroidSettings
from mdm_server.domain.staging.vocabulary import AssignmentState
from mdm_server.wire.android_channel import PasswordQuality, PasswordRequirements, Policy, encode

HUB = "com.airwatch.androidagent"
HAD_BY_SOMEBODY = frozenset({AssignmentState.ASSIGNED, AssignmentState.CHECKED_OUT})


def policy_for(device: DeviceRecord, settings: AndroidSettings, *, withheld: bool = False) -> Policy | None:
    """Return what is to hold on a device; None while it is not verified: no work data until then (row 58).

    `withheld` says that it is locked: then whoever has it is given nothing either, and what holds goes on to (I-21).
    What is left when nobody has it is no gift, and takes away what the last user had.

    The version is drawn from the content, so that it changes with whatever changes it: the settings of the group, the
    group, and who has the device.
    """
    held = device.assignment.state in HAD_BY_SOMEBODY
    if device.pending_verification or (withheld and held):
        return None
    policy = Policy(
        version=0,
        password=_password(settings) if held else None,
        applications=(HUB, *settings.applications) if held else (HUB,),
        factory_reset_disabled=settings.factory_reset_disabled,
        removal_disabled=settings.removal_disabled,
        reset_protection_accounts=settings.reset_protection_accounts,
    )
    return msgspec.structs.replace(policy, version=zlib.crc32(encode(policy)))


def _password(settings: AndroidSettings) -> PasswordRequirements | None:
    requirements = PasswordRequirements(
        quality=settings.password_quality,
        minimum_length=settings.password_length,
        maximum_failed_passwords=settings.maximum_failed_passwords,
    )
    nothing = settings.password_quality is PasswordQuality.UNSPECIFIED and not settings.password_length
    return None if nothing and not settings.maximum_failed_passwords else requirements
