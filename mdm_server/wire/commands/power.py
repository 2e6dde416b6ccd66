"""Commands that restart, shut down or erase a device, or reach it when it is off."""

from __future__ import annotations

from mdm_server.wire.commands.spec import (
    CommandSpec,
    array,
    boolean,
    data,
    dictionary,
    flag,
    integer,
    item,
    string,
    words,
)
from mdm_server.wire.commands.support import FORBIDDEN, NOT_SHARED, AccessRight, only, since, where

COMMANDS = (
    CommandSpec(
        "RestartDevice",
        "Restarts the device without asking.",
        only(
            rights=AccessRight.LOCK_AND_PASSCODE,
            user_enrollment=FORBIDDEN,
            iOS=since("10.3", supervised=True),
            macOS="10.13",
            tvOS=since("10.2", supervised=True),
        ),
        fields=(
            flag("RebuildKernelCache", only(macOS="11.0")),
            array("KextPaths", only(macOS="11.0"), string()),
            flag("NotifyUser", only(macOS="11.4")),
        ),
    ),
    CommandSpec(
        "ShutDownDevice",
        "Switches the device off without asking.",
        only(
            rights=AccessRight.LOCK_AND_PASSCODE,
            user_enrollment=FORBIDDEN,
            iOS=since("10.3", supervised=True),
            macOS="10.13",
        ),
    ),
    CommandSpec(
        "EraseDevice",
        "Erases everything and starts again at Setup Assistant.",
        where(
            rights=AccessRight.ERASE,
            user_enrollment=FORBIDDEN,
            iOS="4.0",
            macOS="10.7",
            tvOS="10.2",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(
            flag("PreserveDataPlan", only(iOS="11.0", watchOS=since())),
            flag("DisallowProximitySetup", only(iOS=since("11.3", shared=NOT_SHARED))),
            string("PIN", only(macOS="10.8")),
            string(
                "ObliterationBehavior",
                only(macOS="12.0"),
                choices=words("Default DoNotObliterate ObliterateWithWarning Always"),
            ),
            dictionary(
                "ReturnToService",
                only(iOS="17.0", tvOS="18.0"),
                boolean("Enabled", required=True),
                data("WiFiProfileData"),
                data("MDMProfileData"),
            ),
        ),
    ),
    CommandSpec(
        "LOMDeviceRequest",
        "Has a Mac switch its neighbours on, off or over, lights out.",
        only(macOS=since("11.0", rights=AccessRight.LOCK_AND_PASSCODE, user_enrollment=FORBIDDEN)),
        fields=(
            array(
                "RequestList",
                item(
                    string("DeviceRequestType", required=True, choices=("PowerON", "PowerOFF", "Reset")),
                    string("DeviceRequestUUID", required=True),
                    string("DeviceDNSName", required=True),
                    array("PrimaryIPv6AddressList", string(), required=True),
                    array("SecondaryIPv6AddressList", string(), required=True),
                    integer("LOMProtocolVersion", required=True),
                ),
                required=True,
            ),
        ),
        answers=(
            array(
                "ResponseList",
                item(
                    boolean("DeviceRequestSuccess", required=True),
                    string("DeviceRequestUUID", required=True),
                    string("DeviceRequestReturnError"),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "LOMSetupRequest",
        "Asks a Mac for the addresses lights-out management needs.",
        only(macOS=since("11.0", rights=AccessRight.LOCK_AND_PASSCODE, user_enrollment=FORBIDDEN)),
        answers=(
            array("PrimaryIPv6AddressList", string(), required=True),
            array("SecondaryIPv6AddressList", string(), required=True),
            integer("LOMProtocolVersion", required=True),
        ),
    ),
)
