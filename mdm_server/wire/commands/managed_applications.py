"""Commands about the applications that the server manages."""

from __future__ import annotations

from mdm_server.wire.commands.spec import (
    CommandSpec,
    anything,
    array,
    boolean,
    dictionary,
    each,
    flag,
    integer,
    item,
    string,
    words,
)
from mdm_server.wire.commands.support import FORBIDDEN, NEVER, AccessRight, Channel, only, since, where

STATES = words("""
    Queued NeedsRedemption Redeeming Prompting PromptingForLogin ValidatingPurchase PromptingForUpdate
    PromptingForUpdateLogin PromptingForManagement ValidatingUpdate Updating Installing Managed
    ManagedButUninstalled Unknown UserInstalledApp UserRejected UpdateRejected ManagementRejected Failed
""")
"""The stations of a managed application, from order to removal."""

ATTRIBUTES = (
    string("VPNUUID", where(tvOS=NEVER)),
    string("ContentFilterUUID", only(iOS="16.0", visionOS=since())),
    string("DNSProxyUUID", only(iOS="16.0", visionOS=since())),
    string("RelayUUID", only(iOS="17.0", visionOS=since())),
    array("AssociatedDomains", where(iOS="13.0", tvOS=NEVER), string()),
    flag("AssociatedDomainsEnableDirectDownloads", where(iOS="14.0", tvOS=NEVER)),
    flag("Removable", where(iOS="14.0", tvOS="14.0"), default=True),
    flag("TapToPayScreenLock", only(iOS="16.4")),
    string("CellularSliceUUID", only(iOS="17.0")),
    flag("Hideable", only(iOS="18.1"), default=True),
    flag("Lockable", only(iOS="18.1"), default=True),
)
"""What a server may attach to a managed application."""

COMMANDS = (
    CommandSpec(
        "ManagedApplicationList",
        "Tells how far each managed application has come.",
        where(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS="5.0",
            macOS=since("11.0", channels=Channel.BOTH),
            tvOS="10.2",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(array("Identifiers", where(iOS="7.0"), string()),),
        answers=(
            dictionary(
                "ManagedApplicationList",
                each(
                    item(
                        string("Status", required=True, choices=STATES),
                        integer("ManagementFlags", required=True),
                        string("UnusedRedemptionCode", where(macOS=NEVER, tvOS=NEVER), required=True),
                        boolean("HasConfiguration", where(iOS="7.0"), required=True),
                        boolean(
                            "HasFeedback", where(iOS="7.0", macOS=since("11.3", channels=Channel.USER)), required=True
                        ),
                        boolean("IsValidated", where(iOS="9.2", macOS=NEVER), required=True),
                        integer("ExternalVersionIdentifier", where(iOS="10.3", macOS="11.3"), required=True),
                    )
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "ManagedApplicationAttributes",
        "Reads back the attributes given to managed applications.",
        only(rights=AccessRight.MANAGE_APPLICATIONS, iOS="7.0", tvOS="10.2", visionOS="1.1", watchOS="10.0"),
        fields=(array("Identifiers", string(), required=True),),
        answers=(
            array(
                "ApplicationAttributes",
                item(
                    string("Identifier", required=True),
                    dictionary("Attributes", *ATTRIBUTES),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "ManagedApplicationConfiguration",
        "Reads back the configuration given to managed applications.",
        where(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS="7.0",
            macOS="10.15",
            tvOS="10.2",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(array("Identifiers", string(), required=True),),
        answers=(
            array(
                "ApplicationConfigurations",
                item(string("Identifier", required=True), dictionary("Configuration", anything())),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "ManagedApplicationFeedback",
        "Collects what managed applications want to tell the server.",
        only(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS="7.0",
            macOS=since("11.0", channels=Channel.USER, user_enrollment=FORBIDDEN),
            tvOS="10.2",
            visionOS="1.1",
        ),
        fields=(
            array("Identifiers", string(), required=True),
            flag("DeleteFeedback"),
        ),
        answers=(
            array(
                "ManagedApplicationFeedback",
                item(string("Identifier", required=True), dictionary("Feedback", anything())),
                required=True,
            ),
        ),
    ),
)
