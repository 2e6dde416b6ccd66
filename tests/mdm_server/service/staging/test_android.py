"""Androids on their channel: who may enrol, what holds on a device, what it is told to do, and how it leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    EntryChannel,
    ListAttribute,
    ListKind,
    Ownership,
    Platform,
    RegistrationState,
)
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.store.staging import OperationState
from mdm_server.wire.android_channel import CommandError, CommandType, ManagementMode, PasswordQuality, wake_token
from rigs.android_client import AndroidClient, code_of
from rigs.rejection import assert_rejected
from rigs.staging_office import StagingOffice

SECRET = "open sesame"
PROFILE = {"mode": ManagementMode.WORK_PROFILE, "knows_itself": False}


@pytest.fixture
async def ada(office: StagingOffice) -> EnrollmentUser:
    """Return a user."""
    return await office.user("ada", password=SECRET)


@pytest.fixture
async def stager(office: StagingOffice) -> EnrollmentUser:
    """Return a staging user."""
    return await office.user("stager", DeviceStagingType.STANDARD, password=SECRET)


@pytest.fixture
async def android(office: StagingOffice, ada: EnrollmentUser) -> AndroidClient:
    """Return ada's Android, enrolled, all of it the organization's."""
    client = AndroidClient(office.rig)
    assert await client.enroll_as("ada", SECRET) == ""
    return client


async def record_of(office: StagingOffice, client: AndroidClient) -> DeviceRecord:
    """Return what is on record of a device."""
    found = await office.act(lambda room: room.devices.by_enrollment_key(client.name))
    assert found is not None
    return found


async def state_of(office: StagingOffice, operation: str, client: AndroidClient) -> OperationState:
    """Return how far an operation has come."""
    device = await record_of(office, client)
    found = await office.act(lambda room: room.android.operation(device.id, operation))
    assert found is not None
    return found.state


async def settings(office: StagingOffice, **changes: Any) -> None:
    """Change what the root group asks."""
    await office.staging.groups.change_settings(1, changes)


# Enrolment


async def test_the_wizards_token_enrols_once(office: StagingOffice, ada: EnrollmentUser) -> None:
    """It is redeemed for a name and a secret, and then it opens nothing any more."""
    client, other = AndroidClient(office.rig), AndroidClient(office.rig)
    token = await client.token("ada", SECRET)
    assert await client.enroll(token=token) == ""
    record = await record_of(office, client)
    assert (record.status, record.platform) == (EnrollmentStatus.ENROLLED, Platform.ANDROID)
    assert (record.assignment.state, record.assignment.user) == (AssignmentState.ASSIGNED, ada.id)
    assert record.identifiers.serial_number == client.serial_number
    (bound,) = await office.act(lambda room: room.registrations.of_device(record.id))
    assert (bound.state, bound.user) == (RegistrationState.BOUND, ada.id)
    assert await other.enroll(token=token) == "SESSION_EXPIRED"


async def test_of_many_at_once_with_one_token_one_is_enrolled(office: StagingOffice, ada: EnrollmentUser) -> None:
    """Redeeming is one transaction."""
    client = AndroidClient(office.rig)
    token = await client.token("ada", SECRET)
    answers = await asyncio.gather(*(client.ask_to_enroll(token=token) for _ in range(16)))
    assert Counter(answer.status for answer in answers)[200] == 1


async def test_a_token_is_for_the_device_that_got_it(office: StagingOffice, ada: EnrollmentUser) -> None:
    """Another that brings it is refused, and the right one may still come."""
    client, thief = AndroidClient(office.rig), AndroidClient(office.rig, number=2)
    token = await client.token("ada", SECRET)
    await assert_rejected(
        office.rig.store,
        thief.ask_to_enroll(token=token),
        status=409,
        event="STEP_OUT_OF_ORDER:device",
        secrets=[token],
    )
    assert await client.enroll(token=token) == ""


async def test_an_unknown_token_changes_nothing(office: StagingOffice) -> None:
    """And is not written down anywhere."""
    asked = AndroidClient(office.rig).ask_to_enroll(token="made-up-token")
    status = Refusal("SESSION_EXPIRED").status
    await assert_rejected(
        office.rig.store, asked, status=status, event="SESSION_EXPIRED:unknown", secrets=["made-up-token"]
    )


async def test_the_server_keeps_no_secret(office: StagingOffice, android: AndroidClient) -> None:
    """Only its hash, and the token that wakes the device, which both ends can work out."""
    record = await record_of(office, android)
    channel = await office.act(lambda room: room.android.channel_of(record.id))
    assert channel is not None
    assert android.secret not in repr(channel)
    assert channel.push_token == wake_token(android.name, android.secret).hex()
    assert android.secret not in repr(await office.told("android."))


async def test_what_changed_since_the_wizard_is_judged_again(office: StagingOffice, ada: EnrollmentUser) -> None:
    """A device that was denied between the wizard's end and its enrolment is refused, and locked."""
    client = AndroidClient(office.rig)
    token = await client.token("ada", SECRET)
    await office.staging.lists.add(
        ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=[client.serial_number])
    )
    assert await client.enroll(token=token) == "DEVICE_DENYLISTED"
    assert await client.enroll(token=token) == "STEP_OUT_OF_ORDER"
    (told,) = await office.told("hub.refused")
    assert (told.reason, told.detail["step"]) == ("DEVICE_DENYLISTED", "Enroll")


