"""What the administrator does. Every order goes to the server by the same doors that a console would use."""

from __future__ import annotations

from collections.abc import Mapping

from device_emulator.scenario.steps.buying import LockActivation, OrderDevices, ReleaseDevices, WithdrawDevices
from device_emulator.scenario.steps.commanding import Command, InstallProfile, ReturnToService
from device_emulator.scenario.steps.device_orders import (
    ApproveWipe,
    Assign,
    DeleteDevice,
    RejectWipe,
    Unlock,
    Wipe,
)
from device_emulator.scenario.steps.ordering import Order
from device_emulator.scenario.steps.organizing import ChangeUser, DeleteUser, ResetAttempts, Set, Synchronize
from device_emulator.scenario.steps.programming import AbmRule, AbmSync, AssignDepProfile, SaveDepProfile
from device_emulator.scenario.steps.registering import (
    Allow,
    DeleteRegistration,
    Deny,
    Disallow,
    Register,
    ResetToken,
    RevokeToken,
    Undeny,
)

ADMINISTRATION: Mapping[str, type[Order]] = {
    "register": Register,
    "delete-registration": DeleteRegistration,
    "revoke-token": RevokeToken,
    "reset-token": ResetToken,
    "allow": Allow,
    "disallow": Disallow,
    "deny": Deny,
    "undeny": Undeny,
    "unlock": Unlock,
    "assign": Assign,
    "wipe": Wipe,
    "approve-wipe": ApproveWipe,
    "reject-wipe": RejectWipe,
    "delete-device": DeleteDevice,
    "command": Command,
    "install-profile": InstallProfile,
    "return-to-service": ReturnToService,
    "set": Set,
    "change-user": ChangeUser,
    "delete-user": DeleteUser,
    "reset-attempts": ResetAttempts,
    "synchronize": Synchronize,
    "save-dep-profile": SaveDepProfile,
    "assign-dep-profile": AssignDepProfile,
    "abm-rule": AbmRule,
    "abm-sync": AbmSync,
    "order-devices": OrderDevices,
    "release-devices": ReleaseDevices,
    "withdraw-devices": WithdrawDevices,
    "lock-activation": LockActivation,
}
