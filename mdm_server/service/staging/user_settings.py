"""The settings of whoever has a device: put on it when they take it, and off it, with the passcode, when they go.

An Apple device gets a configuration profile of its user's, and loses it by the same identifier. An Android is told by
the next sync whose it is, and clears what was its user's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mdm_server.domain.enrollment import may_queue
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.store.records import NewCommand
from mdm_server.store.staging import NEW, Operation, OperationState, StagingRoom
from mdm_server.wire import plist
from mdm_server.wire.android_channel import CommandType
from mdm_server.wire.command import build_command
from mdm_server.wire.mobileconfig import Payload, Profile, build_profile

PROFILE_IDENTIFIER = "mdmsim.user-settings"
"""One identifier for everybody's, so that the next user's settings replace those of the one before."""
_WEB_CLIP = "com.apple.webClip.managed"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The identifiers that putting settings on a device, or taking them off, may need."""

    first: str
    second: str
    profile: str
    payload: str


def draw_settings(random_bytes: Callable[[int], bytes]) -> Drawn:
    """Draw them, before the transaction."""
    return Drawn(*(new_uuid(random_bytes).upper() for _ in range(4)))


def give_settings(room: StagingRoom, device: DeviceRecord, user: EnrollmentUser, drawn: Drawn, url: str) -> None:
    """Queue the settings of a user who takes a device."""
    if device.platform is Platform.IOS:
        profile = plist.dumps(build_profile(_settings_of(user, drawn, url)))
        _queue(room, device, drawn.first, "InstallProfile", {"Payload": profile})


def take_settings(
    room: StagingRoom, device: DeviceRecord, drawn: Drawn, unlock_token: bytes | None, *, clear_passcode: bool
) -> None:
    """Queue the removal of the settings of a user who gives a device back; the passcode goes without a warning."""
    if device.platform is Platform.IOS:
        _queue(room, device, drawn.first, "RemoveProfile", {"Identifier": PROFILE_IDENTIFIER})
        if clear_passcode and unlock_token is not None:
            _queue(room, device, drawn.second, "ClearPasscode", {"UnlockToken": unlock_token})
    elif clear_passcode:
        room.android.add_operation(
            Operation(
                NEW,
                device.id,
                drawn.first.lower(),
                CommandType.RESET_PASSWORD,
                {"new_password": ""},
                OperationState.QUEUED,
                room.occasion.at,
            )
        )


def _settings_of(user: EnrollmentUser, drawn: Drawn, url: str) -> Profile:
    name = " ".join(filter(None, (user.first_name, user.last_name))) or user.user_name
    clip = Payload(
        _WEB_CLIP,
        f"{PROFILE_IDENTIFIER}.start",
        drawn.payload,
        display_name=f"Start page of {name}",
        content={"Label": name, "URL": url, "IsRemovable": False},
    )
    return Profile(
        identifier=PROFILE_IDENTIFIER,
        uuid=drawn.profile,
        display_name=f"Settings of {name}",
        payloads=(clip,),
    )


def _queue(
    room: StagingRoom, device: DeviceRecord, command_uuid: str, request_type: str, fields: Mapping[str, object]
) -> None:
    if device.enrollment_key is not None and may_queue(device.status):
        raw = build_command(request_type, fields, command_uuid)
        room.commands.enqueue(NewCommand(device.enrollment_key, command_uuid, request_type, raw))
