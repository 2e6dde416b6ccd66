"""DEP profiles in the vendor's words (`MdmEnrollmentProgramApiModel`): a switch for each pane, numbers for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.service.staging.finding import key_of
from mdm_server.web.uem.documents import Folded, folded, shaped
from mdm_server.web.uem.spelling import Document

PANES = (
    *("Accessibility", "ActionButton", "Android", "Appearance", "AppleID", "AppStore", "Biometric", "CameraButton"),
    *("DeviceToDeviceMigration", "Diagnostics", "DisplayTone", "EnableLockdownMode", "FileVault"),
    *("HomeButtonSensitivity", "iCloudDiagnostics", "iCloudStorage", "iMessageAndFaceTime", "Intelligence"),
    *("Keyboard", "Location", "MessagingActivationUsingPhoneNumber", "OnBoarding", "Passcode", "Payment", "Privacy"),
    *("Restore", "RestoreCompleted", "Safety", "ScreenSaver", "ScreenTime", "SIMSetup", "Siri", "SoftwareUpdate"),
    *("SpokenLanguage", "TapToSetup", "TermsOfAddress", "TOS", "TVHomeScreenSync", "TVProviderSignIn", "TVRoom"),
    *("UpdateCompleted", "Wallpaper", "WatchMigration", "Welcome", "Zoom"),
)
"""Panes of Setup Assistant by Apple's names.

https://developer.apple.com/documentation/devicemanagement/skipkeys
"""
_OTHERWISE = {
    "skiptermsofservice": "TOS",
    "skiptouchid": "Biometric",
    "skipapplepay": "Payment",
    "skippasscodelock": "Passcode",
    "skiplocationservices": "Location",
    "skipmovefromandroid": "Android",
    "skipsimsetup": "SIMSetup",
}
_PANES: Mapping[str, str] = MappingProxyType({f"skip{folded(pane)}": pane for pane in PANES} | _OTHERWISE)
"""Panes by the vendor's switches, folded."""


class DepProfile(Folded, frozen=True):
    """A DEP profile that is wanted; the defaults are the vendor's, as far as they are known."""

    profile_name: str
    department: str = ""
    support_number: str = ""
    support_email: str = ""
    require_mdm_enrollment: bool = True
    supervise_devices: bool = True
    is_multi_user: bool = False
    is_mdm_removable: bool = False
    device_pairing: bool = True
    authentication_required: bool = True
    enable_custom_enrollment: bool = False
    default_enrollment_user_id: int = 0
    device_location_group_id: int | str | None = None
    await_configuration: bool = False
    auto_advance_setup: bool = False
    language: str | None = None
    region: str | None = None


def order_of(document: Mapping[str, Any]) -> ProfileOrder:
    """Return what a document orders (Refusal `api.invalid`)."""
    body = shaped(dict(document), DepProfile)
    group = body.device_location_group_id
    skipped = {pane: None for key, pane in _PANES.items() if _is_on(document.get(key))}
    return ProfileOrder(
        name=body.profile_name,
        group=None if group is None else key_of(str(group)),
        mandatory=body.require_mdm_enrollment,
        supervised=body.supervise_devices,
        removable=body.is_mdm_removable,
        authentication_required=body.authentication_required,
        default_user=body.default_enrollment_user_id or None,
        skip_setup_items=tuple(skipped),
        department=body.department,
        support_phone_number=body.support_number,
        support_email_address=body.support_email,
        language=body.language,
        region=body.region,
        multi_user=body.is_multi_user,
        allow_pairing=body.device_pairing,
        await_configuration=body.await_configuration,
        auto_advance=body.auto_advance_setup,
        web_sign_in=body.enable_custom_enrollment,
    )


def profile_v1(profile: ProgramProfile) -> Document:
    """Spell a profile as the vendor does; both names of its UUID are read by somebody."""
    return {
        "SharedMdmProfileDataId": profile.id,
        "ProfileName": profile.name,
        "ProfileUuid": profile.uuid,
        "uuid": profile.uuid,
        "Department": profile.department,
        "SupportNumber": profile.support_phone_number,
        "SupportEmail": profile.support_email_address,
        "RequireMdmEnrollment": profile.mandatory,
        "SuperviseDevices": profile.supervised,
        "IsMultiUser": profile.multi_user,
        "IsMdmRemovable": profile.removable,
        "DevicePairing": profile.allow_pairing,
        "AuthenticationRequired": profile.authentication_required,
        "EnableCustomEnrollment": profile.web_sign_in,
        "DefaultEnrollmentUserId": profile.default_user or 0,
        "DeviceLocationGroupId": profile.group,
        "AwaitConfiguration": profile.await_configuration,
        "AutoAdvanceSetup": profile.auto_advance,
        "Language": profile.language,
        "Region": profile.region,
        **{f"Skip{pane[0].upper()}{pane[1:]}": pane in profile.skip_setup_items for pane in PANES},
    }


def _is_on(value: object) -> bool:
    """Say whether a switch is on; a form writes it as text."""
    return value is True or (isinstance(value, str) and value.strip().lower() in {"true", "1"})
