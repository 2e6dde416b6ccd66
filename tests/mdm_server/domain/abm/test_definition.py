"""What Apple is told of a profile."""

from __future__ import annotations

import base64

from mdm_server.domain.abm.definition import to_dep
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.wire.dep import DepProfile
from rigs.staging_samples import PROGRAM

URL = "https://mdm.example"


def test_every_word_of_a_profile_is_told() -> None:
    """All of Apple's fields but those that others write."""
    told = to_dep(PROGRAM, URL)
    assert told == DepProfile(
        profile_name="corporate",
        url=f"{URL}/enroll/dep",
        org_magic="p",
        allow_pairing=False,
        is_supervised=False,
        is_multi_user=True,
        is_mandatory=False,
        is_mdm_removable=True,
        await_device_configured=True,
        auto_advance_setup=True,
        is_return_to_service=True,
        do_not_use_profile_from_backup=True,
        configuration_web_url=f"{URL}/enroll/dep/web",
        anchor_certs=(base64.b64encode(PROGRAM.anchor_certificates[0]).decode(),),
        skip_setup_items=("AppleID",),
        department="Stores",
        support_phone_number="+49 30 1",
        support_email_address="help@example.org",
        language="de",
        region="DE",
    )


def test_what_apple_demands_is_never_missing_and_what_was_not_said_is_not_told() -> None:
    """A department and a telephone number, for Setup Assistant shows them; no address where nobody signs in."""
    told = to_dep(ProgramProfile(id=1, uuid="p", name="corporate", group=1), URL)
    assert (told.department, told.support_phone_number) == ("corporate", "-")
    assert (told.configuration_web_url, told.support_email_address, told.language) == (None, None, None)
    assert (told.is_mandatory, told.is_supervised, told.is_mdm_removable) == (True, True, False)
