"""DeviceInformation: what a server may ask a device about itself.

Each row is a question and its answer at once: the name one asks for, the type that comes back, and (by groups) the
access right without which the device leaves the question out.
"""

from __future__ import annotations

from dataclasses import replace

from mdm_server.wire.commands.spec import (
    CommandSpec,
    Field,
    array,
    boolean,
    data,
    date,
    dictionary,
    flag,
    integer,
    item,
    real,
    string,
)
from mdm_server.wire.commands.support import (
    FORBIDDEN,
    NEVER,
    NO_RIGHT,
    ONLY_SHARED,
    SHARED_BOTH,
    SHARED_USER,
    AccessRight,
    Availability,
    Channel,
    only,
    since,
    where,
)


def of_shared_ipad(introduced: str) -> Availability:
    """Say that only a Shared iPad has an answer."""
    return only(iOS=since(introduced, supervised=True, dep=True, user_enrollment=FORBIDDEN, shared=ONLY_SHARED))


def until_ios_16(introduced: str | None = None) -> Availability:
    """Say that iOS 16 prefers this inside ServiceSubscriptions, where a device may have several."""
    return only(iOS=since(introduced, until="16.0", user_enrollment=FORBIDDEN))


def needing(right: AccessRight, *rows: Field) -> tuple[Field, ...]:
    """Return the rows, each with the access right they share."""
    return tuple(replace(row, availability=row.availability.needing(right)) for row in rows)


