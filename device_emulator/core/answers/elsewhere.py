"""Commands for machines that are not in the fleet: Macs, and iPads that several people share.

An iPhone does not know a command for Macs at all, and that is what it answers. These rows are here so that the table of
answers has every request type, and says so; the dispatch refuses their commands before any of them is reached.
"""

from __future__ import annotations

from device_emulator.core.answers.answerer import Act, Answer, Answerer, Fidelity
from device_emulator.core.answers.error_codes import ErrorCode, failed
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command

FOR_MACS = (
    "AccountConfiguration",
    "ActiveNSExtensions",
    "ContentCachingInformation",
    "DisableRemoteDesktop",
    "EnableRemoteDesktop",
    "InstallEnterpriseApplication",
    "LOMDeviceRequest",
    "LOMSetupRequest",
    "NSExtensionMappings",
    "RotateFileVaultKey",
    "ScheduleOSUpdateScan",
    "SetAutoAdminPassword",
    "SetFirmwarePassword",
    "SetRecoveryLock",
    "UnlockUserAccount",
    "VerifyFirmwarePassword",
    "VerifyRecoveryLock",
)
FOR_SHARED_IPADS = ("DeleteUser", "LogOutUser", "UserConfigured", "UserList")


def _absent(code: ErrorCode, text: str) -> Act:
    def act(handheld: Handheld, command: Command) -> Answer:
        return failed(code, f"“{command.request_type}” {text}")

    return act


_UNKNOWN = _absent(ErrorCode.INVALID_REQUEST_TYPE, "is not a valid request type.")
_NOBODY_SHARES = _absent(ErrorCode.CANNOT_LIST_USERS, "is for an iPad that is shared.")

NO_MAC, NO_SHARED_IPAD = (
    "no Mac in the fleet; Error 12021, as on any iPhone",
    "no Shared iPad in the fleet; Error 12007",
)
ANSWERERS = (
    *(Answerer(each, Fidelity.ABSENT, NO_MAC, _UNKNOWN) for each in FOR_MACS),
    *(Answerer(each, Fidelity.ABSENT, NO_SHARED_IPAD, _NOBODY_SHARES) for each in FOR_SHARED_IPADS),
)
