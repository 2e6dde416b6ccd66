"""Commands that install, list and remove applications."""

from __future__ import annotations

from mdm_server.wire.commands.managed_applications import ATTRIBUTES, STATES
from mdm_server.wire.commands.spec import (
    CommandSpec,
    anything,
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
from mdm_server.wire.commands.support import (
    FORBIDDEN,
    NEVER,
    NOT_SHARED,
    SHARED_USER,
    AccessRight,
    Channel,
    only,
    since,
    where,
)

COMMANDS = (
    CommandSpec(
        "InstallApplication",
        "Fetches an application from the App Store or a manifest and puts it under management.",
        where(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS="5.0",
            macOS=since("10.9", channels=Channel.BOTH),
            tvOS="10.2",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(
            integer("iTunesStoreID"),
            string("Identifier", where(iOS="7.0")),
            dictionary("Options", where(iOS="7.0"), integer("PurchaseMethod", choices=(0, 1), default=0)),
            string("ManifestURL", where(iOS="7.0")),
            integer("ManagementFlags", where(macOS=since("11.0", user_enrollment=FORBIDDEN)), choices=(1, 4, 5)),
            dictionary("Configuration", where(iOS="7.0", macOS="11.0"), anything()),
            dictionary("Attributes", where(iOS="7.0", macOS=NEVER), *ATTRIBUTES),
            string(
                "ChangeManagementState", where(user_enrollment=FORBIDDEN, iOS="9.0", macOS="11.0"), choices=("Managed",)
            ),
            flag("InstallAsManaged", only(macOS=since("11.0", user_enrollment=FORBIDDEN))),
            flag("iOSApp", only(macOS="11.0")),
        ),
        answers=(
            string("Identifier"),
            string("State", choices=STATES),
            string(
                "RejectionReason",
                choices=words("""
                    AppAlreadyInstalled AppAlreadyQueued AppStoreDisabled CouldNotVerifyAppID
                    ManagementChangeNotSupported NotAnApp NotSupported Other
                    PurchaseMethodNotSupported PurchaseMethodNotSupportedInMultiUser
                    """),
            ),
        ),
    ),
    CommandSpec(
        "InstallEnterpriseApplication",
        "Installs a Mac package from a manifest, optionally pinning the manifest's server.",
        only(macOS=since("10.13.6", rights=AccessRight.MANAGE_APPLICATIONS)),
        fields=(
            dictionary("Manifest", anything()),
            string("ManifestURL"),
            array("ManifestURLPinningCerts", data()),
            flag("PinningRevocationCheckRequired"),
            flag("InstallAsManaged", where(macOS=since("11.0", user_enrollment=FORBIDDEN))),
            integer("ManagementFlags", where(macOS=since("11.0", user_enrollment=FORBIDDEN)), choices=(1,)),
            dictionary("Configuration", where(macOS="11.0"), anything()),
            string(
                "ChangeManagementState", where(macOS=since("11.0", user_enrollment=FORBIDDEN)), choices=("Managed",)
            ),
            flag("iOSApp", where(macOS="11.0")),
        ),
    ),
    CommandSpec(
        "ApplyRedemptionCode",
        "Hands over the code that a queued App Store purchase is waiting for.",
        only(iOS=since("5.0", rights=AccessRight.MANAGE_APPLICATIONS, user_enrollment=FORBIDDEN, shared=NOT_SHARED)),
        fields=(
            string("Identifier", required=True),
            string("RedemptionCode", required=True),
        ),
    ),
    CommandSpec(
        "RemoveApplication",
        "Deletes a managed application together with its data.",
        where(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS="5.0",
            macOS=since("11.0", user_enrollment=FORBIDDEN),
            tvOS="10.2",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(string("Identifier", required=True),),
    ),
    CommandSpec(
        "ValidateApplications",
        "Makes the device check now that its enterprise applications are still trusted.",
        only(rights=AccessRight.MANAGE_APPLICATIONS, iOS="9.2", tvOS="10.2", visionOS="1.1"),
        fields=(array("Identifiers", string()),),
    ),
    CommandSpec(
        "InviteToProgram",
        "Invites the user to take licences from volume purchasing.",
        only(
            user_enrollment=FORBIDDEN,
            iOS=since("7.0", rights=AccessRight.MANAGE_APPLICATIONS, shared=SHARED_USER),
            macOS=since("10.9", channels=Channel.USER),
        ),
        fields=(
            string("ProgramID", required=True, choices=("com.apple.cloudvpp",)),
            string("InvitationURL", required=True),
        ),
        answers=(
            string(
                "InvitationResult", required=True, choices=("Acknowledged", "InvalidProgramID", "InvalidInvitationURL")
            ),
        ),
    ),
    CommandSpec(
        "InstalledApplicationList",
        "Lists the installed applications and how each came to be there.",
        where(
            rights=AccessRight.INSPECT_APPLICATIONS,
            iOS="5.0",
            macOS=since("10.7", channels=Channel.BOTH, user_enrollment=FORBIDDEN),
            tvOS="10.2",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(
            array("Identifiers", where(iOS="7.0", macOS="10.15"), string()),
            flag("ManagedAppsOnly", where(iOS="7.0", macOS="10.15")),
            array(
                "Items",
                where(iOS="14.0", macOS=NEVER, tvOS="14.0"),
                string(
                    choices=words("""
                        AdHocCodeSigned AppStoreVendable BetaApp BundleSize DeviceBasedVPP
                        DistributorIdentifier DynamicSize ExternalVersionIdentifier
                        HasUpdateAvailable Identifier Installing IsAppClip IsValidated Name
                        ShortVersion Version
                        """)
                ),
            ),
        ),
        answers=(
            array(
                "InstalledApplicationList",
                item(
                    string("Identifier"),
                    integer("ExternalVersionIdentifier", where(iOS="11.0", macOS="10.13", tvOS="11.0")),
                    string("DistributorIdentifier", only(iOS="17.4")),
                    string("Version"),
                    string("ShortVersion"),
                    string("Name"),
                    integer("BundleSize"),
                    integer("DynamicSize", where(macOS=NEVER)),
                    boolean("IsValidated", where(iOS="9.2", macOS=NEVER)),
                    boolean("Installing"),
                    boolean("AppStoreVendable", where(iOS="11.3", macOS=NEVER, tvOS="11.3")),
                    boolean("DeviceBasedVPP", where(iOS="11.3", macOS=NEVER, tvOS="11.3")),
                    boolean("BetaApp", where(iOS="11.3", macOS=NEVER, tvOS="11.3")),
                    boolean("AdHocCodeSigned", where(iOS="11.3", macOS=NEVER, tvOS="11.3")),
                    boolean("HasUpdateAvailable", where(iOS="11.3", macOS="10.13.4")),
                    flag("DownloadFailed"),
                    flag("DownloadWaiting"),
                    flag("DownloadPaused"),
                    flag("DownloadCancelled"),
                    flag("IsAppClip", only(iOS="16.0", visionOS=since())),
                    string("Source", only(iOS="17.2")),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "ActiveNSExtensions",
        "Lists the extensions that are switched on for a Mac user.",
        only(
            macOS=since(
                "10.13", rights=AccessRight.INSPECT_APPLICATIONS, channels=Channel.USER, user_enrollment=FORBIDDEN
            )
        ),
        fields=(array("FilterExtensionPoints", string()),),
        answers=(
            array(
                "Extensions",
                item(
                    string("Identifier", required=True),
                    string("ExtensionPoint", required=True),
                    string("DisplayName", required=True),
                    string("ContainerDisplayName"),
                    string("ContainerIdentifier"),
                    string("Path", required=True),
                    string("Version", required=True),
                    string("UserElection", required=True, choices=("Default", "Use", "Ignore")),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "NSExtensionMappings",
        "Lists which extension serves which extension point for a Mac user.",
        only(
            macOS=since(
                "10.13", rights=AccessRight.INSPECT_APPLICATIONS, channels=Channel.USER, user_enrollment=FORBIDDEN
            )
        ),
        answers=(
            array(
                "Extensions",
                item(
                    string("Identifier", required=True),
                    string("ExtensionPoint", required=True),
                    string("DisplayName", required=True),
                ),
                required=True,
            ),
        ),
    ),
)
