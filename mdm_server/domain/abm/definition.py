"""A DEP profile in Apple's words, as it is defined at Apple Business Manager."""

from __future__ import annotations

from base64 import b64encode

from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.wire.dep import DepProfile

ENROLL = "/enroll/dep"
"""Where a device in Setup Assistant posts its MachineInfo."""
WEB_SIGN_IN = "/enroll/dep/web"
"""The page on which its person signs in."""


def to_dep(profile: ProgramProfile, base_url: str) -> DepProfile:
    """Return what Apple is told of a profile; `base_url` is where devices reach this server.

    Apple demands a department and a telephone number, for Setup Assistant shows them: https://developer.apple.com/
    documentation/devicemanagement/profile. A profile without them bears its own name, and a dash.
    """
    return DepProfile(
        profile_name=profile.name,
        url=base_url + ENROLL,
        org_magic=profile.uuid,
        allow_pairing=profile.allow_pairing,
        is_supervised=profile.supervised,
        is_multi_user=profile.multi_user,
        is_mandatory=profile.mandatory,
        is_mdm_removable=profile.removable,
        await_device_configured=profile.await_configuration,
        auto_advance_setup=profile.auto_advance,
        is_return_to_service=profile.return_to_service,
        do_not_use_profile_from_backup=profile.do_not_use_profile_from_backup,
        configuration_web_url=base_url + WEB_SIGN_IN if profile.web_sign_in else None,
        anchor_certs=tuple(b64encode(certificate).decode() for certificate in profile.anchor_certificates),
        skip_setup_items=profile.skip_setup_items,
        department=profile.department or profile.name,
        support_phone_number=profile.support_phone_number or "-",
        support_email_address=profile.support_email_address or None,
        language=profile.language,
        region=profile.region,
    )