UNCONDITIONAL = (
    string("UDID", where(user_enrollment=FORBIDDEN)),
    string("ProvisioningUDID", only(macOS=since("11.3", user_enrollment=FORBIDDEN))),
    dictionary(
        "OrganizationInfo",
        where(iOS="7.0", macOS="10.11"),
        string("OrganizationName", required=True),
        string("OrganizationAddress"),
        string("OrganizationPhone"),
        string("OrganizationEmail"),
        string("OrganizationMagic"),
    ),
    dictionary(
        "MDMOptions",
        where(iOS="7.0", macOS="11.0"),
        flag("ActivationLockAllowedWhileSupervised", where(visionOS=NEVER, watchOS=NEVER)),
        flag("BootstrapTokenAllowed", only(macOS="11.0")),
        flag("PromptUserToAllowBootstrapTokenForAuthentication", only(macOS="11.0")),
    ),
    date("LastCloudBackupDate", only(user_enrollment=FORBIDDEN, iOS="8.0", visionOS=since())),
    boolean(
        "AwaitingConfiguration", where(user_enrollment=FORBIDDEN, iOS="9.0", macOS="10.11", tvOS="10.2", visionOS="2.0")
    ),
    string("SoftwareUpdateDeviceID", only(user_enrollment=FORBIDDEN, iOS="15.0", macOS="12.0", visionOS=since())),
    dictionary(
        "SoftwareUpdateSettings", only(iOS=since("14.5", user_enrollment=FORBIDDEN)), integer("RecommendationsCadence")
    ),
    dictionary(
        "AccessibilitySettings",
        only(supervised=True, user_enrollment=FORBIDDEN, iOS=since("16.0", shared=SHARED_USER), watchOS=since()),
        boolean("BoldTextEnabled"),
        boolean("IncreaseContrastEnabled", where(watchOS=NEVER)),
        boolean("ReduceMotionEnabled"),
        boolean("ReduceTransparencyEnabled"),
        integer("TextSize", choices=(-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
        boolean("TouchAccommodationsEnabled"),
        boolean("VoiceOverEnabled"),
        boolean("ZoomEnabled"),
        boolean("GrayscaleEnabled", where(iOS=NEVER)),
    ),
    array("DevicePropertiesAttestation", where(iOS="16.0", macOS="14.0", tvOS="16.0"), data()),
)
STORE = needing(
    AccessRight.MANAGE_APPLICATIONS,
    boolean("iTunesStoreAccountIsActive", where(user_enrollment=FORBIDDEN, iOS="7.0", macOS="10.9", visionOS=NEVER)),
    string("iTunesStoreAccountHash", where(user_enrollment=FORBIDDEN, iOS="8.0", macOS="10.10", visionOS=NEVER)),
)
DEVICE = needing(
    AccessRight.QUERY_DEVICE,
    string("DeviceName"),
    string("OSVersion"),
    string("SupplementalOSVersionExtra", where(iOS="16.1", macOS="13.0", tvOS="16.1")),
    string("BuildVersion"),
    string("SupplementalBuildVersion", where(iOS="16.1", macOS="13.0", tvOS="16.1")),
    string("ModelName"),
    string("Model", where(visionOS=NEVER)),
    string("ModelNumber", where(iOS="16.4", macOS="13.3", tvOS="16.4")),
    boolean("IsAppleSilicon", only(macOS="12.0")),
    string("ProductName"),
    string("SerialNumber", where(user_enrollment=FORBIDDEN)),
    real("DeviceCapacity", where(tvOS=NEVER)),
    real("AvailableDeviceCapacity", where(tvOS=NEVER)),
    string("IMEI", until_ios_16()),
    string("MEID", until_ios_16()),
    string("ModemFirmwareVersion", only(iOS=since(user_enrollment=FORBIDDEN))),
    integer("CellularTechnology", only(iOS="4.2.6"), choices=(0, 1, 2, 3)),
    real("BatteryLevel", where(iOS="5.0", macOS="13.3", tvOS=NEVER)),
    boolean("HasBattery", only(macOS="13.3")),
    boolean("IsSupervised", where(iOS="6.0", macOS=since("10.15", rights=NO_RIGHT))),
    boolean("IsMultiUser", only(iOS="9.3")),
    boolean("IsDeviceLocatorServiceEnabled", where(iOS="7.0", macOS=NEVER, tvOS=NEVER)),
    boolean(
        "IsActivationLockEnabled",
        only(
            user_enrollment=FORBIDDEN,
            iOS=since("7.0", until="16.0"),
            macOS=since("10.15", until="13.0"),
            watchOS=since(until="10.0"),
        ),
    ),
    boolean("IsActivationLockSupported", only(macOS=since("10.15", user_enrollment=FORBIDDEN))),
    boolean("IsDoNotDisturbInEffect", where(user_enrollment=FORBIDDEN, iOS="7.0", macOS=NEVER, tvOS=NEVER)),
    string("DeviceID", only(tvOS=since())),
    string("EASDeviceIdentifier", only(iOS="7.0", visionOS=since())),
    boolean("IsCloudBackupEnabled", only(user_enrollment=FORBIDDEN, iOS="7.1", visionOS=since())),
    array("ActiveManagedUsers", only(macOS=since("10.11", channels=Channel.DEVICE)), string()),
    dictionary(
        "OSUpdateSettings",
        only(macOS=since("10.11", user_enrollment=FORBIDDEN)),
        string("CatalogURL"),
        boolean("IsDefaultCatalog"),
        date("PreviousScanDate"),
        string("PreviousScanResult", where(macOS=since(until="11.0", removed="15.0"))),
        boolean("PerformPeriodicCheck"),
        boolean("AutoCheckEnabled"),
        boolean("BackgroundDownloadEnabled"),
        boolean("AutomaticAppInstallationEnabled"),
        boolean("AutomaticOSInstallationEnabled"),
        boolean("AutomaticSecurityUpdatesEnabled"),
    ),
    string("LocalHostName", only(macOS="10.11")),
    string("HostName", only(macOS="10.11")),
    array(
        "AutoSetupAdminAccounts",
        only(macOS=since("10.11", dep=True, user_enrollment=FORBIDDEN)),
        item(string("GUID"), string("shortName")),
    ),
    boolean("SystemIntegrityProtectionEnabled", only(macOS="10.12")),
    boolean("SupportsLOMDevice", only(macOS="11.0")),
    boolean("IsMDMLostModeEnabled", only(user_enrollment=FORBIDDEN, iOS="9.3", watchOS=since())),
    integer("MaximumResidentUsers", of_shared_ipad("9.3")),
    integer("EstimatedResidentUsers", of_shared_ipad("14.0")),
    integer("QuotaSize", of_shared_ipad("13.4")),
    integer("ResidentUsers", of_shared_ipad("13.4")),
    integer("UserSessionTimeout", of_shared_ipad("14.5")),
    integer("TemporarySessionTimeout", of_shared_ipad("14.5")),
    boolean("TemporarySessionOnly", of_shared_ipad("14.5")),
    array("ManagedAppleIDDefaultDomains", of_shared_ipad("16.0"), string()),
    integer("OnlineAuthenticationGracePeriod", of_shared_ipad("16.0")),
    boolean("SkipLanguageAndLocaleSetupForNewUsers", of_shared_ipad("16.2")),
    data(
        "PushToken",
        only(iOS=since("9.3", user_enrollment=FORBIDDEN, shared=SHARED_USER), macOS=since("10.12", rights=NO_RIGHT)),
    ),
    boolean("DiagnosticSubmissionEnabled", where(iOS="9.3", macOS=NEVER, tvOS=NEVER)),
    boolean("AppAnalyticsEnabled", where(iOS="9.3", macOS=NEVER, tvOS=NEVER)),
    string("TimeZone", where(iOS="14.0", macOS=NEVER, tvOS="14.0", visionOS="2.0")),
    boolean("PINRequiredForEraseDevice", only(macOS=since("11.0", user_enrollment=FORBIDDEN))),
    boolean("PINRequiredForDeviceLock", only(macOS=since("11.0", user_enrollment=FORBIDDEN))),
    boolean("SupportsiOSAppInstalls", only(macOS="11.0")),
    string("EACSPreflight", only(macOS=since("13.3", channels=Channel.DEVICE, user_enrollment=FORBIDDEN))),
)
NETWORK = needing(
    AccessRight.QUERY_NETWORK,
    string("ICCID", until_ios_16()),
    string("BluetoothMAC", where(user_enrollment=FORBIDDEN, watchOS=NEVER)),
    string("WiFiMAC", where(user_enrollment=FORBIDDEN)),
    string("EthernetMAC", only(macOS=since(user_enrollment=FORBIDDEN))),
    string("CurrentCarrierNetwork", until_ios_16()),
    string("SIMCarrierNetwork", only(iOS=since(removed="5.0", user_enrollment=FORBIDDEN))),
    string("SubscriberCarrierNetwork", until_ios_16("5.0")),
    string("CarrierSettingsVersion", until_ios_16()),
    string("PhoneNumber", until_ios_16()),
    boolean("DataRoamingEnabled", only(iOS=since("5.0", user_enrollment=FORBIDDEN))),
    boolean("VoiceRoamingEnabled", until_ios_16("5.0")),
    boolean("PersonalHotspotEnabled", only(iOS=since("7.0", user_enrollment=FORBIDDEN))),
    boolean("IsNetworkTethered", only(iOS="10.3")),
    boolean("IsRoaming", only(iOS=since("4.2", user_enrollment=FORBIDDEN))),
    string("SubscriberMCC", until_ios_16("4.2.6")),
    string("SubscriberMNC", until_ios_16("4.2.6")),
    string("CurrentMCC", until_ios_16()),
    string("CurrentMNC", until_ios_16()),
    array(
        "ServiceSubscriptions",
        only(iOS=since("12.0", user_enrollment=FORBIDDEN)),
        item(
            string("CarrierSettingsVersion"),
            string("CurrentCarrierNetwork"),
            string("CurrentMCC"),
            string("CurrentMNC"),
            string("ICCID"),
            string("EID", where(iOS="14.0", macOS=NEVER, tvOS=NEVER)),
            string("IMEI"),
            boolean("IsDataPreferred"),
            boolean("IsRoaming"),
            boolean("IsVoicePreferred"),
            string("Label"),
            string("LabelID"),
            string("MEID"),
            string("PhoneNumber"),
            string("Slot"),
            string("SubscriberCarrierNetwork", where(iOS="16.0", macOS=NEVER, tvOS=NEVER)),
        ),
    ),
)

QUESTIONS = (*UNCONDITIONAL, *STORE, *DEVICE, *NETWORK)
# Answers of the first iOS versions that nobody can ask for any more.
BYGONE = (string("SIMMCC", only(iOS=since(removed="4.2.6"))), string("SIMMNC", only(iOS=since(removed="4.2.6"))))

COMMANDS = (
    CommandSpec(
        "DeviceInformation",
        "Answers the asked questions about hardware, software, network and sharing.",
        where(
            iOS=since("4.0", shared=SHARED_BOTH),
            macOS=since("10.7", channels=Channel.BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(
            array(
                "Queries", string(known=tuple(string(row.name, row.availability) for row in QUESTIONS)), required=True
            ),
            data("DeviceAttestationNonce", where(iOS="16.0", macOS="14.0", tvOS="16.0")),
        ),
        answers=(dictionary("QueryResponses", *QUESTIONS, *BYGONE, required=True),),
    ),
)
