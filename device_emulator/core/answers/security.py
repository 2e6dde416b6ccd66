"""Locks and what is behind them: SecurityInfo, DeviceLock, ClearPasscode, the bypass code, the Screen Time passcode."""

from __future__ import annotations

import hmac

from device_emulator.core import activation_locking, locking
from device_emulator.core.answers.answerer import SEALED, Answer, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed
from device_emulator.core.answers.sightings import MessageShown, RestrictionsPasswordCleared
from device_emulator.core.handheld import Handheld
from device_emulator.core.preferences import Preference
from device_emulator.core.states import LockState
from mdm_server.wire.activation_lock import format_bypass_code
from mdm_server.wire.command import Command

BLOCK_AND_FILE_LEVEL = 3


@answerer("SecurityInfo", Fidelity.REAL, "passcode, compliance with the installed policies, and how it is managed")
def security_info(handheld: Handheld, command: Command) -> Answer:
    """Describe the passcode and the encryption behind it."""
    compliant = complies(handheld)
    grace = handheld.preferences.value(Preference.PASSCODE_LOCK_GRACE_PERIOD)
    return Answer(
        values={
            "SecurityInfo": {
                "HardwareEncryptionCaps": BLOCK_AND_FILE_LEVEL,
                "PasscodePresent": handheld.passcode.is_set,
                "PasscodeCompliant": compliant,
                "PasscodeCompliantWithProfiles": compliant,
                "PasscodeLockGracePeriod": grace,
                "PasscodeLockGracePeriodEnforced": grace,
                "ManagementStatus": {"IsUserEnrollment": handheld.situation.user_enrollment},
            }
        }
    )


def complies(handheld: Handheld) -> bool:
    """Say whether the passcode, or its absence, is what the installed policies ask for."""
    policy, passcode = handheld.profiles.passcode_policy, handheld.passcode
    if not passcode.is_set:
        return not policy.required
    return (
        passcode.length >= policy.minimum_length
        and (passcode.is_alphanumeric or not policy.alphanumeric)
        and (policy.simple_allowed or not passcode.is_simple)
    )


@answerer("DeviceLock", Fidelity.REAL, "locks the screen; the message needs a passcode to be shown over")
def device_lock(handheld: Handheld, command: Command) -> Answer:
    """Lock the screen at once."""
    message, phone_number = command.fields.get("Message"), command.fields.get("PhoneNumber")
    was_lost = handheld.lock is LockState.LOST
    locking.lock_screen(handheld)
    if message is None and phone_number is None:
        return Answer()
    if was_lost:
        return Answer(values={"MessageResult": "DeviceInLostMode"})
    if not handheld.passcode.is_set:
        return Answer(values={"MessageResult": "NoPasscodeSet"})
    handheld.emit(MessageShown(message, phone_number))
    return Answer(values={"MessageResult": "Success"})


@answerer("ClearPasscode", Fidelity.REAL, "only with the unlock token of the present passcode; the back-off goes too")
def clear_passcode(handheld: Handheld, command: Command) -> Answer:
    """Remove the passcode, if the token opens it."""
    if not hmac.compare_digest(command.fields["UnlockToken"], locking.unlock_token(handheld)):
        return failed(ErrorCode.CANNOT_CLEAR_PASSCODE, "The unlock token does not belong to the present passcode.")
    if handheld.passcode.is_set:
        locking.clear_passcode(handheld)
    return Answer()


@answerer("RequestUnlockToken", Fidelity.SIMPLIFIED, "still answered, though Apple gave it up with iOS 6")
def request_unlock_token(handheld: Handheld, command: Command) -> Answer:
    """Hand over the unlock token."""
    return Answer(values={"UnlockToken": locking.unlock_token(handheld)})


@answerer(
    "ActivationLockBypassCode",
    Fidelity.REAL,
    "the code by whose escrow key Apple opens the lock, for 15 days after enrolment, which stand for those after "
    "supervision; Apple warns that a code fetched after the lock may not open it, and here it does",
)
def activation_lock_bypass_code(handheld: Handheld, command: Command) -> Answer:
    """Hand over the bypass code, unless it was cleared or it is too late."""
    code = activation_locking.bypass_code(handheld)
    if code is None or not activation_locking.gives_code_away(handheld):
        return failed(ErrorCode.INTERNAL_INCONSISTENCY, "The device has no Activation Lock bypass code any more.")
    return Answer(values={"ActivationLockBypassCode": format_bypass_code(code)})


@answerer(
    "ClearActivationLockBypassCode",
    Fidelity.REAL,
    "the device forgets the code until it is erased; a lock that Apple already knows the code of still opens by it",
)
def clear_activation_lock_bypass_code(handheld: Handheld, command: Command) -> Answer:
    """Forget the bypass code."""
    handheld.find_my.code_cleared = True
    return Answer()


@answerer("ClearRestrictionsPassword", Fidelity.SIMPLIFIED, "nobody here sets a Screen Time passcode", not_now=SEALED)
def clear_restrictions_password(handheld: Handheld, command: Command) -> Answer:
    """Remove the Screen Time passcode."""
    handheld.belongings.restrictions_password_cleared = True
    handheld.emit(RestrictionsPasswordCleared())
    return Answer()