# Without a screen (rows 55 and 56)


async def test_a_code_stages_without_anybody(office: StagingOffice, stager: EnrollmentUser) -> None:
    """The staging user's credentials in a provisioning code leave a device that waits for its user."""
    client = AndroidClient(office.rig)
    assert await client.scan("stager", SECRET) == ""
    record = await record_of(office, client)
    assert (record.assignment.state, record.assignment.stager) == (AssignmentState.STAGED_UNCLAIMED, stager.id)
    assert record.via is EntryChannel.BARCODE
    reply = await client.sync()
    assert (reply.assignment.state, reply.assignment.user) == ("StagedUnclaimed", None)


async def test_an_ordinary_users_code_enrols_for_that_user(office: StagingOffice, ada: EnrollmentUser) -> None:
    """Nothing says that the credentials have to be a staging user's."""
    client = AndroidClient(office.rig)
    assert await client.scan("ada", SECRET) == ""
    assert (await client.sync()).assignment.user == "ada"


@pytest.mark.parametrize(
    ("user_name", "password", "group", "code"),
    [
        ("stager", "wrong", "MDMSIM", "BAD_CREDENTIALS"),
        ("nobody", SECRET, "MDMSIM", "BAD_CREDENTIALS"),
        ("stager", SECRET, "NOWHERE", "GROUP_UNKNOWN"),
    ],
)
async def test_a_code_with_a_mistake_in_it_enrols_nobody(
    user_name: str, password: str, group: str, code: str, office: StagingOffice, stager: EnrollmentUser
) -> None:
    """The guards are those of the wizard, and so are their codes."""
    assert await AndroidClient(office.rig).scan(user_name, password, group=group) == code


async def test_a_code_cannot_read_a_captcha(office: StagingOffice, stager: EnrollmentUser) -> None:
    """After three failures the right password does not help either, until an administrator resets the counters."""
    client = AndroidClient(office.rig)
    for _ in range(3):
        assert await client.scan("stager", "wrong") == "BAD_CREDENTIALS"
    assert await client.scan("stager", SECRET) == "CREATE_MDM_ERROR"


async def test_a_code_names_nobody_to_enrol_on_behalf_of(office: StagingOffice) -> None:
    """Advanced staging needs a name, and there is none in a code."""
    await office.user("advanced", DeviceStagingType.ADVANCED, password=SECRET)
    assert await AndroidClient(office.rig).scan("advanced", SECRET) == "STAGING_TARGET_INVALID"


# Work profiles (row 58)


async def test_a_work_profile_is_its_owners(office: StagingOffice, ada: EnrollmentUser) -> None:
    """Employee owned, whatever the group's default; on Android 9 it knows its machine and waits for nothing."""
    client = AndroidClient(office.rig, mode=ManagementMode.WORK_PROFILE, os_version="9")
    assert await client.enroll_as("ada", SECRET) == ""
    record = await record_of(office, client)
    assert (record.ownership, record.work_profile) == (Ownership.EMPLOYEE_OWNED, True)
    assert (record.status, record.pending_verification) == (EnrollmentStatus.ENROLLED, False)


