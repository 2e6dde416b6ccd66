from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock
from mdm_server.domain.staging.registration import token_hash
from mdm_server.domain.staging.vocabulary import (
    DeviceLockReason,
    Ownership,
    Platform,
    RegistrationState,
    TokenState,
    TokenType,
)
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.store.staging import ROOT_GROUP
from rigs.staging_office import StagingOffice

SERIAL = DeviceIdentifiers(serial_number="C02XL0GT")


def _order(user: int, **changes: object) -> RegistrationOrder:
    plain = RegistrationOrder(user=user, platform=Platform.IOS, identifiers=SERIAL, friendly_name="Anna's phone")
    return replace(plain, **changes)  # type: ignore[arg-type]


async def _lock(office: StagingOffice, reason: DeviceLockReason) -> None:
    device = (await office.staging.devices.identified(SERIAL)).device
    locked = replace(device, lock=DeviceLock(reason, office.rig.clock()))
    await office.act(lambda room: room.devices.replace(locked))


async def test_a_registered_device_is_expected(office: StagingOffice) -> None:
    """There is a record of it before it comes; without a group that asks for tokens there is no token (C7)."""
    anna = await office.user("anna")
    registered = await office.staging.registrations.register(_order(anna.id, ownership=Ownership.CORPORATE_DEDICATED))
    assert (registered.token, registered.registration.token) == (None, None)
    device = (await office.staging.devices.identified(SERIAL)).device
    assert (device.status, device.ownership) == (EnrollmentStatus.REGISTERED, Ownership.CORPORATE_DEDICATED)
    [told] = await office.told("registration.created")
    assert (told.device, told.detail) == (f"device:{device.id}", {"user": "anna", "serial": "C02XL0GT"})


async def test_a_registration_without_identifiers_is_for_a_device_to_come(office: StagingOffice) -> None:
    """There is nothing to put on record yet (row 7)."""
    anna = await office.user("anna")
    order = RegistrationOrder(user=anna.uuid, platform=Platform.ANDROID)
    registered = await office.staging.registrations.register(order)
    assert registered.registration.state is RegistrationState.ACTIVE
    assert (await office.staging.devices.search()).total == 0
    twice = await office.staging.registrations.register(order)
    assert twice.registration.id != registered.registration.id, "two devices of one user need two registrations (row 8)"


async def test_a_token_is_made_where_the_group_asks_for_one(office: StagingOffice) -> None:
    """As long as the group says, of one or two factors, in force for so many hours; only its hash is kept."""
    anna = await office.user("anna")
    settings = {"token_required": True, "token_length": 20, "token_type": "TwoFactor", "token_hours": 2}
    await office.staging.groups.change_settings(ROOT_GROUP, settings)
    registered = await office.staging.registrations.register(_order(anna.id))
    assert registered.token is not None
    assert len(registered.token) == 20
    assert "b" not in registered.token, "VMware's migrator.py strips the letter (staging-flows.md §5.4, trap 7)"
    token = registered.registration.token
    assert token is not None
    assert (token.hash, token.type) == (token_hash(registered.token), TokenType.TWO_FACTOR)
    office.rig.clock.pass_time(hours=1, minutes=59)
    found, _ = await office.staging.registrations.find(registered.registration.uuid)
    assert found.token_state is TokenState.ACTIVE
    office.rig.clock.pass_time(minutes=1)
    found, _ = await office.staging.registrations.find(registered.registration.uuid)
    assert (found.token_state, found.state) == (TokenState.EXPIRED, RegistrationState.EXPIRED)
    assert not any(registered.token in str(entry) for entry in await office.rig.store.journal.list(limit=500))


async def test_a_token_is_revoked_and_reset(office: StagingOffice) -> None:
    """A reset token is a new one, and works whatever became of the old (row 14)."""
    registrations = office.staging.registrations
    anna = await office.user("anna")
    await office.staging.groups.change_settings(ROOT_GROUP, {"token_required": True})
    first = await registrations.register(_order(anna.id))
    revoked = await registrations.revoke_token(first.registration.uuid)
    assert (revoked.state, revoked.token_state) == (RegistrationState.EXPIRED, TokenState.REVOKED)
    second = await registrations.reset_token(first.registration.id)
    assert (second.registration.state, second.registration.token_state) == (
        RegistrationState.ACTIVE,
        TokenState.ACTIVE,
    )
    assert second.token not in (None, first.token)
    codes = [entry.code for entry in await office.told("registration.")]
    assert codes == ["registration.created", "registration.token_revoked", "registration.token_reset"]


