"""What a policy does to a device, and what the device does not comply with."""

from __future__ import annotations

from device_emulator.core.android.events import PolicyApplied
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.management import AndroidManagement
from mdm_server.wire.android_channel import Policy, StatusReport

PASSWORD = "password"  # noqa: S105 - the name of a setting


def apply(handheld: AndroidHandheld, management: AndroidManagement, policy: Policy) -> None:
    """Let a policy hold from now on; nothing happens if it holds already."""
    if policy == management.policy:
        return
    management.policy = policy
    handheld.applications = policy.applications
    if management.owns_device:
        handheld.protected_by = policy.reset_protection_accounts
    handheld.emit(PolicyApplied(policy.version, problems(handheld, management)))


def problems(handheld: AndroidHandheld, management: AndroidManagement) -> tuple[str, ...]:
    """Return the settings of the policy that the device does not comply with."""
    return () if handheld.passcode.satisfies(management.requirements) else (PASSWORD,)


def status(handheld: AndroidHandheld, management: AndroidManagement) -> StatusReport:
    """Return what the device tells its server of itself. It holds nothing that changes by itself all the time."""
    found = problems(handheld, management)
    return StatusReport(
        hardware=handheld.describe(management.mode),
        applied_policy=None if management.policy is None else management.policy.version,
        compliant=not found,
        problems=found,
        passcode_set=handheld.passcode.is_set,
        screen=handheld.screen,
        kiosk_application=handheld.kiosk_application,
    )
