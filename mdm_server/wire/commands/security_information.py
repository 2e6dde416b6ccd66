"""SecurityInfo."""

from __future__ import annotations

from mdm_server.wire.commands.spec import CommandSpec, array, boolean, data, dictionary, integer, item, string
from mdm_server.wire.commands.support import FORBIDDEN, NEVER, ONLY_SHARED, AccessRight, Channel, only, since, where

COMMANDS = (
    CommandSpec(
        "SecurityInfo",
        "Describes encryption, passcode and management state.",
        where(
            rights=AccessRight.QUERY_SECURITY,
            iOS="4.0",
            macOS=since("10.7", channels=Channel.BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        answers=(
            dictionary(
                "SecurityInfo",
                integer("HardwareEncryptionCaps", where(macOS=NEVER)),
                boolean("PasscodePresent", where(user_enrollment=FORBIDDEN, macOS=NEVER)),
                boolean("PasscodeCompliant", where(macOS=NEVER)),
                boolean("PasscodeCompliantWithProfiles", where(user_enrollment=FORBIDDEN, macOS=NEVER)),
                integer("PasscodeLockGracePeriod", where(user_enrollment=FORBIDDEN, iOS="9.3.2", macOS=NEVER)),
                integer("PasscodeLockGracePeriodEnforced", where(user_enrollment=FORBIDDEN, iOS="9.3.2", macOS=NEVER)),
                integer("AutoLockTime", only(iOS=since("17.0", user_enrollment=FORBIDDEN, shared=ONLY_SHARED))),
                boolean("FDE_Enabled", only(macOS=since("10.9", channels=Channel.DEVICE))),
                boolean(
                    "FDE_HasPersonalRecoveryKey",
                    only(macOS=since("10.9", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                boolean(
                    "FDE_HasInstitutionalRecoveryKey",
                    only(macOS=since("10.9", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                data(
                    "FDE_PersonalRecoveryKeyCMS",
                    only(macOS=since("10.13", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                string(
                    "FDE_PersonalRecoveryKeyDeviceKey",
                    only(macOS=since("10.13", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                boolean("SystemIntegrityProtectionEnabled", only(macOS=since("10.12", channels=Channel.DEVICE))),
                dictionary(
                    "FirewallSettings",
                    only(macOS=since("10.12", channels=Channel.DEVICE)),
                    boolean("FirewallEnabled"),
                    boolean("BlockAllIncoming"),
                    boolean("StealthMode"),
                    array(
                        "Applications",
                        where(macOS=since(user_enrollment=FORBIDDEN)),
                        item(boolean("Allowed"), string("BundleID"), string("Name")),
                    ),
                    boolean("LoggingEnabled", where(macOS="12.0")),
                    string("LoggingOption", where(macOS="12.0"), choices=("throttled", "brief", "detail")),
                ),
                dictionary(
                    "FirmwarePasswordStatus",
                    only(macOS=since("10.13", channels=Channel.DEVICE)),
                    boolean("PasswordExists"),
                    boolean("ChangePending"),
                    boolean("AllowOroms"),
                ),
                dictionary(
                    "ManagementStatus",
                    where(iOS="13.0", macOS="10.13.2", tvOS="13.0"),
                    boolean("EnrolledViaDEP", only(macOS=since())),
                    boolean("UserApprovedEnrollment", only(macOS=since())),
                    boolean("IsUserEnrollment", where(macOS="10.15")),
                    boolean("IsActivationLockManageable", only(macOS="10.15")),
                ),
                dictionary(
                    "SecureBoot",
                    only(macOS=since("10.15", channels=Channel.DEVICE)),
                    string("SecureBootLevel", choices=("off", "medium", "full", "not supported")),
                    string("ExternalBootLevel", choices=("allowed", "disallowed", "not supported")),
                    array(
                        "ReducedSecurity",
                        where(macOS="11.0"),
                        string(
                            known=(
                                string("AllowsAnyAppleSignedOS"),
                                string("AllowsUserKextApproval"),
                                string("AllowsMDM"),
                            )
                        ),
                    ),
                ),
                boolean(
                    "RemoteDesktopEnabled",
                    only(macOS=since("10.14.4", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                boolean("AuthenticatedRootVolumeEnabled", only(macOS=since("11.0", channels=Channel.DEVICE))),
                string(
                    "BootstrapTokenAllowedForAuthentication",
                    only(macOS=since("11.0", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                    choices=("allowed", "disallowed", "not supported"),
                ),
                boolean(
                    "BootstrapTokenRequiredForSoftwareUpdate",
                    only(macOS=since("11.0", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                boolean(
                    "BootstrapTokenRequiredForKernelExtensionApproval",
                    only(macOS=since("11.0", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                boolean(
                    "IsRecoveryLockEnabled",
                    only(macOS=since("11.5", channels=Channel.DEVICE, user_enrollment=FORBIDDEN)),
                ),
                required=True,
            ),
        ),
    ),
)