async def test_registering_again_renews(office: StagingOffice) -> None:
    """The user's own registration takes what is new, keeps the rest, and gets a fresh token."""
    anna = await office.user("anna")
    await office.staging.groups.change_settings(ROOT_GROUP, {"token_required": True})
    first = await office.staging.registrations.register(_order(anna.id))
    again = await office.staging.registrations.register(
        _order(
            anna.id,
            identifiers=DeviceIdentifiers("UDID-1", "C02XL0GT"),
            friendly_name="",
            ownership=Ownership.EMPLOYEE_OWNED,
        )
    )
    assert again.registration.id == first.registration.id
    assert again.registration.friendly_name == "Anna's phone"
    assert again.registration.ownership is Ownership.EMPLOYEE_OWNED
    assert again.registration.identifiers == DeviceIdentifiers("UDID-1", "C02XL0GT")
    assert again.token not in (None, first.token)


@pytest.mark.parametrize("serial_number", ["C02XL0GT", "c02xl0gt", "C02-XL0GT"])
async def test_what_is_somebody_else_s_cannot_be_registered(office: StagingOffice, serial_number: str) -> None:
    """However the number is written; the other registration has to go first. Nothing changes (R0)."""
    anna, ben = await office.user("anna"), await office.user("ben")
    await office.staging.registrations.register(_order(anna.id))
    before = await office.rig.store.state_digest()
    with pytest.raises(Refusal, match="delete registration") as refused:
        await office.staging.registrations.register(
            _order(ben.id, identifiers=DeviceIdentifiers(serial_number=serial_number))
        )
    assert refused.value.code == "api.conflict"
    assert await office.rig.store.state_digest() == before


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        (DeviceLockReason.REG_USER_MISMATCH, None),
        (DeviceLockReason.REG_BOUND_TO_OTHER, None),
        (DeviceLockReason.DEVICE_DENYLISTED, DeviceLockReason.DEVICE_DENYLISTED),
    ],
)
async def test_deleting_a_registration_frees_its_device(
    office: StagingOffice, reason: DeviceLockReason, left: DeviceLockReason | None
) -> None:
    """The lock that the registration set is gone (T29); one that something else set stays."""
    anna = await office.user("anna")
    registered = await office.staging.registrations.register(_order(anna.id))
    await _lock(office, reason)
    await office.staging.registrations.delete(registered.registration.uuid)
    device = (await office.staging.devices.identified(SERIAL)).device
    assert (device.lock and device.lock.reason) == left
    assert device.status is EnrollmentStatus.DISCOVERED, "nobody expects it any more"
    with pytest.raises(Refusal) as refused:
        await office.staging.registrations.find(registered.registration.id)
    assert refused.value.code == "registration.unknown"


async def test_deleting_the_registration_of_an_enrolled_device_leaves_it_enrolled(office: StagingOffice) -> None:
    """Every enrolment binds one (rule 3); deleting it only lets others enrol the device next time."""
    anna = await office.user("anna")
    device = await office.enrolled(1, anna)
    [(bound, user)] = await office.staging.registrations.search(text=device.serial_number)
    assert (bound.state, user) == (RegistrationState.BOUND, anna)
    assert await office.staging.registrations.delete_of_device(DeviceIdentifiers(udid=device.udid)) == 1
    record = await office.record(device)
    assert (record.status, record.assignment.user) == (EnrollmentStatus.ENROLLED, anna.id)


async def test_registrations_are_searched(office: StagingOffice) -> None:
    """By a part of an identifier or name, by user, by state."""
    anna, ben = await office.user("anna"), await office.user("ben")
    await office.staging.registrations.register(_order(anna.id))
    await office.staging.registrations.register(_order(ben.id, identifiers=DeviceIdentifiers(serial_number="F99")))
    search = office.staging.registrations.search
    assert [user and user.user_name for _, user in await search(text="f9")] == ["ben"]
    assert [user and user.user_name for _, user in await search(user=anna.uuid)] == ["anna"]
    assert (await search(states=(RegistrationState.BOUND,))).total == 0
    assert (await search(limit=1)).total == 2


async def test_a_registration_for_nobody_or_nowhere_is_refused(office: StagingOffice) -> None:
    """The user and the group have to be there."""
    anna = await office.user("anna")
    for order, code in (
        (_order(99), "user.unknown"),
        (_order(anna.id, group=99), "group.unknown"),
        (_order(anna.id, identifiers=DeviceIdentifiers(serial_number="\x1b[2J")), "api.invalid"),
        (_order(anna.id, friendly_name="x" * 257), "api.invalid"),
    ):
        with pytest.raises(Refusal) as refused:
            await office.staging.registrations.register(order)
        assert refused.value.code == code
