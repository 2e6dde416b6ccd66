"""The Settings command, one item of it a row."""

from __future__ import annotations

from mdm_server.wire.commands.managed_applications import ATTRIBUTES
from mdm_server.wire.commands.spec import (
    CommandSpec,
    Field,
    anything,
    array,
    boolean,
    data,
    dictionary,
    flag,
    integer,
    item,
    string,
)
from mdm_server.wire.commands.support import (
    FORBIDDEN,
    NEVER,
    ONLY_SHARED,
    SHARED,
    SHARED_BOTH,
    SHARED_USER,
    AccessRight,
    Availability,
    Channel,
    only,
    since,
    where,
)


def setting(name: str, *parts: Availability | Field) -> Field:
    """Return one kind of item: a dictionary that says by `Item` which setting it is."""
    return dictionary(name, *parts, string("Item", required=True, choices=(name,)))


ITEMS = (
    setting(
        "Wallpaper",
        only(iOS=since("8.0", supervised=True, user_enrollment=FORBIDDEN, shared=SHARED)),
        data("Image", required=True),
        integer("Where", required=True, choices=(1, 2, 3)),
    ),
    setting(
        "DataRoaming",
        only(iOS=since(user_enrollment=FORBIDDEN, shared=SHARED)),
        boolean("Enabled", required=True),
    ),
    setting(
        "VoiceRoaming",
        only(iOS=since(until="16.0", user_enrollment=FORBIDDEN, shared=SHARED)),
        boolean("Enabled", required=True),
    ),
    setting(
        "PersonalHotspot",
        only(iOS=since(rights=AccessRight.QUERY_NETWORK, user_enrollment=FORBIDDEN, shared=SHARED)),
        boolean("Enabled", required=True),
    ),
    setting(
        "Bluetooth",
        only(user_enrollment=FORBIDDEN, iOS=since("11.3", supervised=True, shared=SHARED), macOS="10.13.4"),
        boolean("Enabled", required=True),
    ),
    setting(
        "ApplicationConfiguration",
        where(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS=since("7.0", shared=SHARED),
            macOS=since("10.15", channels=Channel.DEVICE),
            tvOS="10.2",
        ),
        string("Identifier", required=True),
        dictionary("Configuration", anything()),
    ),
    setting(
        "ApplicationAttributes",
        where(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS=since("7.0", shared=SHARED),
            macOS=NEVER,
            tvOS="10.2",
        ),
        string("Identifier", required=True),
        dictionary("Attributes", *ATTRIBUTES),
    ),
    setting(
        "DeviceName",
        only(
            user_enrollment=FORBIDDEN,
            iOS=since(supervised=True, shared=SHARED),
            macOS="10.10",
            tvOS=since(),
            visionOS=since("2.0", supervised=True),
        ),
        string("DeviceName", required=True),
    ),
    setting(
        "HostName",
        only(macOS=since("10.11", user_enrollment=FORBIDDEN)),
        string("HostName", required=True),
    ),
    setting(
        "OrganizationInfo",
        where(iOS=since(shared=SHARED)),
        dictionary(
            "OrganizationInfo",
            string("OrganizationName", required=True),
            string("OrganizationShortName", where(iOS="13.0", macOS="10.15", tvOS="13.0")),
            string("OrganizationAddress"),
            string("OrganizationPhone"),
            string("OrganizationEmail"),
            string("OrganizationMagic"),
        ),
    ),
    setting(
        "MDMOptions",
        only(iOS=since("7.0", shared=SHARED), macOS=since("10.15", user_enrollment=FORBIDDEN), visionOS="2.0"),
        dictionary(
            "MDMOptions",
            flag("ActivationLockAllowedWhileSupervised"),
            flag("BootstrapTokenAllowed", only(macOS=since(until="11.0"))),
            flag("PromptUserToAllowBootstrapTokenForAuthentication", only(macOS="11.0")),
            required=True,
        ),
    ),
    setting(
        "MaximumResidentUsers",
        only(iOS=since("9.3", until="13.4", user_enrollment=FORBIDDEN, shared=ONLY_SHARED)),
        integer("MaximumResidentUsers", required=True),
    ),
    setting(
        "SharedDeviceConfiguration",
        only(iOS=since("13.4", user_enrollment=FORBIDDEN, shared=ONLY_SHARED)),
        integer("QuotaSize"),
        integer("ResidentUsers"),
        integer("UserSessionTimeout", where(iOS="14.5")),
        integer("TemporarySessionTimeout", where(iOS="14.5")),
        flag("TemporarySessionOnly", where(iOS="14.5")),
        array("ManagedAppleIDDefaultDomains", where(iOS="16.0"), string()),
        integer("OnlineAuthenticationGracePeriod", where(iOS="16.0")),
        flag("SkipLanguageAndLocaleSetupForNewUsers", where(iOS="16.2")),
        dictionary("AwaitUserConfiguration", where(iOS="17.0"), boolean("Enabled", required=True)),
        dictionary(
            "PasscodePolicy",
            where(iOS="17.0"),
            integer("PasscodeLockGracePeriod", choices=(0, 60, 300, 900, 3600, 14400)),
            integer("AutoLockTime"),
        ),
    ),
    setting(
        "DiagnosticSubmission",
        only(iOS=since("9.3", user_enrollment=FORBIDDEN, shared=ONLY_SHARED)),
        boolean("Enabled", required=True),
    ),
    setting(
        "AppAnalytics",
        only(iOS=since("9.3.2", user_enrollment=FORBIDDEN, shared=ONLY_SHARED)),
        boolean("Enabled", required=True),
    ),
    setting(
        "PasscodeLockGracePeriod",
        only(iOS=since("9.3.2", until="17.0", user_enrollment=FORBIDDEN, shared=ONLY_SHARED)),
        integer("PasscodeLockGracePeriod", required=True, choices=(0, 60, 300, 900, 3600, 14400)),
    ),
    setting(
        "TimeZone",
        only(
            supervised=True,
            user_enrollment=FORBIDDEN,
            iOS=since("14.0", shared=SHARED),
            tvOS="14.0",
            visionOS="2.0",
        ),
        string("TimeZone", required=True),
    ),
    setting(
        "SoftwareUpdateSettings",
        only(iOS=since("14.5", supervised=True, user_enrollment=FORBIDDEN, shared=SHARED)),
        integer("RecommendationCadence", required=True, choices=(0, 1, 2)),
    ),
    setting(
        "AccessibilitySettings",
        only(
            supervised=True,
            user_enrollment=FORBIDDEN,
            iOS=since("16.0", shared=SHARED_USER),
            watchOS=since(),
        ),
        flag("BoldTextEnabled"),
        flag("IncreaseContrastEnabled", only(iOS=since())),
        flag("ReduceMotionEnabled"),
        flag("ReduceTransparencyEnabled"),
        integer("TextSize", choices=(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), default=4),
        flag("TouchAccommodationsEnabled"),
        flag("VoiceOverEnabled"),
        flag("ZoomEnabled"),
        flag("GrayscaleEnabled", only()),
    ),
)

COMMANDS = (
    CommandSpec(
        "Settings",
        "Changes settings, each item on its own: some may succeed while others fail.",
        where(
            rights=AccessRight.CHANGE_SETTINGS,
            iOS=since("5.0", shared=SHARED_BOTH),
            macOS=since("10.9", channels=Channel.BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(array("Settings", *ITEMS, required=True),),
        answers=(
            dictionary(
                "Settings",
                string("Status", required=True),
                array("ErrorChain", item(anything(required=True))),
                string("Identifier", where(iOS="7.0", macOS=NEVER, tvOS="10.2")),
            ),
        ),
    ),
)
