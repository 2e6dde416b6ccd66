"""Commands about locks, passcodes and the keys behind them."""

from __future__ import annotations

from mdm_server.wire.commands.spec import CommandSpec, boolean, data, dictionary, flag, string
from mdm_server.wire.commands.support import (
    FORBIDDEN,
    NEVER,
    NOT_SHARED,
    SHARED_IGNORES,
    AccessRight,
    only,
    since,
    where,
)

COMMANDS = (
    CommandSpec(
        "DeviceLock",
        "Locks the screen at once, and shows whoever finds the device a message.",
        only(
            rights=AccessRight.LOCK_AND_PASSCODE,
            iOS="4.0",
            macOS=since("10.7", user_enrollment=FORBIDDEN),
            visionOS="2.0",
            watchOS="10.0",
        ),
        fields=(
            string("Message", where(iOS=since("7.0", shared=SHARED_IGNORES), macOS="10.14", visionOS=NEVER)),
            string("PhoneNumber", where(iOS=since("7.0", shared=SHARED_IGNORES), macOS="11.5", visionOS=NEVER)),
            string("PIN", only(macOS="10.8")),
        ),
        answers=(string("MessageResult"),),
    ),
    CommandSpec(
        "ClearPasscode",
        "Removes the passcode, given the unlock token the device had escrowed.",
        only(
            rights=AccessRight.LOCK_AND_PASSCODE,
            user_enrollment=FORBIDDEN,
            iOS=since("4.0", shared=NOT_SHARED),
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(data("UnlockToken", required=True),),
    ),
    CommandSpec(
        "RequestUnlockToken",
        "Asks an old supervised device for its unlock token.",
        only(iOS=since("5.0", until="6.1.6", supervised=True, user_enrollment=FORBIDDEN, shared=NOT_SHARED)),
        answers=(data("UnlockToken", required=True),),
    ),
    CommandSpec(
        "ActivationLockBypassCode",
        "Fetches the code that opens Activation Lock without its owner.",
        only(
            supervised=True,
            user_enrollment=FORBIDDEN,
            iOS=since("7.1", shared=NOT_SHARED),
            macOS="10.15",
            visionOS="2.0",
        ),
        answers=(string("ActivationLockBypassCode", required=True),),
    ),
    CommandSpec(
        "ClearActivationLockBypassCode",
        "Makes the device forget its Activation Lock bypass code.",
        only(
            supervised=True,
            user_enrollment=FORBIDDEN,
            iOS=since("7.1", shared=NOT_SHARED),
            macOS="10.15",
            visionOS="2.0",
        ),
    ),
    CommandSpec(
        "SetFirmwarePassword",
        "Sets or clears the firmware password of an Intel Mac.",
        only(macOS=since("10.13", rights=AccessRight.LOCK_AND_PASSCODE, user_enrollment=FORBIDDEN)),
        fields=(
            string("CurrentPassword"),
            string("NewPassword", required=True),
            flag("AllowOroms"),
        ),
        answers=(dictionary("SetFirmwarePassword", boolean("PasswordChanged", required=True), required=True),),
    ),
    CommandSpec(
        "VerifyFirmwarePassword",
        "Checks a firmware password without changing it.",
        only(macOS=since("10.13", user_enrollment=FORBIDDEN)),
        fields=(string("Password", required=True),),
        answers=(dictionary("VerifyFirmwarePassword", boolean("PasswordVerified", required=True), required=True),),
    ),
    CommandSpec(
        "SetRecoveryLock",
        "Sets or clears the recovery lock of a Mac with Apple silicon.",
        only(macOS=since("11.5", rights=AccessRight.LOCK_AND_PASSCODE, user_enrollment=FORBIDDEN)),
        fields=(
            string("CurrentPassword"),
            string("NewPassword", required=True),
        ),
    ),
    CommandSpec(
        "VerifyRecoveryLock",
        "Checks a recovery lock password without changing it.",
        only(macOS=since("11.5", rights=AccessRight.LOCK_AND_PASSCODE, user_enrollment=FORBIDDEN)),
        fields=(string("Password", required=True),),
        answers=(boolean("PasswordVerified", required=True),),
    ),
    CommandSpec(
        "RotateFileVaultKey",
        "Replaces a Mac's FileVault recovery key.",
        only(macOS=since("10.9", rights=AccessRight.LOCK_AND_PASSCODE, user_enrollment=FORBIDDEN)),
        fields=(
            string("KeyType", required=True, choices=("personal", "institutional")),
            dictionary(
                "FileVaultUnlock",
                string("Password"),
                data("PrivateKeyExport", where(macOS=since(until="10.15"))),
                string("PrivateKeyExportPassword", where(macOS=since(until="10.15"))),
                required=True,
            ),
            data("NewCertificate"),
            data("ReplyEncryptionCertificate"),
        ),
        answers=(dictionary("RotateResult", data("EncryptedNewRecoveryKey")),),
    ),
)