async def test_nobody_stages_a_work_profile(office: StagingOffice, stager: EnrollmentUser) -> None:
    """It is on somebody's own device."""
    client = AndroidClient(office.rig, mode=ManagementMode.WORK_PROFILE, os_version="9")
    assert await client.enroll_as("stager", SECRET) == "ENROLL_TYPE_NOT_ALLOWED"


async def test_a_nameless_work_profile_waits_without_work_data(office: StagingOffice, ada: EnrollmentUser) -> None:
    """No policy and no command until it says which device it is on; then both."""
    await settings(office, mode="AllowlistedOnly")
    client = AndroidClient(office.rig, **PROFILE)
    await office.staging.lists.add(
        ListOrder(kind=ListKind.ALLOW, attribute=ListAttribute.SERIAL_NUMBER, values=[client.serial_number])
    )
    assert await client.enroll_as("ada", SECRET) == ""
    record = await record_of(office, client)
    assert (record.status, record.pending_verification) == (EnrollmentStatus.ENROLLMENT_IN_PROGRESS, True)
    reply = await client.sync()
    assert (reply.pending_verification, reply.policy, reply.commands) == (True, None, ())
    with pytest.raises(Refusal) as refused:
        await office.rig.suite.android.commands.send(record.id, CommandType.LOCK)
    assert refused.value.code == "state.not_enrolled"

    client.knows_itself = True
    reply = await client.sync()
    assert not reply.pending_verification
    assert reply.policy is not None
    record = await record_of(office, client)
    assert (record.status, record.pending_verification) == (EnrollmentStatus.ENROLLED, False)
    assert record.identifiers.serial_number == client.serial_number
    assert len(await office.told("android.verified")) == 1


async def test_a_work_profile_on_a_denied_device_is_removed(office: StagingOffice, ada: EnrollmentUser) -> None:
    """The device hears why, the record says it is over, and the lock is the one any denied device gets."""
    client = AndroidClient(office.rig, **PROFILE)
    await office.staging.lists.add(
        ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=[client.serial_number])
    )
    assert await client.enroll_as("ada", SECRET) == ""
    client.knows_itself = True
    answer = await client.ask_to_sync()
    assert (answer.status, code_of(answer)) == (410, "DEVICE_DENYLISTED")
    record = await record_of(office, client)
    assert (record.status, record.assignment.state) == (EnrollmentStatus.UNENROLLED, AssignmentState.UNASSIGNED)
    assert record.lock is not None
    assert code_of(await client.ask_to_sync()) == "android.gone"


async def test_a_work_profile_that_tells_who_it_is_gets_back_its_record(
    office: StagingOffice, ada: EnrollmentUser
) -> None:
    """The device was enrolled before its owner reset it: two records become one, with what was bound to either."""
    before = AndroidClient(office.rig, mode=ManagementMode.WORK_PROFILE, os_version="9")
    assert await before.enroll_as("ada", SECRET) == ""
    first = await record_of(office, before)
    await before.leave()

    again = AndroidClient(office.rig, identifier="after the reset", **PROFILE)
    assert await again.enroll_as("ada", SECRET) == ""
    second = await record_of(office, again)
    assert second.id != first.id
    again.knows_itself = True
    await again.sync()
    united = await record_of(office, again)
    assert (united.id, united.uuid) == (first.id, first.uuid)
    assert await office.act(lambda room: room.devices.get(second.id)) is None
    assert (await again.sync()).assignment.user == "ada"


