"""Registration tokens at the Hub: what one opens, once, and for whom."""

from __future__ import annotations

import pytest

from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    Platform,
    RegistrationState,
    TokenState,
    TokenType,
)
from mdm_server.service.staging.registrations import Registered, RegistrationOrder
from mdm_server.wire.hub import NextStepType, Step
from rigs.hub import Hub, password_of
from rigs.staging_office import StagingOffice


@pytest.fixture
async def strict(office: StagingOffice) -> StagingOffice:
    """Return an office whose group admits registered devices with a token only."""
    await office.set(mode="RegisteredOnly", token_required=True, token_hours=1)
    return office


async def token_of(office: StagingOffice, user: int, hub: Hub | None = None) -> Registered:
    """Register a device to a user, and get the token of it."""
    serial = None if hub is None else hub.device.serial_number
    identifiers = DeviceIdentifiers(serial_number=serial)
    order = RegistrationOrder(user=user, platform=Platform.IOS, identifiers=identifiers)
    registered = await office.staging.registrations.register(order)
    assert registered.token is not None
    return registered


async def test_a_single_factor_token_in_the_group_field_enrols_and_is_used_up(strict: StagingOffice) -> None:
    """Rows 10 and 12: no password is asked for, the device is its user's, and the token opens nothing any more."""
    ann, hub = await strict.person("ann"), strict.hub(1)
    registered = await token_of(strict, ann.id)
    assert registered.token is not None
    assert (await hub.begin(registered.token)).next_step.type == NextStepType.INSTALL
    await hub.install((await hub.say(Step.INSTALL_URL)).next_step.install_url)
    device = await strict.record(hub.device)
    assert (device.assignment.state, device.assignment.user) == (AssignmentState.ASSIGNED, ann.id)
    bound = (await strict.see(lambda view: view.registrations.of_device(device.id)))[0]
    assert (bound.state, bound.token_state) == (RegistrationState.BOUND, TokenState.USED)
    again = strict.hub(2)
    await again.refused("TOKEN_USED", again.ask(Step.GROUP, group_id=registered.token))


async def test_a_token_is_asked_for_after_the_group(strict: StagingOffice) -> None:
    """Who types the Group ID first is asked for the token, in the same field, with the type that was seen."""
    ann, hub = await strict.person("ann"), strict.hub(1)
    registered = await token_of(strict, ann.id)
    assert (await hub.begin()).next_step.type == NextStepType.TOKEN
    await hub.refused("TOKEN_INVALID", hub.ask(Step.GROUP, group_id="WRONG123"))
    assert not (await hub.walk("ann", token=registered.token)).refused


async def test_a_token_expires_after_its_hours(strict: StagingOffice) -> None:
    """Row 11: 61 minutes after it was made for one hour, the token is refused in the vendor's words."""
    ann, hub = await strict.person("ann"), strict.hub(1)
    registered = await token_of(strict, ann.id)
    strict.rig.clock.pass_time(minutes=61)
    event = await hub.refused("TOKEN_EXPIRED", hub.ask(Step.GROUP, group_id=registered.token))
    assert registered.token not in repr(event)
    reply = await hub.begin(registered.token or "")
    assert reply.status.notification == "The link has expired. Ask for a new one."


async def test_the_token_of_one_is_not_anothers(strict: StagingOffice) -> None:
    """Row 13: with two factors, the right password of somebody else is refused, and counts as a failure."""
    ann, bob, hub = await strict.person("ann"), await strict.person("bob"), strict.hub(1)
    await strict.set(token_type=TokenType.TWO_FACTOR)
    registered = await token_of(strict, ann.id)
    assert (await hub.begin(registered.token or "")).next_step.type == NextStepType.CREDENTIALS
    request = hub.ask(Step.CREDENTIALS, username="bob", password=password_of("bob"))
    await hub.refused("TOKEN_USER_MISMATCH", request, "bob")
    failed = await strict.see(lambda view: view.users.get(bob.id))
    assert failed is not None
    assert failed.failed_logins == 1
    assert not (await hub.walk("ann", group_id=registered.token or "")).refused


async def test_a_token_that_was_revoked_opens_again_after_a_reset(strict: StagingOffice) -> None:
    """Row 14: revoked it is refused; the new one that a reset makes is accepted."""
    ann, hub = await strict.person("ann"), strict.hub(1)
    registered = await token_of(strict, ann.id)
    await strict.staging.registrations.revoke_token(registered.registration.id)
    await hub.refused("TOKEN_REVOKED", hub.ask(Step.GROUP, group_id=registered.token))
    reset = await strict.staging.registrations.reset_token(registered.registration.id)
    assert not (await hub.walk(group_id=reset.token or "")).refused


async def test_a_token_for_one_device_does_not_open_another(strict: StagingOffice) -> None:
    """§4 no. 8: the token of a registration that names a device is refused on any other."""
    ann, hub, other = await strict.person("ann"), strict.hub(1), strict.hub(2)
    registered = await token_of(strict, ann.id, hub)
    await other.refused("TOKEN_USER_MISMATCH", other.ask(Step.GROUP, group_id=registered.token))
    await hub.enroll(group_id=registered.token)
