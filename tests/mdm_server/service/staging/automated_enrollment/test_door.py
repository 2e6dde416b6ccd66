"""Setup Assistant at the server's door: who is asked, who is sent to update, who gets in, and with what."""

from __future__ import annotations

import base64

import pytest

from certs.authority import Authority
from certs.signed_data import verify
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, EntryChannel
from mdm_server.service.answer import PROFILE
from mdm_server.wire import plist
from mdm_server.wire.device_errors import DeviceErrorCode, parse_device_error
from rigs.boxed_device import Box
from rigs.hub import password_of
from rigs.staging_office import StagingOffice


async def test_who_is_asked_and_answers_gets_a_device_that_is_theirs(office: StagingOffice, vendor: Authority) -> None:
    """401 first; with credentials the profile, whose management cannot be removed from a supervised device."""
    ann, box = await office.person("ann"), await Box(office, vendor).assigned()
    asked = await box.ask()
    assert (asked.status, asked.headers["WWW-Authenticate"]) == (401, 'Basic realm="mdmsim"')
    answer = await box.ask(("ann", password_of("ann")))
    assert (answer.status, answer.content_type) == (200, PROFILE)
    await box.device.enroll(answer.body)
    record = await office.record(box.device)
    assert (record.assignment.state, record.assignment.user) == (AssignmentState.ASSIGNED, ann.id)
    assert record.via is EntryChannel.DEP
    enrollment = await office.rig.store.enrollments.find(box.device.udid)
    assert enrollment is not None
    assert enrollment.supervised


async def test_a_wrong_password_an_unknown_name_and_nonsense_are_the_same(
    office: StagingOffice, vendor: Authority
) -> None:
    """All are asked again; nobody learns which names there are."""
    await office.person("ann")
    box = await Box(office, vendor).assigned()
    answers = [await box.ask(typed) for typed in (("ann", "wrong"), ("nobody", "wrong"), ("", ""))]
    assert {(answer.status, answer.body, str(answer.headers)) for answer in answers} == {
        (401, b"", str({"WWW-Authenticate": 'Basic realm="mdmsim"'}))
    }


@pytest.mark.parametrize(
    ("staging", "state"),
    [
        (DeviceStagingType.STANDARD, AssignmentState.STAGED_UNCLAIMED),
        (DeviceStagingType.MULTI, AssignmentState.MULTI_IDLE),
    ],
)
async def test_where_nobody_is_asked_the_default_user_stages(
    office: StagingOffice, vendor: Authority, staging: DeviceStagingType, state: AssignmentState
) -> None:
    """Row 48: single or shared, as the default user may."""
    stager = await office.person("stager", staging_type=staging)
    box = await Box(office, vendor).assigned(authentication_required=False, default_user=stager.id)
    await box.device.enroll((await box.ask()).body)
    record = await office.record(box.device)
    assert (record.assignment.state, record.assignment.stager) == (state, stager.id)


async def test_an_old_system_is_sent_to_update_before_anybody_is_asked(
    office: StagingOffice, vendor: Authority
) -> None:
    """Row 51: 403 with Apple's code and the version; one that is new enough, or cannot be told, is asked who it is."""
    box = await Box(office, vendor).assigned(minimum_os="18.1")
    answer = await box.ask()
    error = parse_device_error(answer.body, answer.content_type)
    assert answer.status == 403
    assert error is not None
    assert (error.code, error.details["OSVersion"]) == (DeviceErrorCode.SOFTWARE_UPDATE_REQUIRED, "18.1")
    assert (await box.ask(body=box.describe(OS_VERSION="18.1"))).status == 401
    assert (await box.ask(body=box.describe(MDM_CAN_REQUEST_SOFTWARE_UPDATE=False))).status == 401


@pytest.mark.parametrize("removable", [False, True])
async def test_management_that_cannot_be_removed_says_so_in_the_profile(
    office: StagingOffice, vendor: Authority, removable: bool
) -> None:
    """`is_mdm_removable` of the DEP profile is PayloadRemovalDisallowed of the enrolment profile."""
    await office.person("ann")
    box = await Box(office, vendor).assigned(removable=removable)
    answer = await box.ask(("ann", password_of("ann")))
    profile = plist.loads_dict(verify(answer.body).content)
    assert profile.get("PayloadRemovalDisallowed", False) is not removable


@pytest.mark.parametrize("form", ["query", "header", "both"])
async def test_machine_info_may_come_with_a_get(office: StagingOffice, vendor: Authority, form: str) -> None:
    """Checklist row 13: base64url in the query, base64 in a header; its person is asked all the same."""
    await office.person("ann")
    box = await Box(office, vendor).assigned()
    envelope = box.describe()
    facts: dict[str, object] = {"method": "GET"}
    if form != "header":
        facts["query"] = {"deviceinfo": base64.urlsafe_b64encode(envelope).decode().rstrip("=")}
    if form != "query":
        facts["device_info"] = base64.b64encode(envelope).decode()
    assert (await box.ask(body=b"", **facts)).status == 401
    answer = await box.ask(("ann", password_of("ann")), body=b"", **facts)
    assert (answer.status, answer.content_type) == (200, PROFILE)
    await box.device.enroll(answer.body)


async def test_a_device_that_waits_is_let_go_when_it_is_configured(office: StagingOffice, vendor: Authority) -> None:
    """With the TokenUpdate that says that it waits; what is meant for it comes first."""
    stager = await office.person("stager", staging_type=DeviceStagingType.STANDARD)
    box = await Box(office, vendor).assigned(
        authentication_required=False, default_user=stager.id, await_configuration=True
    )
    await box.device.get_certificate((await box.ask()).body)
    await box.device.authenticate()
    await box.device.token_update(AwaitingConfiguration=True)
    command = await box.device.idle()
    assert command is not None
    assert command["Command"] == {"RequestType": "DeviceConfigured"}


async def test_the_guards_stand_behind_this_door_too(office: StagingOffice, vendor: Authority) -> None:
    """A device that is registered to somebody refuses another, and is locked, whichever way they came."""
    ann = await office.person("ann")
    await office.person("bob")
    box = await Box(office, vendor).assigned()
    await office.register(ann.id, office.hub(1))
    refused = await box.ask(("bob", password_of("bob")))
    assert (refused.status, b"registered to another user" in refused.body) == (400, True)
    again = await box.ask(("ann", password_of("ann")))
    assert (again.status, again.body) == (refused.status, refused.body)