async def test_a_verified_work_profile_cannot_take_somebody_elses_device(
    office: StagingOffice, ada: EnrollmentUser
) -> None:
    """Its machine is bound to ada: whoever else had a profile on it loses that, and the device is locked to others."""
    await office.user("bo", password=SECRET)
    before = AndroidClient(office.rig, mode=ManagementMode.WORK_PROFILE, os_version="9")
    assert await before.enroll_as("ada", SECRET) == ""
    await before.leave()
    again = AndroidClient(office.rig, identifier="after the reset", **PROFILE)
    assert await again.enroll_as("bo", SECRET) == ""
    again.knows_itself = True
    assert code_of(await again.ask_to_sync()) == "REG_BOUND_TO_OTHER"
    locked = await record_of(office, before)
    assert locked.lock is not None


# Another customer's (row 59)


async def test_an_android_enrolled_at_one_customer_is_refused_at_another(
    office: StagingOffice, android: AndroidClient
) -> None:
    """Until it is unenrolled there; in a group below the first customer it may come again."""
    beta = await office.staging.groups.create(GroupOrder(group_id="BETA", type="Customer"))
    await office.staging.groups.create(GroupOrder(group_id="DEPOT", parent=1))
    await office.user("bo", password=SECRET, group=beta.id)
    other = AndroidClient(office.rig)
    assert await other.enroll_as("bo", SECRET, group="BETA") == "ENROLLED_ELSEWHERE"
    assert (await android.sync()).assignment.user == "ada"
    assert await AndroidClient(office.rig).enroll_as("ada", SECRET, group="DEPOT") == ""


# What a device says, and who may say it


@pytest.mark.parametrize("verb", ["sync", "unenroll"])
async def test_whoever_has_no_secret_says_nothing(verb: str, office: StagingOffice, android: AndroidClient) -> None:
    """A wrong secret, an unknown name and another device's name look alike, and nothing happens."""
    other = AndroidClient(office.rig, number=2)
    assert await other.enroll_as("ada", SECRET) == ""
    path = f"/sim/v1/android/devices/{android.name}:{verb}"
    body = b"" if verb == "unenroll" else b'{"hardware":' + b'{"identifier":"x","brand":"b","model":"m",'
    body = body and body + b'"osVersion":"14","apiLevel":34}}'
    answers = []
    for name, secret in ((android.name, "wrong"), ("android-0", android.secret), (other.name, other.secret)):
        forger = AndroidClient(office.rig, name=name, secret=secret)
        sent = forger.send(path, body, proved=True)
        await assert_rejected(
            office.rig.store, sent, status=404, event="device.unknown:android", secrets=[android.secret]
        )
        answers.append((await forger.send(path, body, proved=True)).body)
    assert len(set(answers)) == 1
    await assert_rejected(office.rig.store, other.send(path, body), status=400, event="auth.missing:android")


@pytest.mark.parametrize(
    ("path", "body", "status", "event"),
    [
        ("/sim/v1/android/devices:enroll", b"{}", 400, "android.message"),
        ("/sim/v1/android/devices:enroll", b" " * 70_000, 413, "android.size"),
        ("/sim/v1/android/nothing", b"{}", 404, "api.not_found:android"),
    ],
)
async def test_what_is_no_message_is_refused(
    path: str, body: bytes, status: int, event: str, office: StagingOffice
) -> None:
    """In the channel's own words, and without a trace but one line in the journal."""
    client = AndroidClient(office.rig)
    await assert_rejected(office.rig.store, client.send(path, body), status=status, event=event)
    assert code_of(await client.send(path, body)) == event.partition(":")[0]


async def test_a_report_that_says_nothing_new_writes_nothing(office: StagingOffice, android: AndroidClient) -> None:
    """A fleet that asks every hour is not a fleet that writes every hour."""
    first = await android.sync(passcode_set=True)
    office.rig.clock.pass_time(hours=1)
    digest, told = await office.rig.store.state_digest(), len(await office.told("android.synced"))
    assert await android.sync(passcode_set=True) == first
    assert await office.rig.store.state_digest() == digest
    assert (await record_of(office, android)).last_seen == office.rig.clock()
    assert len(await office.told("android.synced")) == told
    await android.sync(passcode_set=False, compliant=False, problems=("password",))
    assert (await office.told("android.synced"))[-1].reason == "not_compliant"


# What holds


