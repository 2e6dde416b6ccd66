"""Commands of the first minutes: Setup Assistant, accounts, declarative management."""

from __future__ import annotations

from mdm_server.wire.commands.spec import CommandSpec, array, data, flag, item, string
from mdm_server.wire.commands.support import FORBIDDEN, SHARED_BOTH, Channel, only, since, where

COMMANDS = (
    CommandSpec(
        "DeviceConfigured",
        "Lets a device that waits in Setup Assistant go on.",
        only(
            user_enrollment=FORBIDDEN,
            iOS=since("9.0", supervised=True, dep=True),
            macOS=since("10.11", dep=True),
            tvOS=since("10.2", supervised=True),
            visionOS=since("2.0", supervised=True, dep=True),
        ),
    ),
    CommandSpec(
        "AccountConfiguration",
        "Decides which accounts Setup Assistant makes on a Mac.",
        only(macOS=since("10.11", dep=True, user_enrollment=FORBIDDEN)),
        fields=(
            flag("SkipPrimarySetupAccountCreation"),
            flag("SetPrimarySetupAccountAsRegularUser"),
            string("PrimaryAccountFullName", where(macOS="10.15")),
            string("PrimaryAccountUserName", where(macOS="10.15")),
            flag("DontAutoPopulatePrimaryAccountInfo", where(macOS="10.15")),
            flag("LockPrimaryAccountInfo", where(macOS="10.15")),
            array(
                "AutoSetupAdminAccounts",
                item(string("shortName", required=True), string("fullName"), data("passwordHash"), flag("hidden")),
            ),
            string("ManagedLocalUserShortName", where(macOS="11.0")),
        ),
    ),
    CommandSpec(
        "SetAutoAdminPassword",
        "Changes the password of the administrator account made by AccountConfiguration.",
        only(macOS=since("10.11", dep=True, user_enrollment=FORBIDDEN)),
        fields=(
            string("GUID", required=True),
            data("passwordHash", required=True),
        ),
    ),
    CommandSpec(
        "DeclarativeManagement",
        "Switches declarative management on, or tells the device to synchronise.",
        where(
            iOS=since("15.0", shared=SHARED_BOTH),
            macOS=since("13.0", channels=Channel.BOTH),
            tvOS="16.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(data("Data"),),
    ),
)
