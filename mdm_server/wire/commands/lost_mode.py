"""Commands for a device that is lost."""

from __future__ import annotations

from mdm_server.wire.commands.spec import CommandSpec, real, string
from mdm_server.wire.commands.support import FORBIDDEN, only, since, where

COMMANDS = (
    CommandSpec(
        "EnableLostMode",
        "Locks a supervised device to a lost-mode screen with a message or a number to call.",
        only(iOS=since("9.3", supervised=True, user_enrollment=FORBIDDEN)),
        fields=(
            string("Message"),
            string("PhoneNumber"),
            string("Footnote"),
        ),
    ),
    CommandSpec(
        "DisableLostMode", "Ends lost mode.", only(iOS=since("9.3", supervised=True, user_enrollment=FORBIDDEN))
    ),
    CommandSpec(
        "DeviceLocation",
        "Asks a device in lost mode where it is.",
        only(iOS=since("9.3", supervised=True, user_enrollment=FORBIDDEN)),
        answers=(
            real("Latitude", required=True),
            real("Longitude", required=True),
            real("HorizontalAccuracy", where(iOS="10.3"), required=True),
            real("VerticalAccuracy", where(iOS="10.3"), required=True),
            real("Altitude", where(iOS="10.3"), required=True),
            real("Speed", where(iOS="10.3"), required=True),
            real("Course", where(iOS="10.3"), required=True),
            string("Timestamp", where(iOS="10.3"), required=True),
        ),
    ),
    CommandSpec(
        "PlayLostModeSound",
        "Makes a device in lost mode ring until it is found.",
        only(iOS=since("10.3", supervised=True, user_enrollment=FORBIDDEN)),
    ),
)