async def test_what_holds_depends_on_who_has_the_device(
    office: StagingOffice, ada: EnrollmentUser, stager: EnrollmentUser
) -> None:
    """A staged device has the Hub; a user's has the applications and a passcode, as the group says."""
    await settings(
        office,
        android={"password_quality": "NUMERIC_COMPLEX", "password_length": 6, "applications": ["com.example.mail"]},
    )
    client = AndroidClient(office.rig)
    await client.scan("stager", SECRET)
    staged = (await client.sync()).policy
    assert staged is not None
    assert (staged.password, staged.applications) == (None, ("com.airwatch.androidagent",))
    claimed = AndroidClient(office.rig, number=2)
    await claimed.enroll_as("ada", SECRET)
    policy = (await claimed.sync()).policy
    assert policy is not None
    assert policy.password is not None
    assert (policy.password.quality, policy.password.minimum_length) == (PasswordQuality.NUMERIC_COMPLEX, 6)
    assert policy.applications == ("com.airwatch.androidagent", "com.example.mail")
    assert policy.version != staged.version


# Commands


async def test_a_command_is_delivered_until_it_is_acknowledged(office: StagingOffice, android: AndroidClient) -> None:
    """However often the device asks, and across whatever became of the answers."""
    device = await record_of(office, android)
    operation = await office.rig.suite.android.commands.send(device.id, CommandType.LOCK)
    assert await state_of(office, operation, android) is OperationState.QUEUED
    for _ in range(3):
        (command,) = (await android.sync()).commands
        assert (command.operation, command.type) == (operation, CommandType.LOCK)
    assert await state_of(office, operation, android) is OperationState.SENT
    assert len(await office.told("android.command_sent")) == 1
    await android.acknowledge(operation)
    assert await state_of(office, operation, android) is OperationState.DONE
    assert (await android.sync()).commands == ()


async def test_a_locked_android_is_given_nothing_but_what_takes_away(
    office: StagingOffice, android: AndroidClient
) -> None:
    """I-21: neither policy nor passcode, sent before or not, until it is free; what locks it passes what waits."""
    free = await record_of(office, android)
    commands = office.rig.suite.android.commands
    sent = await commands.send(free.id, CommandType.START_KIOSK, {"application": "com.example.till"})
    assert [command.operation for command in (await android.sync()).commands] == [sent]
    lock = DeviceLock(DeviceLockReason.REG_USER_MISMATCH, office.rig.clock())
    await office.act(lambda room: room.devices.replace(replace(free, lock=lock)))
    withheld = await commands.send(free.id, CommandType.RESET_PASSWORD, {"new_password": "hunter22"})
    reply = await android.sync()
    assert (reply.policy, reply.commands) == (None, ())
    locking = await commands.send(free.id, CommandType.LOCK)
    for _ in range(2):
        assert [command.operation for command in (await android.sync()).commands] == [locking]
    assert await state_of(office, withheld, android) is OperationState.QUEUED
    await office.staging.devices.unlock(free.id)
    reply = await android.sync()
    assert reply.policy is not None
    assert [command.operation for command in reply.commands] == [sent, withheld, locking]


async def test_a_lock_against_others_withholds_nothing_from_an_androids_owner(
    office: StagingOffice, android: AndroidClient
) -> None:
    """I-24: somebody else tried to take it; its user is not to suffer for that."""
    free = await record_of(office, android)
    lock = DeviceLock(DeviceLockReason.REG_BOUND_TO_OTHER, office.rig.clock())
    await office.act(lambda room: room.devices.replace(replace(free, lock=lock)))
    passcode = {"new_password": "hunter22"}
    operation = await office.rig.suite.android.commands.send(free.id, CommandType.RESET_PASSWORD, passcode)
    reply = await android.sync()
    assert reply.policy is not None
    assert [command.operation for command in reply.commands] == [operation]


async def test_a_locked_android_that_nobody_has_keeps_nothing_of_its_last_user(
    office: StagingOffice, stager: EnrollmentUser
) -> None:
    """What holds on a device of nobody's is no gift: it comes in spite of a lock, and takes the applications away."""
    await settings(office, android={"applications": ["com.example.mail"]})
    client = AndroidClient(office.rig)
    await client.scan("stager", SECRET)
    staged = await record_of(office, client)
    lock = DeviceLock(DeviceLockReason.STAGING_USER_GONE, office.rig.clock())
    await office.act(lambda room: room.devices.replace(replace(staged, lock=lock)))
    policy = (await client.sync()).policy
    assert policy is not None
    assert policy.applications == ("com.airwatch.androidagent",)


