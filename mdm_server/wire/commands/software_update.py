"""Commands for updates of the operating system."""

from __future__ import annotations

from mdm_server.wire.commands.spec import (
    CommandSpec,
    anything,
    array,
    boolean,
    date,
    flag,
    integer,
    item,
    real,
    string,
    words,
)
from mdm_server.wire.commands.support import FORBIDDEN, NEVER, AccessRight, only, since, where

COMMANDS = (
    CommandSpec(
        "AvailableOSUpdates",
        "Lists the system updates the device could install.",
        only(
            user_enrollment=FORBIDDEN,
            iOS=since("9.0", rights=AccessRight.MANAGE_APPLICATIONS, supervised=True),
            macOS="10.11",
            tvOS=since("12.0", rights=AccessRight.MANAGE_APPLICATIONS, supervised=True),
        ),
        answers=(
            array(
                "AvailableOSUpdates",
                item(
                    string("ProductKey", required=True),
                    string("HumanReadableName", required=True),
                    string("HumanReadableNameLocale", only(macOS=since()), required=True),
                    string("MetadataURL", only(macOS=since()), required=True),
                    string("ProductName", where(macOS=NEVER), required=True),
                    string("Version", required=True),
                    string("Build", required=True),
                    integer("DownloadSize", where(macOS="10.12"), required=True),
                    integer("InstallSize", where(macOS=NEVER), required=True),
                    array("AppIdentifiersToClose", only(macOS=since()), string(), required=True),
                    flag("IsCritical"),
                    flag("IsConfigDataUpdate", only(macOS=since())),
                    flag("IsFirmwareUpdate", only(macOS=since())),
                    flag("IsMajorOSUpdate", only(macOS="10.11.4")),
                    flag("RestartRequired"),
                    flag("AllowsInstallLater"),
                    date("DeferredUntil", only(macOS="10.12.4")),
                    flag("RequiresBootstrapToken", only(macOS="11.0")),
                    boolean("IsSecurityResponse", where(iOS="16.2", macOS="13.1", tvOS="16.2"), required=True),
                    string("SupplementalBuildVersion", where(iOS="16.2", macOS="13.1", tvOS="16.2")),
                    string("SupplementalOSVersionExtra", where(iOS="16.2", macOS="13.1", tvOS="16.2")),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "ScheduleOSUpdateScan",
        "Has a Mac look for updates in the background.",
        only(macOS=since("10.11", supervised=True, user_enrollment=FORBIDDEN)),
        fields=(flag("Force"),),
        answers=(boolean("ScanInitiated", required=True),),
    ),
    CommandSpec(
        "ScheduleOSUpdate",
        "Downloads or installs chosen system updates, now or later.",
        only(
            supervised=True,
            user_enrollment=FORBIDDEN,
            iOS=since("9.0", rights=AccessRight.MANAGE_APPLICATIONS),
            macOS="10.11",
            tvOS=since("12.0", rights=AccessRight.MANAGE_APPLICATIONS),
        ),
        fields=(
            array(
                "Updates",
                item(
                    string("ProductKey"),
                    string("ProductVersion", where(iOS="11.3", macOS="12.0", tvOS="12.2")),
                    string(
                        "InstallAction",
                        required=True,
                        choices=words("Default DownloadOnly InstallASAP NotifyOnly InstallLater InstallForceRestart"),
                    ),
                    integer("MaxUserDeferrals", only(macOS="12.0")),
                    string("Priority", only(macOS="12.3"), choices=("Low", "High"), default="Low"),
                ),
                required=True,
            ),
        ),
        answers=(
            array(
                "UpdateResults",
                item(
                    string("ProductKey", required=True),
                    string(
                        "InstallAction",
                        required=True,
                        choices=words("Error DownloadOnly InstallASAP NotifyOnly InstallLater InstallForceRestart"),
                    ),
                    string(
                        "Status",
                        required=True,
                        choices=words("""
                            Idle Downloading DownloadFailed DownloadRequiresComputer
                            DownloadInsufficientSpace DownloadInsufficientPower
                            DownloadInsufficientNetwork Installing
                            InstallInsufficientSpace InstallInsufficientPower
                            InstallPhoneCallInProgress InstallFailed
                            """),
                    ),
                    array("ErrorChain", item(anything(required=True))),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "OSUpdateStatus",
        "Tells how far each scheduled update has come.",
        only(
            supervised=True,
            user_enrollment=FORBIDDEN,
            iOS=since("9.0", rights=AccessRight.MANAGE_APPLICATIONS),
            macOS="10.11.5",
            tvOS=since("12.0", rights=AccessRight.MANAGE_APPLICATIONS),
        ),
        answers=(
            array(
                "OSUpdateStatus",
                item(
                    string("ProductKey", required=True),
                    boolean("IsDownloaded", required=True),
                    real("DownloadPercentComplete", required=True),
                    string("Status", required=True),
                    integer("MaxDeferrals", only(macOS="12.3")),
                    integer("DeferralsRemaining", only(macOS="12.3")),
                    date("NextScheduledInstall", only(macOS="12.3")),
                    array("PastNotifications", only(macOS="12.3"), date()),
                ),
                required=True,
            ),
        ),
    ),
)