async def test_the_first_acknowledgement_is_the_one_that_counts(office: StagingOffice, android: AndroidClient) -> None:
    """A second one, whatever it says, is taken and changes nothing."""
    device = await record_of(office, android)
    operation = await office.rig.suite.android.commands.send(device.id, CommandType.LOCK)
    await android.sync()
    await android.acknowledge(operation, CommandError.UNKNOWN)
    await android.acknowledge(operation)
    assert await state_of(office, operation, android) is OperationState.FAILED
    assert [entry.reason for entry in await office.told("android.command_answered")] == ["UNKNOWN", "late"]


async def test_a_password_is_forgotten_once_it_is_set(office: StagingOffice, android: AndroidClient) -> None:
    """Until then it has to be kept; afterwards it is nowhere, nor was it ever in the journal."""
    device = await record_of(office, android)
    commands = office.rig.suite.android.commands
    operation = await commands.send(device.id, CommandType.RESET_PASSWORD, {"new_password": "hunter22"})
    (command,) = (await android.sync()).commands
    assert command.new_password == "hunter22"
    await android.acknowledge(operation)
    assert "hunter22" not in repr(await commands.operations(device.id))
    assert "hunter22" not in repr(await office.rig.store.journal.list(limit=500))


async def test_an_acknowledgement_of_nothing_is_refused(office: StagingOffice, android: AndroidClient) -> None:
    """There is no such operation, or it is another device's."""
    sent = android.send(
        f"/sim/v1/android/devices/{android.name}/operations/none:ack", b'{"outcome":"SUCCEEDED"}', proved=True
    )
    await assert_rejected(office.rig.store, sent, status=404, event="command.not_found")


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        (CommandType.LOCK, {"new_password": "1"}),
        (CommandType.RESET_PASSWORD, {}),
        (CommandType.START_KIOSK, {"application": 5}),
        (CommandType.CLEAR_APP_DATA, {"applications": ["a", 5]}),
    ],
)
async def test_a_command_without_meaning_is_refused(
    kind: CommandType, parameters: dict[str, Any], office: StagingOffice, android: AndroidClient
) -> None:
    """Before it is queued."""
    device = await record_of(office, android)
    with pytest.raises(Refusal) as refused:
        await office.rig.suite.android.commands.send(device.id, kind, parameters)
    assert refused.value.code == "command.fields"
    assert (await android.sync()).commands == ()


# Wipes and the end


@pytest.mark.parametrize(
    ("kind", "pending"),
    [
        (CommandType.WIPE, EnrollmentStatus.DEVICE_WIPE_PENDING),
        (CommandType.ENTERPRISE_WIPE, EnrollmentStatus.ENTERPRISE_WIPE_PENDING),
    ],
)
async def test_a_wipe_is_over_when_the_device_says_so(
    kind: CommandType, pending: EnrollmentStatus, office: StagingOffice, android: AndroidClient
) -> None:
    """Pending until then (row 66), unenrolled afterwards; whose it was stays on its registration."""
    device = await record_of(office, android)
    await office.rig.suite.android.commands.send(device.id, kind)
    assert (await record_of(office, android)).status is pending
    (command,) = (await android.sync()).commands
    assert command.type is kind
    await android.acknowledge(command.operation)
    after = await record_of(office, android)
    assert (after.status, after.assignment.state) == (EnrollmentStatus.UNENROLLED, AssignmentState.UNASSIGNED)
    (bound,) = await office.act(lambda room: room.registrations.of_device(device.id))
    assert bound.state is RegistrationState.BOUND
    assert len(await office.told("wipe.done")) == 1
    answer = await android.ask_to_sync()
    assert (answer.status, code_of(answer)) == (410, "android.gone")


async def test_a_wipe_that_failed_leaves_the_device_enrolled(office: StagingOffice, android: AndroidClient) -> None:
    """It is as if nobody had asked; who asks again, has another one sent."""
    device = await record_of(office, android)
    await office.rig.suite.android.commands.send(device.id, CommandType.WIPE)
    (command,) = (await android.sync()).commands
    await android.acknowledge(command.operation, CommandError.UNKNOWN)
    assert (await record_of(office, android)).status is EnrollmentStatus.ENROLLED
    await office.rig.suite.android.commands.send(device.id, CommandType.WIPE)
    (again,) = (await android.sync()).commands
    assert again.operation != command.operation
    await android.acknowledge(again.operation)
    assert (await record_of(office, android)).status is EnrollmentStatus.UNENROLLED


async def test_a_larger_wipe_overtakes_a_smaller_one(office: StagingOffice, android: AndroidClient) -> None:
    """That the smaller one failed meanwhile is of no matter."""
    device = await record_of(office, android)
    for kind in (CommandType.ENTERPRISE_WIPE, CommandType.WIPE):
        await office.rig.suite.android.commands.send(device.id, kind)
    smaller, larger = (await android.sync()).commands
    await android.acknowledge(smaller.operation, CommandError.UNKNOWN)
    assert (await record_of(office, android)).status is EnrollmentStatus.DEVICE_WIPE_PENDING
    await android.acknowledge(larger.operation)
    assert (await record_of(office, android)).status is EnrollmentStatus.UNENROLLED


async def test_a_new_wizard_does_not_wake_an_old_channel(office: StagingOffice, android: AndroidClient) -> None:
    """Somebody is about to enrol the device again, and whoever it was before hears that it is over."""
    await android.leave()
    assert await AndroidClient(office.rig).token("ada", SECRET)
    answer = await android.ask_to_sync()
    assert (answer.status, code_of(answer)) == (410, "android.gone")


async def test_a_device_leaves_by_saying_so(office: StagingOffice, android: AndroidClient) -> None:
    """What waited for it is cancelled; twice is harmless; and it may come again."""
    device = await record_of(office, android)
    operation = await office.rig.suite.android.commands.send(device.id, CommandType.LOCK)
    await android.leave()
    await android.leave()
    assert (await record_of(office, android)).status is EnrollmentStatus.UNENROLLED
    assert await state_of(office, operation, android) is OperationState.CANCELLED
    assert len(await office.told("android.unenrolled")) == 1
    assert await AndroidClient(office.rig).enroll_as("ada", SECRET) == ""


async def test_an_old_secret_opens_nothing_after_a_new_enrolment(office: StagingOffice, android: AndroidClient) -> None:
    """The device that was reset and enrolled again is the one that speaks now."""
    again = AndroidClient(office.rig)
    assert await again.enroll_as("ada", SECRET) == ""
    assert again.name != android.name
    answer = await android.ask_to_sync()
    assert (answer.status, code_of(answer)) == (404, "device.unknown")
    assert (await again.sync()).assignment.user == "ada"


async def test_a_device_that_is_registered_to_somebody_else_is_locked(
    office: StagingOffice, ada: EnrollmentUser
) -> None:
    """The mission's own rule, on this platform, too: by serial number, whoever comes first with it."""
    await office.user("bo", password=SECRET)
    client = AndroidClient(office.rig)
    await office.staging.registrations.register(
        RegistrationOrder(user=ada.id, identifiers=DeviceIdentifiers(serial_number=client.serial_number))
    )
    assert await client.enroll_as("bo", SECRET) == "REG_USER_MISMATCH"
    assert await client.enroll_as("ada", SECRET) == "REG_USER_MISMATCH"
    assert await client.scan("ada", SECRET) == "REG_USER_MISMATCH"


async def test_devices_with_something_to_do_are_woken_after_a_restart(
    office: StagingOffice, android: AndroidClient
) -> None:
    """Pushes do not survive one; operations do."""
    device = await record_of(office, android)
    commands = office.rig.suite.android.commands
    assert await commands.wake_waiting() == 0
    await commands.send(device.id, CommandType.LOCK)
    assert await commands.wake_waiting() == 1
